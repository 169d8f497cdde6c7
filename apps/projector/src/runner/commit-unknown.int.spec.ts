import { migrate } from '@chorda/read-models';
import { freshDatabase, type FreshDatabase } from '@chorda/testing';
import type pg from 'pg';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import {
  batchOf,
  messages,
  numbers,
  readModels,
  startRunner,
  systemEvents,
  type TestRunner,
} from './runner-harness.spec.js';

/** Guarantee 2: a connection that is cut while COMMIT is under way leaves nobody knowing; the checkpoint is asked. */
describe('a connection that is lost inside COMMIT', () => {
  let database: FreshDatabase;
  let test: TestRunner;

  beforeEach(async () => {
    database = await freshDatabase(inject('stack'));
    await migrate(database.url);
    test = await startRunner(database.url);
    await test.runner.claim(systemEvents);
    await test.runner.handleBatch(batchOf(messages(0, 3)));
  });

  afterEach(async () => {
    await test.close();
    await database.drop();
  });

  it('before the server heard of it: the batch is rolled back, and applied when it comes again', async () => {
    const cut = cutAtCommit(test.pool, 'before');
    const batch = batchOf(messages(3, 3));
    await expect(test.runner.handleBatch(batch)).rejects.toThrow(/terminat|not queryable/);
    expect(cut.count).toBe(1);
    expect((await readModels(test.pool)).journal).toEqual(numbers(0, 3));
    await test.runner.handleBatch(batch);
    expect((await readModels(test.pool)).journal).toEqual(numbers(0, 6));
    expect(test.fenced()).toBe(0);
  });

  it('after the server did it: the batch is not applied again, and counts as done', async () => {
    const cut = cutAtCommit(test.pool, 'after');
    const batch = batchOf(messages(3, 3));
    await expect(test.runner.handleBatch(batch)).rejects.toThrow(/terminat|not queryable/);
    expect(cut.count).toBe(1);
    expect((await readModels(test.pool)).journal).toEqual(numbers(0, 6));
    await test.runner.handleBatch(batch);
    await test.runner.handleBatch(batchOf(messages(6, 3)));
    expect(await readModels(test.pool)).toMatchObject({ journal: numbers(0, 9), checkpoints: [9, 9, 9] });
    expect(test.fenced()).toBe(0);
  });
});

/** Ends the backend that is asked to commit next, before or after it does, by pg_terminate_backend from outside. */
function cutAtCommit(pool: pg.Pool, when: 'before' | 'after'): { count: number } {
  const cut = { count: 0 };
  const connect: typeof pool.connect = pool.connect.bind(pool);
  Object.assign(pool, {
    connect: async (callback?: Parameters<typeof connect>[0]) => {
      // The pool's own queries connect by callback, and are none of those that are cut.
      if (callback) return connect(callback);
      const client = await connect();
      const query = client.query.bind(client);
      Object.assign(client, {
        query: async (...given: Parameters<typeof client.query>) => {
          if (String(given[0]) !== 'COMMIT' || cut.count > 0) return query(...given);
          cut.count++;
          const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
          if (when === 'after') await query('COMMIT');
          await terminate(pool, rows[0]?.pid ?? 0);
          return query(when === 'before' ? 'COMMIT' : 'SELECT 1');
        },
      });
      return client;
    },
  });
  return cut;
}

async function terminate(pool: pg.Pool, pid: number): Promise<void> {
  await pool.query('SELECT pg_terminate_backend($1, 5000)', [pid]);
}
