export { BatchConsumer, type BatchConsumerOptions } from './batch-consumer.decorator.js';
export { BatchConsumerDeclarationError } from './batch-consumer-discovery.js';
export {
  ChordaKafkaServer,
  chordaKafkaTransport,
  UnsupportedTransportFeatureError,
  type ChordaKafkaServerOptions,
  type ChordaKafkaStatus,
} from './chorda-kafka-server.js';
