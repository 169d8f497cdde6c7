import { applyTopics, partitionOf } from '@chorda/contracts';
import { CommandDoor, OutcomeWaiter, startDecisions } from '@chorda/decisions';
import { defaultTenant, newId, silentLogger, sleep } from '@chorda/kernel';
import { createKafkaDriver } from '@chorda/messaging';
import { createPool, migrate } from '@chorda/read-models';
import { freshTopicPrefix, type FreshDatabase, type StackAddresses } from '@chorda/testing';
import { Registry } from 'prom-client';
import { commandRecord, counter, counterCodec } from './counter.js';

/** A way to decide commands. */
export interface Arm {
  readonly name: string;
  /** Resolves when the caller may be told. */
  decide(subject: string): Promise<void>;
  stop(): Promise<void>;
}

const partitions = 12;
const waitMs = 60_000;

/** The engine: log, turn, log, answer. Callers and engine share this process. */
export async function engineArm(stack: StackAddresses, database: FreshDatabase): Promise<Arm> {
  const driver = createKafkaDriver({
    brokers: stack.kafkaBrokers.split(','),
    topicPrefix: freshTopicPrefix(),
    clientId: 'bench',
  });
  await migrate(database.url);
  const admin = await driver.admin();
  await applyTopics(admin, { names: ['agent.commands', 'agent.events'], replicationFactor: 1 });
  await admin.close();
  const [metrics, logger] = [new Registry(), silentLogger];
  const engine = startDecisions(
    {
      aggregate: counter,
      codec: counterCodec,
      commandTopic: 'agent.commands',
      eventTopic: 'agent.events',
      group: 'bench.decisions',
    },
    {
      driver,
      databaseUrl: database.url,
      service: 'bench',
      instance: 'bench',
      logger,
      metrics,
      onIncident: () => undefined,
    },
  );
  while (engine.health().partitions.length < partitions || engine.notReady() !== undefined) await sleep(50);
  const pool = createPool(database.url, { connectionsMax: 4 });
  const waiting = { pool, databaseUrl: database.url, kind: 'counter', eventTopic: 'agent.events', metrics, logger };
  const waiter = new OutcomeWaiter(waiting);
  waiter.start();
  const producer = await driver.createProducer();
  const door = new CommandDoor(producer, waiter, { refusal: () => undefined });
  return {
    name: 'engine: log, turn, log, answer',
    async decide(subject) {
      const commandId = newId();
      const record = commandRecord(commandId, subject);
      const partition = partitionOf(Buffer.from(`default/${subject}`), partitions);
      const answer = await door.give({ ...record, partition }, { tenantId: defaultTenant, commandId, waitMs });
      if (answer.kind !== 'decided') throw new Error(`${commandId} was not decided in ${waitMs} ms`);
    },
    async stop() {
      await engine.stop();
      await waiter.close();
      await producer.close();
      await pool.end();
      await driver.close();
    },
  };
}

/** One append with an expected version for each command, tried again on a conflict: what most people write. */
export async function appendArm(database: FreshDatabase): Promise<Arm> {
  const pool = createPool(database.url, { connectionsMax: 32, connectTimeoutMs: waitMs });
  await pool.query(
    `CREATE TABLE appended (stream text NOT NULL, version bigint NOT NULL, type text NOT NULL, data jsonb NOT NULL,
       at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (stream, version))`,
  );
  const load = `SELECT version, data FROM appended WHERE stream = $1 ORDER BY version DESC LIMIT 1`;
  const append = `INSERT INTO appended (stream, version, type, data) VALUES ($1, $2, 'counter.added', $3) ON CONFLICT DO NOTHING`;
  return {
    name: 'one append with an expected version a command',
    async decide(subject) {
      for (;;) {
        const { rows } = await pool.query<{ version: string; data: { total: number } }>({
          ...{ name: 'load', text: load },
          values: [subject],
        });
        const total = (rows[0]?.data.total ?? 0) + 1;
        const version = BigInt(rows[0]?.version ?? 0) + 1n;
        const values = [subject, version, JSON.stringify({ by: 1, total })];
        if ((await pool.query({ name: 'append', text: append, values })).rowCount === 1) return;
      }
    },
    stop: () => pool.end(),
  };
}
