import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPool, migrate } from '@chorda/read-models';
import { freshDatabase, startSourceProcess, type FreshDatabase } from '@chorda/testing';
import type pg from 'pg';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { numbers, readModels } from './runner-harness.spec.js';

const batches = 6;
const batchRecords = 10;
/** A bug that this run has is one of the processes that it starts. */
const planted = process.env['CHORDA_PLANT'] ? { CHORDA_PLANT: process.env['CHORDA_PLANT'] } : {};

/** Guarantee 2: rows and checkpoint are written together or not at all, wherever the process is killed. */
describe('a process that is killed', { timeout: 180_000 }, () => {
  let database: FreshDatabase;
  let pool: pg.Pool;
  let folder: string;

  beforeEach(async () => {
    database = await freshDatabase(inject('stack'));
    await migrate(database.url);
    pool = createPool(database.url);
    folder = mkdtempSync(join(tmpdir(), 'chorda-crash-'));
  });

  afterEach(async () => {
    await pool.end();
    await database.drop();
    rmSync(folder, { recursive: true });
  });

  /** Applies all batches from the checkpoint on, as a projector does after a start. */
  async function run(crashAt?: string, partitions = 1) {
    const child = startSourceProcess(new URL('./apply-batches.child.spec.ts', import.meta.url), {
      NODE_ENV: 'test',
      DATABASE_URL: database.url,
      BATCHES: String(batches),
      BATCH_RECORDS: String(batchRecords),
      PARTITIONS: String(partitions),
      ...planted,
      ...(crashAt && { CHORDA_CRASH_AT: crashAt, CHORDA_CRASH_LOG: join(folder, 'hit') }),
    });
    const end = await child.ended;
    return { ...end, output: child.output() };
  }

  it.each([
    'before-rows',
    'after-rows-journal',
    'after-rows-services',
    'after-rows-service_health',
    'before-commit',
    'after-commit',
  ])('at %s has applied whole batches, and the next one goes on from there', async (point) => {
    const killed = await run(`${point}:3`);
    expect(killed, killed.output).toMatchObject({ signal: 'SIGKILL' });
    expect(readFileSync(join(folder, 'hit'), 'utf8')).toBe(`${point}\n`);

    const done = point === 'after-commit' ? 3 * batchRecords : 2 * batchRecords;
    await expect.poll(() => openTransactions(pool)).toBe(0);
    expect(await readModels(pool)).toEqual({
      journal: numbers(0, done),
      health: numbers(0, done),
      lastQueueSize: [done - 1],
      checkpoints: [done, done, done],
    });

    const next = await run();
    expect(next, next.output).toMatchObject({ code: 0 });
    expect((await readModels(pool)).journal).toEqual(numbers(0, batches * batchRecords));
  });

  // The first batch of each partition has a transaction of its own.
  it.each(['before-commit', 'after-commit'])(
    'at %s of a transaction that partitions share has applied whole batches of each of them',
    async (point) => {
      const partitions = 3;
      const killed = await run(`${point}:${partitions + 2}`, partitions);
      expect(killed, killed.output).toMatchObject({ signal: 'SIGKILL' });
      expect(readFileSync(join(folder, 'hit'), 'utf8')).toBe(`${point}\n`);
      await expect.poll(() => openTransactions(pool)).toBe(0);
      for (const { rows, checkpoints } of await standingOf(pool)) {
        expect(rows % batchRecords).toBe(0);
        expect(checkpoints).toEqual([String(rows)]);
      }

      const next = await run(undefined, partitions);
      expect(next, next.output).toMatchObject({ code: 0 });
      const whole = { rows: batches * batchRecords, checkpoints: [String(batches * batchRecords)] };
      expect(await standingOf(pool)).toEqual(Array.from({ length: partitions }, () => whole));
      const { rows } = await pool.query('SELECT count(DISTINCT xmin::text)::int AS count FROM journal_v1');
      expect(rows[0]).toMatchObject({ count: expect.toSatisfy((count) => count < partitions * batches) });
    },
  );

  it('nowhere has the same read models as one that was killed everywhere', async () => {
    for (const crashAt of ['before-rows:1', 'after-rows-journal:2', 'before-commit:2', 'after-commit:1']) {
      expect((await run(crashAt)).signal).toBe('SIGKILL');
    }
    expect((await run()).code).toBe(0);
    const other = await freshDatabase(inject('stack'));
    const otherPool = createPool(other.url);
    try {
      await migrate(other.url);
      const [killed, whole] = [database, other];
      database = whole;
      expect((await run()).code).toBe(0);
      database = killed;
      expect(await readModels(pool)).toEqual(await readModels(otherPool));
    } finally {
      await otherPool.end();
      await other.drop();
    }
  });

  it('is not killed where no test says so', async () => {
    const child = startSourceProcess(new URL('./apply-batches.child.spec.ts', import.meta.url), {
      DATABASE_URL: database.url,
      BATCHES: '1',
      BATCH_RECORDS: '1',
      CHORDA_CRASH_AT: 'before-rows',
      CHORDA_CRASH_LOG: join(folder, 'hit'),
    });
    expect(await child.ended, child.output()).toMatchObject({ code: 0 });
    expect(existsSync(join(folder, 'hit'))).toBe(false);
  });
});

/** Rows and checkpoints of each partition. */
async function standingOf(pool: pg.Pool) {
  const { rows } = await pool.query<{ rows: number; checkpoints: readonly string[] }>(
    `SELECT (SELECT count(*)::int FROM journal_v1 j WHERE j.partition = c.partition) AS rows,
       array_agg(DISTINCT next_offset::text) AS checkpoints
     FROM checkpoints c GROUP BY partition ORDER BY partition`,
  );
  return rows;
}

async function openTransactions(pool: pg.Pool): Promise<number> {
  const { rowCount } = await pool.query(
    `SELECT FROM pg_stat_activity WHERE application_name = 'child' AND datname = current_database()`,
  );
  return rowCount ?? 0;
}
