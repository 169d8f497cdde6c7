import { applyTopics, EventCodec, parseEventData, registerSchemas } from '@chorda/contracts';
import { defaultTenant, silentLogger, sleep } from '@chorda/kernel';
import { createKafkaDriver, listDeadLetters, type KafkaDriver, type Producer } from '@chorda/messaging';
import { createAppHost, type AppHost, type RunningApp } from '@chorda/platform';
import { createPool } from '@chorda/read-models';
import { freshDatabase, freshTopicPrefix, type FreshDatabase } from '@chorda/testing';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { projectorGroup, startProjector } from './start-projector.js';

/** Postgres that is slow, away, or put back to an older point: the log is waited with, and nothing is set aside. */
describe('a projector whose Postgres', { timeout: 180_000 }, () => {
  const stack = inject('stack');
  const topicPrefix = freshTopicPrefix();
  const admin = new pg.Pool({ connectionString: stack.databaseUrl, max: 2 });
  const running: RunningApp[] = [];
  let database: FreshDatabase;
  let pool: pg.Pool;
  let driver: KafkaDriver;
  let producer: Producer;
  let codec: EventCodec;
  let host: AppHost;
  let sent = 0;
  let unlock: (() => Promise<void>) | undefined;

  beforeAll(async () => {
    database = await freshDatabase(stack);
    pool = createPool(database.url);
    driver = createKafkaDriver({ brokers: stack.kafkaBrokers.split(','), topicPrefix, clientId: 'spec' });
    const kafka = await driver.admin();
    await applyTopics(kafka);
    await kafka.close();
    await registerSchemas({ registryUrl: stack.registryUrl, topicPrefix });
    codec = await EventCodec.connect({ registryUrl: stack.registryUrl, topicPrefix });
    producer = await driver.createProducer();
  });

  afterEach(async () => {
    await unlock?.();
    await Promise.all(running.splice(0).map((app) => app.stop()));
  });

  afterAll(async () => {
    await producer?.close();
    await driver?.close();
    codec?.close();
    await pool?.end();
    for (const suffix of ['_older', '_newer']) await admin.query(`DROP DATABASE IF EXISTS ${nameOf()}${suffix}`);
    await admin.end();
    await database?.drop();
  });

  function nameOf(): string {
    return new URL(database.url).pathname.slice(1);
  }

  async function start(): Promise<RunningApp> {
    host = { ...createAppHost({ name: 'projector', sharesProcess: true, instance: 'spec' }), logger: silentLogger };
    const env = {
      KAFKA_BROKERS: stack.kafkaBrokers,
      SCHEMA_REGISTRY_URL: stack.registryUrl,
      DATABASE_URL: database.url,
      CHORDA_TOPIC_PREFIX: topicPrefix,
      // Its own reports would be traffic, which tells a lost claim by itself.
      CHORDA_SELF_REPORT_INTERVAL_MS: '60000',
    };
    const app = await startProjector(env, host);
    running.push(app);
    return app;
  }

  async function send(count: number): Promise<void> {
    const indexes = Array.from({ length: count }, () => sent++);
    await Promise.all(indexes.map((index) => producer.send(executed(index))));
  }

  function executed(index: number) {
    const agent = `AGENT-20261121-120000-0001-${String(index % 8).padStart(4, '0')}`;
    const parsed = parseEventData('agent.executed', {
      agent_id: agent,
      execution_id: `execution-${index}`,
      input_data: {},
      output_data: {},
      execution_time_ms: index,
      status: 'completed',
    });
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.issues));
    const metadata = { id: `event-${index}`, source: '/spec', subject: agent, tenantId: defaultTenant };
    return codec.encode({ event: parsed.event, metadata: { ...metadata, timeMs: Date.now(), correlationId: 'spec' } });
  }

  /** Places and ids of what the journal holds, as one text. */
  async function journal(url = database.url): Promise<readonly string[]> {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    const { rows } = await client.query<{ line: string }>(
      `SELECT concat_ws(' ', partition, "offset", event_id, md5(payload)) AS line FROM journal_v1
       WHERE topic = 'agent.events' ORDER BY partition, "offset"`,
    );
    await client.end();
    return rows.map(({ line }) => line);
  }

  async function untilAllApplied(): Promise<void> {
    const count = () => journal().then(({ length }) => length, String);
    await expect.poll(count, { timeout: 60_000, interval: 250 }).toBe(sent);
  }

  /** The database is away for as long as `work` takes. */
  async function whileAway(work: (name: string) => Promise<void>): Promise<void> {
    const name = nameOf();
    await admin.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`);
    await admin.query('SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = $1', [name]);
    await work(name);
    await admin.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS true`);
  }

  async function expectNothingSetAside(): Promise<void> {
    expect(await listDeadLetters(driver, { group: projectorGroup })).toEqual([]);
  }

  async function metric(line: string): Promise<number> {
    const found = (await host.metrics.metrics()).split('\n').find((each) => each.startsWith(line));
    return Number(found?.split(' ').at(-1) ?? 0);
  }

  it('is away: it waits, says so, and goes on by itself', async () => {
    const app = await start();
    await send(40);
    await untilAllApplied();
    await whileAway(async () => {
      await send(40);
      await expect.poll(() => app.notReady(), { timeout: 20_000 }).not.toEqual([]);
    });
    await untilAllApplied();
    await expectNothingSetAside();
    await expect.poll(() => app.notReady(), { timeout: 20_000 }).toEqual([]);
  });

  it('is slow past the time-out of a transaction: the batch is tried again, and no partition counts as stopped', async () => {
    await start();
    await untilAllApplied();
    const before = sent;
    const release = await lockJournal();
    await send(40);
    const away = 'chorda_projection_batches_total{topic="agent.events",outcome="away"';
    await expect.poll(() => metric(away), { timeout: 30_000, interval: 500 }).toBeGreaterThan(0);
    expect(await metric('chorda_projection_stopped_partitions{topic="agent.events"')).toBe(0);
    await release();
    expect(sent).toBe(before + 40);
    await untilAllApplied();
    await expectNothingSetAside();
  });

  it('does not answer while it stops: the stop is bounded, and the next one goes on', async () => {
    const app = await start();
    await untilAllApplied();
    const release = await lockJournal();
    await send(40);
    await sleep(1_000);
    const stoppedMs = Date.now();
    await app.stop();
    running.splice(0);
    expect(Date.now() - stoppedMs).toBeLessThan(45_000);
    await release();
    await start();
    await untilAllApplied();
  });

  it('was put back to an older point: without any traffic it is noticed, and made whole from the log', async () => {
    await start();
    await send(40);
    await untilAllApplied();
    await whileAway((name) => admin.query(`CREATE DATABASE ${name}_older TEMPLATE ${name}`).then(() => undefined));
    await send(40);
    await untilAllApplied();
    const whole = await journal();
    // From here on nothing is sent.
    await whileAway(async (name) => {
      await admin.query(`ALTER DATABASE ${name} RENAME TO ${name}_newer`);
      await admin.query(`ALTER DATABASE ${name}_older RENAME TO ${name}`);
    });
    expect(await journal()).toHaveLength(sent - 40);
    await untilAllApplied();
    expect(await journal()).toEqual(whole);
    await expectNothingSetAside();
  });

  async function lockJournal(): Promise<() => Promise<void>> {
    const client = await pool.connect();
    await client.query('BEGIN; LOCK TABLE journal_v1 IN ACCESS EXCLUSIVE MODE');
    unlock = async () => {
      unlock = undefined;
      await client.query('ROLLBACK');
      client.release();
    };
    return unlock;
  }
});
