import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createKafkaDriver, type KafkaAdmin } from '@chorda/messaging';
import { freePorts } from '@chorda/native-stack';
import { createPool, dayOf, ensureDayPartitions, migrate } from '@chorda/read-models';
import { freshDatabase, type TestStack } from '@chorda/testing';
import { environmentOf } from '../backbone.js';
import { startOwnedProcess } from '../owned-process.js';
import { follow, type Run } from './follow.js';
import { connectArguments, groupOf, type ConnectProgram, type SinkSettings } from './rival-connect.js';
import type { StageSettings } from './stage-settings.js';
import { foldTable, insertTable, tableStatement } from './tables.js';
import type { KeyShape } from './workload.js';

/** What all contestants run on. */
export interface Ground {
  readonly stack: TestStack;
  /** Topic prefixes of our own logs, and topics of those made for the rival. */
  readonly logs: Readonly<Record<KeyShape, { readonly topicPrefix: string; readonly flatTopic: string }>>;
  readonly connect: ConnectProgram | undefined;
  readonly warmUp: number;
  readonly events: number;
  readonly naiveEvents: number;
  readonly folder: string;
}

export interface Arm {
  readonly name: string;
  readonly shape: KeyShape;
  readonly table: 'insert' | 'fold' | 'journal' | 'all' | 'none';
  readonly run: (ground: Ground, round: number) => Promise<Run>;
}

const stageProcess = fileURLToPath(new URL('./stage-process.js', import.meta.url));
const projectorProcess = fileURLToPath(new URL('./projector-process.js', import.meta.url));
const timeoutMs = 180_000;
const batchRecords = 1_000;

type Stage = StageSettings['stage'];

/** A stage alone. `key`: the columns of the primary key of its table; undefined: none. */
export function stageArm(
  name: string,
  stage: Stage,
  shape: KeyShape,
  table: 'insert' | 'fold' | 'journal' | 'none',
): Arm {
  const run = (ground: Ground) =>
    withDatabase(ground, async (databaseUrl, execute) => {
      await makeTables(databaseUrl, execute, table, stage !== 'heap');
      const readsLog = ['consume', 'decode', 'fold', 'naive'].includes(stage);
      const warmUp = readsLog && stage !== 'naive' ? ground.warmUp : 0;
      const total = stage === 'naive' ? ground.naiveEvents : warmUp + ground.events;
      const settings: StageSettings = {
        ...{ stage, shape, databaseUrl, events: total, batchRecords },
        brokers: ground.stack.kafkaBrokers,
        registryUrl: ground.stack.registryUrl,
        topicPrefix: ground.logs[shape].topicPrefix,
        table: table === 'fold' ? 'latest_v1' : 'executed_v1',
      };
      return followStage(ground, settings, warmUp, total);
    });
  return { name, shape, table, run };
}

async function followStage(ground: Ground, settings: StageSettings, warmUp: number, total: number): Promise<Run> {
  const owned = startOwnedProcess([stageProcess], process.env, join(ground.folder, 'stages.log'), {
    input: JSON.stringify(settings),
  });
  let done = 0;
  if (owned.child.stdout) {
    createInterface(owned.child.stdout).on('line', (line) => {
      if (line.startsWith('@')) done = Number(line.slice(1));
    });
  }
  return following(ground, owned, { done: () => done, warmUp, total });
}

/** The projector app as a process, with some of its projections, from an empty database. */
export function projectorArm(name: string, shape: KeyShape, table: 'insert' | 'fold' | 'journal' | 'all'): Arm {
  const run = (ground: Ground) =>
    withDatabase(ground, async (databaseUrl, execute) => {
      await migrate(databaseUrl);
      await makeTables(databaseUrl, execute, table, true);
      const [metricsPort] = await freePorts(1);
      const env = {
        ...environmentOf(ground.stack, databaseUrl, ground.logs[shape].topicPrefix),
        METRICS_PORT: `${metricsPort}`,
        // The app's own reports would be events too.
        CHORDA_SELF_REPORT_INTERVAL_MS: '3600000',
        LOG_LEVEL: 'warn',
        BENCH_PROJECTIONS: table,
      };
      const owned = startOwnedProcess([projectorProcess], env, join(ground.folder, 'projector.log'));
      const done = async () => {
        const rows = await execute<{ applied: string | null }>(
          `SELECT min(applied) AS applied FROM (SELECT projection, sum(next_offset) AS applied FROM checkpoints
           WHERE topic = 'agent.events' GROUP BY projection) AS each`,
        );
        return Number(rows[0]?.applied ?? 0);
      };
      return following(ground, owned, { done, warmUp: ground.warmUp, total: ground.warmUp + ground.events });
    });
  return { name, shape, table, run };
}

