import { readFileSync } from 'node:fs';
import { ChordaClient, ToolCallError, type ProblemError, type WorkerTrouble } from '@chorda/client';
import { defaultTenant, newId, type JsonValue, type TenantId } from '@chorda/kernel';
import { AgentWorkRepository, createPool, workReadyChannel, type NewWork } from '@chorda/read-models';
import { startSourceProcess } from '@chorda/testing';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import {
  otherTenant,
  prepareGround,
  startGatewayOn,
  type GatewayUnderTest,
  type Ground,
} from '../test-support/gateway-under-test.js';
import { refundWorker, type Payments } from '../test-support/refund-worker.js';

let ground: Ground;
let gateway: GatewayUnderTest;
let pool: pg.Pool;
let works: AgentWorkRepository;
let client: ChordaClient;
let apiKey: string;

beforeAll(async () => {
  ground = await prepareGround(inject('stack'));
  gateway = await startGatewayOn(ground);
  pool = createPool(ground.env['DATABASE_URL'] ?? '');
  works = new AgentWorkRepository(pool);
  apiKey = await ground.issueKey(['agents:work', 'events:read']);
  client = new ChordaClient({ url: gateway.url, apiKey });
});
afterAll(async () => {
  await pool?.end();
  await gateway?.stop();
  await ground?.close();
});

const patient = { timeout: 30_000, interval: 20 };

interface Wanted {
  readonly tool: string;
  readonly args?: JsonValue;
  readonly idempotent?: boolean;
  readonly tenantId?: TenantId;
  readonly leaseMs?: number;
}

/** A call as the decision engine asks for it and executors take it in. */
async function ask({ tool, args = {}, idempotent = false, tenantId = defaultTenant, leaseMs = 30_000 }: Wanted) {
  const [workId, callId] = [newId(), newId()];
  const deadlineMs = Date.now() + 600_000;
  const data = {
    ...{ agent_id: 'AGENT-1', execution_id: 'e-1', turn: 1, call_id: callId, attempt: 1, attempt_token: workId },
    ...{ lease_ms: leaseMs, deadline_at: deadlineMs, idempotency_key: callId, tool_name: tool, queue: 'workers' },
    ...{ idempotent, arguments: JSON.stringify(args), user_id: null, session_id: null },
  };
  const item: NewWork = {
    ...{ tenantId, workId, queue: 'workers', toolName: tool, repeatable: idempotent, leaseMs, deadlineMs },
    work: JSON.stringify({ type: 'agent.tool_requested', data }),
    metadata: JSON.stringify({ id: workId, subject: 'AGENT-1', correlationId: workId, traceparent: '00-a-b-01' }),
  };
  await works.take([item], 'spec', 0);
  await works.notify(workReadyChannel, tenantId);
  return { workId, key: callId };
}

async function outcomeOf(workId: string): Promise<unknown> {
  const { rows } = await pool.query<{ outcome: string | null }>('SELECT outcome FROM agent_work WHERE work_id = $1', [
    workId,
  ]);
  const outcome: unknown = JSON.parse(rows[0]?.outcome ?? 'null');
  return outcome;
}
const untilAnswered = (workId: string, expected: object) =>
  vi.waitFor(async () => expect(await outcomeOf(workId)).toMatchObject(expected), patient);
const refusal = (promise: Promise<unknown>) =>
  promise.then(
    () => 'taken',
    (error: ProblemError) => error.code,
  );

describe('tools of users', () => {
  it('are registered with their schema, shown, replaced and taken away, by tenant', async () => {
    const others = new ChordaClient({
      url: gateway.url,
      apiKey: await ground.issueKey(['agents:work', 'events:read'], otherTenant),
    });
    await client.tools.register([{ name: 'weigh', description: 'Weighs', idempotent: true, timeout_ms: 2_000 }]);
    await client.tools.register([{ name: 'weigh' }]);
    const named = (await client.tools.list()).filter(({ name }) => name === 'weigh');
    expect(named).toMatchObject([{ idempotent: false, timeout_ms: 30_000, parameters: { type: 'object' } }]);
    expect((await others.tools.list()).map(({ name }) => name)).not.toContain('weigh');
    expect(await refusal(others.tools.remove('weigh'))).toBe('NOT_FOUND');
    await client.tools.remove('weigh');
    expect(await refusal(client.tools.poll({ tools: ['weigh'], wait_ms: 0 }))).toBe('NOT_FOUND');
  });

  it.each([
    [[{ name: 'bad name' }], 'INVALID_REQUEST', '/tools/0/name'],
    [[{ name: 'http_get' }], 'INVALID_REQUEST', '/tools/0/name'],
    [[{ name: 'a', parameters: { type: 'nonsense' } }], 'INVALID_SCHEMA', '/tools/0/parameters'],
    [[{ name: 'a', parameters: { $ref: 'http://127.0.0.1/schema' } }], 'INVALID_SCHEMA', '/tools/0/parameters'],
    [[{ name: 'a' }, { name: 'a' }], 'INVALID_SCHEMA', '/tools/1/name'],
    [[], 'INVALID_REQUEST', '/tools'],
  ])('that break a rule are refused with it: %j', async (tools, code, pointer) => {
    const refused = client.tools.register(tools);
    await expect(refused).rejects.toMatchObject({ code, issues: [{ pointer }] });
  });
});

