import { createWriteStream } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { applyTopics, partitionOf } from '@chorda/contracts';
import { CommandDoor, OutcomeWaiter } from '@chorda/decisions';
import { defaultTenant, newId, silentLogger, sleep } from '@chorda/kernel';
import { createKafkaDriver, type KafkaDriver } from '@chorda/messaging';
import { createPool, migrate } from '@chorda/read-models';
import { freshTopicPrefix, type FreshDatabase, type StackAddresses } from '@chorda/testing';
import { Registry } from 'prom-client';
import { startOwnedProcess } from '../owned-process.js';
import { commandRecord, type CounterCommand } from './counter.js';

const program = fileURLToPath(new URL('./engine-process.js', import.meta.url));
const partitions = 12;
const readyMsMax = 60_000;
const waitMs = 60_000;

/** An engine in a process of its own, and the door that callers of this process go through. */
export interface EngineGround {
  readonly driver: KafkaDriver;
  readonly enginePid: () => number;
  give(subject: string, command?: CounterCommand): Promise<void>;
  stop(): Promise<void>;
}

export async function engineGround(
  stack: StackAddresses,
  database: FreshDatabase,
  folder: string,
): Promise<EngineGround> {
  const topicPrefix = freshTopicPrefix();
  const driver = createKafkaDriver({ brokers: stack.kafkaBrokers.split(','), topicPrefix, clientId: 'bench' });
  await migrate(database.url);
  const admin = await driver.admin();
  await applyTopics(admin, { names: ['agent.commands', 'agent.events'], replicationFactor: 1 });
  await admin.close();
  const engine = await startEngine(
    { KAFKA_BROKERS: stack.kafkaBrokers, DATABASE_URL: database.url, CHORDA_TOPIC_PREFIX: topicPrefix },
    folder,
  );
  const [metrics, logger] = [new Registry(), silentLogger];
  const pool = createPool(database.url, { connectionsMax: 4, keyLookupsOnly: true });
  const waiting = { pool, databaseUrl: database.url, kind: 'counter', eventTopic: 'agent.events', metrics, logger };
  const waiter = new OutcomeWaiter(waiting);
  waiter.start();
  const producer = await driver.createProducer();
  const door = new CommandDoor(producer, waiter, { refusal: () => undefined });
  return {
    driver,
    enginePid: () => engine.pid,
    async give(subject, command) {
      const commandId = newId();
      const record = commandRecord(commandId, subject, command);
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

async function startEngine(env: NodeJS.ProcessEnv, folder: string) {
  const log = join(folder, 'engine.log');
  createWriteStream(log, { flags: 'a' }).end();
  const profile = process.env['ENGINE_PROFILE'];
  const args = profile ? ['--cpu-prof', `--cpu-prof-dir=${profile}`, program] : [program];
  const { child, ended } = startOwnedProcess(args, { ...process.env, ...env }, log);
  let isReady = false;
  child.stdout?.on('data', (chunk: Buffer) => (isReady ||= chunk.includes('ready')));
  const deadlineMs = Date.now() + readyMsMax;
  while (!isReady) {
    if (Date.now() > deadlineMs) throw new Error(`The engine is not ready after ${readyMsMax} ms: see ${log}`);
    await sleep(50);
  }
  return {
    pid: child.pid ?? 0,
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}
