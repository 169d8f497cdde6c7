import { tenantId } from '@chorda/kernel';
import { freshDatabase, type FreshDatabase } from '@chorda/testing';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { createPool } from '../database/pool.js';
import { migrate } from '../migrations/migrate.js';
import {
  InferenceOutcomeRepository,
  type ClaimedOutcome,
  type OutboxRecord,
  type Reserve,
  type Settlement,
} from './inference-outcome.repository.js';

const tenant = tenantId('default');
let database: FreshDatabase;
let pool: pg.Pool;
let one: InferenceOutcomeRepository;
let other: InferenceOutcomeRepository;
let requests = 0;

beforeAll(async () => {
  database = await freshDatabase(inject('stack'));
  await migrate(database.url);
  pool = createPool(database.url);
  one = new InferenceOutcomeRepository(pool, 'one');
  other = new InferenceOutcomeRepository(pool, 'other');
});

afterAll(async () => {
  await pool.end();
  await database.drop();
});

const newRequest = () => `r-${++requests}`;

function record(recordId: string, kind: OutboxRecord['kind']): OutboxRecord {
  const [key, value] = [Buffer.from('k'), Buffer.from(recordId)];
  return { recordId, kind, topic: 'inference.events', key, value, headers: '{}' };
}

function settlement(requestId: string, by: string, changed: Partial<Settlement> = {}): Settlement {
  const outcome: ClaimedOutcome = {
    type: 'inference.completed',
    eventId: `o-${requestId}`,
    value: Buffer.from(by),
    headers: '{}',
  };
  const records = [record(`o-${requestId}`, 'outcome'), record(`u-${requestId}-${changed.attempt ?? 1}`, 'usage')];
  return { tenantId: tenant, requestId, attempt: 1, outcome, records, costUsd: '0.5', tokens: 100, ...changed };
}

const begin = (repository: InferenceOutcomeRepository, requestId: string) =>
  repository.begin([{ tenantId: tenant, requestId, usage: '{}' }]).then(([begun]) => begun);

describe('an outcome', () => {
  it('is that of whoever claims it first; nothing of a later one is written', async () => {
    const requestId = newRequest();
    expect(await begin(one, requestId)).toEqual({ kind: 'begun', attempt: 1 });
    expect(await begin(other, requestId)).toEqual({ kind: 'begun', attempt: 2 });
    const [won] = await one.settle([settlement(requestId, 'one')]);
    expect(won).toEqual({
      isClaimed: true,
      isClosed: false,
      recordIds: new Set([`o-${requestId}`, `u-${requestId}-1`]),
    });
    const [lost] = await other.settle([settlement(requestId, 'other', { attempt: 2 })]);
    expect(lost).toEqual({ isClaimed: false, isClosed: false, recordIds: new Set() });
    const { rows } = await pool.query('SELECT value FROM inference_outcomes WHERE request_id = $1', [requestId]);
    expect(rows.map(({ value }) => String(value))).toEqual(['one']);
    const accounted = settlement(requestId, 'other', { attempt: 2, outcome: undefined });
    const [settled] = await other.settle([{ ...accounted, records: [record(`u-${requestId}-2`, 'usage')] }]);
    expect(settled).toEqual({ isClaimed: true, isClosed: false, recordIds: new Set([`u-${requestId}-2`]) });
    expect(await begin(other, requestId)).toEqual({ kind: 'over' });
  });

  it('is one, whoever races for it, each in groups', async () => {
    const ids = Array.from({ length: 40 }, newRequest);
    const claims = [one, other].map(async (repository, index) => {
      const by = String(index);
      return repository.settle(
        (index ? ids.toReversed() : ids).map((id) => settlement(id, by, { attempt: undefined })),
      );
    });
    const won = (await Promise.all(claims)).flat().filter(({ isClaimed }) => isClaimed);
    expect(won).toHaveLength(ids.length);
  });
});

