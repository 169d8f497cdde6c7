import { defaultTenant, tenantId } from '@chorda/kernel';
import { freshDatabase, type FreshDatabase } from '@chorda/testing';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { createPool } from '../database/pool.js';
import { migrate } from '../migrations/migrate.js';
import { AgentToolRepository } from './agent-tool.repository.js';
import { AgentWorkRepository } from './agent-work.repository.js';
import type { LeasedWork, NewWork } from './work-rows.js';

let database: FreshDatabase;
let pool: pg.Pool;
let works: AgentWorkRepository;

beforeAll(async () => {
  database = await freshDatabase(inject('stack'));
  await migrate(database.url);
  pool = createPool(database.url, { applicationName: 'spec', connectionsMax: 4, transactionTimeoutMs: 5_000 });
  works = new AgentWorkRepository(pool);
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

let made = 0;
const item = (changed: Partial<NewWork> = {}): NewWork => ({
  tenantId: defaultTenant,
  workId: `token-${++made}`,
  queue: 'tools',
  toolName: 'http_get',
  repeatable: true,
  work: '{"type":"agent.tool_requested"}',
  metadata: '{}',
  leaseMs: 60_000,
  deadlineMs: Date.now() + 600_000,
  ...changed,
});
const ids = (leased: readonly LeasedWork[]) => leased.map(({ workId }) => workId).sort();
const answerOf = ({ tenantId: tenant, workId, leaseToken }: LeasedWork, outcome: string) => ({
  ...{ tenantId: tenant, workId, leaseToken, outcome },
});
const stateOf = async (workId: string) =>
  (await pool.query<{ state: string }>('SELECT state FROM agent_work WHERE work_id = $1', [workId])).rows[0]?.state;
/** As if the time of its lease had gone by. */
const letLeaseEnd = (workId: string) =>
  pool.query("UPDATE agent_work SET lease_until = now() - interval '1 second' WHERE work_id = $1", [workId]);

describe('work that comes in', () => {
  it('is leased as far as there is room, and once, however often it comes', async () => {
    const items = [item(), item(), item()];
    const leased = await works.take(items, 'one', 2);
    expect(ids(leased)).toEqual([items[0]!.workId, items[1]!.workId]);
    expect(leased[0]).toMatchObject({ deliveries: 1, toolName: 'http_get', work: items[0]!.work });
    expect(leased[0]!.leftMs).toBeGreaterThan(590_000);
    expect(await works.take(items, 'two', 10)).toEqual([]);
    expect(ids(await works.claim(['tools'], 'two', 10))).toEqual([items[2]!.workId]);
    expect(await works.claim(['tools'], 'three', 10)).toEqual([]);
  });

  it('also not again after it was done, and never past its deadline', async () => {
    const [first, late] = [item(), item({ deadlineMs: Date.now() - 1_000 })];
    const [leased] = await works.take([first, late], 'one', 10);
    await works.answer([answerOf(leased!, '{}')]);
    await works.done([leased!]);
    expect(await works.take([first, late], 'one', 10)).toEqual([]);
    expect(await stateOf(late.workId)).toBeUndefined();
    const waiting = item();
    await works.take([waiting], 'one', 0);
    await pool.query("UPDATE agent_work SET deadline_at = now() - interval '1 ms' WHERE work_id = $1", [
      waiting.workId,
    ]);
    expect(await works.claim(['tools'], 'one', 10)).toEqual([]);
    expect(await works.prune(0, 100)).toEqual({ expired: 1, done: 0 });
  });

  it('is shared out by many at once, each piece to one', async () => {
    const items = Array.from({ length: 60 }, () => item({ queue: 'models' }));
    await works.take(items, 'one', 0);
    const claims = await Promise.all(Array.from({ length: 12 }, (_, at) => works.claim(['models'], `owner ${at}`, 5)));
    expect(claims.flatMap(ids).sort()).toEqual(items.map(({ workId }) => workId).sort());
  });
});

describe('a lease', () => {
  it('is lengthened and answered by its holder alone', async () => {
    const [held] = await works.take([item()], 'one', 1);
    const foreign = { ...held!, leaseToken: '00000000-0000-4000-8000-000000000000' };
    expect(await works.beat([held!, foreign])).toEqual(new Set([held!.leaseToken]));
    expect(await works.answer([answerOf(foreign, '"forged"')])).toEqual(new Set());
    expect(await works.answer([answerOf(held!, '"real"')])).toEqual(new Set([held!.leaseToken]));
    expect(await works.answer([answerOf(held!, '"again"')])).toEqual(new Set());
    expect(await works.beat([held!])).toEqual(new Set());
  });

  it('that ends gives work that may be repeated to another; the late answer of the first is refused', async () => {
    const [first] = await works.take([item()], 'one', 1);
    await letLeaseEnd(first!.workId);
    expect(await works.expireLeases('"lost"', 100)).toEqual({ repeated: 1, lost: 0 });
    const [second] = await works.claim(['tools'], 'two', 1);
    expect(second).toMatchObject({ workId: first!.workId, deliveries: 2 });
    expect(await works.answer([answerOf(first!, '"late"')])).toEqual(new Set());
    expect(await works.answer([answerOf(second!, '"real"')])).toEqual(new Set([second!.leaseToken]));
  });

  it('that ends makes an answer of work that must not be repeated: lost, to be sent at once', async () => {
    await works.unsent(0, 1_000);
    const [held] = await works.take([item({ repeatable: false })], 'one', 1);
    await letLeaseEnd(held!.workId);
    expect(await works.expireLeases('"lost"', 100)).toEqual({ repeated: 0, lost: 1 });
    expect(await works.claim(['tools'], 'two', 10)).toEqual([]);
    expect(await works.answer([answerOf(held!, '"late"')])).toEqual(new Set());
    expect(await works.unsent(5_000, 10)).toMatchObject([{ workId: held!.workId, outcome: '"lost"' }]);
    // Whoever has it in hand is left alone for a while.
    expect(await works.unsent(5_000, 10)).toEqual([]);
    await works.done([held!]);
    expect(await stateOf(held!.workId)).toBe('done');
  });

  it('that was given back is ready for others', async () => {
    const [held] = await works.take([item()], 'one', 1);
    await works.release([held!]);
    expect(ids(await works.claim(['tools'], 'two', 10))).toEqual([held!.workId]);
  });
});

describe('calls of workers', () => {
  it('are for their own tenant and tools', async () => {
    const acme = tenantId('acme');
    const mine = item({ queue: 'workers', toolName: 'charge' });
    const theirs = item({ queue: 'workers', toolName: 'charge', tenantId: acme });
    const other = item({ queue: 'workers', toolName: 'refund' });
    await works.take([mine, theirs, other], 'one', 0);
    const claim = (tenant: typeof acme, tools: string[]) =>
      works.claimCalls({ tenantId: tenant, queue: 'workers', tools }, 'worker', 10);
    expect(ids(await claim(defaultTenant, ['charge', 'unheard of']))).toEqual([mine.workId]);
    expect(ids(await claim(acme, ['charge', 'refund']))).toEqual([theirs.workId]);
    expect(ids(await claim(defaultTenant, ['refund']))).toEqual([other.workId]);
  });

  it('go to tools that are registered by tenant, up to a bound', async () => {
    const tools = new AgentToolRepository(pool);
    const tool = (name: string) => ({ name, description: null, parameters: '{}', idempotent: false, timeoutMs: 1_000 });
    const actor = { id: 'key-1', type: 'api_key' } as const;
    const by = { actor, toolsMax: 3 };
    expect(await tools.register(defaultTenant, [tool('a'), tool('b')], by)).toEqual({ registered: true, count: 2 });
    await tools.register(defaultTenant, [{ ...tool('a'), idempotent: true }], by);
    expect(await tools.register(defaultTenant, [tool('c'), tool('d')], by)).toEqual({ registered: false, count: 4 });
    expect((await tools.find(defaultTenant)).map(({ name, idempotent }) => [name, idempotent])).toEqual([
      ['a', true],
      ['b', false],
    ]);
    expect(await tools.find(tenantId('acme'))).toEqual([]);
    // The same again changes nothing, and is no change to be audited.
    await tools.register(defaultTenant, [{ ...tool('a'), idempotent: true }], by);
    const audited = await pool.query<{ data: { action: string } }>('SELECT data FROM audit_outbox ORDER BY event_id');
    expect(audited.rows.map(({ data }) => data.action)).toEqual(Array(3).fill('tool.registered'));
    await tools.polled(defaultTenant, ['a']);
    expect((await tools.find(defaultTenant, ['a']))[0]?.polledAt).toBeInstanceOf(Date);
    expect(await tools.remove(tenantId('acme'), 'a', actor)).toBe(false);
    expect(await tools.remove(defaultTenant, 'a', actor)).toBe(true);
  });
});

describe('works of many at once', () => {
  it('never wait for each other in a circle, in whatever order they are named', async () => {
    const items = Array.from({ length: 60 }, () => item());
    const leased = await works.take(items, 'one', 60);
    const reversed = leased.toReversed();
    for (let round = 0; round < 20; round++) {
      await Promise.all([works.beat(leased), works.beat(reversed), works.beat(leased), works.beat(reversed)]);
    }
    const [some, others] = [leased.slice(0, 40), reversed.slice(0, 40)];
    const kept = await Promise.all([some, others].map((list) => works.answer(list.map((one) => answerOf(one, '{}')))));
    // Twenty of them were answered twice, and count once.
    expect(kept[0]!.size + kept[1]!.size).toBe(60);
    await Promise.all([works.done(leased), works.done(reversed)]);
    expect(await stateOf(items[0]!.workId)).toBe('done');
  });

  it('are given up: what was not begun never is, what was answered stays so', async () => {
    const [ready, held, answered] = [item(), item(), item()];
    const leased = await works.take([held, answered, ready], 'one', 2);
    await works.answer([
      answerOf(
        leased.find(({ workId }) => workId === answered.workId)!,
        '{}',
      ),
    ]);
    const revoked = [ready, held, answered, item()].map(({ tenantId: tenant, workId }) => ({
      tenantId: tenant,
      workId,
    }));
    expect(await works.revoke(revoked)).toEqual([held.workId]);
    expect(await Promise.all([ready, held, answered].map(({ workId }) => stateOf(workId)))).toEqual([
      'done',
      'done',
      'answered',
    ]);
    const late = leased.find(({ workId }) => workId === held.workId)!;
    expect((await works.beat([late])).size).toBe(0);
    expect((await works.answer([answerOf(late, '{}')])).size).toBe(0);
    expect(await works.take([ready, held], 'one', 2)).toEqual([]);
  });

  it('are claimed for many workers in one statement, each piece given to one of those who asked for it', async () => {
    const [a, b] = [tenantId('claims-a'), tenantId('claims-b')];
    const call = (tenant: NewWork['tenantId'], toolName: string) =>
      item({ tenantId: tenant, queue: 'workers', toolName });
    const [one, two, three, foreign] = [call(a, 'x'), call(a, 'x'), call(a, 'y'), call(b, 'x')];
    await works.take([one, two, three, foreign, call(a, 'z')], 'log', 0);
    const asks = { tenantId: a, queue: 'workers' };
    const claimed = await works.claimForAll([
      { ...asks, tools: ['x'], owner: 'w-1', max: 1 },
      { ...asks, tools: ['x', 'y'], owner: 'w-2', max: 5 },
      { ...asks, queue: 'others', tools: ['x'], owner: 'w-3', max: 5 },
      { ...asks, tenantId: b, tools: ['x'], owner: 'w-4', max: 5 },
    ]);
    expect(claimed.map(ids)).toEqual([[one.workId], [two.workId, three.workId].sort(), [], [foreign.workId]]);
    const { rows } = await pool.query(
      'SELECT owner, state, begun_at IS NOT NULL AS begun FROM agent_work WHERE work_id = $1',
      [two.workId],
    );
    expect(rows).toEqual([{ owner: 'w-2', state: 'leased', begun: true }]);
    expect(await works.claimForAll([])).toEqual([]);
  });

  it('that somebody has had for a while are shown until it was told, and answered with who began them and when', async () => {
    await works.take([item({ isTold: false }), item()], 'told', 2);
    const [untold, ...others] = (await works.untold(0, 10)).filter(({ owner }) => owner === 'told');
    expect(others).toEqual([]);
    expect(untold!.begunMs).toBeGreaterThan(Date.now() - 60_000);
    expect(await works.untold(60_000, 10)).toEqual([]);
    await works.told([untold!]);
    expect((await works.untold(0, 10)).filter(({ owner }) => owner === 'told')).toEqual([]);
    const [held] = await works.take([item()], 'answered', 1);
    const kept = await works.answerAll([answerOf(held!, '"real"')]);
    expect(kept.get(held!.leaseToken)).toMatchObject({ workId: held!.workId, outcome: '"real"', owner: 'answered' });
  });
});
