import { inject } from 'vitest';
import { registryDownCases } from './cases/registry-down.cases.js';
import { brokerOf, describeKafkaConformance } from './describe-kafka-conformance.js';

const cases = registryDownCases(() => inject('stack').registryUrl);

describeKafkaConformance('kafkajs', cases, () => brokerOf(inject('stack')));