describe('an attempt', () => {
  it('is left to a worker that is alive, and taken over from one that is silent', async () => {
    const requestId = newRequest();
    await one.beat();
    await begin(one, requestId);
    expect(await begin(other, requestId)).toEqual({ kind: 'taken' });
    await pool.query("UPDATE inference_workers SET beat_at = now() - interval '6 seconds'");
    expect(await begin(other, requestId)).toEqual({ kind: 'begun', attempt: 2 });
  });

  it('is accounted once, by its worker or by another that takes it for lost', async () => {
    const requestId = newRequest();
    await one.beat();
    await begin(one, requestId);
    expect(await other.lostAttempts(60_000, 10)).toEqual([]);
    await pool.query("UPDATE inference_attempts SET begun_at = now() - interval '1 hour' WHERE request_id = $1", [
      requestId,
    ]);
    expect(await other.lostAttempts(60_000, 10)).toEqual([]);
    await pool.query("UPDATE inference_workers SET beat_at = now() - interval '1 hour'");
    const lost = await other.lostAttempts(60_000, 10);
    expect(lost).toMatchObject([{ requestId, attempt: 1, usage: '{}' }]);
    const usage = { outcome: undefined, records: [record(`u-${requestId}`, 'usage')] };
    const results = await other.settle([settlement(requestId, 'other', usage)]);
    expect(results).toEqual([{ isClaimed: true, isClosed: false, recordIds: new Set([`u-${requestId}`]) }]);
    // Its worker was only slow: an outcome of this call would stand beside a record of cost that says it was lost.
    const [late] = await one.settle([settlement(requestId, 'one')]);
    expect(late).toEqual({ isClaimed: false, isClosed: true, recordIds: new Set() });
    expect(await begin(one, requestId)).toEqual({ kind: 'begun', attempt: 2 });
    const [again] = await one.settle([settlement(requestId, 'one', { attempt: 2 })]);
    expect(again).toMatchObject({ isClaimed: true, isClosed: false });
  });

  it('that failed leaves its number behind for the next', async () => {
    const requestId = newRequest();
    await begin(one, requestId);
    await one.settle([settlement(requestId, 'one', { outcome: undefined, records: [] })]);
    expect(await begin(other, requestId)).toEqual({ kind: 'begun', attempt: 2 });
  });
});

describe('a budget', () => {
  const limit = { costUsd: '1', tokens: undefined };
  const reserve = (costUsd: string): Reserve => ({
    day: '2026-11-21',
    agentId: 'agent-1',
    costUsd,
    tokens: 10,
    tenantLimit: limit,
    agentLimit: { tokens: 1_000 },
  });
  const spender = tenantId('spender');
  const beginReserved = (requestId: string, costUsd: string) =>
    one.beginReserved({ tenantId: spender, requestId, usage: '{}', reserve: reserve(costUsd) });

  it('is never promised twice, and gets back what a call did not need', async () => {
    const ids = Array.from({ length: 8 }, newRequest);
    const begun = await Promise.all(ids.map((id) => beginReserved(id, '0.3')));
    const runs = ids.filter((_, index) => begun[index]?.kind === 'begun');
    expect(runs).toHaveLength(3);
    expect(begun.find(({ kind }) => kind === 'over budget')).toEqual({ kind: 'over budget', of: 'tenant' });
    await one.settle(runs.map((id) => ({ ...settlement(id, 'one'), tenantId: spender, costUsd: '0.1', tokens: 5 })));
    const { rows } = await pool.query(
      'SELECT agent_id, cost_usd::text, tokens::text, reserved_usd::text FROM inference_budgets ORDER BY agent_id',
    );
    expect(rows).toEqual([
      { agent_id: '', cost_usd: '0.3', tokens: '15', reserved_usd: '0.0' },
      { agent_id: 'agent-1', cost_usd: '0.3', tokens: '15', reserved_usd: '0.0' },
    ]);
    expect((await beginReserved(newRequest(), '0.7')).kind).toBe('begun');
    expect((await beginReserved(newRequest(), '0.1')).kind).toBe('over budget');
  });
});

it('keeps records until they are published, and gives those that nobody publishes to one at a time', async () => {
  await pool.query('DELETE FROM inference_outbox');
  const requestId = newRequest();
  await one.settle([settlement(requestId, 'one', { attempt: undefined })]);
  expect(await other.unpublished(60_000, 10)).toEqual([]);
  const taken = await other.unpublished(0, 10);
  expect(taken).toMatchObject([{ tenantId: tenant, recordId: `o-${requestId}`, topic: 'inference.events' }]);
  await other.published(taken);
  expect(await one.unpublished(0, 10)).toEqual([]);
});
