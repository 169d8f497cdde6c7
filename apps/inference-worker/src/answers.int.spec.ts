import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jsonText, jsonValue } from '@chorda/contracts';
import type { JsonValue } from '@chorda/kernel';
import { startModelSimulator, type ModelSimulator } from '@chorda/model-simulator';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { InferenceGround, type Ask } from './test-support/inference-ground.js';

let ground: InferenceGround;
let simulator: ModelSimulator;
let folder: string;
let worker: Awaited<ReturnType<InferenceGround['worker']>>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chorda-inference-'));
  const [prices, budgets] = [join(folder, 'prices.json'), join(folder, 'budgets.json')];
  const models = { simulated: { prompt: '1', completion: '2' } };
  writeFileSync(prices, JSON.stringify([{ version: 'v1', from: '2020-01-01T00:00:00Z', models }]));
  writeFileSync(budgets, JSON.stringify([{ tenant: 'poor', tokens_per_day: 40 }]));
  ground = await InferenceGround.open(inject('stack'));
  const engine = { tokenMs: 5, modelTokensMax: 4_096, kvBlocks: 4_096 };
  simulator = await startModelSimulator({ models: ['simulated', 'large'], engine });
  worker = await ground.worker([simulator.url], {
    CHORDA_PRICES_FILE: prices,
    CHORDA_BUDGETS_FILE: budgets,
    CHORDA_INFERENCE_STALL_MS: '400',
    CHORDA_INFERENCE_FALLBACKS: JSON.stringify({ gone: ['large'] }),
  });
});

afterAll(async () => {
  await worker?.app.stop();
  await simulator?.stop();
  await ground?.close();
  await rm(folder, { recursive: true, force: true });
});

afterEach(() => control('DELETE', '/simulator/faults'));

async function control(method: string, path: string, body?: JsonValue): Promise<string> {
  const headers = { 'content-type': 'application/json' };
  const init = body === undefined ? { method } : { method, headers, body: JSON.stringify(body) };
  const response = await fetch(`${simulator.url}${path}`, init);
  if (!response.ok) throw new Error(await response.text());
  return response.text();
}

const fault = (of: JsonValue, times = 1) => control('POST', '/simulator/faults', { fault: of, times });

async function outcomeOf(asked: Ask = {}) {
  const id = await ground.ask(asked);
  const [outcome] = await ground.outcomes([id]);
  return { id, ...outcome!.event };
}

async function usageOf(id: string, count: number) {
  await ground.until(() => ground.usageOf(id).length >= count);
  return ground.usageOf(id);
}

const long = (tokens: number): JsonValue => ({
  messages: [{ role: 'user', content: 'Tell me a story' }],
  min_tokens: tokens,
  max_tokens: tokens,
});

describe('a request', () => {
  it('is answered by one outcome, in the body of the OpenAI API, with what it cost', async () => {
    const { id, ...event } = await outcomeOf();
    expect(event).toMatchObject({
      type: 'inference.completed',
      data: { request_id: id, model: 'simulated', provider: 'vllm', attempts: 1, streamed: false },
    });
    const data = event.type === 'inference.completed' ? event.data : undefined;
    expect(jsonValue(data!.output_data)).toMatchObject({
      object: 'chat.completion',
      choices: [{ index: 0, message: { role: 'assistant' } }],
      usage: { completion_tokens: data!.completion_tokens },
    });
    const cost = (data!.prompt_tokens + 2 * data!.completion_tokens) / 1_000_000;
    const [usage] = await usageOf(id, 1);
    expect(usage).toMatchObject({ attempt: 1, status: 'completed', estimated: false, price_version: 'v1' });
    expect(Number(usage!.cost_usd)).toBeCloseTo(cost, 9);
    expect(usage!.dispatched_at).toBeGreaterThanOrEqual(usage!.fetched_at!);
  });

  it('that stands in the log twice has one outcome and one call', async () => {
    const first = await outcomeOf();
    await ground.ask({ id: first.id });
    await outcomeOf();
    expect(ground.outcomesOf(first.id)).toHaveLength(1);
    expect(ground.usageOf(first.id)).toHaveLength(1);
  });

  it('for a completion, and one for vectors, are answered in their shapes', async () => {
    const asks: Ask[] = [
      { operation: 'completion', input: { prompt: 'Once', max_tokens: 4 } },
      ...['one', 'two', 'three'].map((input) => {
        return { operation: 'embedding', model: 'simulated-embedding', input: { input } };
      }),
    ];
    const ids = await Promise.all(asks.map((asked) => ground.ask(asked)));
    const bodies = (await ground.outcomes(ids)).map(({ event }) =>
      event.type === 'inference.completed' ? jsonValue(event.data.output_data) : null,
    );
    expect(bodies[0]).toMatchObject({ object: 'text_completion', choices: [{ index: 0 }] });
    const vector = { object: 'list', data: [{ index: 0, object: 'embedding' }] };
    for (const body of bodies.slice(1)) expect(body).toMatchObject(vector);
    expect(new Set(bodies.slice(1).map((body) => JSON.stringify(body))).size).toBe(3);
  });

  it('of an agent comes back to it as its command', async () => {
    const context = { agent_id: 'a-1', execution_id: 'e-1', turn: 1, attempt: 1, attempt_token: 't-1' };
    const reply_to = { command_type: 'agent.record_turn', subject: 'a-1', context: jsonText(context) };
    const { id } = await outcomeOf({ changed: { reply_to } });
    const commands = await ground.commands();
    expect(commands).toMatchObject([
      { type: 'agent.record_turn', data: { ...context, request_id: id, model: 'simulated', finish_reason: 'length' } },
    ]);
  });
});

