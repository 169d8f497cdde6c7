import { inject } from 'vitest';
import { rebalanceCases } from './cases/rebalance.cases.js';
import { brokerOf, caseNamed, describeKafkaConformance, itCatches } from './describe-kafka-conformance.js';

const broker = () => brokerOf(inject('stack'));

describeKafkaConformance('kafkajs', rebalanceCases, broker);
itCatches('drops on rebalance', 'lost', caseNamed(rebalanceCases, /storm/), broker);
