import { inject } from 'vitest';
import { recordCases } from './cases/record.cases.js';
import { brokerOf, describeKafkaConformance } from './describe-kafka-conformance.js';

describeKafkaConformance('kafkajs', recordCases, () => brokerOf(inject('stack')));
