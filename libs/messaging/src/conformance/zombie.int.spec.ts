import { inject } from 'vitest';
import { zombieCases } from './cases/zombie.cases.js';
import { brokerOf, caseNamed, describeKafkaConformance, itCatches } from './describe-kafka-conformance.js';

const broker = () => brokerOf(inject('stack'));

describeKafkaConformance('kafkajs', zombieCases, broker);
itCatches('never tells of a loss', 'not-told', caseNamed(zombieCases, /slept/), broker);
