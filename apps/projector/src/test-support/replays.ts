import { sleep } from '@chorda/kernel';
import type { Message } from '@chorda/messaging';
import type pg from 'pg';
import { batchOf, startRunner, type TestRunner } from '../runner/runner-harness.spec.js';
import type { Projection } from '../runner/projection.js';
import { interceptCommits } from './batch-commit.js';
import { cutterOf } from './cut-connection.js';
import type { Random } from './random.js';
import { sentAgain } from './spec-event.js';

/** What a replay works on: one database, and the projection through the runner that production has. */
export interface ReplayGround {
  readonly databaseUrl: string;
  readonly pool: pg.Pool;
  readonly projection: Projection;
}

/** One way in which a log may reach a projection. Whichever it is, the rows are the same. */
export interface Replay {
  readonly name: string;
  /** What usually is the matter when only this way differs. */
  readonly hint?: string;
  apply(ground: ReplayGround, log: readonly Message[]): Promise<void>;
}

type Batches = readonly (readonly Message[])[];

/** The ways that need no chance. The first is what the others are compared with. */
export const plainReplays: readonly Replay[] = [
  { name: 'in one batch a partition', apply: (ground, log) => applyAll(ground, byPartition(log)) },
  {
    name: 'one event a batch',
    apply: (ground, log) =>
      applyAll(
        ground,
        log.map((message) => [message]),
      ),
  },
  {
    name: 'with partitions at the same time',
    hint: 'rows that events of several partitions share need `shared: true`',
    apply: applyAtOnce,
  },
];

/** The ways that are drawn anew for each seed. */
export function drawnReplays(random: Random): readonly Replay[] {
  return [
    { name: 'in batches drawn by chance', apply: (ground, log) => applyAll(ground, drawBatches(log, random)) },
    {
      name: 'in batches that bring again what came before',
      apply: (ground, log) => applyAll(ground, overlapping(drawBatches(log, random), random)),
    },
    {
      name: 'with every event sent twice',
      apply: (ground, log) => applyAll(ground, drawBatches(twice(log), random)),
    },
    {
      name: 'with the connection cut in every COMMIT',
      apply: (ground, log) => applyCut(ground, drawBatches(log, random)),
    },
    {
      name: 'once, and again from offset 0 into an empty table',
      apply: async (ground, log) => {
        await applyAll(ground, drawBatches(log, random));
        await emptyFor(ground);
        await applyAll(ground, drawBatches(log, random));
      },
    },
  ];
}

/** Batches of one partition each; how partitions lie to each other is left to chance, as it is in production. */
export function drawBatches(log: readonly Message[], random: Random): Batches {
  const rest = byPartition(log).map((messages) => [...messages]);
  const batches: Message[][] = [];
  while (rest.length > 0) {
    const at = random.below(rest.length);
    const messages = rest[at] ?? [];
    batches.push(messages.splice(0, 1 + random.below(Math.min(messages.length, 7))));
    if (messages.length === 0) rest.splice(at, 1);
  }
  return batches;
}

/** `topic[partition] first-last`, for a person who wants to see the borders again. */
export function describeBatches(batches: Batches): string {
  return batches
    .map((batch) => {
      const [first, last] = [batch[0]?.record, batch.at(-1)?.record];
      return first && last ? `${first.topic}[${first.partition}] ${first.offset}-${last.offset}` : '';
    })
    .join(', ');
}

function byPartition(log: readonly Message[]): Batches {
  const partitions = new Map<string, Message[]>();
  for (const message of log) {
    const place = placeOf(message);
    partitions.set(place, [...(partitions.get(place) ?? []), message]);
  }
  return [...partitions.values()];
}

function twice(log: readonly Message[]): readonly Message[] {
  return log.flatMap((message) => [message, sentAgain(message)]);
}

/** Each batch begins with what came before it in its partition, some of it or all. */
function overlapping(batches: Batches, random: Random): Batches {
  const before = new Map<string, Message[]>();
  return batches.map((batch) => {
    const [first] = batch;
    if (first === undefined) return batch;
    const known = before.get(placeOf(first)) ?? [];
    before.set(placeOf(first), [...known, ...batch]);
    return [...known.slice(random.below(known.length + 1)), ...batch];
  });
}

