import { connect } from 'node:net';
import OpenAI from 'openai';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { startModelSimulator, type Fault, type LoggedRequest, type ModelSimulator } from '../index.js';

// Nothing here depends on how quick a machine is; a busy one only takes longer.
vi.setConfig({ testTimeout: 30_000 });

let simulator: ModelSimulator;
let client: OpenAI;
beforeEach(async () => {
  simulator = await startModelSimulator({ engine: { tokenMs: 2 } });
  client = new OpenAI({ baseURL: `${simulator.url}/v1`, apiKey: 'none', maxRetries: 0 });
});
afterEach(() => simulator.stop());

const asked = {
  model: 'simulated',
  messages: [{ role: 'user' as const, content: '@simulate {"say":"one two three"}' }],
};

function by(fault: Fault) {
  return { headers: { 'x-simulate-fault': JSON.stringify(fault) } };
}

async function log(): Promise<readonly LoggedRequest[]> {
  const text = await (await fetch(`${simulator.url}/simulator/requests`)).text();
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as LoggedRequest);
}

async function logged(outcome: LoggedRequest['outcome']): Promise<LoggedRequest> {
  for (let tries = 0; tries < 1_000; tries += 1) {
    const found = (await log()).find((entry) => entry.outcome === outcome);
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`Nothing was logged as ${outcome}: ${JSON.stringify(await log())}`);
}

/** Waits until it stands there. */
async function metric(line: string): Promise<void> {
  for (let tries = 0; tries < 1_000; tries += 1) {
    if ((await (await fetch(`${simulator.url}/metrics`)).text()).includes(line)) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`Never ${line}`);
}

/** A stream to its end, or to what breaks it. */
async function streamed(fault: Fault): Promise<{ text: string; usage: boolean; error: unknown }> {
  let text = '';
  let usage = false;
  try {
    const body = { ...asked, stream: true as const, stream_options: { include_usage: true } };
    for await (const chunk of await client.chat.completions.create(body, by(fault))) {
      text += chunk.choices[0]?.delta.content ?? '';
      usage ||= chunk.usage !== undefined && chunk.usage !== null;
    }
    return { text, usage, error: undefined };
  } catch (error) {
    return { text, usage, error };
  }
}

