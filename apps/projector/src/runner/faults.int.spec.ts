import { CheckpointRepository, migrate } from '@chorda/read-models';
import { encodePosition } from '@chorda/contracts';
import { freshDatabase, type FreshDatabase } from '@chorda/testing';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import type { Projection } from './projection.js';
import {
  batchOf,
  messages,
  noTable,
  numbers,
  ownProjections,
  readModels,
  startRunner,
  systemEvents,
  type TestRunner,
} from './runner-harness.spec.js';

/** A table that is not as the projection takes it to be: no event's fault. */
function noSuchColumn(): Error {
  return Object.assign(new pg.DatabaseError('no such column', 0, 'error'), { code: '42703' });
}

/** A fault stops its partition and says so; nothing is skipped, and a database that is away is nobody's fault. */
describe('a fault', () => {
  let database: FreshDatabase;
  let test: TestRunner;
  let fault: Error | undefined;

  beforeEach(async () => {
    fault = undefined;
    database = await freshDatabase(inject('stack'));
    await migrate(database.url);
    const failing: Projection = {
      name: 'failing',
      version: 1,
      topics: ['system.events'],
      table: noTable,
      apply: (_, given) => (fault ? Promise.reject(fault) : Promise.resolve(given.length)),
    };
    test = await startRunner(database.url, { projections: [...ownProjections(), failing] });
    await test.runner.claim(systemEvents);
    await test.runner.handleBatch(batchOf(messages(0, 3)));
  });

  afterEach(async () => {
    await test.close();
    await database.drop();
  });

  async function tryBatch(times: number, from: number, message = fault?.message ?? ''): Promise<void> {
    for (let time = 0; time < times; time++) {
      await expect(test.runner.handleBatch(batchOf(messages(from, 3)))).rejects.toThrow(message);
    }
  }

  async function stoppedReasons(): Promise<readonly (string | null)[]> {
    const { rows } = await test.pool.query<{ stopped_reason: string | null }>('SELECT stopped_reason FROM checkpoints');
    return rows.map((row) => row.stopped_reason);
  }

  it('of one projection leaves the rows of all others as they were', async () => {
    fault = noSuchColumn();
    await tryBatch(1, 3);
    expect((await readModels(test.pool)).journal).toEqual(numbers(0, 3));
  });

  it('that stays is told once, stored for readers who wait, and gone when the batch goes through', async () => {
    fault = noSuchColumn();
    await tryBatch(5, 3);
    expect(test.stops).toEqual([{ ...systemEvents, offset: 3n, reason: 'no such column' }]);
    expect(await stoppedReasons()).toEqual(Array.from({ length: 4 }, () => 'no such column'));
    expect(await test.metrics.metrics()).toContain('stopped_partitions{topic="system.events"} 1');
    const checkpoints = new CheckpointRepository(test.pool, database.url);
    const position = encodePosition([{ ...systemEvents, offset: 4n }]);
    expect(await checkpoints.waitUntil(position, ['journal'], 1_000)).toMatchObject({ reason: 'stopped' });
    await checkpoints.close();

    fault = undefined;
    await test.runner.handleBatch(batchOf(messages(3, 3)));
    expect((await readModels(test.pool)).journal).toEqual(numbers(0, 6));
    expect(await stoppedReasons()).toEqual(Array.from({ length: 4 }, () => null));
    expect(await test.metrics.metrics()).toContain('stopped_partitions{topic="system.events"} 0');
  });

  it('of the database stops nothing: the batch is tried again for as long as it takes', async () => {
    fault = Object.assign(new Error('the database system is shutting down'), { code: '57P03' });
    await tryBatch(10, 3);
    expect(test.stops).toEqual([]);
    expect(await stoppedReasons()).toEqual([null, null, null, null]);
  });

  it('where every connection is cut in mid-work: the next try applies the batch', async () => {
    const cut = test.pool.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND pid <> pg_backend_pid()`,
    );
    await Promise.allSettled([cut, test.runner.handleBatch(batchOf(messages(3, 3)))]);
    await test.runner.handleBatch(batchOf(messages(3, 3)));
    expect((await readModels(test.pool)).journal).toEqual(numbers(0, 6));
  });

  it('where the database was put back to an older point: the runner stands down to claim anew from there', async () => {
    await test.pool.query(`UPDATE checkpoints SET next_offset = 1; DELETE FROM journal_v1 WHERE "offset" > 0`);
    await test.pool.query(`DELETE FROM service_health_v1 WHERE "offset" > 0`);
    await tryBatch(1, 3, 'stands down');
    expect(test.fenced()).toBe(1);
    expect(await test.runner.claim(systemEvents)).toBe(1n);
    await test.runner.handleBatch(batchOf(messages(1, 5)));
    expect((await readModels(test.pool)).journal).toEqual(numbers(0, 6));
  });

  it('where a day of the journal was dropped behind its back: the day is made again', async () => {
    await test.pool.query(`DROP TABLE journal_v1_p${new Date().toISOString().slice(0, 10).replaceAll('-', '')}`);
    await test.runner.handleBatch(batchOf(messages(3, 3)));
    expect((await readModels(test.pool)).journal).toEqual(numbers(3, 6));
  });

  it('of order cannot be: rows of one batch and of the next stand as the log has them', async () => {
    for (let from = 3; from < 60; from += 3) await test.runner.handleBatch(batchOf(messages(from, 3)));
    expect(await readModels(test.pool)).toMatchObject({ journal: numbers(0, 60), lastQueueSize: [59] });
  });
});
