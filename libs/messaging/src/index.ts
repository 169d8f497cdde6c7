export type * from './consumer-contract.js';
export type * from './port.js';
export * from './errors.js';
export { createKafkaDriver } from './kafkajs-driver/kafka-driver.js';
