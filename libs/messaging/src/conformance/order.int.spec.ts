import { inject } from 'vitest';
import { orderCases } from './cases/order.cases.js';
import { brokerOf, caseNamed, describeKafkaConformance, itCatches } from './describe-kafka-conformance.js';

const broker = () => brokerOf(inject('stack'));

describeKafkaConformance('kafkajs', orderCases, broker);
itCatches('swaps two records', 'out-of-order', caseNamed(orderCases, /order of a key/), broker);
itCatches('sends twice', 'duplicate', caseNamed(orderCases, /10,000 concurrent/), broker);
