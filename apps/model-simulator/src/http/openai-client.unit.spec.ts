import OpenAI from 'openai';
import type { ChatCompletionMessageParam } from 'openai/resources/chat/completions';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startModelSimulator, type ModelSimulator } from '../index.js';

let simulator: ModelSimulator;
let client: OpenAI;
beforeAll(async () => {
  simulator = await startModelSimulator();
  client = new OpenAI({ baseURL: `${simulator.url}/v1`, apiKey: 'none', maxRetries: 0 });
});
afterAll(() => simulator.stop());

const model = 'simulated';
const tools = [
  {
    type: 'function' as const,
    function: {
      name: 'lookup',
      description: 'Looks a key up.',
      parameters: { type: 'object', properties: { key: { type: 'string' } }, required: ['key'] },
    },
  },
];

it('chats, and gives the same answer to the same request', async () => {
  const ask = (seed: number) =>
    client.chat.completions.create({ model, seed, messages: [{ role: 'user', content: 'What is an event?' }] });
  const [one, same] = [await ask(1), await ask(1)];
  expect(one.choices[0]?.message.content).toMatch(/^Simulated .*What is an event\?/);
  expect(same.choices[0]?.message.content).toBe(one.choices[0]?.message.content);
  const others = await Promise.all([2, 3, 4, 5, 6, 7, 8].map(ask));
  expect(new Set(others.map(({ choices }) => choices[0]?.message.content)).size).toBeGreaterThan(1);
  expect(one.system_fingerprint).toContain('simulated');
});

it('streams whole characters, then usage', async () => {
  const messages = [{ role: 'user' as const, content: '@simulate {"say":"Größe: 3 €, 😀 und 漢字"}' }];
  const stream = await client.chat.completions.create({
    ...{ model, messages, stream: true, stream_options: { include_usage: true } },
  });
  const texts: string[] = [];
  let usage: OpenAI.CompletionUsage | undefined;
  for await (const chunk of stream) {
    texts.push(chunk.choices[0]?.delta.content ?? '');
    usage = chunk.usage ?? usage;
  }
  expect(texts.join('')).toBe('Größe: 3 €, 😀 und 漢字');
  expect(texts.every((text) => !text.includes('\ufffd'))).toBe(true);
  // One token a byte, and the one that ends it.
  expect(usage?.completion_tokens).toBe(Buffer.byteLength('Größe: 3 €, 😀 und 漢字') + 1);
});

it('calls the tool that the script names, then answers with its result', async () => {
  const question: ChatCompletionMessageParam = {
    role: 'user',
    content: 'Find it.\n@simulate {"call":"lookup","arguments":{"key":"a"}}\n@simulate {"say":"It is {{tool}}."}',
  };
  const first = await client.chat.completions.create({ model, tools, messages: [question] });
  const [choice] = first.choices;
  expect(choice?.finish_reason).toBe('tool_calls');
  const call = choice?.message.tool_calls?.[0];
  expect(call).toMatchObject({ type: 'function', function: { name: 'lookup', arguments: '{"key":"a"}' } });
  const result = { role: 'tool' as const, tool_call_id: call?.id ?? '', content: '42' };
  const messages = [question, ...(choice === undefined ? [] : [choice.message]), result];
  const second = await client.chat.completions.create({ model, tools, messages });
  expect(second.choices[0]?.message.content).toBe('It is 42.');
});

it('streams several calls and text as one message', async () => {
  const calls = [
    { tool: 'lookup', arguments: { key: 'a' } },
    { tool: 'lookup', arguments: { key: 'ü' } },
  ];
  const content = `@simulate ${JSON.stringify({ say: 'I look.', calls })}`;
  const runner = client.chat.completions.stream({ model, tools, messages: [{ role: 'user', content }] });
  const { choices } = await runner.finalChatCompletion();
  expect(choices[0]?.message.content).toBe('I look.');
  expect(choices[0]?.finish_reason).toBe('tool_calls');
  const made = choices[0]?.message.tool_calls ?? [];
  expect(made.map((call) => (call.type === 'function' ? call.function.arguments : ''))).toEqual([
    '{"key":"a"}',
    '{"key":"ü"}',
  ]);
  expect(new Set(made.map(({ id }) => id)).size).toBe(2);
});

