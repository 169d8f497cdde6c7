import { inject } from 'vitest';
import { unreadableBatchCases } from './cases/unreadable-batch.cases.js';
import { brokerOf, caseNamed, describeKafkaConformance, itCatches } from './describe-kafka-conformance.js';

const broker = () => brokerOf(inject('stack'));

describeKafkaConformance('kafkajs', unreadableBatchCases, broker);
itCatches('skips what it cannot read', 'not-told', caseNamed(unreadableBatchCases, /lz4/), broker);
