import { startStack, type TestStack } from '@chorda/testing';
import { afterAll, beforeAll } from 'vitest';
import { brokerRestartCase } from './cases/broker-restart.cases.js';
import { brokerOf, describeKafkaConformance } from './describe-kafka-conformance.js';

let stack: TestStack;
beforeAll(async () => {
  stack = await startStack({ servers: ['kafka'] });
});
afterAll(() => stack.stop());

describeKafkaConformance('kafkajs', [brokerRestartCase(() => stack.server('kafka'))], () => brokerOf(stack));
