import { freshTopicPrefix } from '@chorda/testing';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { AssignedPartition, GroupConsumer, KafkaDriver, Producer } from '../port.js';
import { createKafkaDriver } from './kafka-driver.js';

const topic = 'resting';
const limits = { recordsMax: 10, bytesMax: 64 * 1024, waitMsMax: 0 };
let driver: KafkaDriver;
let producer: Producer;
let consumer: GroupConsumer;
let partition: AssignedPartition;

beforeAll(async () => {
  const connection = {
    brokers: inject('stack').kafkaBrokers.split(','),
    topicPrefix: freshTopicPrefix(),
    clientId: 'r',
  };
  driver = createKafkaDriver(connection);
  const admin = await driver.admin();
  await admin.createTopics([{ name: topic, partitions: 1, replicationFactor: 1, config: {} }]);
  producer = await driver.createProducer();
  const assigned = Promise.withResolvers<AssignedPartition>();
  consumer = driver.consume({
    group: 'resting',
    topics: [topic],
    run: async (each) => {
      assigned.resolve(each);
      await new Promise((resolve) => each.intake.addEventListener('abort', resolve));
    },
  });
  partition = await assigned.promise;
});

afterAll(async () => {
  await consumer?.stop();
  await producer?.close();
  await driver?.close();
});

async function send(value: string): Promise<bigint> {
  const record = { topic, partition: 0, key: null, value: Buffer.from(value), headers: {} };
  return (await producer.send(record)).offset;
}

const textOf = (chunk: Awaited<ReturnType<AssignedPartition['read']>>) =>
  chunk?.records.map(({ value }) => String(value));

describe('a partition that rests', () => {
  it('gives nothing that was fetched before, and goes on where it is started', async () => {
    await send('first');
    await partition.start(0n);
    expect(textOf(await partition.read(limits))).toEqual(['first']);
    await send('left out');
    partition.rest();
    await send('left out too');
    const from = await send('wanted');
    await partition.start(from);
    expect(textOf(await partition.read(limits))).toEqual(['wanted']);
  });
});