/** Kafka Connect with Debezium's sink, on our own log or on one made for it. */
export function rivalArm(
  name: string,
  shape: KeyShape,
  table: 'insert' | 'fold',
  how: Pick<SinkSettings, 'unnest' | 'reductionBuffer' | 'isOwnLog'>,
): Arm {
  const run = (ground: Ground, round: number) =>
    withDatabase(ground, async (databaseUrl, execute) => {
      if (!ground.connect) throw new Error('The rival was not fetched');
      await makeTables(databaseUrl, execute, table, true);
      const id = `sink-${Date.now()}`;
      const { topicPrefix, flatTopic } = ground.logs[shape];
      const settings: SinkSettings = {
        ...how,
        ...(table === 'insert'
          ? { mode: 'insert' as const, table: insertTable.name, key: 'execution_id' }
          : { mode: 'upsert' as const, table: foldTable.name, key: 'agent_id' }),
        ...{ stack: ground.stack, databaseUrl, name: id, folder: join(ground.folder, `${id}-${round}`) },
        topic: how.isOwnLog ? `${topicPrefix}agent.events` : flatTopic,
      };
      return runConnect(ground, ground.connect, settings);
    });
  return { name, shape, table, run };
}

async function runConnect(ground: Ground, program: ConnectProgram, settings: SinkSettings): Promise<Run> {
  const env = { PATH: process.env['PATH'], HOME: process.env['HOME'] };
  const owned = startOwnedProcess(connectArguments(program, settings), env, join(ground.folder, 'connect.log'), {
    program: program.java,
  });
  const connection = { brokers: ground.stack.kafkaBrokers.split(','), topicPrefix: '', clientId: 'bench-look' };
  const driver = createKafkaDriver(connection);
  try {
    const admin = await driver.admin();
    const done = () => committedOf(admin, settings);
    return await following(ground, owned, { done, warmUp: ground.warmUp, total: ground.warmUp + ground.events });
  } finally {
    await driver.close();
  }
}

async function committedOf(admin: KafkaAdmin, settings: SinkSettings): Promise<number> {
  const places = await admin.committedOffsets(groupOf(settings), [settings.topic]).catch(() => []);
  return places.reduce((sum, { offset }) => sum + Math.max(0, Number(offset)), 0);
}

async function following(
  { stack }: Ground,
  { child, ended }: ReturnType<typeof startOwnedProcess>,
  given: { readonly done: () => number | Promise<number>; readonly warmUp: number; readonly total: number },
): Promise<Run> {
  let failure: string | undefined;
  void ended.then((how) => (failure = `It ended with ${String(how)}`));
  try {
    return await follow({ stack, pid: child.pid ?? 0, failure: () => failure, timeoutMs, ...given });
  } finally {
    child.kill('SIGKILL'); // What it holds is thrown away with its database.
    await ended;
  }
}

type Execute = <Row extends object>(text: string) => Promise<readonly Row[]>;

/** An empty database; dropped after. */
async function withDatabase(
  { stack }: Ground,
  use: (databaseUrl: string, execute: Execute) => Promise<Run>,
): Promise<Run> {
  const database = await freshDatabase(stack);
  const pool = createPool(database.url, { applicationName: 'bench', connectionsMax: 1 });
  try {
    return await use(database.url, async <Row extends object>(text: string) => (await pool.query<Row>(text)).rows);
  } finally {
    await pool.end();
    await database.drop();
    await settle(stack);
  }
}

/** One contestant's dirty pages are not written on the next one's time. */
async function settle(stack: TestStack): Promise<void> {
  const pool = createPool(stack.databaseUrl, { applicationName: 'bench', connectionsMax: 1 });
  await pool.query('CHECKPOINT');
  await pool.end();
}

async function makeTables(databaseUrl: string, execute: Execute, table: Arm['table'], keyed: boolean): Promise<void> {
  if (table === 'insert') await execute(tableStatement(insertTable.name, keyed ? 'execution_id' : undefined));
  if (table === 'fold') await execute(tableStatement(foldTable.name, 'agent_id'));
  if (table !== 'journal') return;
  await migrate(databaseUrl);
  const pool = createPool(databaseUrl, { applicationName: 'bench', connectionsMax: 1 });
  await ensureDayPartitions(pool, 'journal_v1', [dayOf(Date.now())]);
  await pool.end();
}
