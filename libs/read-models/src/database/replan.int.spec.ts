import { sleep } from '@chorda/kernel';
import { freshDatabase, type FreshDatabase } from '@chorda/testing';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { createPool } from './pool.js';

const statement = { name: 'load', text: 'SELECT note FROM notes WHERE tenant = $1 AND id = $2', values: ['one', 1] };

/** A kept plan is of the tables as they were: what was prepared on an empty table must not be looked up so for ever. */
describe('a statement that was prepared while its table was empty', () => {
  let database: FreshDatabase;
  const pools: pg.Pool[] = [];

  beforeAll(async () => {
    database = await freshDatabase(inject('stack'));
  });

  afterAll(async () => {
    for (const pool of pools) await pool.end();
    await database?.drop();
  });

  /** One connection, which keeps the first plan of a statement. */
  function open(options: { readonly replanMsMax?: number }): pg.Pool {
    const pool = createPool(database.url, { connectionsMax: 1, keyLookupsOnly: true, ...options });
    pools.push(pool);
    return pool;
  }

  const plan = async (pool: pg.Pool) => {
    const { rows } = await pool.query<{ 'QUERY PLAN': string }>(`EXPLAIN EXECUTE load ('one', 1)`);
    return rows.map((row) => row['QUERY PLAN']).join('\n');
  };

  it('is planned anew when the table has grown, where its pool is told to', async () => {
    const replanning = open({ replanMsMax: 2_000 });
    const keeping = open({});
    // Counting its rows by itself, the server would have the plans made anew at a time that nobody knows.
    await keeping.query(`CREATE TABLE notes (tenant text, id int, note text, PRIMARY KEY (tenant, id))
      WITH (autovacuum_enabled = false)`);
    for (const pool of [replanning, keeping]) await pool.query(statement);
    const [before, kept] = [await plan(replanning), await plan(keeping)];
    await keeping.query(`INSERT INTO notes SELECT 'one', at, 'note' FROM generate_series(1, 20000) AS at`);
    await expect.poll(() => plan(replanning), { timeout: 30_000, interval: 200 }).not.toBe(before);
    expect(await plan(keeping)).toBe(kept);
    expect((await replanning.query(statement)).rows).toEqual([{ note: 'note' }]);
  });

  it('gives the answers of its transaction also where it is planned anew in front of it', async () => {
    const pool = createPool(database.url, { connectionsMax: 1, isPipelined: true, replanMsMax: 1_000 });
    pools.push(pool);
    let sessions = 0;
    pool.on('connect', () => sessions++);
    const untilMs = performance.now() + 2_500;
    for (; performance.now() < untilMs; await sleep(50)) {
      const client = await pool.connect();
      const [, answer] = await Promise.all([client.query('BEGIN'), client.query(statement), client.query('COMMIT')]);
      client.release();
      expect(answer.rows).toEqual([{ note: 'note' }]);
    }
    expect(sessions).toBe(1);
  });
});
