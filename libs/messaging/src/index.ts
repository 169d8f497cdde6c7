export type * from './consumer-contract.js';
export type * from './port.js';
export * from './errors.js';
export { createKafkaDriver } from './kafkajs-driver/kafka-driver.js';
export { startConsumer, type StartConsumer } from './consumer/start-consumer.js';
export { redriveTopic } from './consumer/lanes.js';
export { contextOf } from './tracing.js';
export { traceNames } from './trace-names.js';
