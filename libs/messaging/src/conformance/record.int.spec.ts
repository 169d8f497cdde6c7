import { inject } from 'vitest';
import { recordCases } from './cases/record.cases.js';
import { brokerOf, caseNamed, describeKafkaConformance, itCatches } from './describe-kafka-conformance.js';

const broker = () => brokerOf(inject('stack'));

describeKafkaConformance('kafkajs', recordCases, broker);
itCatches('reads headers as text', 'wrong-bytes', caseNamed(recordCases, /byte for byte/), broker);
