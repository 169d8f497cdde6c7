import { migrate } from '@chorda/read-models';
import { freshDatabase, type FreshDatabase } from '@chorda/testing';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { DatabaseProxy } from '../test-support/database-proxy.js';
import {
  batchOf,
  messages,
  numbers,
  ownProjections,
  readModels,
  startRunner,
  systemEvents,
  type TestRunner,
} from './runner-harness.spec.js';

/** Guarantee 6: a claim waits as long as a transaction may take, and no longer; then the old owner's session is ended. */
describe('a claim of a partition whose owner hangs in mid-transaction', () => {
  let database: FreshDatabase;
  const runners: TestRunner[] = [];

  beforeEach(async () => {
    database = await freshDatabase(inject('stack'));
    await migrate(database.url);
  });

  afterEach(async () => {
    await Promise.all(runners.splice(0).map((runner) => runner.close()));
    await database.drop();
  });

  async function start(
    owner: string,
    { databaseUrl = database.url, ...options }: Parameters<typeof startRunner>[1] & { readonly databaseUrl?: string },
  ): Promise<TestRunner> {
    const test = await startRunner(databaseUrl, { owner, ...options });
    runners.push(test);
    return test;
  }

  /** An owner that no time-out of the server would end, between its rows and its COMMIT until `goOn`. */
  async function startHanging(owner: string) {
    let goOn: () => void = () => undefined;
    const hangs = new Promise<void>((resolve) => (goOn = resolve));
    let isInside: () => void = () => undefined;
    const inside = new Promise<void>((resolve) => (isInside = resolve));
    const projections = ownProjections().map((projection) => ({
      ...projection,
      apply: async (...parameters: Parameters<typeof projection.apply>) => {
        const applied = await projection.apply(...parameters);
        isInside();
        await hangs;
        return applied;
      },
    }));
    const test = await start(owner, { projections, transactionTimeoutMs: 0 });
    await test.runner.claim(systemEvents);
    const writing = test.runner.handleBatch(batchOf(messages(0, 3))).then(
      () => 'applied',
      (error: Error) => error.message,
    );
    await inside;
    return { test, writing, goOn };
  }

  async function sessionsOf(test: TestRunner, owner: string): Promise<readonly string[]> {
    const { rows } = await test.pool.query<{ state: string }>(
      `SELECT state FROM pg_stat_activity WHERE application_name = $1 AND datname = current_database() AND xact_start IS NOT NULL`,
      [owner],
    );
    return rows.map(({ state }) => state);
  }

  it('goes through; what the old owner had written is gone, and it writes nothing more', async () => {
    const old = await startHanging('old');
    const next = await start('next', { transactionTimeoutMs: 1_500 });
    expect(await sessionsOf(next, 'old')).toEqual(['idle in transaction']);

    expect(await next.runner.claim(systemEvents)).toBe(0n);
    expect(await sessionsOf(next, 'old')).toEqual([]);
    expect((await readModels(next.pool)).journal).toEqual([]);

    old.goOn();
    expect(await old.writing).toMatch(/terminat|connection/i);
    await next.runner.handleBatch(batchOf(messages(0, 5)));
    expect((await readModels(next.pool)).journal).toEqual(numbers(0, 5));
  });

  it('goes through also where nobody had claimed it before, and the first claim hangs before its COMMIT', async () => {
    const proxy = await DatabaseProxy.open(database.url);
    try {
      const old = await start('old', { transactionTimeoutMs: 1_500, databaseUrl: proxy.url });
      const next = await start('next', { transactionTimeoutMs: 1_500 });
      const held = proxy.holdNext('commit');
      const claiming = old.runner.claim(systemEvents).then(
        () => 'claimed',
        () => 'ended',
      );
      const { cut } = await held;
      expect(await next.runner.claim(systemEvents)).toBe(0n);
      cut();
      expect(await claiming).toBe('ended');
    } finally {
      await proxy.close();
    }
  });

  it('ends nobody who is done in time', async () => {
    const old = await startHanging('old');
    const next = await start('next', { transactionTimeoutMs: 30_000 });
    const claiming = next.runner.claim(systemEvents);
    await expect
      .poll(async () => {
        const { rowCount } = await old.test.pool.query(
          `SELECT FROM pg_stat_activity WHERE application_name = 'next' AND wait_event_type = 'Lock'`,
        );
        return rowCount;
      })
      .toBe(1);
    old.goOn();
    expect(await old.writing).toBe('applied');
    expect(await claiming).toBe(3n);
  });
});
