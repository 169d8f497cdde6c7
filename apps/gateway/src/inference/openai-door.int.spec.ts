import type { JsonValue } from '@chorda/kernel';
import OpenAI from 'openai';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import {
  otherTenant,
  prepareGround,
  startGatewayOn,
  type GatewayUnderTest,
  type Ground,
} from '../test-support/gateway-under-test.js';
import { ScriptedWorker, type Script, type TakenRequest } from '../test-support/scripted-worker.js';
import { untilTrue } from '../test-support/until-true.js';

let ground: Ground;
let gateway: GatewayUnderTest;
let worker: ScriptedWorker;
let key: string;
let client: OpenAI;

const answer = (request: TakenRequest, message: Record<string, JsonValue>, more: Record<string, JsonValue> = {}) => ({
  id: `chatcmpl-${request.data.request_id}`,
  object: 'chat.completion',
  created: 1,
  model: request.data.model,
  choices: [{ index: 0, message: { role: 'assistant', ...message }, finish_reason: 'stop', logprobs: null }],
  usage: { prompt_tokens: 3, completion_tokens: 5, total_tokens: 8 },
  ...more,
});

const chunk = (request: TakenRequest, content: string, finish: string | null = null): JsonValue => ({
  id: `chatcmpl-${request.data.request_id}`,
  object: 'chat.completion.chunk',
  created: 1,
  model: request.data.model,
  choices: [{ index: 0, delta: { content }, finish_reason: finish }],
});

const usageChunk = (request: TakenRequest): JsonValue => ({
  ...Object(chunk(request, '')),
  choices: [],
  usage: { prompt_tokens: 3, completion_tokens: 5, total_tokens: 8 },
});

const says =
  (text: string): Script =>
  (request, own) =>
    own.complete(request, answer(request, { content: text }));

const silent: Script = async () => undefined;
const messages = [{ role: 'user' as const, content: 'Say hello.' }];
const ask = { model: 'm', messages };

beforeAll(async () => {
  ground = await prepareGround(inject('stack'));
  gateway = await startGatewayOn(ground, { CHORDA_INFERENCE_LOOKUP_MS: '300' });
  worker = await ScriptedWorker.start(ground, silent);
  key = await ground.issueKey(['inference:write', 'inference:read']);
  client = new OpenAI({ baseURL: `${gateway.url}/openai/v1`, apiKey: key, maxRetries: 0 });
}, 120_000);

beforeEach(() => {
  worker.script = silent;
});

afterAll(async () => {
  await worker?.stop();
  await gateway?.stop();
  await ground?.close();
});

