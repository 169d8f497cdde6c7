export type * from './consumer-contract.js';
export type * from './port.js';
export * from './errors.js';
export { createKafkaDriver } from './kafkajs-driver/kafka-driver.js';
export { startConsumer, type StartConsumer } from './consumer/start-consumer.js';
export { decodeRecords, type DecodedRecords, type RecordDecoder } from './consumer/decode-records.js';
export { deadLetterRecord, reasonOf, type DeadLetterCause, type DeadLetterStage } from './consumer/set-aside.js';
export { lanesOf, redriveTopic, type Lane } from './consumer/lanes.js';
export { contextOf } from './tracing.js';
export { traceNames } from './trace-names.js';
export { listDeadLetters, type DeadLetterQuery } from './dead-letters/list-dead-letters.js';
export { deadLetterIn, receiptIn, type DeadLetter } from './dead-letters/dead-letter.js';
export { redrive, type RedriveOptions, type RedriveReceipt } from './dead-letters/redrive.js';
export { readLogStanding, type LogStanding, type LogStandingOptions } from './log-standing.js';
export { OperationRecorder } from './service-events/operation-recorder.js';
export type { Alert } from './service-events/service-events.js';
export {
  healthOf,
  type ProcessFigures,
  type ServiceFigures,
  type ServiceHealth,
} from './service-events/service-figures.js';
export {
  startServiceReporter,
  type ServiceReporter,
  type ServiceReporterOptions,
} from './service-events/service-reporter.js';