describe('a request that nobody can answer', () => {
  it.each<[string, Ask, object]>([
    [
      'to a model that is not there',
      { model: 'nobody' },
      { error_code: 'MODEL_NOT_FOUND', http_status: 404, attempts: 0 },
    ],
    [
      'that the server refuses',
      { input: { messages: 5 } },
      { error_code: 'INVALID_REQUEST', http_status: 400, attempts: 1 },
    ],
    ['without an object', { input: 'x' }, { error_code: 'INVALID_REQUEST', http_status: 400, attempts: 0 }],
    [
      'too long for the model',
      { input: { messages: [{ role: 'user', content: 'word '.repeat(6_000) }] } },
      { error_code: 'CONTEXT_LENGTH_EXCEEDED', http_status: 400, attempts: 1 },
    ],
    ['beyond its own limit', { changed: { tokens_max: 3 } }, { error_code: 'LIMIT_EXCEEDED', attempts: 0 }],
    ['beyond the budget', { tenant: 'poor', input: long(500) }, { error_code: 'BUDGET_EXCEEDED', http_status: 429 }],
    [
      'for somebody that we cannot answer',
      { changed: { reply_to: { command_type: 'nobody.knows', subject: 's', context: null } } },
      { error_code: 'REPLY_UNKNOWN', attempts: 0 },
    ],
  ])('%s fails and says why', async (_, asked, data) => {
    expect(await outcomeOf(asked)).toMatchObject({ type: 'inference.failed', data });
  });
});

describe('a server that', () => {
  it('refuses for want of room is asked again, and every attempt is accounted', async () => {
    await fault({ kind: 'status', status: 503 }, 2);
    const { id, ...event } = await outcomeOf();
    expect(event).toMatchObject({ type: 'inference.completed', data: { attempts: 3 } });
    const usage = await usageOf(id, 3);
    expect(usage.map(({ status, error_code: code, prompt_tokens: tokens }) => [status, code, tokens > 0])).toEqual([
      ['failed', 'PROVIDER_UNAVAILABLE', false],
      ['failed', 'PROVIDER_UNAVAILABLE', false],
      ['completed', null, true],
    ]);
  });

  it('asks for a pause gets it', async () => {
    await fault({ kind: 'status', status: 429, retry_after: 1 });
    const askedMs = Date.now();
    const event = await outcomeOf();
    expect(event).toMatchObject({ type: 'inference.completed', data: { attempts: 2 } });
    expect(Date.now() - askedMs).toBeGreaterThanOrEqual(1_000);
  });

  it.each([
    ['cuts a stream', { kind: 'cut', after_tokens: 3 }],
    ['falls silent in a stream', { kind: 'hang_stream', after_tokens: 3 }],
    ['writes what is no JSON', { kind: 'bad_chunk', after_tokens: 3 }],
  ])('%s has its part voided, and accounted by estimate', async (_, of) => {
    await fault(of);
    const { id, ...event } = await outcomeOf({ input: long(8), changed: { stream: true } });
    expect(event).toMatchObject({ type: 'inference.completed', data: { attempts: 2, streamed: true } });
    const [failed, done] = await usageOf(id, 2);
    expect(failed).toMatchObject({ attempt: 1, status: 'failed', estimated: true });
    expect(done).toMatchObject({ attempt: 2, status: 'completed', estimated: false });
    await ground.until(() => ground.deltasOf(id).some(({ end }) => end));
    const second = ground.deltasOf(id).filter(({ attempt }) => attempt === 2);
    expect(second.map(({ sequence }) => sequence)).toEqual(second.map((_delta, index) => index));
    expect(second[0]?.voided_attempt).toBe(1);
  });

  it('fails for good fails the request after its attempts', async () => {
    await fault({ kind: 'status', status: 500 }, 2);
    expect(await outcomeOf({ model: 'large', changed: { attempts_max: 2 } })).toMatchObject({
      type: 'inference.failed',
      data: { error_code: 'ATTEMPTS_EXHAUSTED', attempts: 2, http_status: 502 },
    });
  });

  it('leaves usage out costs what we guess', async () => {
    await fault({ kind: 'no_usage' });
    const { id } = await outcomeOf();
    const [usage] = await usageOf(id, 1);
    expect(usage).toMatchObject({ status: 'completed', estimated: true });
    expect(usage!.completion_tokens).toBeGreaterThan(0);
  });

  it('has no such model is passed over for the one to fall back to', async () => {
    expect(await outcomeOf({ model: 'gone' })).toMatchObject({ type: 'inference.completed', data: { model: 'large' } });
  });
});

