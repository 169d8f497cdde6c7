import { ChordaClient, ProblemError } from '@chorda/client';
import { defaultTenant, newId, type TenantId } from '@chorda/kernel';
import { AgentWorkRepository, createPool, stepReadyChannel, type NewWork } from '@chorda/read-models';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import {
  otherTenant,
  prepareGround,
  startGatewayOn,
  type GatewayUnderTest,
  type Ground,
} from '../test-support/gateway-under-test.js';

vi.setConfig({ testTimeout: 60_000 });

let ground: Ground;
let gateway: GatewayUnderTest;
let pool: pg.Pool;
let works: AgentWorkRepository;
let client: ChordaClient;
let others: ChordaClient;

beforeAll(async () => {
  ground = await prepareGround(inject('stack'));
  gateway = await startGatewayOn(ground);
  pool = createPool(ground.env['DATABASE_URL'] ?? '');
  works = new AgentWorkRepository(pool, 'workflow_work');
  const clientOf = async (tenant: TenantId) =>
    new ChordaClient({ url: gateway.url, apiKey: await ground.issueKey(['agents:work'], tenant) });
  client = await clientOf(defaultTenant);
  others = await clientOf(otherTenant);
});
afterAll(async () => {
  await pool?.end();
  await gateway?.stop();
  await ground?.close();
});

/** A step as the engine asks for it and executors take it in. */
async function ask(tool: string, tenantId: TenantId = defaultTenant, idempotent = false): Promise<string> {
  const workId = newId();
  const deadlineMs = Date.now() + 600_000;
  const data = {
    ...{ workflow_id: `run-${workId}`, workflow_name: 'spec', step_id: 'charge', step_name: 'charge', attempt: 1 },
    ...{ step_type: 'tool', attempt_token: workId, queue: 'workers', worker_queue: null, tool_name: tool, idempotent },
    ...{ idempotency_key: `key-${workId}`, input_data: '{"n":1}', settings: '{}', user_id: null, checkpoint: 0 },
    ...{ checkpoint_value: null, lease_ms: 30_000, deadline_at: deadlineMs },
  };
  const item: NewWork = {
    ...{ tenantId, workId, queue: 'workers:default', toolName: tool, repeatable: idempotent, leaseMs: 30_000 },
    ...{ deadlineMs, isTold: false, work: JSON.stringify({ type: 'workflow.step_requested', data }) },
    metadata: JSON.stringify({ id: workId, subject: data.workflow_id, correlationId: workId }),
  };
  await works.take([item], 'spec', 0, stepReadyChannel);
  return workId;
}

/** Asks for a step and is given it. */
async function given(tool: string, from = client, tenantId: TenantId = defaultTenant, idempotent = false) {
  await ask(tool, tenantId, idempotent);
  const [step] = await from.steps.poll({ tools: [tool], wait_ms: 20_000 });
  if (step === undefined) throw new Error(`No step of ${tool} was given`);
  return step;
}

async function rowOf(workId: string) {
  const { rows } = await pool.query<{ state: string; outcome: string | null }>(
    'SELECT state, outcome FROM workflow_work WHERE work_id = $1',
    [workId],
  );
  const [row] = rows;
  const outcome: unknown = JSON.parse(row?.outcome ?? 'null');
  return { state: row?.state, outcome };
}

const refusal = (promise: Promise<unknown>) =>
  promise.then(
    () => 'taken',
    (error: unknown) => (error instanceof ProblemError ? error.code : String(error)),
  );
const expireLease = async (workId: string) => {
  await pool.query("UPDATE workflow_work SET lease_until = now() - interval '1 s' WHERE work_id = $1", [workId]);
  return works.expireLeases('{"kind":"result","status":"lost"}', 10);
};
const stored = async () => {
  const metrics = await gateway.host.metrics.metrics();
  return Number(/chorda_workflow_worker_steps_total\{[^}]*result="completed"[^}]*\} (\d+)/.exec(metrics)?.[1] ?? 0);
};

