import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { ModelError } from './model-errors.js';
import type { AskOptions, ChatRequest } from './model-port.js';
import { OpenAiModel } from './openai-model.js';

type Answer = (response: ServerResponse, request: IncomingMessage) => void;

let server: Server;
let model: OpenAiModel;
let bodies: Record<string, unknown>[];
let headers: IncomingMessage['headers'][];
let answer: Answer;
let closed = 0;

beforeAll(async () => {
  server = createServer((request, response) => {
    response.on('close', () => closed++);
    void text(request).then((body) => {
      bodies.push(body === '' ? {} : JSON.parse(body));
      headers.push(request.headers);
      answer(response, request);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  model = modelOf();
});
beforeEach(() => {
  bodies = [];
  headers = [];
  closed = 0;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const modelOf = (changed: Partial<ConstructorParameters<typeof OpenAiModel>[0]> = {}) =>
  new OpenAiModel({
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    apiKey: 'sk-of-ours',
    defaultModel: 'tiny',
    defaultEmbeddingModel: undefined,
    ...changed,
  });

const json =
  (status: number, body: unknown, more: Record<string, string> = {}): Answer =>
  (response) =>
    response.writeHead(status, { 'content-type': 'application/json', ...more }).end(JSON.stringify(body));
const sse =
  (...chunks: readonly (object | string)[]): Answer =>
  (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const chunk of chunks)
      response.write(`data: ${typeof chunk === 'string' ? chunk : JSON.stringify(chunk)}\n\n`);
    response.end();
  };
const chunk = (delta: object, finish: string | null = null) => ({
  id: 'chatcmpl-1',
  object: 'chat.completion.chunk',
  model: 'tiny',
  choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
});
const usageChunk = {
  id: 'chatcmpl-1',
  model: 'tiny',
  choices: [],
  usage: { prompt_tokens: 28, total_tokens: 34, completion_tokens: 6, prompt_tokens_details: { cached_tokens: 16 } },
};
const prompt = 'the secret plan of the customer';
const question: ChatRequest = { messages: [{ role: 'user', content: prompt }] };
const options: AskOptions = { signal: new AbortController().signal, timeoutMs: 2_000 };
const failing = async (how: Answer, changed: Partial<AskOptions> = {}): Promise<ModelError> => {
  answer = how;
  const error: unknown = await model.chat(question, { ...options, ...changed }).catch((failure: unknown) => failure);
  if (error instanceof ModelError) return error;
  throw new Error(`not an error of the model: ${String(error)}`);
};
const vllmError = (status: number, message: string, param: string | null = null) =>
  json(status, { error: { message, type: 'BadRequestError', param, code: status } });

describe('a chat', () => {
  it('asks with tools, schema and sampling as the API has them, and reads calls and usage', async () => {
    answer = json(
      200,
      {
        id: 'chatcmpl-9',
        model: 'tiny',
        choices: [
          {
            index: 0,
            message: {
              role: 'assistant',
              content: null,
              tool_calls: [{ id: 'call-1', type: 'function', function: { name: 'http_get', arguments: 'Infinity' } }],
            },
            finish_reason: 'tool_calls',
          },
        ],
        usage: { prompt_tokens: 28, total_tokens: 40, completion_tokens: 12, prompt_tokens_details: null },
      },
      { 'x-chorda-simulated': 'true' },
    );
    const got = await model.chat(
      {
        ...question,
        tools: [{ name: 'http_get', description: 'reads', parameters: { type: 'object' } }],
        toolChoice: { name: 'http_get' },
        responseSchema: { name: 'answer', schema: { type: 'object' } },
        completionTokensMax: 12,
        temperature: 0,
        seed: 1,
        stop: ['.'],
      },
      { ...options, requestId: 'req-1' },
    );
    expect(got).toEqual({
      id: 'chatcmpl-9',
      model: 'tiny',
      isSimulated: true,
      content: null,
      // What the model wrote, though it is no JSON: who takes calls checks them.
      toolCalls: [{ id: 'call-1', name: 'http_get', arguments: 'Infinity' }],
      finishReason: 'tool_calls',
      usage: { promptTokens: 28, cachedPromptTokens: 0, completionTokens: 12 },
    });
    expect(bodies[0]).toEqual({
      model: 'tiny',
      messages: question.messages,
      tools: [
        { type: 'function', function: { name: 'http_get', description: 'reads', parameters: { type: 'object' } } },
      ],
      tool_choice: { type: 'function', function: { name: 'http_get' } },
      response_format: {
        type: 'json_schema',
        json_schema: { name: 'answer', schema: { type: 'object' }, strict: true },
      },
      max_tokens: 12,
      temperature: 0,
      seed: 1,
      stop: ['.'],
      stream: false,
    });
    expect(headers[0]).toMatchObject({ 'x-request-id': 'req-1', authorization: 'Bearer sk-of-ours' });
  });

  it('puts a stream together: text, calls in pieces, usage in its last chunk', async () => {
    answer = sse(
      chunk({ role: 'assistant', content: '' }),
      chunk({ content: 'Say ' }),
      chunk({ content: 'hello' }),
      chunk({
        tool_calls: [{ index: 0, id: 'call-1', type: 'function', function: { name: 'look', arguments: '{"k' } }],
      }),
      chunk({ tool_calls: [{ index: 0, function: { arguments: '":1}' } }] }),
      chunk({ content: '' }, 'tool_calls'),
      usageChunk,
      '[DONE]',
    );
    const pieces: string[] = [];
    const got = await model.chat(question, { ...options, onText: (piece) => pieces.push(piece) });
    expect(got).toMatchObject({
      content: 'Say hello',
      toolCalls: [{ id: 'call-1', name: 'look', arguments: '{"k":1}' }],
      finishReason: 'tool_calls',
      usage: { promptTokens: 28, cachedPromptTokens: 16, completionTokens: 6 },
    });
    expect(pieces).toEqual(['Say ', 'hello']);
    expect(bodies[0]).toMatchObject({ stream: true, stream_options: { include_usage: true } });
  });

  it('asks for the first model that the server lists where none is named', async () => {
    answer = (response, request) =>
      request.url === '/v1/models'
        ? json(200, { object: 'list', data: [{ id: 'first' }, { id: 'second' }] })(response, request)
        : json(200, { id: '1', model: 'first', choices: [{ message: { content: 'x' } }] })(response, request);
    const unnamed = modelOf({ defaultModel: undefined });
    await unnamed.chat(question, options);
    await unnamed.chat(question, options);
    expect(bodies.map((body) => body['model'])).toEqual([undefined, 'first', 'first']);
  });
});

describe('an error', () => {
  it.each<[string, Answer, object]>([
    [
      'of the rate, with seconds',
      json(429, {}, { 'retry-after': '7' }),
      { code: 'MODEL_RATE_LIMITED', retriable: true, retryAfterMs: 7_000 },
    ],
    ['of the rate, with nonsense', json(429, {}, { 'retry-after': 'soon' }), { retryAfterMs: undefined }],
    ['of the rate, with a year', json(429, {}, { 'retry-after': '31536000' }), { retryAfterMs: 3_600_000 }],
    ['of a full engine', vllmError(503, 'The engine is currently busy'), { code: 'MODEL_OVERLOADED', retriable: true }],
    ['of the server', json(500, 'oops'), { code: 'MODEL_UNAVAILABLE', retriable: true }],
    ['of a proxy', (response) => response.writeHead(502).end('<html>'), { code: 'MODEL_UNAVAILABLE' }],
    [
      'of the context, as vLLM says it',
      vllmError(400, 'max_tokens=5000 cannot be greater than max_model_len=2048. (parameter=max_tokens)', 'max_tokens'),
      { code: 'MODEL_CONTEXT_TOO_LONG', retriable: false },
    ],
    [
      'of the context, as vLLM says it of prompts',
      vllmError(400, "This model's maximum context length is 2048 tokens. However, you requested 3000", 'input_tokens'),
      { code: 'MODEL_CONTEXT_TOO_LONG' },
    ],
    [
      'of the context, as OpenAI says it',
      json(400, { error: { message: 'too long', code: 'context_length_exceeded' } }),
      { code: 'MODEL_CONTEXT_TOO_LONG' },
    ],
    [
      'of a parameter',
      vllmError(400, 'temperature must be in [0, 2], got 9.0.', 'temperature'),
      { code: 'MODEL_REFUSED', retriable: false, message: expect.stringContaining('temperature') },
    ],
    ['of a name', vllmError(404, 'The model `no-such` does not exist.', 'model'), { code: 'MODEL_UNKNOWN' }],
    ['of the key', json(401, { error: { message: 'bad key sk-of-ours' } }), { code: 'MODEL_ACCESS_DENIED' }],
    [
      'that is no JSON',
      (response) => response.writeHead(200, { 'content-type': 'application/json' }).end('{'),
      {
        code: 'MODEL_ANSWER_UNUSABLE',
      },
    ],
    ['that is empty', json(200, { id: '1', model: 'tiny', choices: [] }), { code: 'MODEL_ANSWER_UNUSABLE' }],
    ['of a socket', (_response, request) => request.socket.destroy(), { code: 'MODEL_UNAVAILABLE', retriable: true }],
  ])('%s has its own class, and is asked once', async (_what, how, expected) => {
    expect(await failing(how)).toMatchObject(expected);
    expect(bodies).toHaveLength(1);
  });

  it.each<[string, Answer]>([
    ['without an end', sse(chunk({ content: 'half of ' }))],
    ['without anything', sse()],
    [
      'cut off',
      (response) => {
        sse(chunk({ content: 'half' }));
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.write(`data: ${JSON.stringify(chunk({ content: 'half' }))}\n\n`, () => response.destroy());
      },
    ],
  ])('of a stream %s is a cut, and never an answer', async (_what, how) => {
    expect(await failing(how, { onText: () => undefined })).toMatchObject({
      code: 'MODEL_STREAM_CUT',
      retriable: true,
    });
  });

  it('that a stream brings as a chunk has the class of its code', async () => {
    const error = { error: { message: 'The engine is busy', type: 'Service Unavailable', param: null, code: 503 } };
    expect(await failing(sse(chunk({ content: 'a' }), error), { onText: () => undefined })).toMatchObject({
      code: 'MODEL_OVERLOADED',
    });
  });

  it('of a nobody that listens, of time, and of the one who asked', async () => {
    const nobody = modelOf({ baseUrl: 'http://127.0.0.1:1/v1' });
    await expect(nobody.chat(question, options)).rejects.toMatchObject({ code: 'MODEL_UNAVAILABLE' });
    const silent: Answer = () => undefined;
    expect(await failing(silent, { timeoutMs: 500 })).toMatchObject({ code: 'MODEL_TIMED_OUT', retriable: true });
    const stuck: Answer = (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(`data: ${JSON.stringify(chunk({ content: 'a' }))}\n\n`);
    };
    expect(await failing(stuck, { timeoutMs: 500, onText: () => undefined })).toMatchObject({
      code: 'MODEL_TIMED_OUT',
    });
    const stopping = new AbortController();
    setTimeout(() => stopping.abort(), 500);
    expect(await failing(stuck, { signal: stopping.signal, onText: () => undefined })).toMatchObject({
      code: 'MODEL_ABORTED',
    });
    // The connection is closed, which ends the work at the server too.
    await vi.waitFor(() => expect(closed).toBeGreaterThanOrEqual(3), { timeout: 20_000 });
  });

  it('holds nothing of the prompt, and nothing is written to the console', async () => {
    const written = ['log', 'info', 'warn', 'error', 'debug'].map((name) =>
      vi.spyOn(console, name as 'log').mockImplementation(() => undefined),
    );
    const echo = (status: number) => vllmError(status, `cannot take "${prompt}"`, prompt);
    for (const status of [400, 404, 422, 429, 500, 503]) {
      const error = await failing(echo(status));
      expect(`${error.message} ${error.stack}`).not.toContain(prompt);
    }
    expect(written.every((spy) => spy.mock.calls.length === 0)).toBe(true);
    vi.restoreAllMocks();
  });
});

describe('other questions', () => {
  it('complete a text', async () => {
    answer = json(200, {
      id: 'cmpl-1',
      model: 'tiny',
      choices: [{ text: ' there', finish_reason: 'length' }],
      usage: {},
    });
    expect(await model.complete({ prompt: 'Hello', completionTokensMax: 2 }, options)).toMatchObject({
      text: ' there',
      finishReason: 'length',
    });
    expect(bodies[0]).toMatchObject({ prompt: 'Hello', max_tokens: 2 });
  });

  it('embed texts in their order, and refuse an answer that lacks one', async () => {
    const data = [
      { index: 1, embedding: [0, 1] },
      { index: 0, embedding: [1, 0] },
    ];
    answer = json(200, { model: 'embedder', data, usage: { prompt_tokens: 4 } });
    const got = await model.embed({ model: 'embedder', texts: ['a', 'b'] }, options);
    expect(got).toMatchObject({
      vectors: [
        [1, 0],
        [0, 1],
      ],
      usage: { promptTokens: 4, completionTokens: 0 },
    });
    answer = json(200, { model: 'embedder', data: data.slice(1) });
    await expect(model.embed({ model: 'embedder', texts: ['a', 'b'] }, options)).rejects.toMatchObject({
      code: 'MODEL_ANSWER_UNUSABLE',
    });
  });
});