describe('a stream', () => {
  it('is sent on as it comes, its parts making up the whole', async () => {
    const { id, ...event } = await outcomeOf({ input: long(60), changed: { stream: true } });
    await ground.until(() => ground.deltasOf(id).some(({ end }) => end));
    const deltas = ground.deltasOf(id);
    expect(deltas[0]?.chunks).toHaveLength(1);
    expect(deltas.length).toBeGreaterThan(3);
    const chunks = deltas.flatMap((delta) => delta.chunks.map((chunk) => JSON.parse(chunk)));
    const text = chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('');
    const body = event.type === 'inference.completed' ? JSON.parse(event.data.output_data) : undefined;
    expect(body.choices[0].message.content).toBe(text);
    expect(chunks.at(-1).usage).toEqual(body.usage);
  });
});

describe('a cancel', () => {
  const running = async () => {
    const state: { engines: { running: number }[] } = JSON.parse(await control('GET', '/simulator'));
    return state.engines.reduce((sum, engine) => sum + engine.running, 0);
  };

  it('ends the call at its server, and is the outcome', async () => {
    const id = await ground.ask({ input: long(3_000) });
    await ground.until(async () => (await running()) === 1);
    await ground.cancel(id);
    const [outcome] = await ground.outcomes([id]);
    expect(outcome?.event).toMatchObject({
      type: 'inference.cancelled',
      data: { reason: 'client_left', attempts: 1, model: 'simulated' },
    });
    expect(await usageOf(id, 1)).toMatchObject([{ status: 'cancelled', estimated: true, error_code: 'ABORTED' }]);
    await ground.until(async () => (await running()) === 0);
  });

  it('of what nobody has read is its outcome, and no model is asked; an agent that waits for it is told', async () => {
    const id = 'cancelled-before';
    await ground.cancel(id);
    await ground.outcomes([id]);
    const context = { agent_id: 'a-2', execution_id: 'e-2', turn: 1, attempt: 1, attempt_token: 't-2' };
    const reply_to = { command_type: 'agent.record_turn', subject: 'a-2', context: jsonText(context) };
    await ground.ask({ id, changed: { reply_to } });
    await outcomeOf();
    expect(ground.outcomesOf(id).map(({ event }) => event.type)).toEqual(['inference.cancelled']);
    expect(ground.usageOf(id)).toEqual([]);
    const told = (await ground.commands()).filter(({ data }) => 'agent_id' in data && data.agent_id === 'a-2');
    expect(told).toMatchObject([
      { type: 'agent.record_turn_failure', data: { ...context, error_code: 'MODEL_ABORTED', is_retriable: false } },
    ]);
  });
});

describe('a deadline', () => {
  it('that has passed is the outcome', async () => {
    expect(await outcomeOf({ deadlineMs: -1 })).toMatchObject({
      type: 'inference.expired',
      data: { stage: 'queued', attempts: 0 },
    });
  });

  it('that comes in a call ends it', async () => {
    expect(await outcomeOf({ model: 'large', input: long(3_000), deadlineMs: 700 })).toMatchObject({
      type: 'inference.expired',
      data: { stage: 'running', attempts: 1 },
    });
  });
});
