export { selfSignedCertificate, type TestCertificate } from './certificate.js';
export { startKafkaCluster, type KafkaCluster } from './kafka-cluster.js';
export { runPlanted, type TestResult } from './planted-run.js';
export { freshDatabase, shownTable, type FreshDatabase } from './database.js';
export { freshTopicPrefix, startStack, type StackAddresses, type TestStack, type TestStackOptions } from './stack.js';
export { draws } from './draws.js';
export { startSourceProcess, type SourceProcess } from './source-process.js';
