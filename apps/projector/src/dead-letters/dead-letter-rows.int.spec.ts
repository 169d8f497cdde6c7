import { silentLogger } from '@chorda/kernel';
import {
  createKafkaDriver,
  redrive,
  redriveTopic,
  type KafkaAdmin,
  type KafkaDriver,
  type Producer,
} from '@chorda/messaging';
import { createPool, migrate } from '@chorda/read-models';
import { freshDatabase, freshTopicPrefix, type FreshDatabase } from '@chorda/testing';
import type pg from 'pg';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { DeadLetterOffsets } from './dead-letter-offsets.js';
import { DeadLetterRows } from './dead-letter-rows.js';

const group = 'spec.group';
const topic = `agent.events.${group}.dead-letter`;
const ingress = `ingress.acme.${group}.dead-letter`;

/** Of a record that no codec reads: bytes that are no Avro, under a key that may be no key. */
interface Letter {
  readonly topic?: string;
  readonly partition?: number;
  readonly key?: string | Buffer | null;
  readonly headers?: Readonly<Record<string, string>>;
}

describe('dead letters', () => {
  let database: FreshDatabase;
  let pool: pg.Pool;
  let driver: KafkaDriver;
  let admin: KafkaAdmin;
  let producer: Producer;

  beforeAll(async () => {
    const stack = inject('stack');
    database = await freshDatabase(stack);
    await migrate(database.url);
    pool = createPool(database.url);
    const topicPrefix = freshTopicPrefix();
    driver = createKafkaDriver({ brokers: stack.kafkaBrokers.split(','), topicPrefix, clientId: 'dead-letter-rows' });
    admin = await driver.admin();
    producer = await driver.createProducer();
    await makeTopics(topic, ingress, redriveTopic('agent.events', group));
  });

  beforeEach(() => pool.query('TRUNCATE dead_letters_v1, dead_letter_offsets'));

  afterAll(async () => {
    await producer.close();
    await admin.close();
    await driver.close();
    await pool.end();
    await database.drop();
  });

  const makeTopics = (...names: readonly string[]) =>
    admin.createTopics(names.map((name) => ({ name, partitions: 2, replicationFactor: 1, config: {} })));

  const keeper = () => new DeadLetterRows({ driver, admin, pool, metrics: new Registry(), logger: silentLogger });

  function send({ key = 'acme/AGENT-1', partition = 0, headers = {}, ...letter }: Letter = {}) {
    const to = letter.topic ?? topic;
    const facts = {
      'dlq-topic': to.slice(0, to.indexOf(`.${group}`)),
      'dlq-partition': '3',
      'dlq-offset': '41',
      'dlq-group': group,
      'dlq-attempts': '2',
      'dlq-first-at': '2026-11-20T11:59:00.000Z',
      'dlq-at': '2026-11-20T12:00:00.000Z',
      'dlq-stage': 'decode',
      'dlq-reason': 'not_avro',
      'dlq-class': 'UndecodableRecordError',
      'dlq-message': 'no magic byte',
    };
    const bytes = typeof key === 'string' ? Buffer.from(key) : key;
    return producer.send({
      topic: to,
      partition,
      key: bytes,
      value: Buffer.from([1, 2, 3]),
      headers: { ...facts, ...headers },
    });
  }

  async function rows() {
    const { rows: found } = await pool.query<Record<string, unknown>>(
      `SELECT * FROM dead_letters_v1 ORDER BY topic, partition, "offset"`,
    );
    return found;
  }

  it('have a row each, with where they stood, who set them aside and why, whatever their bytes are', async () => {
    const place = await send({ headers: { ce_id: 'event-1', ce_type: 'agent.executed', ce_source: '/spec' } });
    await keeper().runOnce();
    expect((await rows()).at(-1)).toMatchObject({
      tenant_id: 'acme',
      topic,
      partition: 0,
      offset: String(place.offset),
      source_topic: 'agent.events',
      source_partition: 3,
      source_offset: '41',
      consumer_group: group,
      stage: 'decode',
      reason: 'not_avro',
      error_class: 'UndecodableRecordError',
      error_message: 'no magic byte',
      attempts: 2,
      first_at: new Date('2026-11-20T11:59:00Z'),
      key: 'acme/AGENT-1',
      event_id: 'event-1',
      event_type: 'agent.executed',
      event_source: '/spec',
      value_bytes: '3',
      redriven_at: null,
    });
  });

  it('are each tenant’s own; one that names no tenant, or two, is the operator’s, and shows nothing of what it says', async () => {
    const bytes = Buffer.from([0xff, 0xfe]);
    const from = await send({ headers: { ce_tenantid: 'acme' } });
    await send({ key: bytes, headers: { ce_tenantid: 'acme' } });
    await send({ key: 'other/AGENT-1', headers: { ce_tenantid: 'acme', ce_id: 'secret' } });
    await send({ key: null });
    await send({ key: '../x' });
    // Whoever writes to a tenant's own topic is that tenant, whatever the record says.
    await send({ topic: ingress, key: 'other/AGENT-1' });
    await keeper().runOnce();
    const found = (await rows()).filter((row) => row['topic'] === ingress || Number(row['offset']) >= from.offset);
    expect(found.map((row) => [row['tenant_id'], row['key'], row['event_id']])).toEqual([
      ['acme', 'acme/AGENT-1', null],
      ['acme', '\uFFFD\uFFFD', null],
      ['default', null, null],
      ['default', null, null],
      ['default', null, null],
      ['acme', 'other/AGENT-1', null],
    ]);
  });

  it('are written once by any number of processes, which go on where the last one was', async () => {
    const sent = Array.from({ length: 60 }, (_, index) => send({ partition: index % 2 }));
    await Promise.all(sent);
    const [one, other] = [keeper(), keeper()];
    await Promise.all([one.runOnce(), other.runOnce()]);
    await send();
    await other.runOnce();
    await one.runOnce();
    await keeper().runOnce();
    const ends = await Promise.all([topic, ingress].map((name) => admin.offsets(name)));
    const records = ends.flat().reduce((sum, { end }) => sum + end, 0n);
    expect((await rows()).length).toBe(Number(records));
  });

  it('are passed over by nobody who was overtaken: a place never moves back', async () => {
    const wanted = { topic, partition: 0, topicId: 'spec' };
    const [slow, quick] = [new DeadLetterOffsets(pool), new DeadLetterOffsets(pool)];
    const [late, early] = [await slow.placeOf(wanted), await quick.placeOf(wanted)];
    const nothing = () => Promise.resolve();
    expect(await quick.advance(early, 20n, nothing)).toBe(true);
    expect(await slow.advance(late, 15n, nothing)).toBe(false);
    expect((await slow.placeOf(wanted)).nextOffset).toBe(20n);
  });

  it('that were sent through again say so, and the receipts are no letters', async () => {
    const place = await send({ partition: 1 });
    await keeper().runOnce();
    const before = (await rows()).length;
    await redrive(driver, { topic: 'agent.events', group, places: [{ partition: 1, offset: place.offset }] });
    await keeper().runOnce();
    const found = await rows();
    expect(found).toHaveLength(before);
    expect(found.filter((row) => row['redriven_at'] !== null)).toMatchObject([
      { partition: 1, offset: String(place.offset) },
    ]);
  });

  it('of a topic that was made anew begin again, and the old ones are gone', async () => {
    await send({ topic: ingress });
    const one = keeper();
    await one.runOnce();
    await admin.deleteTopics([ingress]);
    await makeTopics(ingress);
    await send({ topic: ingress, key: 'acme/new' });
    await one.runOnce();
    const found = (await rows()).filter((row) => row['topic'] === ingress);
    expect(found.map(({ key, offset }) => [key, offset])).toEqual([['acme/new', '0']]);
  });
});