describe('results of many steps in one request', () => {
  it('are each taken or not by themselves, in their order', async () => {
    const [good, late, foreign, failed] = [
      await given('mixed_good'),
      await given('mixed_late'),
      await given('mixed_foreign', others, otherTenant),
      await given('mixed_failed'),
    ];
    await expireLease(late.work_id);
    const answered = await client.steps.answerAll([
      { ...good, output: { n: 1 } },
      { ...late, output: 'late' },
      { ...foreign, output: 'forged' },
      { work_id: 'unheard-of', lease_token: good.lease_token, output: 2 },
      { ...failed, error: { message: 'Sold out', code: 'NO_STOCK', retriable: false } },
      { work_id: good.work_id, lease_token: newId(), output: 'of nobody' },
    ]);
    expect(answered.map(({ work_id: id, status }) => [id, status])).toEqual([
      [good.work_id, 'stored'],
      [late.work_id, 'lease_lost'],
      [foreign.work_id, 'lease_lost'],
      ['unheard-of', 'lease_lost'],
      [failed.work_id, 'stored'],
      [good.work_id, 'lease_lost'],
    ]);
    expect(answered.map(({ detail }) => detail === null)).toEqual([true, false, false, false, true, false]);
    // What its own tenant was given is its to answer, and nobody has touched it.
    expect(await rowOf(foreign.work_id)).toMatchObject({ state: 'leased' });
    const own = await others.steps.answerAll([{ ...foreign, output: 'own' }]);
    expect(own.map(({ status }) => status)).toEqual(['stored']);
  });

  it('that come again, in one request or later, are said to be stored and count once', async () => {
    const step = await given('again');
    const before = await stored();
    const result = { ...step, output: { receipt: 'R-1' } };
    expect((await client.steps.answerAll([result, result])).map(({ status }) => status)).toEqual(['stored', 'stored']);
    expect((await client.steps.answerAll([result])).map(({ status }) => status)).toEqual(['stored']);
    await client.steps.answer(step, { output: 'something else' });
    // Sent to the engine by now, or about to be; either way it is the first that stands.
    const { state, outcome } = await rowOf(step.work_id);
    expect(['answered', 'done']).toContain(state);
    if (state === 'answered') expect(outcome).toMatchObject({ output_data: '{"receipt":"R-1"}' });
    expect((await stored()) - before).toBe(1);
  });

  it('that come after somebody else was given the step change nothing', async () => {
    const first = await given('regiven', client, defaultTenant, true);
    expect(await expireLease(first.work_id)).toEqual({ repeated: 1, lost: 0 });
    const [second] = await client.steps.poll({ tools: ['regiven'], wait_ms: 20_000 });
    expect(second).toMatchObject({ work_id: first.work_id, delivery: 2, idempotency_key: first.idempotency_key });
    expect(second?.lease_token).not.toBe(first.lease_token);
    const answered = await client.steps.answerAll([
      { ...first, output: 'of the first' },
      { ...second!, output: 'of the second' },
    ]);
    expect(answered.map(({ status }) => status)).toEqual(['lease_lost', 'stored']);
    expect(await refusal(client.steps.beat(first))).toBe('LEASE_LOST');
  });

  it('that hold one which breaks a rule are refused whole, with its place, and nothing of them is stored', async () => {
    const [good, bad] = [await given('whole_good'), await given('whole_bad')];
    const sent = client.steps.answerAll([
      { ...good, output: 1 },
      { ...bad, error: { message: 'x', code: '' } },
    ]);
    await expect(sent).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
      issues: [{ pointer: '/results/1/error/code' }],
    });
    const neither = client.steps.answerAll([{ work_id: good.work_id, lease_token: good.lease_token }]);
    await expect(neither).rejects.toMatchObject({ code: 'INVALID_REQUEST', issues: [{ pointer: '/results/0' }] });
    expect(await rowOf(good.work_id)).toMatchObject({ state: 'leased' });
    await client.steps.answerAll([good, bad].map((step) => ({ ...step, output: 1 })));
  });

  it.each([[0], [101]])('are no more than 100 and no fewer than one: %i', async (count) => {
    const results = Array.from({ length: count }, () => ({ work_id: 'w', lease_token: newId(), output: 1 }));
    const refused = client.steps.answerAll(results);
    await expect(refused).rejects.toMatchObject({ code: 'INVALID_REQUEST', issues: [{ pointer: '/results' }] });
  });
});

describe('a poll for steps', () => {
  it.each([
    [{ max: 0 }, '/max'],
    [{ max: 101 }, '/max'],
    [{ wait_ms: 30_001 }, '/wait_ms'],
    [{ tools: [] }, '/tools'],
    [{ tools: ['a b'] }, '/tools/0'],
    [{ queue: 'no queue' }, '/queue'],
  ])('that breaks a rule is refused with it: %j', async (more, pointer) => {
    const refused = client.steps.poll({ tools: ['x'], wait_ms: 0, ...more });
    await expect(refused).rejects.toMatchObject({ code: 'INVALID_REQUEST', issues: [{ pointer }] });
  });

  it('is given steps of its tenant, queue and tools alone, each to one of those who ask', async () => {
    await ask('shared', otherTenant);
    await ask('unheard_of');
    expect(await client.steps.poll({ tools: ['shared'], wait_ms: 0 })).toEqual([]);
    expect(await client.steps.poll({ tools: ['unheard_of'], queue: 'heavy', wait_ms: 0 })).toEqual([]);

    const ids = await Promise.all(Array.from({ length: 12 }, () => ask('contended')));
    const asking = () => client.steps.poll({ tools: ['contended'], max: 5, wait_ms: 500 });
    const seen = new Set<string>();
    await vi.waitFor(
      async () => {
        for (const { work_id: id } of (await Promise.all(Array.from({ length: 4 }, asking))).flat()) {
          expect(seen.has(id), `${id} was given twice`).toBe(false);
          seen.add(id);
        }
        expect(seen.size).toBe(12);
      },
      { timeout: 20_000, interval: 10 },
    );
    expect([...seen].toSorted()).toEqual(ids.toSorted());
  });
});

describe('a checkpoint of a step', () => {
  it('is given to whoever has the step next, the latest by number, and is bounded', async () => {
    const first = await given('counted', client, defaultTenant, true);
    await client.steps.beat(first, { checkpoint: { n: 2, value: { rows: 20 } } });
    await client.steps.beat(first, { checkpoint: { n: 1, value: { rows: 10 } } });
    const large = client.steps.beat(first, { checkpoint: { n: 3, value: 'x'.repeat(70_000) } });
    expect(await refusal(large)).toBe('PAYLOAD_TOO_LARGE');
    expect(await refusal(others.steps.beat(first, { checkpoint: { n: 9, value: 'forged' } }))).toBe('LEASE_LOST');
    await expireLease(first.work_id);
    const [second] = await client.steps.poll({ tools: ['counted'], wait_ms: 20_000 });
    expect(second?.checkpoint).toEqual({ n: 2, value: { rows: 20 } });
  });
});
