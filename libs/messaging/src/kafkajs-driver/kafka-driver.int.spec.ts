import { freshTopicPrefix } from '@chorda/testing';
import { expect, inject, it } from 'vitest';
import { createKafkaDriver } from './kafka-driver.js';

/** A driver lives as long as its process; what is made for a moment and closed must not stay with it. */
it('a driver forgets an admin, a producer and a scan that were closed', async () => {
  const connection = {
    brokers: inject('stack').kafkaBrokers.split(','),
    topicPrefix: freshTopicPrefix(),
    clientId: 'd',
  };
  const driver = createKafkaDriver(connection);
  const remembered = () => (Reflect.get(driver, 'open') as ReadonlySet<unknown>).size;
  const kept = await driver.admin();
  await kept.createTopics([{ name: 'kept', partitions: 1, replicationFactor: 1, config: {} }]);
  for (let index = 0; index < 3; index += 1) {
    const admin = await driver.admin();
    expect(remembered()).toBe(2);
    await admin.close();
    const producer = await driver.createProducer();
    await producer.close();
    for await (const _ of driver.scan({ topic: 'kept', partition: 0, from: 0n, to: 0n }));
  }
  expect(remembered()).toBe(1);
  await driver.close();
  expect(remembered()).toBe(0);
});