describe('a worker', () => {
  it('does calls as they come, with their key, and answers with results and errors', async () => {
    const seen: unknown[] = [];
    const stopping = new AbortController();
    const worker = client.worker({ name: 'spec', concurrency: 5 });
    const schema = { type: 'object', required: ['n'], properties: { n: { type: 'integer', minimum: 1 } } };
    worker.tool<{ n: number }>('double', schema, ({ n }, { key, callId, traceparent }) => {
      seen.push([n, key === callId, traceparent]);
      if (n === 7) throw new ToolCallError('UNLUCKY', 'not this one', { n });
      if (n === 8) throw new Error('by accident');
      if (n === 9) return { long: 'x'.repeat(200_000) };
      return { twice: n * 2 };
    });
    const running = worker.run(stopping.signal);
    await vi.waitFor(
      async () => expect((await client.tools.list()).some(({ polled_at: at }) => at !== null)).toBe(true),
      patient,
    );

    const [good, unlucky, accident, long, invalid] = [
      await ask({ tool: 'double', args: { n: 4 } }),
      await ask({ tool: 'double', args: { n: 7 } }),
      await ask({ tool: 'double', args: { n: 8 } }),
      await ask({ tool: 'double', args: { n: 9 } }),
      await ask({ tool: 'double', args: { n: 'four' } }),
    ];
    await untilAnswered(good.workId, { kind: 'tool_result', status: 'completed', output_data: '{"twice":8}' });
    await untilAnswered(unlucky.workId, { status: 'failed', error: expect.stringContaining('UNLUCKY') });
    await untilAnswered(accident.workId, { status: 'failed', error: expect.stringContaining('by accident') });
    await untilAnswered(long.workId, { status: 'failed', error: expect.stringContaining('RESULT_TOO_LARGE') });
    await untilAnswered(invalid.workId, { status: 'refused', error: expect.stringContaining('/n must be integer') });
    stopping.abort();
    await running;
    expect(seen).toHaveLength(4);
    expect(seen).toEqual(expect.arrayContaining([4, 7, 8, 9].map((n) => [n, true, '00-a-b-01'])));
  });

  it('keeps its lease by heartbeats, and finishes what runs before it stops', async () => {
    const stopping = new AbortController();
    const begun = Promise.withResolvers<void>();
    const worker = client.worker();
    worker.tool('slow', {}, async () => {
      begun.resolve();
      await new Promise((resolve) => setTimeout(resolve, 5_000));
      return 'done';
    });
    const running = worker.run(stopping.signal);
    const { workId } = await ask({ tool: 'slow', leaseMs: 4_000 });
    await begun.promise;
    stopping.abort();
    await running;
    expect(await works.expireLeases('{}', 100)).toEqual({ repeated: 0, lost: 0 });
    expect(await outcomeOf(workId)).toMatchObject({ status: 'completed', output_data: '"done"' });
  });

  it('that lost its lease is told so, its late result is refused, and the same result twice is taken once', async () => {
    await client.tools.register([{ name: 'charge' }]);
    const { workId } = await ask({ tool: 'charge' });
    const [call] = await client.tools.poll({ tools: ['charge'], wait_ms: 5_000 });
    expect(call).toMatchObject({ work_id: workId, tool: 'charge', attempt: 1, delivery: 1 });
    const others = new ChordaClient({ url: gateway.url, apiKey: await ground.issueKey(['agents:work'], otherTenant) });
    expect(await refusal(others.tools.answer(call!, { output_data: 'forged' }))).toBe('LEASE_LOST');
    await client.tools.beat(call!);
    await pool.query("UPDATE agent_work SET lease_until = now() - interval '1 s' WHERE work_id = $1", [workId]);
    expect(await works.expireLeases('{"status":"lost"}', 10)).toEqual({ repeated: 0, lost: 1 });
    expect(await refusal(client.tools.beat(call!))).toBe('LEASE_LOST');
    expect(await refusal(client.tools.answer(call!, { output_data: 'late' }))).toBe('LEASE_LOST');
    expect(await outcomeOf(workId)).toEqual({ status: 'lost' });
    // A call that must not be repeated is given to nobody else.
    expect(await client.tools.poll({ tools: ['charge'], wait_ms: 0 })).toEqual([]);

    await ask({ tool: 'charge' });
    const [next] = await client.tools.poll({ tools: ['charge'], wait_ms: 5_000 });
    await client.tools.answer(next!, { output_data: 1 });
    await client.tools.answer(next!, { output_data: 1 });
    const metrics = await gateway.host.metrics.metrics();
    expect(metrics).toMatch(/chorda_worker_calls_total\{[^}]*result="late"[^}]*\} 2/);
  });

  it('gets calls of its own tenant and tools alone, and a poll waits no longer than it says', async () => {
    await client.tools.register([{ name: 'mine' }]);
    await ask({ tool: 'mine', tenantId: otherTenant });
    await ask({ tool: 'unheard_of' });
    expect(await client.tools.poll({ tools: ['mine'], wait_ms: 300 })).toEqual([]);
  });

  it('needs the scope', async () => {
    const reader = new ChordaClient({
      url: gateway.url,
      apiKey: await ground.issueKey(['events:read', 'agents:write']),
    });
    expect(await refusal(reader.tools.poll({ tools: ['mine'], wait_ms: 0 }))).toBe('FORBIDDEN');
    expect(
      await refusal(
        reader
          .worker()
          .tool('x', {}, () => 1)
          .run(),
      ),
    ).toBe('FORBIDDEN');
  });
});

