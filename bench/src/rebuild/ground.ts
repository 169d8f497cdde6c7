import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePorts } from '@chorda/native-stack';
import { prepareData } from '@chorda/native-stack/start';
import { createPool, dayOf, ensureDayPartitions, migrate, RebuildRepository } from '@chorda/read-models';
import { freshDatabase, freshTopicPrefix, type TestStack } from '@chorda/testing';
import type pg from 'pg';
import { environmentOf, waitFor } from '../backbone.js';
import { startOwnedProcess } from '../owned-process.js';
import { follow, type Run } from '../projector/follow.js';
import { foldTable, tableStatement } from '../projector/tables.js';
import { fillOwnLog } from '../projector/workload.js';

/** What the projector of a part runs, as `projector-process` names it. */
export type Projections = 'journal' | 'fold' | 'all';

/** The projection that a part rebuilds, and its live table. */
export const rebuilt = {
  journal: { projection: 'journal', table: 'journal_v1' },
  fold: { projection: 'bench_latest', table: foldTable.name },
} as const;

export interface Setting {
  readonly stack: TestStack;
  readonly folder: string;
  /** Partitions that a rebuild fills at once. */
  readonly connections: number;
  /** How much later live may be because of a rebuild; 0: it does not give way. */
  readonly liveDelayMs: number;
  readonly progress: (line: string) => void;
}

/** A log with events of agents that each come once, so that nothing can be folded. */
export async function fillLog({ stack, folder, progress }: Setting, events: number): Promise<string> {
  const topicPrefix = freshTopicPrefix();
  const database = await freshDatabase(stack);
  await prepareData(environmentOf(stack, database.url, topicPrefix), mkdtempSync(join(folder, 'home-')));
  await database.drop();
  progress(`Filling a log with ${events} events, unique keys`);
  await fillOwnLog(stack, topicPrefix, 'unique', events);
  return topicPrefix;
}

export interface LiveProjector {
  readonly pool: pg.Pool;
  readonly databaseUrl: string;
  readonly rebuilds: RebuildRepository;
  /** Watches what is counted in checkpoints until it has come to `total`. */
  follow(applied: () => Promise<number>, given: { readonly warmUp: number; readonly total: number }): Promise<Run>;
  /** Events of agents that this version of a projection has passed. */
  appliedBy(projection: string, version: number): Promise<number>;
  stop(): Promise<void>;
}

const projectorProcess = fileURLToPath(new URL('../projector/projector-process.js', import.meta.url));
const timeoutMs = 1_800_000;

/** The projector app as it is, on an empty database. */
export async function startLive(
  setting: Setting,
  topicPrefix: string,
  projections: Projections,
): Promise<LiveProjector> {
  const { stack, folder, connections, liveDelayMs } = setting;
  const database = await freshDatabase(stack);
  await migrate(database.url);
  const pool = createPool(database.url, { applicationName: 'bench', connectionsMax: 2 });
  if (projections === 'fold') await pool.query(tableStatement(foldTable.name, 'agent_id'));
  const [metricsPort] = await freePorts(1);
  const owned = startOwnedProcess(
    [projectorProcess],
    {
      ...environmentOf(stack, database.url, topicPrefix),
      METRICS_PORT: `${metricsPort}`,
      // The app's own reports would be events too.
      CHORDA_SELF_REPORT_INTERVAL_MS: '3600000',
      CHORDA_REBUILD_CONNECTIONS: `${connections}`,
      CHORDA_REBUILD_LIVE_DELAY_MS: `${liveDelayMs}`,
      LOG_LEVEL: 'warn',
      BENCH_PROJECTIONS: projections,
    },
    join(folder, 'rebuild-projector.log'),
  );
  let failure: string | undefined;
  void owned.ended.then((how) => (failure = `The projector ended with ${String(how)}`));
  return {
    ...{ pool, databaseUrl: database.url, rebuilds: new RebuildRepository(pool) },
    follow: (done, given) =>
      follow({ stack, pid: owned.child.pid ?? 0, failure: () => failure, timeoutMs, done, ...given }),
    async appliedBy(projection, version) {
      const { rows } = await pool.query<{ applied: string | null }>(
        `SELECT sum(next_offset) AS applied FROM checkpoints
         WHERE topic = 'agent.events' AND projection = $1 AND version = $2`,
        [projection, version],
      );
      return Number(rows[0]?.applied ?? 0);
    },
    async stop() {
      owned.child.kill('SIGTERM');
      await owned.ended;
      await pool.end();
      await database.drop();
    },
  };
}

/** Asks for a rebuild that nobody swaps, and answers when its tables are made. */
export async function beginRebuild({ rebuilds }: LiveProjector, projection: string): Promise<number> {
  await rebuilds.request({ projection, swap: 'manual', requestedBy: 'bench' });
  let version: number | null = null;
  await waitFor('The tables of the rebuild', 60_000, async () => {
    version = (await rebuilds.latest(projection))?.to_version ?? null;
    return version !== null;
  });
  return version ?? 0;
}

/** Throws away what was filled. */
export async function cancelRebuild({ rebuilds }: LiveProjector, projection: string): Promise<void> {
  await rebuilds.ask(projection, 'cancel');
  await waitFor('The end of the rebuild', 120_000, async () => {
    const state = (await rebuilds.latest(projection))?.state;
    if (state === 'failed') await rebuilds.ask(projection, 'cancel');
    return state === 'cancelled';
  });
}

/** Days of the journal, where the log was filled just now. */
export async function todaysDays(pool: pg.Pool): Promise<void> {
  const dayMs = 86_400_000;
  await ensureDayPartitions(pool, 'journal_v1', [
    dayOf(Date.now() - dayMs),
    dayOf(Date.now()),
    dayOf(Date.now() + dayMs),
  ]);
}
