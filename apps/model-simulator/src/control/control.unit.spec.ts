import { afterEach, expect, it } from 'vitest';
import { startModelSimulator, type ModelSimulator, type ModelSimulatorOptions } from '../index.js';

let simulator: ModelSimulator | undefined;
afterEach(() => simulator?.stop());

async function started(
  options: ModelSimulatorOptions,
): Promise<(method: string, path: string, body?: unknown) => Promise<Response>> {
  simulator = await startModelSimulator(options);
  const { url } = simulator;
  return (method, path, body) =>
    fetch(`${url}${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
}

const chat = (fields: object = {}) => ({
  model: 'simulated',
  messages: [{ role: 'user', content: 'Hello' }],
  ...fields,
});

it('changes slots live, and says how full the engine was over time', async () => {
  const send = await started({ engine: { slots: 4, tokenMs: 5 } });
  const answers = Array.from({ length: 8 }, () =>
    send('POST', '/v1/chat/completions', chat({ max_tokens: 20, ignore_eos: true })).then((answer) => answer.text()),
  );
  const changed = await send('PATCH', '/simulator/settings', { slots: 2 });
  expect(await changed.json()).toMatchObject({ engines: [{ settings: { slots: 2 } }, { settings: { slots: 2 } }] });
  await Promise.all(answers);
  const report: unknown = await (await send('GET', '/simulator/occupancy')).json();
  expect(report).toMatchObject({ engines: [{ model: 'simulated', running_max: expect.any(Number) }, {}] });
  const refused = await send('PATCH', '/simulator/settings', { slots: 0 });
  expect([refused.status, await refused.json()]).toMatchObject([400, { error: { param: 'slots' } }]);
});

it('is over when its last answer is out, and not when its time is up', { timeout: 20_000 }, async () => {
  const send = await started({ engine: { tokenMs: 20 } });
  const answer = send('POST', '/v1/chat/completions', chat({ max_tokens: 20, ignore_eos: true }));
  while (!(await (await send('GET', '/simulator')).text()).includes('"running":1')) await new Promise(setImmediate);
  await simulator?.stop(60_000);
  expect((await answer).status).toBe(200);
  simulator = undefined;
});

it('logs times and tokens of each request, and no prompt', async () => {
  const send = await started({ engine: { tokenMs: 3, prefillMs: 10 }, logEntriesMax: 2 });
  for (const name of ['first', 'second', 'third']) {
    const messages = [{ role: 'user', content: `secret ${name}` }];
    await (await send('POST', '/v1/chat/completions', chat({ messages, max_tokens: 5, ignore_eos: true }))).text();
  }
  const text = await (await send('GET', '/simulator/requests')).text();
  const entries = text
    .split('\n')
    .filter((line) => line !== '')
    .map((line): unknown => JSON.parse(line));
  expect(text).not.toContain('secret');
  expect(entries).toHaveLength(2);
  expect(entries[0]).toMatchObject({ outcome: 'length', generated_tokens: 5, status: 200, fault: null, sequences: 1 });
  expect(await (await send('GET', '/simulator')).json()).toMatchObject({ requests_forgotten: 1 });
});

it('takes scripts for whoever cannot write them into a prompt', async () => {
  const send = await started({});
  const scripts = [{ contains: 'Hello', turns: [{ say: 'scripted' }] }];
  expect((await send('PUT', '/simulator/scripts', { scripts })).status).toBe(200);
  const answer: unknown = await (await send('POST', '/v1/chat/completions', chat())).json();
  expect(answer).toMatchObject({ choices: [{ message: { content: 'scripted' } }] });
  const wrong = await send('PUT', '/simulator/scripts', { scripts: [{ turns: [] }] });
  expect([wrong.status, await wrong.json()]).toMatchObject([400, { error: { param: 'scripts.0.turns' } }]);
});

it('serves several models, each with an engine of its own, and adapters that come and go', async () => {
  const send = await started({ models: ['large', 'small'], loras: [{ name: 'law', base: 'large', path: 'p' }] });
  await (await send('POST', '/v1/chat/completions', chat({ model: 'law' }))).text();
  const metrics = await (await send('GET', '/metrics')).text();
  expect(metrics).toMatch(/request_success_total\{engine="0",finished_reason="stop",model_name="large"\} 1\.0/);
  expect(metrics).toMatch(/request_success_total\{engine="0",finished_reason="stop",model_name="small"\} 0\.0/);
  const load = { lora_name: 'med', lora_path: 'x' };
  expect((await send('POST', '/v1/load_lora_adapter', load)).status).toBe(200);
  expect((await send('POST', '/v1/load_lora_adapter', load)).status).toBe(400);
  expect(await (await send('GET', '/v1/models')).json()).toMatchObject({
    data: [
      { id: 'large' },
      { id: 'small' },
      { id: 'simulated-embedding' },
      { id: 'law', parent: 'large' },
      { id: 'med' },
    ],
  });
  expect((await send('POST', '/v1/unload_lora_adapter', { lora_name: 'med' })).status).toBe(200);
  expect((await send('POST', '/v1/unload_lora_adapter', { lora_name: 'large' })).status).toBe(404);
  expect((await send('POST', '/v1/chat/completions', chat({ model: 'med' }))).status).toBe(404);
});

it('asks for its key where it has one, and for nothing on its health', async () => {
  const send = await started({ apiKey: 'sesame' });
  expect((await send('GET', '/v1/models')).status).toBe(401);
  expect((await send('GET', '/health')).status).toBe(200);
  const headers = { authorization: 'Bearer sesame' };
  expect((await fetch(`${simulator?.url}/v1/models`, { headers })).status).toBe(200);
});

it('refuses a body past its bound, and one of another type', async () => {
  const send = await started({ bodyBytesMax: 2_048 });
  const large = await send(
    'POST',
    '/v1/chat/completions',
    chat({ messages: [{ role: 'user', content: 'x'.repeat(4_000) }] }),
  );
  expect(large.status).toBe(413);
  const metrics = await (await send('GET', '/metrics')).text();
  expect(metrics).toContain('chorda_simulator_bounds_hit_total{bound="body_bytes"} 1.0');
  const url = `${simulator?.url}/v1/chat/completions`;
  const form = await fetch(url, { method: 'POST', body: new URLSearchParams({ model: 'simulated' }) });
  expect([form.status, await form.text()]).toEqual([400, expect.stringContaining('Unsupported Media Type')]);
});

it.each([
  [
    'a model that embeds is asked to chat',
    '/v1/chat/completions',
    chat({ model: 'simulated-embedding' }),
    'does not support',
  ],
  ['a model that chats is asked to embed', '/v1/embeddings', { model: 'simulated', input: 'x' }, 'does not support'],
  [
    'a schema that cannot be followed',
    '/v1/chat/completions',
    chat({ structured_outputs: { json: { not: {} } } }),
    'not',
  ],
  [
    'a script that is none',
    '/v1/chat/completions',
    chat({ messages: [{ role: 'user', content: '@simulate {"sya":1}' }] }),
    'sya',
  ],
  ['too many answers', '/v1/chat/completions', chat({ n: 1_000 }), 'n must be at most 128'],
  ['a field of another type', '/v1/chat/completions', chat({ stream: 'yes' }), 'body.stream'],
  ['options of a stream without one', '/v1/chat/completions', chat({ stream_options: {} }), 'stream=True'],
  [
    'a tool that is not there',
    '/v1/chat/completions',
    chat({
      tools: [{ type: 'function', function: { name: 'a' } }],
      tool_choice: { type: 'function', function: { name: 'b' } },
    }),
    'does not match',
  ],
  ['an empty input', '/v1/embeddings', { model: 'simulated-embedding', input: [] }, 'at least one'],
  ['a token that is none', '/detokenize', { tokens: [70_000] }, 'out of vocabulary'],
  [
    'pictures',
    '/v1/chat/completions',
    chat({ messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'x' } }] }] }),
    'multimodal',
  ],
])('refuses what it cannot do, naming it: %s', async (_what, path, body, named) => {
  const send = await started({});
  const answer = await send('POST', path, body);
  expect([answer.status, await answer.text()]).toEqual([400, expect.stringContaining(named)]);
});

it.each([
  [{ structured_outputs: { choice: ['yes', 'no'] } }, /^(yes|no)$/],
  [{ structured_outputs: { regex: '[A-Z]{2}-\\d{4}' } }, /^[A-Z]{2}-\d{4}$/],
  [{ guided_choice: ['left', 'right'] }, /^(left|right)$/],
  [{ response_format: { type: 'json_object' } }, /^\{.*\}$/],
])('keeps to the structure that is asked for: %o', async (fields, wanted) => {
  const send = await started({});
  const answer = (await (await send('POST', '/v1/chat/completions', chat(fields))).json()) as {
    choices: { message: { content: string } }[];
  };
  expect(answer.choices[0]?.message.content).toMatch(wanted);
});
