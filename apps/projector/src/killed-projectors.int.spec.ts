import { applyTopics, EventCodec, parseEventData, registerSchemas, type EncodedRecord } from '@chorda/contracts';
import { defaultTenant } from '@chorda/kernel';
import { createKafkaDriver, type KafkaDriver, type Producer, type RecordPlace } from '@chorda/messaging';
import { createPool } from '@chorda/read-models';
import {
  freshDatabase,
  freshTopicPrefix,
  startSourceProcess,
  type FreshDatabase,
  type SourceProcess,
} from '@chorda/testing';
import type pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';

const agents = 20;

/** Guarantees 2 and 3 with everything real: projectors as processes, Kafka, the registry, Postgres. */
describe('projectors that are killed and stopped', { timeout: 240_000 }, () => {
  const topicPrefix = freshTopicPrefix();
  const stack = inject('stack');
  const running: SourceProcess[] = [];
  let database: FreshDatabase;
  let pool: pg.Pool;
  let driver: KafkaDriver;
  let producer: Producer;
  let codec: EventCodec;
  let sent = 0;
  const acknowledged = new Map<string, RecordPlace>();

  beforeAll(async () => {
    database = await freshDatabase(stack);
    pool = createPool(database.url);
    const connection = { brokers: stack.kafkaBrokers.split(','), topicPrefix, clientId: 'spec' };
    driver = createKafkaDriver(connection);
    const admin = await driver.admin();
    await applyTopics(admin);
    await admin.close();
    await registerSchemas({ registryUrl: stack.registryUrl, topicPrefix });
    codec = await EventCodec.connect({ registryUrl: stack.registryUrl, topicPrefix });
    producer = await driver.createProducer();
  });

  afterEach(async () => {
    await Promise.all(running.splice(0).map((process) => process.end()));
  });

  afterAll(async () => {
    await producer?.close();
    await driver?.close();
    codec?.close();
    await pool?.end();
    await database?.drop();
  });

  function startProjector(env: Readonly<Record<string, string>> = {}): SourceProcess {
    const projector = startSourceProcess(new URL('./main.ts', import.meta.url), {
      NODE_ENV: 'test',
      KAFKA_BROKERS: stack.kafkaBrokers,
      SCHEMA_REGISTRY_URL: stack.registryUrl,
      DATABASE_URL: database.url,
      CHORDA_TOPIC_PREFIX: topicPrefix,
      CHORDA_PROJECTOR_BATCH_RECORDS: '20',
      METRICS_PORT: '0',
      LOG_LEVEL: 'info',
      ...env,
    });
    running.push(projector);
    return projector;
  }

  function encode(index: number): EncodedRecord {
    const parsed = parseEventData('agent.executed', {
      agent_id: `AGENT-20261121-120000-0001-${String(index % agents).padStart(4, '0')}`,
      execution_id: `execution-${index}`,
      input_data: { question: index },
      output_data: { answer: index },
      execution_time_ms: index,
      status: 'completed',
    });
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.issues));
    const metadata = {
      id: `event-${index}`,
      source: '/spec',
      subject: `AGENT-20261121-120000-0001-${String(index % agents).padStart(4, '0')}`,
      tenantId: defaultTenant,
      timeMs: Date.now(),
      correlationId: `correlation-${index}`,
    };
    return codec.encode({ event: parsed.event, metadata });
  }

  async function send(count: number): Promise<void> {
    const indexes = Array.from({ length: count }, () => sent++);
    await Promise.all(
      indexes.map(async (index) => acknowledged.set(`event-${index}`, await producer.send(encode(index)))),
    );
  }

  /** Every acknowledged event once, at its place; in order of the log within its partition. */
  async function expectJournalToHoldAll(): Promise<void> {
    const count = async () => {
      const { rows } = await pool.query<{ count: number }>(
        `SELECT count(*)::int AS count FROM journal_v1 WHERE topic = 'agent.events'`,
      );
      return rows[0]?.count ?? 0;
    };
    await expect.poll(count, { timeout: 90_000, interval: 200 }).toBeGreaterThanOrEqual(sent);
    const { rows } = await pool.query<{ event_id: string; partition: number; offset: string }>(
      `SELECT event_id, partition, "offset" FROM journal_v1 WHERE topic = 'agent.events'`,
    );
    expect(rows).toHaveLength(sent);
    for (const row of rows) {
      expect(acknowledged.get(row.event_id)).toMatchObject({ partition: row.partition, offset: BigInt(row.offset) });
    }
  }

  it.each(['before-commit:3', 'after-commit:3'])('at %s: the next one goes on from the checkpoint', async (crashAt) => {
    const first = startProjector({ CHORDA_CRASH_AT: crashAt });
    await first.until('it runs', () => first.output().includes('"Started"'), 60_000);
    await send(400);
    expect(await first.ended, first.output()).toEqual({ code: null, signal: 'SIGKILL' });
    startProjector();
    await expectJournalToHoldAll();
  });

  it('past the session time-out and then continued: the zombie writes nothing, and works again later', async () => {
    const zombie = startProjector({ CHORDA_INSTANCE: 'zombie' });
    await zombie.until('it runs', () => zombie.output().includes('"Started"'), 60_000);
    await send(200);
    await expectJournalToHoldAll();
    zombie.signal('SIGSTOP');
    const other = startProjector({ CHORDA_INSTANCE: 'other' });
    await other.until('it runs', () => other.output().includes('"Started"'), 60_000);
    await send(200);
    await expectJournalToHoldAll();
    const { rows } = await pool.query(
      `SELECT DISTINCT owner FROM checkpoints WHERE projection = 'journal' AND topic = 'agent.events'`,
    );
    expect(rows).toEqual([{ owner: 'other' }]);
    zombie.signal('SIGCONT');
    await send(200);
    await expectJournalToHoldAll();
    other.signal('SIGTERM');
    expect(await other.ended, other.output()).toEqual({ code: 0, signal: null });
    await send(200);
    await expectJournalToHoldAll();
  });
});
