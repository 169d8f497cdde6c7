import { inject } from 'vitest';
import { unreadableBatchCases } from './cases/unreadable-batch.cases.js';
import { brokerOf, describeKafkaConformance } from './describe-kafka-conformance.js';

describeKafkaConformance('kafkajs', unreadableBatchCases, () => brokerOf(inject('stack')));
