import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { createKafkaDriver } from '@chorda/messaging';
import pg from 'pg';
import { freshDatabase, freshTopicPrefix, type FreshDatabase } from './index.js';

const stack = inject('stack');

describe('the stack that specs share', () => {
  let database: FreshDatabase;
  beforeAll(async () => {
    database = await freshDatabase(stack);
  });
  afterAll(() => database.drop());

  it('gives each spec an empty database that is UTF-8 and keeps time in UTC', async () => {
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    const encoding = await client.query('show server_encoding');
    const zone = await client.query('show timezone');
    const tables = await client.query("select 1 from pg_tables where schemaname = 'public'");
    await client.end();
    expect(encoding.rows[0].server_encoding).toBe('UTF8');
    expect(zone.rows[0].TimeZone).toBe('UTC');
    expect(tables.rowCount).toBe(0);
  });

  it('has a broker that makes no topic by itself', async () => {
    const driver = createKafkaDriver({
      brokers: [stack.kafkaBrokers],
      topicPrefix: freshTopicPrefix(),
      clientId: 'spec',
    });
    const producer = await driver.createProducer();
    const send = producer.send({ topic: 'nowhere', key: Buffer.from('a'), value: Buffer.from('b'), headers: {} });
    await expect(send).rejects.toThrow(/nowhere/);
    expect(await (await driver.admin()).listTopics()).toEqual([]);
    await driver.close();
  });

  it('has a registry that answers in the Confluent way', async () => {
    const response = await fetch(`${stack.registryUrl}/subjects`);
    expect(response.status).toBe(200);
    expect(Array.isArray(await response.json())).toBe(true);
  });
});