const post = (path: string, body: string, headers: Record<string, string> = {}) =>
  fetch(`${gateway.url}/openai/v1${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
    body,
  });

describe('the official client', () => {
  it('chats; what it sends beside and what comes back beside pass as they are', async () => {
    worker.script = (request, own) =>
      own.complete(request, answer(request, { content: 'Hello', reasoning: 'because' }, { kv: { exact: 1 } }));
    const extra = {
      top_k: 7,
      tools: [{ type: 'function' as const, function: { name: 'look' } }],
      seed: 3,
      stop: ['x'],
    };
    const asked = client.chat.completions.create({ ...ask, ...extra });
    const { data, response, request_id } = await asked.withResponse();
    expect(data.choices[0]?.message).toMatchObject({ content: 'Hello', reasoning: 'because' });
    expect(data).toMatchObject({ kv: { exact: 1 }, usage: { total_tokens: 8 } });
    const taken = worker.taken.at(-1);
    expect(taken?.input).toEqual({ messages, ...extra });
    expect(taken?.data).toMatchObject({ operation: 'chat_completion', model: 'm', priority: 'normal', stream: false });
    expect(response.headers.get('x-chorda-request-id')).toBe(taken?.data.request_id);
    expect(request_id).toBe(response.headers.get('x-request-id'));
  });

  it('streams, with usage for who asked for it', async () => {
    worker.script = async (request, own) => {
      await own.tokens(request, 0, [chunk(request, 'Hel')]);
      await own.tokens(request, 1, [chunk(request, 'lo'), chunk(request, '', 'stop'), usageChunk(request)], {
        end: true,
      });
      await own.complete(request, answer(request, { content: 'Hello' }), true);
    };
    for (const include_usage of [false, true]) {
      const stream = await client.chat.completions.create({ ...ask, stream: true, stream_options: { include_usage } });
      let text = '';
      const usages = [];
      for await (const part of stream) {
        text += part.choices[0]?.delta.content ?? '';
        if (part.usage) usages.push(part.usage.total_tokens);
      }
      expect([text, usages]).toEqual(['Hello', include_usage ? [8] : []]);
    }
    expect(worker.taken.at(-1)?.data.stream).toBe(true);
  });

  it('calls tools, in a stream too, and parses structured output', async () => {
    const call = { id: 'c-1', type: 'function', function: { name: 'look', arguments: '{"key":"k"}' } };
    worker.script = async (request, own) => {
      if (!request.data.stream) return own.complete(request, answer(request, { content: null, tool_calls: [call] }));
      const { choices, ...head } = Object(chunk(request, ''));
      const delta = { role: 'assistant', tool_calls: [{ index: 0, ...call }] };
      await own.tokens(request, 0, [{ ...head, choices: [{ ...choices[0], delta }] }]);
      await own.tokens(request, 1, [chunk(request, '', 'tool_calls')], { end: true });
      await own.complete(request, answer(request, { content: null, tool_calls: [call] }), true);
    };
    const tools = [{ type: 'function' as const, function: { name: 'look', parameters: { type: 'object' } } }];
    const options = { ...ask, tools, tool_choice: 'required' as const, parallel_tool_calls: true };
    const whole = await client.chat.completions.create(options);
    expect(whole.choices[0]?.message.tool_calls).toEqual([call]);
    const streamed = await client.chat.completions.stream(options).finalChatCompletion();
    expect(streamed.choices[0]?.message.tool_calls?.[0]).toMatchObject({ function: { arguments: '{"key":"k"}' } });
    worker.script = says('{"answer":42}');
    const schema = { type: 'object', properties: { answer: { type: 'integer' } } };
    const format = { type: 'json_schema' as const, json_schema: { name: 'a', strict: true, schema } };
    const parsed = await client.chat.completions.parse({ ...ask, response_format: format });
    expect(parsed.choices[0]?.message.parsed).toEqual({ answer: 42 });
  });

  it('completes texts, makes embeddings and lists models', async () => {
    worker.script = (request, own) =>
      own.complete(
        request,
        request.data.operation === 'completion'
          ? { id: 'cmpl-1', object: 'text_completion', choices: [{ index: 0, text: ' time', finish_reason: 'stop' }] }
          : { object: 'list', data: [{ object: 'embedding', index: 0, embedding: [0.5, 1] }], model: 'e' },
      );
    const completion = await client.completions.create({ model: 'm', prompt: 'Once' });
    expect(completion.choices[0]?.text).toBe(' time');
    const embeddings = await client.embeddings.create({ model: 'e', input: ['one'], encoding_format: 'float' });
    expect(embeddings.data[0]?.embedding).toEqual([0.5, 1]);
    await worker.offer(['m', 'org/model-2']);
    await untilTrue(async () => (await client.models.list()).data.length === 2);
    expect((await client.models.retrieve('org/model-2')).id).toBe('org/model-2');
    await expect(client.models.retrieve('none')).rejects.toMatchObject({
      ...{ status: 404, code: 'model_not_found', param: 'model' },
    });
    // Of an API that is not here the client is told in the shape that it reads, and what is.
    await expect(client.responses.create({ model: 'm', input: 'Hello' })).rejects.toMatchObject({
      ...{ status: 404, code: 'not_found', type: 'invalid_request_error' },
      message: expect.stringContaining('chat/completions, completions, embeddings, models'),
    });
  });

  it('sees the status and the words of the model server, and what became of a request without an answer', async () => {
    const refused = { message: 'max_tokens is too large', type: 'BadRequestError', param: 'max_tokens', code: 400 };
    worker.script = (request, own) => own.fail(request, refused, 400);
    for (const stream of [false, true]) {
      await expect(client.chat.completions.create({ ...ask, stream })).rejects.toMatchObject({
        status: 400,
        param: 'max_tokens',
        code: 400,
      });
    }
    worker.script = (request, own) => own.fail(request, { message: 'slow down' }, 429, 2_500);
    const limited = await client.chat.completions.create(ask).catch((error: unknown) => error);
    expect(limited).toBeInstanceOf(OpenAI.RateLimitError);
    expect(Object(limited).headers.get('retry-after')).toBe('3');
    worker.script = (request, own) => own.expire(request);
    await expect(client.chat.completions.create(ask)).rejects.toMatchObject({ status: 504, code: 'deadline_exceeded' });
    worker.script = (request, own) => own.cancelled(request, 'not needed');
    const cancelled = await client.chat.completions.create(ask).catch((error: unknown) => Object(error));
    expect(cancelled).toMatchObject({ status: 409, code: 'request_cancelled' });
    expect(cancelled.headers.get('x-should-retry')).toBe('false');
  });

  it('is told in the stream where an attempt is lost and the next one says something else', async () => {
    worker.script = async (request, own) => {
      await own.tokens(request, 0, [chunk(request, 'Hel')]);
      await own.tokens(request, 0, [], { attempt: 2, voided: 1 });
      await own.tokens(request, 1, [chunk(request, 'Good day')], { attempt: 2 });
    };
    const read = async () => {
      let text = '';
      for await (const part of await client.chat.completions.create({ ...ask, stream: true }))
        text += part.choices[0]?.delta.content ?? '';
      return text;
    };
    await expect(read()).rejects.toMatchObject({ code: 'attempt_voided' });
    worker.script = async (request, own) => {
      await own.tokens(request, 0, [chunk(request, 'Hel')]);
      await own.tokens(request, 0, [], { attempt: 2, voided: 1 });
      await own.tokens(request, 1, [chunk(request, 'He')], { attempt: 2 });
      await own.tokens(request, 2, [chunk(request, 'llo you'), chunk(request, '', 'stop')], { attempt: 2, end: true });
      await own.complete(request, answer(request, { content: 'Hello you' }), true);
    };
    expect(await read()).toBe('Hello you');
  });

  it('takes no stream for whole before the outcome stands', async () => {
    worker.script = async (request, own) => {
      await own.tokens(request, 0, [chunk(request, 'Hello', 'stop')], { end: true });
      await own.fail(request, { message: 'lost' }, 502);
    };
    const read = async () => {
      for await (const _ of await client.chat.completions.create({ ...ask, stream: true })) continue;
    };
    await expect(read()).rejects.toMatchObject({ message: expect.stringContaining('lost') });
  });

  it('gets the whole answer where the last tokens are lost, and where the event is', async () => {
    worker.script = async (request, own) => {
      await own.tokens(request, 0, [chunk(request, 'Hel')]);
      await own.tokens(request, 2, [chunk(request, '!', 'stop')], { end: true });
      await own.complete(request, answer(request, { content: 'Hello!' }), true);
    };
    const stream = client.chat.completions.stream(ask);
    expect((await stream.finalChatCompletion()).choices[0]?.message.content).toBe('Hello!');
    worker.script = async (request, own) => {
      const { data } = request;
      const publish = own.end.bind(own);
      own.end = (taken, event) => publish(taken, event, taken.data.request_id !== data.request_id);
      await own.complete(request, answer(request, { content: 'Found' })).finally(() => (own.end = publish));
    };
    const found = await client.chat.completions.create(ask);
    expect(found.choices[0]?.message.content).toBe('Found');
  }, 30_000);
});

describe('a request', () => {
  it('says its terms in headers or metadata; what is foreign of metadata passes', async () => {
    worker.script = says('ok');
    const headers = { 'x-chorda-priority': 'high', 'x-chorda-session': 's-1', 'x-chorda-deadline-ms': '5000' };
    const metadata = { chorda_priority: 'low', chorda_cost_usd_max: '0.5', own: 'x' };
    const start = Date.now();
    await client.chat.completions.create({ ...ask, metadata, user: 'u-7', prompt_cache_key: 'p' }, { headers });
    const { data, input } = worker.taken.at(-1) ?? expect.fail();
    expect(data).toMatchObject({
      priority: 'high',
      session_id: 's-1',
      user_id: 'u-7',
      prefix_key: 'p',
      cost_usd_max: '0.5',
    });
    expect(Number(data.deadline_at)).toBeLessThan(start + 15_000);
    expect(input['metadata']).toEqual({ own: 'x' });
  });

  it('is one request where it is sent twice with a key', async () => {
    worker.script = says('once');
    const before = worker.taken.length;
    const sent = () => post('/chat/completions', JSON.stringify(ask), { 'idempotency-key': 'k-1' });
    const [first, second] = [await sent(), await sent()];
    expect(await second.text()).toBe(await first.text());
    expect(second.headers.get('idempotency-replayed')).toBe('true');
    expect(worker.taken.length).toBe(before + 1);
  });

  it('is answered soon after its deadline where no worker says anything', async () => {
    const headers = { 'x-chorda-deadline-ms': '100' };
    for (const stream of [false, true]) {
      const late = client.chat.completions.create({ ...ask, stream }, { headers });
      await expect(late).rejects.toMatchObject({ status: 504, code: 'deadline_exceeded' });
    }
  });

  it('is cancelled when its client leaves, waiting or in the middle of its answer', async () => {
    for (const stream of [false, true]) {
      worker.script = stream ? (request, own) => own.tokens(request, 0, [chunk(request, 'Hel')]) : silent;
      const leaving = new AbortController();
      const before = worker.taken.length;
      const asked = client.chat.completions.create({ ...ask, stream }, { signal: leaving.signal });
      asked.catch(() => undefined);
      if (stream) await asked;
      await untilTrue(async () => worker.taken.length > before);
      const { request_id } = worker.taken.at(-1)?.data ?? expect.fail();
      leaving.abort();
      await untilTrue(async () => worker.cancels.some((cancel) => cancel.request_id === request_id));
      expect(worker.cancels.at(-1)).toMatchObject({ reason: 'client_left', request: { model: 'm' } });
    }
  });
});

describe('a request that is wrong', () => {
  it.each([
    ['no JSON', '/chat/completions', '{"model": ', 400, null],
    ['no object', '/chat/completions', '[]', 400, null],
    ['no model', '/chat/completions', '{"messages":[{"role":"user"}]}', 400, 'model'],
    ['no messages', '/chat/completions', '{"model":"m"}', 400, 'messages'],
    ['a message without role', '/chat/completions', '{"model":"m","messages":[{}]}', 400, 'messages[0].role'],
    ['a bad stream', '/chat/completions', '{"model":"m","messages":[{"role":"u"}],"stream":"yes"}', 400, 'stream'],
    ['no tokens', '/chat/completions', '{"model":"m","messages":[{"role":"u"}],"max_tokens":0}', 400, 'max_tokens'],
    ['a bad n', '/completions', '{"model":"m","prompt":"x","n":0}', 400, 'n'],
    ['no prompt', '/completions', '{"model":"m"}', 400, 'prompt'],
    ['no input', '/embeddings', '{"model":"m","input":[]}', 400, 'input'],
    ['a mixed input', '/embeddings', '{"model":"m","input":["a",1]}', 400, 'input'],
    ['bad metadata', '/chat/completions', '{"model":"m","messages":[{"role":"u"}],"metadata":3}', 400, 'metadata'],
    ['nothing here', '/nothing', '{}', 404, null],
  ])('with %s is refused in the shape of the OpenAI API', async (_name, path, body, status, param) => {
    const before = worker.taken.length;
    const response = await post(path, body);
    expect(response.status).toBe(status);
    const { error } = Object(await response.json());
    expect(error).toMatchObject({ type: 'invalid_request_error', param });
    expect(error.message.length).toBeGreaterThan(5);
    expect(worker.taken.length).toBe(before);
  });

  it('by its terms, its key, its size or its type is refused so too', async () => {
    const body = JSON.stringify(ask);
    const cases: readonly [Promise<Response>, number, object][] = [
      [post('/chat/completions', body, { 'x-chorda-priority': 'top' }), 400, { param: 'x-chorda-priority' }],
      [post('/chat/completions', body, { 'x-chorda-deadline-ms': '1' }), 400, { param: 'x-chorda-deadline-ms' }],
      [post('/chat/completions', body, { authorization: 'Bearer chd_no' }), 401, { code: 'invalid_api_key' }],
      [post('/chat/completions', body, { 'content-type': 'text/plain' }), 415, { type: 'invalid_request_error' }],
      [
        post('/chat/completions', JSON.stringify({ ...ask, long: 'x'.repeat(1_100_000) })),
        413,
        { code: 'request_too_large' },
      ],
    ];
    for (const [sent, status, error] of cases) {
      const response = await sent;
      expect([status, response.status]).toEqual([status, status]);
      expect(await response.json()).toMatchObject({ error });
    }
    const reader = await ground.issueKey(['events:read']);
    const forbidden = await post('/chat/completions', body, { authorization: `Bearer ${reader}` });
    expect([forbidden.status, Object(await forbidden.json()).error.code]).toEqual([403, 'insufficient_permissions']);
  });
});

describe('callers of another tenant', () => {
  it('neither hear of an answer nor may ask for it by its id', async () => {
    worker.script = says('secret');
    const { response } = await client.chat.completions.create(ask).withResponse();
    const id = response.headers.get('x-chorda-request-id') ?? '';
    const stranger = await ground.issueKey(['inference:write', 'inference:read'], otherTenant);
    for (const [method, path] of [
      ['GET', ''],
      ['GET', '/stream'],
      ['POST', '/cancel'],
    ]) {
      const headers = { authorization: `Bearer ${stranger}` };
      const seen = await fetch(`${gateway.url}/v1/inference/${id}${path}`, { method: method ?? '', headers });
      expect(seen.status).toBe(404);
      expect(await seen.text()).not.toContain('secret');
    }
    const own = await fetch(`${gateway.url}/v1/inference/${id}`, { headers: { authorization: `Bearer ${key}` } });
    expect(await own.json()).toMatchObject({
      status: 'completed',
      output_data: { choices: [{}] },
      cost_usd: '0.00001',
    });
  });
});
