import { defaultTenant, silentLogger } from '@chorda/kernel';
import { createPool, migrate } from '@chorda/read-models';
import { freshDatabase, type FreshDatabase } from '@chorda/testing';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { DecisionMetrics } from '../metrics.js';
import { jsonCodec } from '../test-support/json-codec.js';
import { till, type TillCommand, type TillEvent } from '../test-support/till.js';
import { SharedStatements } from '../engine/shared-statements.js';
import { Registry } from 'prom-client';
import { commitTurns, type TurnToCommit } from './commit-turn.js';
import { claimPartition, type PartitionClaim } from './partition-row.js';

const topics = { commands: undefined, events: undefined };

/** Guarantees 5 and 6 where turns of several partitions share a statement: each is written, or not, by itself. */
describe('turns that share a statement', () => {
  let database: FreshDatabase;
  let pool: pg.Pool;

  beforeAll(async () => {
    database = await freshDatabase(inject('stack'));
    await migrate(database.url);
    pool = createPool(database.url, { keyLookupsOnly: true });
  });

  afterAll(async () => {
    await pool.end();
    await database.drop();
  });

  const claim = (partition: number, owner = 'first') =>
    claimPartition(pool, { kind: 'till', partition }, owner, topics, silentLogger);

  /** One event of a stream of the partition's own, by one command. */
  function turnOf(claimed: PartitionClaim, commandId: string, text = 'x'): TurnToCommit {
    const { partition, nextSeq, nextCommandOffset } = claimed;
    const stream = { kind: 'till', id: `t-${partition}` };
    const place = { tenantId: defaultTenant, subject: stream.id, stream };
    const body = { value: Buffer.from([0, 1, 255]), headers: { ce_id: `${partition}`, 'say "what"': `\\${text}é` } };
    const outcome = { status: 'accepted' as const, events: [], answer: undefined };
    return {
      claim: claimed,
      writes: {
        records: [{ ...place, seq: nextSeq, topic: 'events', type: 'a', timeMs: 7, version: nextSeq, body }],
        streams: [{ ...place, version: nextSeq, state: 1, snapshotAt: 0n, snapshot: undefined }],
        timers: [{ ...place, timerId: 'r', dueMs: 9_000_000_000_000, correlationId: 'c' }],
        outcomes: [{ tenantId: defaultTenant, commandId, seq: nextSeq, outcome }],
        nextSeq: nextSeq + 1n,
        nextCommandOffset: nextCommandOffset + 1n,
        publishedSeq: 0n,
        publishedOffset: 0n,
      },
    };
  }

  const eventsOf = async (...partitions: number[]) =>
    (
      await pool.query<{ partition: number; value: Buffer; headers: string }>(
        'SELECT partition, value, headers FROM decision_events WHERE partition = ANY ($1) ORDER BY partition, partition_seq',
        [partitions],
      )
    ).rows;

  it('are written together, byte for byte', async () => {
    const turns = [turnOf(await claim(0), 'a-0'), turnOf(await claim(1), 'a-1')];
    const { turns: committed, nowMs } = await commitTurns(pool, turns);
    expect(committed).toEqual([{ kind: 'committed' }, { kind: 'committed' }]);
    expect(Math.abs(nowMs - Date.now())).toBeLessThan(60_000);
    const rows = await eventsOf(0, 1);
    expect(rows.map(({ partition }) => partition)).toEqual([0, 1]);
    for (const { value, headers } of rows) {
      expect([...value]).toEqual([0, 1, 255]);
      expect(JSON.parse(headers)).toMatchObject({ 'say "what"': '\\xé' });
    }
    expect((await pool.query('SELECT FROM decision_timers')).rowCount).toBe(2);
  });

  it('are written without one whose partition has another owner by now', async () => {
    const [stale, sound] = [turnOf(await claim(2), 'b-2'), turnOf(await claim(3), 'b-3')];
    await claim(2, 'second');
    const { turns } = await commitTurns(pool, [stale, sound]);
    expect(turns).toEqual([{ kind: 'fenced' }, { kind: 'committed' }]);
    expect(await eventsOf(2)).toEqual([]);
    expect(await eventsOf(3)).toHaveLength(1);
  });

  it('are written without one that holds a command which was decided before, and say which', async () => {
    const first = turnOf(await claim(4), 'c-4');
    await commitTurns(pool, [first]);
    const again = turnOf({ ...first.claim, nextSeq: 2n, nextCommandOffset: 1n }, 'c-fresh');
    const known = { ...again.writes.outcomes[0]!, commandId: 'c-4' };
    const both = { ...again, writes: { ...again.writes, outcomes: [...again.writes.outcomes, known] } };
    const sound = turnOf(await claim(5), 'c-5');
    const { turns } = await commitTurns(pool, [sound, both]);
    expect(turns).toEqual([{ kind: 'committed' }, { kind: 'repeats', places: [1] }]);
    expect(await eventsOf(4)).toHaveLength(1);
  });

  it('are each tried alone where what one of them holds cannot be written', async () => {
    const metrics = DecisionMetrics.of(new Registry());
    const source = { aggregate: till, codec: jsonCodec<TillCommand, TillEvent>() };
    const statements = new SharedStatements(pool, source, metrics);
    const [bad, sound] = [turnOf(await claim(6), 'd-6', '\0'), turnOf(await claim(7), 'd-7')];
    const spoiled = { ...bad.writes, records: bad.writes.records.map((record) => ({ ...record, type: 'nul\0' })) };
    const results = await Promise.allSettled([
      statements.commit(bad.claim, spoiled),
      statements.commit(sound.claim, sound.writes),
    ]);
    expect(results).toMatchObject([{ status: 'rejected' }, { status: 'fulfilled', value: { kind: 'committed' } }]);
    expect(await eventsOf(6)).toEqual([]);
    expect(await eventsOf(7)).toHaveLength(1);
  });
});
