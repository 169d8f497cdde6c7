import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { runPython } from '../test-support/example-programs.js';
import { startSystem, type SystemUnderTest } from '../test-support/system-under-test.fixture.spec.js';

/** Gateway, inference worker, simulated vLLM and projector, each a process of its own, and the official client. */
let system: SystemUnderTest;
let client: OpenAI;

beforeAll(async () => {
  system = await startSystem(inject('stack'), ['gateway', 'projector', 'inference-worker', 'model-simulator']);
  const { CHORDA_URL: url, CHORDA_API_KEY: apiKey } = system.environment;
  client = new OpenAI({ baseURL: `${url}/openai/v1`, apiKey, maxRetries: 0 });
}, 240_000);

afterAll(() => system?.stop());

const model = 'simulated';
const say = (text: string) => [
  { role: 'user' as const, content: `Say it.\n@simulate ${JSON.stringify({ say: text })}` },
];

async function until(look: () => Promise<boolean>): Promise<void> {
  const endMs = Date.now() + 60_000;
  while (!(await look())) {
    if (Date.now() > endMs) throw new Error('Not within 60 s');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function paceOf(settings: object): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const address = `${system.environment['VLLM_URLS']}/simulator/settings`;
  const answer = await fetch(address, { method: 'PATCH', headers, body: JSON.stringify(settings) });
  expect(answer.status).toBe(200);
}

const requestsOf = async (): Promise<string> =>
  (await fetch(`${system.environment['VLLM_URLS']}/simulator/requests`)).text();

describe('the official client, through the log to a model server and back', () => {
  it('chats and streams', async () => {
    const whole = await client.chat.completions.create({ model, messages: say('Hello there') });
    expect(whole.choices[0]?.message.content).toBe('Hello there');
    expect(whole.usage?.completion_tokens).toBeGreaterThan(0);
    const stream = await client.chat.completions.create({
      ...{ model, messages: say('One two three'), stream: true },
      stream_options: { include_usage: true },
    });
    const texts: string[] = [];
    let total = 0;
    for await (const chunk of stream) {
      texts.push(chunk.choices[0]?.delta.content ?? '');
      total = chunk.usage?.total_tokens ?? total;
    }
    expect(texts.join('')).toBe('One two three');
    expect(texts.filter((text) => text !== '').length).toBeGreaterThan(1);
    expect(total).toBeGreaterThan(0);
  });

  it('calls tools, and keeps a JSON schema', async () => {
    const parameters = { type: 'object', properties: { key: { type: 'string' } }, required: ['key'] };
    const tools = [{ type: 'function' as const, function: { name: 'look', parameters } }];
    const messages = [{ role: 'user' as const, content: 'Look.' }];
    const called = await client.chat.completions.create({ model, messages, tools, tool_choice: 'required' });
    expect(called.choices[0]?.message.tool_calls?.[0]).toMatchObject({ function: { name: 'look' } });
    const streamed = client.chat.completions.stream({ model, messages, tools, tool_choice: 'required' });
    const [call] = (await streamed.finalChatCompletion()).choices[0]?.message.tool_calls ?? [];
    expect(call).toMatchObject({ function: { name: 'look' } });
    const schema = { type: 'object', properties: { answer: { type: 'integer' } }, required: ['answer'] };
    const format = { type: 'json_schema' as const, json_schema: { name: 'a', strict: true, schema } };
    const parsed = await client.chat.completions.parse({ model, messages, response_format: format });
    expect(parsed.choices[0]?.message.parsed).toEqual({ answer: expect.any(Number) });
  });

  it('completes a text, makes embeddings in lists, lists models, and is told what the server refuses', async () => {
    await until(async () => (await client.models.list()).data.length > 1);
    const names = (await client.models.list()).data.map(({ id }) => id);
    expect(names).toContain(model);
    const completion = await client.completions.create({ model, prompt: 'Once', max_tokens: 4 });
    expect(completion.choices[0]?.finish_reason).toMatch(/length|stop/);
    const embedder = names.find((name) => name.includes('embed')) ?? expect.fail();
    const embeddings = await client.embeddings.create({ model: embedder, input: ['one', 'two', 'three'] });
    expect(embeddings.data.map(({ index, embedding }) => [index, embedding.length > 0])).toEqual([
      [0, true],
      [1, true],
      [2, true],
    ]);
    const hot = client.chat.completions.create({ model, messages: say('x'), temperature: 9 });
    await expect(hot).rejects.toMatchObject({ status: 400, param: 'temperature' });
    await expect(client.chat.completions.create({ model: 'none', messages: say('x') })).rejects.toMatchObject({
      status: 404,
    });
  });

  it('ends its request at the model server when it leaves', async () => {
    await paceOf({ token_ms: 20 });
    const leaving = new AbortController();
    const messages = say('word '.repeat(2_000));
    const { data: stream, response } = await client.chat.completions
      .create({ model, messages, stream: true }, { signal: leaving.signal })
      .withResponse();
    const id = response.headers.get('x-chorda-request-id') ?? '';
    for await (const _ of stream) break;
    leaving.abort();
    const { CHORDA_URL: url, CHORDA_API_KEY: key } = system.environment;
    const headers = { authorization: `Bearer ${key}` };
    await until(async () => {
      const answer = await fetch(`${url}/v1/inference/${id}`, { headers });
      const { status }: { status?: string } = Object(await answer.json());
      return status === 'cancelled';
    });
    await paceOf({ token_ms: 0 });
    await until(async () => (await requestsOf()).includes(id));
    const [line = ''] = (await requestsOf()).split('\n').filter((text) => text.includes(id));
    const { outcome, generated_tokens: generated }: Record<string, unknown> = JSON.parse(line);
    expect(outcome).toMatch(/abort/);
    expect(Number(generated)).toBeLessThan(2_000);
  });

  it('in Python does the same: a chat, a stream, a tool, a schema, embeddings, a refusal', async () => {
    const lines = await runPython('python-openai', 'chat.py', [model], system.environment);
    const seen: Record<string, unknown>[] = lines.map((line) => JSON.parse(line));
    expect(seen).toEqual([
      { what: 'chat', text: expect.stringContaining('Say hello.'), tokens: expect.any(Number) },
      { what: 'stream', text: seen[0]?.['text'], pieces: expect.any(Number), tokens: seen[0]?.['tokens'] },
      { what: 'tool', name: 'weather', arguments: { town: expect.any(String) } },
      { what: 'structured', value: { degrees: expect.any(Number) } },
      { what: 'embeddings', vectors: [expect.any(Number), expect.any(Number)] },
      { what: 'refused', status: 404, message: expect.stringContaining('no-such-model') },
    ]);
    expect(seen[1]?.['pieces']).toBeGreaterThan(1);
  }, 400_000);

  it('is accounted, and shown by the command line, which says whom it asks where nobody is named', async () => {
    const { code, stdout, stderr } = await system.run('inference', 'ask', 'Hello', '--json');
    expect([code, stderr]).toEqual([0, 'Asking simulated, the first model that is offered.\n']);
    const { request_id } = JSON.parse(stdout);
    await until(async () => {
      const shown = await system.run('inference', 'show', request_id, '--json');
      return shown.code === 0 && JSON.parse(shown.stdout).billed_attempts === 1;
    });
    const listed = await system.run('inference', 'list', '--where', 'status=completed', '--json');
    expect(JSON.parse(listed.stdout).items.length).toBeGreaterThan(4);
  });
});
