import { silentLogger } from '@chorda/kernel';
import { startStack, type TestStack } from '@chorda/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createKafkaDriver } from '../kafkajs-driver/kafka-driver.js';
import type { KafkaConnection } from '../port.js';
import { Bench, sendAll } from './bench.js';
import { crashCases } from './cases/crash.cases.js';
import { orderCases } from './cases/order.cases.js';
import { recordCases } from './cases/record.cases.js';
import { brokerOf, caseNamed, describeKafkaConformance } from './describe-kafka-conformance.js';
import { numberedRecord } from './numbered-record.js';

let stack: TestStack;
beforeAll(async () => {
  stack = await startStack({ servers: ['kafka'], kafkaSasl: true });
});
afterAll(() => stack.stop());

/** TLS and SCRAM: every connection must prove who it is. */
function securedBroker() {
  const { brokers, mechanism, username, password, caPem } = stack.kafkaSasl();
  return { brokers: [brokers], ssl: { caPem }, sasl: { mechanism, username, password } };
}

function connectionWith(change: Partial<KafkaConnection>): KafkaConnection {
  return { ...securedBroker(), topicPrefix: '', clientId: 'conformance', ...change };
}

const securedCases = [
  ...orderCases,
  caseNamed(crashCases, /reader killed/),
  caseNamed(recordCases, /byte for byte/),
] as const;

describeKafkaConformance('kafkajs', securedCases, securedBroker);

describe('the SASL_SSL listener', () => {
  it('refuses a wrong password for good, by name', async () => {
    const sasl = { ...securedBroker().sasl, password: 'not-it' };
    const driver = createKafkaDriver(connectionWith({ sasl }), { logger: silentLogger });

    const refused = driver.admin();

    await expect(refused).rejects.toMatchObject({ code: 'KAFKA_AUTHENTICATION', retriable: false });
    await expect(refused).rejects.not.toThrow(/not-it/);
    await driver.close();
  });

  it('is not spoken to when its certificate is signed by nobody we trust', async () => {
    const driver = createKafkaDriver(connectionWith({ ssl: {} }), { logger: silentLogger });

    await expect(driver.admin()).rejects.toThrow(/certificate/i);
    await driver.close();
  });
});

describe('the topic prefix', () => {
  it('stands before every topic and group on the broker, and in no name that we are given', async () => {
    const bench = new Bench('kafkajs', brokerOf(stack));
    const { topicPrefix } = bench.connection;
    const topic = await bench.createTopic('prefixed', 1);
    const producer = await bench.producer();
    const records = [numberedRecord({ topic, partition: 0, key: 'key', index: 0 })];
    const [sent] = await sendAll(producer, records);
    const [seen] = await bench.readAll(topic);
    const bare = createKafkaDriver(connectionWith({}), { logger: silentLogger });
    const admin = await bare.admin();
    const names = await admin.listTopics();
    await bare.close();
    await bench.dispose();

    expect(sent?.place?.topic).toBe('prefixed');
    expect(seen?.topic).toBe('prefixed');
    expect(names).toContain(`${topicPrefix}prefixed`);
    expect(names).not.toContain('prefixed');
  });
});