describe('a fault that a header asks for', () => {
  it('answers any error, with Retry-After where it is given', async () => {
    const error: unknown = await client.chat.completions
      .create(asked, by({ kind: 'status', status: 429, retry_after: 7 }))
      .catch((refused: unknown) => refused);
    expect(error).toBeInstanceOf(OpenAI.RateLimitError);
    expect(error instanceof OpenAI.APIError ? error.headers?.get('retry-after') : undefined).toBe('7');
    await expect(client.chat.completions.create(asked, by({ kind: 'status', status: 503 }))).rejects.toThrow(/503/);
    await metric('chorda_simulator_faults_total{kind="status"} 2.0');
    expect((await log()).map(({ status, outcome, fault }) => [status, outcome, fault])).toEqual([
      [429, 'fault', 'status'],
      [503, 'fault', 'status'],
    ]);
  });

  it('hangs before any answer until the client leaves, and takes no slot', async () => {
    const leaving = new AbortController();
    const options = { ...by({ kind: 'hang' }), signal: leaving.signal };
    const asking = client.chat.completions.create(asked, options).catch((error: unknown) => error);
    await metric('chorda_simulator_faults_total{kind="hang"} 1.0');
    leaving.abort();
    expect(await asking).toBeInstanceOf(OpenAI.APIUserAbortError);
    expect(await logged('fault')).toMatchObject({ fault: 'hang', started_ms: null });
  });

  it('cuts a stream after so many tokens, and accounts for what was generated', async () => {
    const { text, error } = await streamed({ kind: 'cut', after_tokens: 4 });
    expect([text, error !== undefined]).toEqual(['one ', true]);
    const entry = await logged('abort');
    expect(entry.fault).toBe('cut');
    expect(entry.generated_tokens).toBeGreaterThanOrEqual(4);
  });

  it('cuts before any answer, and in the middle of a plain one', async () => {
    for (const after_tokens of [0, 5]) {
      await expect(client.chat.completions.create(asked, by({ kind: 'cut', after_tokens }))).rejects.toThrow(Error);
    }
  });

  it('falls silent in a stream and holds its slot until the client leaves', async () => {
    const leaving = new AbortController();
    const body = { ...asked, max_tokens: 10_000, ignore_eos: true, stream: true as const };
    const options = { ...by({ kind: 'hang_stream', after_tokens: 2 }), signal: leaving.signal };
    let text = '';
    const reading = (async () => {
      for await (const chunk of await client.chat.completions.create(body, options)) {
        text += chunk.choices[0]?.delta.content ?? '';
        if (text === 'on') setTimeout(() => leaving.abort(), 50);
      }
    })();
    await reading.catch(() => undefined);
    expect(text).toBe('on');
    const entry = await logged('abort');
    expect(entry.generated_tokens).toBeGreaterThan(2);
  });

  it('sends a chunk that is no JSON', async () => {
    const { text, error } = await streamed({ kind: 'bad_chunk', after_tokens: 3 });
    expect([text, error instanceof SyntaxError]).toEqual(['one', true]);
  });

  it('ends a stream with an error', async () => {
    const { text, error } = await streamed({ kind: 'error_chunk', after_tokens: 3 });
    expect([text, error instanceof OpenAI.APIError]).toEqual(['one', true]);
  });

  it('leaves usage out, though it was asked for', async () => {
    expect(await streamed({ kind: 'no_usage' })).toEqual({ text: 'one two three', usage: false, error: undefined });
    expect((await client.chat.completions.create(asked, by({ kind: 'no_usage' }))).usage).toBeUndefined();
  });

  it('ends without [DONE]', async () => {
    const answer = await fetch(`${simulator.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-simulate-fault': '{"kind":"no_end"}' },
      body: JSON.stringify({ ...asked, stream: true }),
    });
    expect(await answer.text()).toMatch(/"finish_reason":"stop"(?!.*\[DONE\])/s);
  });

  it('is slow to begin', async () => {
    await client.chat.completions.create(asked, by({ kind: 'slow', delay_ms: 80 }));
    const { arrived_ms, started_ms } = await logged('stop');
    expect((started_ms ?? 0) - arrived_ms).toBeGreaterThanOrEqual(79);
  });

  it('is refused where it is no fault, saying what is wrong', async () => {
    const options = { headers: { 'x-simulate-fault': '{"kind":"status","status":200}' } };
    await expect(client.chat.completions.create(asked, options)).rejects.toThrow(/x-simulate-fault.*status/);
  });
});

describe('faults by rule', () => {
  const send = (method: string, path: string, body?: unknown) =>
    fetch(`${simulator.url}/simulator/${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  const ask = (content = 'Hello') =>
    client.chat.completions.create({ model: 'simulated', messages: [{ role: 'user', content }] }).then(
      () => 200,
      (error: unknown) => (error instanceof OpenAI.APIError ? error.status : 0),
    );

  it('meet so many requests, an even share, or those that hold a text', async () => {
    const down = { kind: 'status', status: 500 };
    expect((await send('POST', 'faults', { fault: down, times: 2 })).status).toBe(201);
    expect([await ask(), await ask(), await ask()]).toEqual([500, 500, 200]);
    await send('DELETE', 'faults');
    await send('POST', 'faults', { fault: down, share: 0.25 });
    const answers = [];
    for (let index = 0; index < 8; index += 1) answers.push(await ask());
    expect(answers).toEqual([200, 200, 200, 500, 200, 200, 200, 500]);
    await send('DELETE', 'faults');
    await send('POST', 'faults', { fault: down, contains: 'poison' });
    expect([await ask(), await ask('a poisoned one')]).toEqual([200, 500]);
    expect(await (await send('GET', 'faults')).json()).toEqual({
      faults: [{ id: expect.any(String), fault: down, contains: 'poison', share: 1, hits: 1 }],
    });
  });

  it('are refused with the field and its rule', async () => {
    const answer = await send('POST', 'faults', { fault: { kind: 'cut', after_tokens: -1 } });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ error: { param: 'fault.after_tokens', message: expect.any(String) } });
  });

  it('and everything else that changes the server are off unless they are allowed', async () => {
    await simulator.stop();
    simulator = await startModelSimulator({ allowsControl: false });
    const changes = [
      ['POST', 'faults', { fault: { kind: 'hang' } }],
      ['PATCH', 'settings', { slots: 1 }],
      ['PUT', 'scripts', { scripts: [] }],
      ['DELETE', 'requests', undefined],
    ] as const;
    for (const [method, path, body] of changes) {
      const answer = await send(method, path, body);
      expect([path, answer.status]).toEqual([path, 403]);
      expect(await answer.text()).toContain('CHORDA_SIMULATOR_CONTROL');
    }
    const headers = { 'content-type': 'application/json', 'x-simulate-fault': '{"kind":"hang"}' };
    const url = `${simulator.url}/v1/chat/completions`;
    expect((await fetch(url, { method: 'POST', headers, body: JSON.stringify(asked) })).status).toBe(403);
    expect((await send('GET', 'occupancy')).status).toBe(200);
  });
});

it('lets go of a client that reads nothing, and counts it', async () => {
  await simulator.stop();
  simulator = await startModelSimulator({ unreadMsMax: 100 });
  const { hostname, port } = new URL(simulator.url);
  const body = JSON.stringify({ ...asked, max_tokens: 60_000, ignore_eos: true, stream: true });
  const head = ['POST /v1/chat/completions HTTP/1.1', 'host: a', 'content-type: application/json'];
  const socket = connect(Number(port), hostname);
  onTestFinished(() => void socket.destroy());
  socket.on('error', () => undefined);
  socket.pause();
  socket.write(`${head.join('\r\n')}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
  await metric('chorda_simulator_bounds_hit_total{bound="unread_bytes"} 1.0');
});
