import { inject } from 'vitest';
import { zombieCases } from './cases/zombie.cases.js';
import { brokerOf, describeKafkaConformance } from './describe-kafka-conformance.js';

describeKafkaConformance('kafkajs', zombieCases, () => brokerOf(inject('stack')));
