import { inject } from 'vitest';
import { crashCases } from './cases/crash.cases.js';
import { brokerOf, caseNamed, describeKafkaConformance, itCatches } from './describe-kafka-conformance.js';

const broker = () => brokerOf(inject('stack'));

describeKafkaConformance('kafkajs', crashCases, broker);
itCatches('commits early', 'lost', caseNamed(crashCases, /reader killed/), broker);
itCatches('answers before the acknowledgement', 'lost', caseNamed(crashCases, /killed producer/), broker);