it.each([
  ['required' as const, 'tool_calls'],
  [{ type: 'function' as const, function: { name: 'lookup' } }, 'stop'],
])('makes a call that must be made, with arguments that its schema takes: %o', async (choice, finish) => {
  const messages = [{ role: 'user' as const, content: 'Go on.' }];
  const answer = await client.chat.completions.create({ model, messages, tools, tool_choice: choice });
  const call = answer.choices[0]?.message.tool_calls?.[0];
  expect(answer.choices[0]?.finish_reason).toBe(finish);
  expect(JSON.parse(call?.type === 'function' ? call.function.arguments : '')).toEqual({ key: expect.any(String) });
});

it('keeps to a JSON schema', async () => {
  const schema = {
    type: 'object',
    properties: { ok: { type: 'boolean' }, level: { enum: ['low', 'high'] }, count: { type: 'integer', minimum: 3 } },
    required: ['ok', 'level', 'count'],
    additionalProperties: false,
  };
  const answer = await client.chat.completions.create({
    model,
    messages: [{ role: 'user', content: 'Judge.' }],
    response_format: { type: 'json_schema', json_schema: { name: 'verdict', strict: true, schema } },
  });
  const verdict: unknown = JSON.parse(answer.choices[0]?.message.content ?? '');
  expect(verdict).toEqual({
    ok: expect.any(Boolean),
    level: expect.stringMatching(/low|high/),
    count: expect.any(Number),
  });
});

it('embeds: unit vectors, the same for the same text, nearer where words are shared', async () => {
  const { data, usage } = await client.embeddings.create({
    model: 'simulated-embedding',
    input: ['red apple pie', 'red apple cake', 'quarterly revenue report', 'red apple pie'],
  });
  const vectors = data.map(({ embedding }) => embedding);
  const dot = (a = 0, b = 0) =>
    (vectors[a] ?? []).reduce((sum, one, index) => sum + one * (vectors[b]?.[index] ?? 0), 0);
  expect(vectors.map((_, index) => dot(index, index))).toEqual(vectors.map(() => expect.closeTo(1, 5)));
  expect(vectors[0]).toEqual(vectors[3]);
  expect(dot(0, 1)).toBeGreaterThan(dot(0, 2) + 0.2);
  expect(usage.prompt_tokens).toBe(
    Buffer.byteLength('red apple pie' + 'red apple cake' + 'quarterly revenue report' + 'red apple pie'),
  );
});

it('completes, lists models, and names what is wrong so that the client throws its own errors', async () => {
  const completion = await client.completions.create({ model, prompt: 'Once', max_tokens: 9, stop: ['answer'] });
  expect(completion.choices[0]?.text).toBe('Simulated');
  const ids = (await client.models.list()).data.map(({ id }) => id);
  expect(ids).toEqual(['simulated', 'simulated-embedding']);
  await expect(client.chat.completions.create({ model: 'gpt-9', messages: [] })).rejects.toThrow(OpenAI.NotFoundError);
  await expect(client.completions.create({ model, prompt: 'x', temperature: 7 })).rejects.toThrow(
    OpenAI.BadRequestError,
  );
});

it('keeps n, stop, max_tokens and logprobs, and takes fields that nobody knows', async () => {
  const messages = [{ role: 'user' as const, content: '@simulate {"say":"one two three"}' }];
  const extra = { some_field_of_tomorrow: { a: 1 } };
  const answer = await client.chat.completions.create({ model, messages, n: 3, stop: [' three'], ...extra });
  expect(answer.choices.map(({ index, message }) => [index, message.content])).toEqual([
    [0, 'one two'],
    [1, 'one two'],
    [2, 'one two'],
  ]);
  expect(answer.choices[0]).toMatchObject({ finish_reason: 'stop', stop_reason: ' three' });
  const short = await client.chat.completions.create({
    model,
    messages,
    max_tokens: 3,
    logprobs: true,
    top_logprobs: 2,
  });
  expect(short.choices[0]).toMatchObject({ finish_reason: 'length', message: { content: 'one' } });
  expect(short.choices[0]?.logprobs?.content?.map(({ token }) => token)).toEqual(['o', 'n', 'e']);
});
