import { inject } from 'vitest';
import { poisonRecordCases } from './cases/poison-record.cases.js';
import { brokerOf, describeKafkaConformance } from './describe-kafka-conformance.js';

const cases = poisonRecordCases(() => inject('stack').registryUrl);

describeKafkaConformance('kafkajs', cases, () => brokerOf(inject('stack')));
