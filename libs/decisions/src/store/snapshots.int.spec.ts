import { defaultTenant } from '@chorda/kernel';
import { createPool, migrate } from '@chorda/read-models';
import { freshDatabase, type FreshDatabase } from '@chorda/testing';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { jsonCodec } from '../test-support/json-codec.js';
import { till, type Till, type TillCommand, type TillEvent } from '../test-support/till.js';
import { commitTurn, streamWrites } from './commit-turn.js';
import { loadStreams } from './load-streams.js';
import { claimPartition } from './partition-row.js';

const codec = jsonCodec<TillCommand, TillEvent>();
const stream = { kind: 'till', id: 'one' } as const;
const place = { tenantId: defaultTenant, subject: 'one', stream };

/** A till whose code counts in hundredths: a state that was kept by the code before it means something else. */
function inHundredths(snapshotVersion: number) {
  const evolve = (state: Till, event: TillEvent): Till =>
    event.type === 'till.added' ? { ...state, balance: event.data.balance * 100 } : state;
  return { ...till, streams: { ...till.streams, till: { ...till.streams.till, evolve, snapshotVersion } } };
}

describe('a snapshot', () => {
  let database: FreshDatabase;
  let pool: pg.Pool;

  beforeAll(async () => {
    database = await freshDatabase(inject('stack'));
    await migrate(database.url);
    pool = createPool(database.url);
    const logger = { warn: () => undefined };
    const claim = await claimPartition(
      pool,
      { kind: 'till', partition: 0 },
      'spec',
      { commands: undefined, events: undefined },
      logger,
    );
    const event: TillEvent = { type: 'till.added', data: { amount: 7, balance: 7 } };
    const metadata = { id: 'e', source: 's', subject: 'one', tenantId: defaultTenant, timeMs: 1, correlationId: 'c' };
    const body = codec.encodeEvent(event, { ...metadata, decision: { streamVersion: 1n, partitionSeq: 1n } });
    const state = { ...place, version: 1n, snapshotAt: 0n, state: { balance: 7, reminders: new Map() } };
    await commitTurn(pool, claim, {
      records: [{ ...place, seq: 1n, topic: 'events', type: event.type, timeMs: 1, version: 1n, body }],
      ...{ streams: streamWrites(till, [state], 1, () => undefined), timers: [], outcomes: [] },
      ...{ nextSeq: 2n, nextCommandOffset: 1n, publishedSeq: 0n, publishedOffset: 0n },
    });
  });

  afterAll(async () => {
    await pool.end();
    await database.drop();
  });

  const balance = async (aggregate: ReturnType<typeof inHundredths> | typeof till) => {
    const [loaded] = (await loadStreams(pool, { aggregate, codec }, [place])).values();
    const state = loaded?.state as Till | undefined;
    return state?.balance;
  };

  it('saves folding the events again', async () => {
    const { rows } = await pool.query('SELECT snapshot_at, snapshot_version FROM decision_streams');
    expect(rows).toEqual([{ snapshot_at: '1', snapshot_version: 1 }]);
    expect(await balance(till)).toBe(7);
    // Of the version that was kept: this code is believed to mean the same by it.
    expect(await balance(inHundredths(1))).toBe(7);
  });

  it('that other code kept is left alone once the version says so, and the events are folded', async () => {
    expect(await balance(inHundredths(2))).toBe(700);
  });
});
