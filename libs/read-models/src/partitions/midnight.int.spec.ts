import { freshDatabase, type FreshDatabase } from '@chorda/testing';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { createPool } from '../database/pool.js';
import { migrate } from '../migrations/migrate.js';
import { dayMs, dayOf, dropDayPartitions, ensureDayPartitions, partitionDays } from './day-partitions.js';

const midnight = Date.UTC(2026, 10, 22);

/** The journal goes on over midnight, and its oldest days go without a deleted row. */
describe('day partitions', () => {
  let database: FreshDatabase;
  let pool: pg.Pool;

  beforeAll(async () => {
    database = await freshDatabase(inject('stack'));
    await migrate(database.url);
    pool = createPool(database.url);
  });

  afterAll(async () => {
    await pool.end();
    await database.drop();
  });

  it('take the last millisecond of a day and the first of the next in their own tables', async () => {
    await ensureDayPartitions(pool, 'journal_v1', [dayOf(midnight - 1), dayOf(midnight)]);
    for (const [offset, timeMs] of [midnight - 1, midnight].entries()) await insert(pool, offset, timeMs);
    const { rows } = await pool.query(`SELECT tableoid::regclass::text AS name FROM journal_v1 ORDER BY "offset"`);
    expect(rows).toEqual([{ name: 'journal_v1_p20261121' }, { name: 'journal_v1_p20261122' }]);
  });

  it('have all indexes of their parent', async () => {
    const count = async (table: string) =>
      (await pool.query('SELECT FROM pg_index WHERE indrelid = $1::regclass AND indisvalid', [table])).rowCount;
    expect(await count('journal_v1_p20261122')).toBe(await count('journal_v1'));
  });

  it('are made once by twenty who want the same day, while others write', async () => {
    const days = Array.from({ length: 20 }, () => midnight + 5 * dayMs);
    const writing = Array.from({ length: 10 }, (_, index) => insert(pool, 100 + index, midnight));
    await Promise.all([...days.map((day) => ensureDayPartitions(pool, 'journal_v1', [day])), ...writing]);
    expect(await partitionDays(pool, 'journal_v1')).toContain(midnight + 5 * dayMs);
  });

  it('are made while a reader holds the table open', async () => {
    const reader = await pool.connect();
    try {
      await reader.query('BEGIN; SELECT FROM journal');
      await ensureDayPartitions(pool, 'journal_v1', [midnight + 6 * dayMs]);
    } finally {
      await reader.query('ROLLBACK');
      reader.release();
    }
  });

  it('that are past their retention are dropped, and no other', async () => {
    const dropped = await dropDayPartitions(pool, 'journal_v1', midnight);
    expect(dropped).toEqual([midnight - dayMs]);
    const { rows } = await pool.query('SELECT count(*)::int AS left_over FROM journal_v1');
    expect(rows).toEqual([{ left_over: 11 }]);
  });

  it('that somebody reads are not waited for: the drop gives up within seconds', async () => {
    const reader = await pool.connect();
    try {
      await reader.query('BEGIN; SELECT FROM journal_v1');
      await expect(dropDayPartitions(pool, 'journal_v1', midnight + dayMs)).rejects.toMatchObject({ code: '55P03' });
    } finally {
      await reader.query('ROLLBACK');
      reader.release();
    }
    expect(await dropDayPartitions(pool, 'journal_v1', midnight + dayMs)).toEqual([midnight]);
  });
});

async function insert(pool: pg.Pool, offset: number, recordTimeMs: number): Promise<void> {
  await pool.query(
    `INSERT INTO journal_v1 (tenant_id, topic, partition, "offset", record_time, event_id, type, source, subject,
       event_time, correlation_id, schema_fingerprint, payload)
     VALUES ('default', 'system.events', 0, $1::int, $2, 'event-' || $1::int, 't', '/t', 's', $2, 'c', '', '')`,
    [offset, new Date(recordTimeMs)],
  );
}