describe('the how-to of tools', () => {
  it('shows a worker that is compiled, and does what it says', async () => {
    const at = 'apps/gateway/src/test-support/refund-worker.ts';
    const read = (path: string) => readFileSync(new URL(`../../../../${path}`, import.meta.url), 'utf8');
    const page = read('docs/how-to/write-a-tool.md');
    expect(page).toContain(`<!-- code: ${at} -->\n\n\`\`\`ts\n${read(at)}\`\`\``);

    const refunds = new Map<string, number>();
    const payments: Payments = {
      refund: async ({ cents }, key) => {
        refunds.set(key, cents);
        return { receipt: `R-${cents}` };
      },
      balance: async (orderId) => (orderId === 'o-1' ? 1_200 : undefined),
    };
    const warned = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    const stopping = new AbortController();
    const running = refundWorker(client, payments).run(stopping.signal);
    const refund = await ask({ tool: 'refund', args: { order_id: 'o-1', cents: 500 }, idempotent: true });
    const unknown = await ask({ tool: 'order_balance', args: { order_id: 'o-2' }, idempotent: true });
    await untilAnswered(refund.workId, { status: 'completed', output_data: '{"receipt":"R-500"}' });
    await untilAnswered(unknown.workId, { status: 'failed', error: expect.stringContaining('ORDER_UNKNOWN') });
    stopping.abort();
    await running;
    expect(refunds).toEqual(new Map([[refund.key, 500]]));
    expect(warned).toHaveBeenCalledOnce();
    warned.mockRestore();
  });
});

describe('a worker that is killed in the middle of a call', () => {
  it.each([
    { idempotent: false, calls: 1, outcome: { status: 'lost' } },
    { idempotent: true, calls: 2, outcome: { status: 'completed' } },
  ])('idempotent: $idempotent, called $calls times with one key', async ({ idempotent, calls, outcome }) => {
    const tool = idempotent ? 'killed_again' : 'killed_once';
    const child = startSourceProcess(new URL('../test-support/worker.child.ts', import.meta.url), {
      CHORDA_URL: gateway.url,
      CHORDA_API_KEY: apiKey,
      TOOL: tool,
      IDEMPOTENT: String(idempotent),
    });
    const { workId, key } = await ask({ tool, idempotent, leaseMs: 2_000 });
    await child.until('it has begun the call', () => child.output().includes(`called ${key}`), 60_000);
    await child.end();
    await vi.waitFor(async () => {
      const { repeated, lost } = await works.expireLeases('{"status":"lost"}', 10);
      expect(repeated + lost).toBe(1);
    }, patient);

    const keys: string[] = [];
    const troubles: WorkerTrouble[] = [];
    const stopping = new AbortController();
    const second = client.worker({ onTrouble: (trouble) => troubles.push(trouble) });
    second.tool(tool, {}, (_args, context) => void keys.push(context.key), { idempotent });
    const running = second.run(stopping.signal);
    await untilAnswered(workId, outcome);
    stopping.abort();
    await running;
    expect(keys).toEqual(idempotent ? [key] : []);
    expect(1 + keys.length).toBe(calls);
    expect(troubles).toEqual([]);
  });
});