async function withRunner(ground: ReplayGround, owner: string, work: (test: TestRunner) => Promise<void>) {
  const test = await startRunner(ground.databaseUrl, { owner, projections: [ground.projection] });
  try {
    await work(test);
  } finally {
    await test.close();
  }
}

async function claimAll({ runner }: TestRunner, batches: Batches): Promise<void> {
  const places = new Map(batches.map(([first]) => [first && placeOf(first), first?.record]));
  for (const place of places.values()) if (place) await runner.claim(place);
}

async function applyAll(ground: ReplayGround, batches: Batches): Promise<void> {
  await withRunner(ground, 'spec', async (test) => {
    await claimAll(test, batches);
    for (const batch of batches) await test.runner.handleBatch(batchOf(batch));
  });
}

/**
 * Every partition has a transaction open at the same time, as in production: each waits before its COMMIT until all
 * others stand there too, or wait for a lock.
 */
async function applyAtOnce(ground: ReplayGround, log: readonly Message[]): Promise<void> {
  const partitions = byPartition(log);
  await withRunner(ground, 'spec', async (test) => {
    await claimAll(test, partitions);
    meetAtCommit(test, ground.pool, Math.min(partitions.length, connectionsOfRunner));
    await Promise.all(partitions.map((messages) => test.runner.handleBatch(batchOf(messages))));
  });
}

/** As many as `startRunner` opens. */
const connectionsOfRunner = 4;
/** What never happens is not waited for longer. */
const meetingMsMax = 2_000;

/** @param transactions How many of them there are; those that wait for another's lock count as arrived. */
function meetAtCommit(test: TestRunner, watcher: pg.Pool, transactions: number): void {
  let arrived = 0;
  const haveMet = async () => {
    const { rows } = await watcher.query<{ waiting: number }>(
      `SELECT count(*)::int AS waiting FROM pg_stat_activity
       WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    );
    return arrived + (rows[0]?.waiting ?? 0) >= transactions;
  };
  const meeting = async () => {
    const deadlineMs = Date.now() + meetingMsMax;
    while (!(await haveMet()) && Date.now() < deadlineMs) await sleep(5);
  };
  let met: Promise<void> | undefined;
  interceptCommits(test.pool, async (_, commit) => {
    arrived++;
    await (met ??= meeting());
    return commit();
  });
}

/** Each first try ends with its connection cut at COMMIT; the same process, or another, goes on with it. */
async function applyCut(ground: ReplayGround, batches: Batches): Promise<void> {
  await withRunner(ground, 'first', (first) =>
    withRunner(ground, 'second', async (second) => {
      const cutters = new Map([first, second].map((test) => [test, cutterOf(test.pool)]));
      let cuts = 0;
      for (const [index, batch] of batches.entries()) {
        const [owner, other] = index % 2 === 0 ? [first, second] : [second, first];
        await claimAll(owner, [batch]);
        cutters.get(owner)?.cutNext(index % 3 === 2 ? 'after' : 'before');
        const isCut = await owner.runner.handleBatch(batchOf(batch)).then(
          () => false,
          () => true,
        );
        if (isCut) cuts++;
        const next = index % 4 < 2 ? owner : other;
        if (next === other) await claimAll(other, [batch]);
        await next.runner.handleBatch(batchOf(batch));
      }
      if (cuts !== batches.length) throw new Error(`${cuts} of ${batches.length} connections were cut`);
    }),
  );
}

/** As a rebuild begins: rows, checkpoints and what was parked are gone, what is known of repeats stays. */
async function emptyFor({ pool, projection }: ReplayGround): Promise<void> {
  await pool.query(`DELETE FROM "${projection.table.name}"`);
  for (const table of ['checkpoints', 'parked_events', 'parked_sequences']) {
    await pool.query(`DELETE FROM ${table} WHERE projection = $1`, [projection.name]);
  }
}

function placeOf({ record }: Message): string {
  return `${record.topic}/${record.partition}`;
}
