import { migrate } from '@chorda/read-models';
import { freshDatabase, type FreshDatabase } from '@chorda/testing';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { PartitionFencedError, PartitionNotClaimedError } from './errors.js';
import { identityWindowMs, pruneIdentities } from './event-identities.js';
import {
  batchOf,
  healthCheckSchema,
  message,
  messages,
  numbers,
  ownProjections,
  readModels,
  redrives,
  startRunner,
  systemEvents,
  type TestRunner,
} from './runner-harness.spec.js';

/** Guarantee 2: an event changes a read model once, whatever is redelivered or sent again, whoever owns the partition. */
describe('an event is applied once', () => {
  let database: FreshDatabase;
  let first: TestRunner;
  const others: TestRunner[] = [];

  beforeEach(async () => {
    database = await freshDatabase(inject('stack'));
    await migrate(database.url);
    first = await startRunner(database.url, { owner: 'first' });
    await first.runner.claim(systemEvents);
  });

  afterEach(async () => {
    await Promise.all([first, ...others.splice(0)].map((runner) => runner.close()));
    await database.drop();
  });

  async function another(owner: string): Promise<TestRunner> {
    const runner = await startRunner(database.url, { owner });
    others.push(runner);
    return runner;
  }

  it('with its bytes and what is known of it', async () => {
    await first.runner.handleBatch(batchOf([message({ offset: 7, id: 'a', source: '/s' })]));
    const { rows } = await first.pool.query('SELECT * FROM journal_v1');
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject({
      tenant_id: 'default',
      topic: 'system.events',
      partition: 0,
      offset: '7',
      event_id: 'a',
      source: '/s',
      type: 'system.health_check',
      subject: 'projector',
      schema_fingerprint: Buffer.from(healthCheckSchema, 'hex'),
      payload: message({ offset: 7 }).record.value?.subarray(5),
    });
  });

  it('when its batch is brought again', async () => {
    const batch = batchOf(messages(0, 5));
    await first.runner.handleBatch(batch);
    await first.runner.handleBatch(batch);
    expect(await readModels(first.pool)).toEqual({
      journal: numbers(0, 5),
      health: numbers(0, 5),
      lastQueueSize: [4],
      checkpoints: [5, 5, 5],
    });
  });

  it('when another batch brings some of it again', async () => {
    await first.runner.handleBatch(batchOf(messages(0, 5)));
    await first.runner.handleBatch(batchOf(messages(3, 5)));
    expect((await readModels(first.pool)).journal).toEqual(numbers(0, 8));
  });

  it('when its partition is claimed again, from the checkpoint on', async () => {
    await first.runner.handleBatch(batchOf(messages(0, 5)));
    expect(await first.runner.claim(systemEvents)).toBe(5n);
    await first.runner.handleBatch(batchOf(messages(0, 6)));
    expect((await readModels(first.pool)).journal).toEqual(numbers(0, 6));
  });

  it('when a sender sends it again, in the same batch or a later one', async () => {
    await first.runner.handleBatch(batchOf([message({ offset: 0, id: 'a' }), message({ offset: 1, id: 'a' })]));
    await first.runner.handleBatch(batchOf([message({ offset: 2, id: 'a' }), message({ offset: 3, id: 'b' })]));
    expect((await readModels(first.pool)).journal).toEqual([0, 3]);
    const repeats = await first.pool.query('SELECT "offset", first_offset, event_id FROM event_repeats ORDER BY 1');
    expect(repeats.rows).toEqual([
      { offset: '1', first_offset: '0', event_id: 'a' },
      { offset: '2', first_offset: '0', event_id: 'a' },
    ]);
    expect(await first.metrics.metrics()).toContain('events_total{projection="journal",result="repeat"} 2');
  });

  it.each(['a', '01a4c9b2-7d10-7abc-8def-0123456789ab'])(
    'and the same id of another tenant or another source is another event: %s',
    async (id) => {
      await first.runner.handleBatch(
        batchOf([
          message({ offset: 0, id }),
          message({ offset: 1, id, tenant: 'other' }),
          message({ offset: 2, id, source: '/else' }),
        ]),
      );
      expect((await readModels(first.pool)).journal).toEqual([0, 1, 2]);
    },
  );

  it('and ids of one millisecond are told apart, and found again', async () => {
    const ids = ['a', 'b', 'c'].map((last) => `01a4c9b2-7d10-7abc-8def-0123456789a${last}`);
    await first.runner.handleBatch(batchOf(ids.map((id, offset) => message({ offset, id }))));
    await first.runner.handleBatch(batchOf([...ids, 'd'].map((id, index) => message({ offset: 3 + index, id }))));
    expect((await readModels(first.pool)).journal).toEqual([0, 1, 2, 6]);
  });

  it.each(['in one batch', 'in two batches'])('and past 30 days the same id is another event, %s', async (how) => {
    const nowMs = Date.now();
    const old = message({ offset: 0, id: 'a', recordTimeMs: nowMs - identityWindowMs - 60_000 });
    const young = [message({ offset: 1, id: 'a' }), message({ offset: 2, id: 'a' })];
    if (how === 'in one batch') await first.runner.handleBatch(batchOf([old, ...young]));
    else for (const batch of [[old], young]) await first.runner.handleBatch(batchOf(batch));
    expect((await readModels(first.pool)).journal).toEqual([0, 1]);
  });

  it('and identities past the window are pruned, the others kept', async () => {
    const nowMs = Date.now();
    await first.runner.handleBatch(
      batchOf([message({ offset: 0, recordTimeMs: nowMs - identityWindowMs - 60_000 }), message({ offset: 1 })]),
    );
    expect(await pruneIdentities(first.pool)).toBe(1);
    const { rows } = await first.pool.query('SELECT first_offset FROM event_identities');
    expect(rows).toEqual([{ first_offset: '1' }]);
  });

  it('when a second owner has claimed the partition: the first writes nothing more', async () => {
    const second = await another('second');
    await first.runner.handleBatch(batchOf(messages(0, 3)));
    expect(await second.runner.claim(systemEvents)).toBe(3n);
    await expect(first.runner.handleBatch(batchOf(messages(3, 3)))).rejects.toThrow(PartitionFencedError);
    expect((await readModels(first.pool)).journal).toEqual(numbers(0, 3));
    expect(first.fenced()).toBe(1);
    await second.runner.handleBatch(batchOf(messages(3, 3)));
    expect((await readModels(first.pool)).journal).toEqual(numbers(0, 6));
  });

  it('when the first owner is fenced: it stays so until it claims anew, also where the offsets would fit', async () => {
    const second = await another('second');
    await second.runner.claim(systemEvents);
    await expect(first.runner.handleBatch(batchOf(messages(0, 3)))).rejects.toThrow(PartitionFencedError);
    await expect(first.runner.handleBatch(batchOf(messages(0, 3)))).rejects.toThrow(PartitionNotClaimedError);
    expect(await first.runner.claim(systemEvents)).toBe(0n);
    await first.runner.handleBatch(batchOf(messages(0, 3)));
    expect((await readModels(first.pool)).journal).toEqual(numbers(0, 3));
  });

  it('when a claim comes in the middle of a transaction: the claim waits for its end', async () => {
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    let isInside: () => void = () => undefined;
    const inside = new Promise<void>((resolve) => (isInside = resolve));
    const projections = ownProjections().map((projection) => ({
      ...projection,
      apply: async (...parameters: Parameters<typeof projection.apply>) => {
        isInside();
        await held;
        return projection.apply(...parameters);
      },
    }));
    const slow = await startRunner(database.url, { owner: 'slow', projections });
    others.push(slow);
    const second = await another('second');
    await slow.runner.claim(systemEvents);
    const writing = slow.runner.handleBatch(batchOf(messages(0, 3)));
    await inside;
    const claiming = second.runner.claim(systemEvents);
    release();
    await writing;
    expect(await claiming).toBe(3n);
    expect((await readModels(first.pool)).journal).toEqual(numbers(0, 3));
  });

  it('when its owner stops in the middle of a transaction: the server ends it, and the next owner goes on', async () => {
    const projections = ownProjections().map((projection) => ({
      ...projection,
      apply: () => new Promise<number>(() => {}),
    }));
    const zombie = await startRunner(database.url, { owner: 'zombie', projections, transactionTimeoutMs: 500 });
    const second = await another('second');
    await zombie.runner.claim(systemEvents);
    void zombie.runner.handleBatch(batchOf(messages(0, 3))).catch(() => undefined);
    await expect
      .poll(async () => {
        const { rows } = await first.pool.query(
          `SELECT FROM pg_stat_activity WHERE application_name = 'zombie' AND state = 'idle in transaction'`,
        );
        return rows.length;
      })
      .toBe(1);
    expect(await second.runner.claim(systemEvents)).toBe(0n);
    await second.runner.handleBatch(batchOf(messages(0, 3)));
    expect((await readModels(first.pool)).journal).toEqual(numbers(0, 3));
  });

  it('when a topic was deleted and made anew: it is read from its start', async () => {
    await first.runner.handleBatch(batchOf(messages(0, 3)));
    const later = await startRunner(database.url, { topicId: () => Promise.resolve('another-id') });
    others.push(later);
    expect(await later.runner.claim(systemEvents)).toBe(0n);
    expect(await first.runner.claim(systemEvents)).toBe(0n);
  });

  it('when a topic is deleted and made anew while it is read: what is held of it is given up, to be claimed of the new one', async () => {
    let id: string | undefined = 'topic-id';
    const topicIds = () => Promise.resolve(new Map([[systemEvents.topic, id]]));
    const reader = await startRunner(database.url, { topicId: () => Promise.resolve(id), topicIds });
    others.push(reader);
    await reader.runner.claim(systemEvents);
    await reader.runner.handleBatch(batchOf(messages(0, 3)));
    await reader.runner.lookAfterTopics();
    id = undefined;
    await reader.runner.lookAfterTopics();
    expect(reader.fenced()).toBe(0);
    id = 'another-id';
    await reader.runner.lookAfterTopics();
    await reader.runner.lookAfterTopics();
    expect(reader.fenced()).toBe(1);
    await expect(reader.runner.handleBatch(batchOf(messages(3, 1)))).rejects.toThrow(PartitionNotClaimedError);
    expect(await reader.runner.claim(systemEvents)).toBe(0n);
  });

  it('when a redrive brings it, once or twice, and whether or not it was applied before', async () => {
    await first.runner.handleBatch(batchOf(messages(0, 2)));
    await first.runner.claim(redrives);
    await first.runner.handleBatch(
      batchOf([message({ offset: 1, redrivenAt: 0 }), message({ offset: 5, redrivenAt: 1 })], { next: 2n }),
    );
    await first.runner.handleBatch(batchOf([message({ offset: 5, redrivenAt: 2 })], { next: 3n }));
    expect((await readModels(first.pool)).journal).toEqual([0, 1, 5]);
  });
});
