import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { ChordaClient, type CommandAnswer } from '@chorda/client';
import { startModelSimulator, type ModelSimulator } from '@chorda/model-simulator';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startBackbone, type Backbone } from './backbone.fixture.spec.js';

/** Every app as `npm start` runs them, a simulated model, and a page that a tool can ask for. */
let backbone: Backbone;
let client: ChordaClient;
let model: ModelSimulator;
let page: Server;
let pageUrl: string;
let asked = 0;
const folder = mkdtempSync(join(tmpdir(), 'chorda-payloads-'));

beforeAll(async () => {
  model = await startModelSimulator();
  page = createServer((_, response) => {
    asked += 1;
    response.setHeader('content-type', 'application/json').end('{"parcel":4711,"place":"van 7"}');
  });
  await new Promise<void>((resolve) => page.listen(0, '127.0.0.1', resolve));
  const address = page.address();
  pageUrl = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/parcels/4711`;
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const env = {
    VLLM_URLS: model.url,
    CHORDA_TOOL_HTTP_NETWORKS: '127.0.0.0/8',
    CHORDA_TOOL_HTTP_PORTS: '*',
    CHORDA_PAYLOADS: folder,
  };
  backbone = await startBackbone(inject('stack'), { logDestination: nowhere, env });
  client = new ChordaClient({ url: backbone.url, apiKey: backbone.apiKey });
}, 120_000);

afterAll(async () => {
  await backbone?.stop();
  await model?.stop();
  page?.close();
  rmSync(folder, { recursive: true });
});

function decided(answer: CommandAnswer) {
  if (!('events' in answer)) throw new Error(`Not decided in time: ${JSON.stringify(answer)}`);
  return answer;
}

async function until<Found>(look: () => Promise<Found | undefined>): Promise<Found> {
  const endMs = Date.now() + 50_000;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > endMs) throw new Error('Not within 50 s');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function readyAgent(name: string, tools: readonly string[] = []): Promise<string> {
  const { agent_id: id = '' } = decided(await client.agents.create({ name, tools }));
  await until(async () => {
    const { state } = Object((await client.agents.state(id)).state);
    return state === 'READY' ? state : undefined;
  });
  return id;
}

/** As the read model has it, which the events of the engine made. */
function ended(executionId: string) {
  return until(async () => {
    const found = await client.get('executions', executionId).catch(() => undefined);
    return found && found.status !== 'running' && found.reported_at !== null ? found : undefined;
  });
}

describe('an agent', { timeout: 180_000 }, () => {
  it('is created, executed against the model, and read in /v1/executions with input, output, tokens and cost', async () => {
    const agent = await readyAgent('Answers');
    const started = decided(await client.agents.execute(agent, { input_data: 'Where is parcel 4711?' }));
    expect(started).toMatchObject({ agent_id: agent, status: 'running' });
    const id = started.execution_id ?? '';
    const execution = await ended(id);
    expect(execution).toMatchObject({
      agent_id: agent,
      managed: true,
      status: 'completed',
      turns: 1,
      foreign_facts: 0,
    });
    expect(execution.prompt_tokens).toBeGreaterThan(0);
    expect(execution.completion_tokens).toBeGreaterThan(0);
    expect(execution).toMatchObject({ input_data: 'Where is parcel 4711?', output_data: { finish_reason: 'stop' } });
    expect(await client.get('agents', agent)).toMatchObject({ managed: true, state: 'READY', executions_completed: 1 });
    // The agent is known by the read model: nobody need name it.
    await expect(client.executions.cancel(id)).rejects.toMatchObject({ code: 'ILLEGAL_TRANSITION', status: 409 });
  });

  it('calls a tool once and tells the model what it gave', async () => {
    const agent = await readyAgent('Looks', ['http_get']);
    const script = [
      `@simulate {"call":"http_get","arguments":{"url":"${pageUrl}"}}`,
      '@simulate {"say":"It is in {{tool}}"}',
    ];
    const { execution_id: id = '' } = decided(await client.agents.execute(agent, { input_data: script.join('\n') }));
    const execution = await ended(id);
    expect(execution).toMatchObject({ status: 'completed', turns: 2 });
    expect(asked).toBe(1);
    expect(JSON.stringify(execution.output_data)).toContain('van 7');
    const { items } = await client.executions.history(id, { agentId: agent });
    expect(items.map(({ type }) => type.replace('agent.', ''))).toEqual([
      'execution_started',
      'turn_started',
      'turn_recorded',
      'tool_called',
      'tool_returned',
      'turn_started',
      'turn_recorded',
      'execution_completed',
    ]);
    expect(items.map(({ stream_version: version }) => version)).toEqual(items.map((_, index) => String(index + 1)));
  });

  it('is told all of a large input, which events and read models only refer to', async () => {
    const agent = await readyAgent('Reads');
    const text = 'Where is parcel 4711? '.repeat(4_000);
    const { execution_id: id = '' } = decided(await client.agents.execute(agent, { input_data: text }));
    const execution = await ended(id);
    expect(execution).toMatchObject({ status: 'completed', input_data: { length: text.length + 2 } });
    expect(execution.prompt_tokens).toBeGreaterThan(10_000);
    expect(await client.payloads.whole(execution.input_data)).toBe(text);
  });

  it('runs fifty executions at once, each with one end, and is READY after the last', async () => {
    const agent = await readyAgent('Busy');
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, n) => client.agents.execute(agent, { input_data: `Number ${n}` })),
    );
    const ids = answers.map((answer) => decided(answer).execution_id ?? '');
    const ends = await Promise.all(ids.map(ended));
    expect(ends.map(({ status }) => status)).toEqual(ids.map(() => 'completed'));
    const shown = await until(async () => {
      const found = await client.get('agents', agent);
      return found.state === 'READY' ? found : undefined;
    });
    expect(shown).toMatchObject({ executions_started: 50, executions_completed: 50, executions_failed: 0 });
    expect((await client.agents.state(agent)).state).toMatchObject({ state: 'READY', running: [] });
  });

  it('stays out of service where a tool is missing, and says which', async () => {
    const { agent_id: id = '' } = decided(await client.agents.create({ name: 'Lost', tools: ['teleport'] }));
    const shown = await until(async () => {
      const found = await client.get('agents', id).catch(() => undefined);
      return found?.last_error_code === 'VALIDATION_FAILED' ? found : undefined;
    });
    expect(shown.last_error_message).toContain('teleport');
    await expect(client.agents.execute(id, { input_data: 1 })).rejects.toMatchObject({ code: 'ILLEGAL_TRANSITION' });
  });
});
