import { migrate } from '@chorda/read-models';
import { freshDatabase, type FreshDatabase } from '@chorda/testing';
import type pg from 'pg';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { interceptCommits } from '../test-support/batch-commit.js';
import type { Projection } from './projection.js';
import {
  batchOf,
  message,
  noTable,
  numbers,
  ownProjections,
  startRunner,
  systemEvents,
  type TestRunner,
} from './runner-harness.spec.js';
import { batchIn, claimAndWarm, inPartition, partitions } from './several-partitions.fixture.spec.js';

const warm = 2;

/** Guarantees 2 and 4 where small batches of several partitions share a transaction. */
describe('batches of several partitions', () => {
  let database: FreshDatabase;
  let test: TestRunner;
  let poison: { partition: number; offset: number } | undefined;

  /** Refuses one event; its rows do not matter. */
  const failing: Projection = {
    name: 'failing',
    version: 1,
    topics: ['system.events'],
    table: noTable,
    isHistory: true,
    apply: (_, given) => {
      const isPoison = ({ origin }: (typeof given)[number]) =>
        origin.partition === poison?.partition && Number(origin.offset) === poison.offset;
      return given.some(isPoison) ? Promise.reject(new TypeError('poison')) : Promise.resolve(given.length);
    },
  };

  beforeEach(async () => {
    poison = undefined;
    database = await freshDatabase(inject('stack'));
    await migrate(database.url);
    test = await startRunner(database.url, { projections: [...ownProjections(), failing] });
    await claimAndWarm(test.runner, warm);
  });

  afterEach(async () => {
    await test.close();
    await database.drop();
  });

  function handleAll(from = warm, count = 3) {
    return Promise.allSettled(partitions.map((each) => test.runner.handleBatch(batchIn(each, from, count))));
  }

  it('are written in one transaction, each with its own checkpoint', async () => {
    await handleAll();
    expect(await transactionsFrom(test.pool, warm)).toBe(1);
    expect(await journalOf(test.pool)).toEqual(partitions.map(() => numbers(0, warm + 3)));
    expect(await checkpointsOf(test.pool)).toEqual(partitions.map(() => warm + 3));
    expect(await sharedTransactions(test)).toEqual({ committed: 1 });
  });

  it('of which one is another owner’s by now: that one is fenced, and the others are written', async () => {
    const other = await startRunner(database.url, { owner: 'other', projections: [...ownProjections(), failing] });
    await other.runner.claim({ ...systemEvents, partition: 2 });
    const results = await handleAll();
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
    expect(results[2]).toMatchObject({ reason: { code: 'PARTITION_FENCED' } });
    expect(await checkpointsOf(test.pool)).toEqual([warm + 3, warm + 3, warm, warm + 3]);
    expect(await sharedTransactions(test)).toEqual({ given_up: 1 });
    await other.close();
  });

  it('of which one has an event that fails: it is parked there, and nowhere else', async () => {
    poison = { partition: 1, offset: warm + 1 };
    expect(await handleAll()).toMatchObject(partitions.map(() => ({ status: 'fulfilled' })));
    expect(test.parked).toMatchObject([{ projection: 'failing', offset: warm + 1, reason: 'apply' }]);
    expect(await journalOf(test.pool)).toEqual(partitions.map(() => numbers(0, warm + 3)));
    expect(await sharedTransactions(test)).toEqual({ given_up: 1 });
    // What waits behind it is known before a transaction is shared, so nobody has to give up theirs for it.
    await handleAll(warm + 3);
    expect(await checkpointsOf(test.pool)).toEqual(partitions.map(() => warm + 6));
    expect(await sharedTransactions(test)).toEqual({ given_up: 1, committed: 1 });
  });

  it('that bring events of before: each is applied once, and written down as a repeat', async () => {
    const again = partitions.map((partition) =>
      batchOf([inPartition(message({ offset: warm, id: `event-${partition % 2 ? 0 : 99}` }), partition)]),
    );
    await Promise.all(again.map((batch) => test.runner.handleBatch(batch)));
    expect(await sharedTransactions(test)).toEqual({ committed: 1 });
    expect(await journalOf(test.pool)).toEqual([numbers(0, 3), numbers(0, 2), numbers(0, 3), numbers(0, 2)]);
    const { rows } = await test.pool.query('SELECT partition FROM event_repeats ORDER BY partition');
    expect(rows).toEqual([{ partition: 1 }, { partition: 3 }]);
  });

  it('whose connection is lost behind their COMMIT: none is written again, and all count as done', async () => {
    let cuts = 0;
    interceptCommits(test.pipelined, async (client, commit) => {
      if (cuts++ > 0) return commit();
      const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
      await commit();
      await test.pool.query('SELECT pg_terminate_backend($1, 5000)', [rows[0]?.pid]);
      return client.query('SELECT 1');
    });
    expect(await handleAll()).toMatchObject(partitions.map(() => ({ status: 'fulfilled' })));
    expect(cuts).toBeGreaterThan(0);
    await handleAll(warm + 3);
    expect(await journalOf(test.pool)).toEqual(partitions.map(() => numbers(0, warm + 6)));
    expect(test.fenced()).toBe(0);
  });

  it('wait for nobody whose partition is locked for longer than a moment', async () => {
    const holder = await test.pool.connect();
    await holder.query('BEGIN');
    await holder.query('SELECT FROM checkpoints WHERE partition = 0 FOR UPDATE');
    const held = [0, 1].map((each) => test.runner.handleBatch(batchIn(each, warm, 1)));
    await expect.poll(() => waitingForLocks(test.pool)).toBeGreaterThan(0);
    await Promise.all([2, 3].map((each) => test.runner.handleBatch(batchIn(each, warm, 1))));
    expect(await checkpointsOf(test.pool)).toEqual([warm, warm, warm + 1, warm + 1]);
    await holder.query('COMMIT');
    holder.release();
    await Promise.all(held);
    expect(await checkpointsOf(test.pool)).toEqual(partitions.map(() => warm + 1));
  });
});

async function transactionsFrom(pool: pg.Pool, offset: number): Promise<number> {
  const { rows } = await pool.query<{ count: number }>(
    `SELECT count(DISTINCT xmin::text)::int AS count FROM journal_v1 WHERE "offset" >= $1`,
    [offset],
  );
  return rows[0]?.count ?? 0;
}

async function journalOf(pool: pg.Pool): Promise<readonly (readonly number[])[]> {
  const { rows } = await pool.query<{ partition: number; offset: string }>(
    'SELECT partition, "offset" FROM journal_v1 ORDER BY partition, "offset"',
  );
  return partitions.map((each) => rows.filter(({ partition }) => partition === each).map((row) => Number(row.offset)));
}

/** Of each partition; its projections stand together. */
async function checkpointsOf(pool: pg.Pool): Promise<readonly number[]> {
  const { rows } = await pool.query<{ next_offset: string }>(
    'SELECT DISTINCT partition, next_offset FROM checkpoints ORDER BY partition',
  );
  return rows.map((row) => Number(row.next_offset));
}

async function waitingForLocks(pool: pg.Pool): Promise<number> {
  const { rows } = await pool.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
  );
  return rows[0]?.count ?? 0;
}

async function sharedTransactions({ metrics }: TestRunner): Promise<Readonly<Record<string, number>>> {
  const metric = await metrics.getSingleMetric('chorda_projection_shared_transactions_total')?.get();
  return Object.fromEntries((metric?.values ?? []).map(({ labels, value }) => [labels['outcome'], value]));
}
