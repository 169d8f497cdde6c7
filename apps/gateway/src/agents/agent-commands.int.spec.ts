import { decodePosition } from '@chorda/contracts';
import { newId } from '@chorda/kernel';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startEngineOfAgents, type EngineOfAgents } from '../test-support/engine-of-agents.js';
import {
  everyScope,
  otherTenant,
  prepareGround,
  startGatewayOn,
  type GatewayUnderTest,
  type Ground,
} from '../test-support/gateway-under-test.js';
import { GatewayClient, type Answer } from '../test-support/requests.js';
import { untilTrue } from '../test-support/until-true.js';

let ground: Ground;
let gateway: GatewayUnderTest;
let engine: EngineOfAgents;
let client: GatewayClient;
let stranger: GatewayClient;

beforeAll(async () => {
  ground = await prepareGround(inject('stack'));
  gateway = await startGatewayOn(ground, { CHORDA_COMMAND_WAIT_MS: '20000' });
  engine = await startEngineOfAgents(ground);
  client = new GatewayClient(gateway.url, await ground.issueKey(everyScope));
  stranger = new GatewayClient(gateway.url, await ground.issueKey(everyScope, otherTenant));
}, 120_000);

afterAll(async () => {
  await engine?.stop();
  await gateway?.stop();
  await ground?.close();
});

const post = (path: string, body?: unknown, headers: Record<string, string> = {}, by = client): Promise<Answer> =>
  by.request('POST', path, {
    headers: { 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });

const tools = [
  { name: 'lookup', queue: 'tools', idempotent: true },
  { name: 'pay', queue: 'workers', idempotent: false },
];

/** What the engine waits for; the token is in the event alone. */
async function latest(path: string, type: string): Promise<Record<string, unknown>> {
  const { body } = await client.get(`${path}?limit=500`);
  const items: readonly { readonly type: string; readonly data: Record<string, unknown> }[] = Object(body).items;
  const found = items.findLast((event) => event.type === type);
  if (!found) throw new Error(`${path} has no ${type}`);
  return found.data;
}

const stateOf = async (path: string) => Object((await client.get(`${path}/state`)).body['state']);

async function readyAgent(more: object = {}): Promise<string> {
  const { body } = await post('/v1/agents', { name: 'Desk', tools: ['lookup', 'pay'], ...more });
  const agent_id = String(body['agent_id']);
  const path = `/v1/agents/${agent_id}`;
  for (const [phase, type] of [
    ['initialization', 'agent.initialization_started'],
    ['validation', 'agent.validation_started'],
  ] as const) {
    await untilTrue(async () => (await stateOf(path)).check?.phase === phase);
    const { attempt, attempt_token } = await latest(`${path}/history`, type);
    await engine.tell('agent.record_check', { agent_id, phase, attempt, attempt_token, tools, duration_ms: 1 });
  }
  await untilTrue(async () => (await stateOf(path)).state === 'READY');
  return agent_id;
}

/** Read models are a stand-in here: the agent of an execution is named. */
const of = (agent: string) => `?agent_id=${encodeURIComponent(agent)}`;

describe('an agent over HTTP', () => {
  it('is created with an id of ours, and is READY after its checks; history and states say how', async () => {
    const { status, body, headers } = await post('/v1/agents', { name: 'Desk' });
    expect(status).toBe(201);
    expect(body['agent_id']).toMatch(/^AGENT-\d{8}-\d{6}-\d{4}-[0-9A-F]{4}$/);
    expect(headers.get('location')).toBe(`/v1/agents/${String(body['agent_id'])}`);
    expect(body).toMatchObject({ state: 'INITIALIZING', events: [{ type: 'agent.created' }, {}] });
    expect(decodePosition(String(body['position']))).toMatchObject([{ topic: 'agent.events' }]);
    const agent = await readyAgent();
    const history = await client.get(`/v1/agents/${agent}/history?limit=3`);
    expect(history.body).toMatchObject({
      items: [{ type: 'agent.created', stream_version: '1', data: { name: 'Desk' } }, {}, {}],
      next_after: '3',
    });
    expect((await client.get(`/v1/agents/${agent}/history?after=3`)).body['items']).toHaveLength(3);
    const before = await client.get(`/v1/agents/${agent}/state?version=2`);
    expect(before.body).toMatchObject({ version: '2', state: { state: 'INITIALIZING' } });
    expect(JSON.stringify(before.body)).not.toContain('token');
  });

  it('runs: the caller is told the start, and the end stands in the state of the execution', async () => {
    const agent = await readyAgent();
    const started = await post(`/v1/agents/${agent}/execute`, { input_data: { ask: 1 } });
    expect(started).toMatchObject({ status: 201, body: { status: 'running', running: 1 } });
    const execution = String(started.body['execution_id']);
    expect(started.headers.get('location')).toBe(`/v1/executions/${execution}`);
    expect((await stateOf(`/v1/agents/${agent}`)).state).toBe('EXECUTING');
  });

  it('refuses what its state does not allow, with the state', async () => {
    const { body } = await post('/v1/agents', { name: 'Desk' });
    const refused = await post(`/v1/agents/${String(body['agent_id'])}/execute`, { input_data: 1 });
    expect(refused).toMatchObject({ status: 409, body: { code: 'ILLEGAL_TRANSITION', state: 'INITIALIZING' } });
    expect(await post('/v1/agents/nobody/execute', { input_data: 1 })).toMatchObject({
      status: 404,
      body: { code: 'AGENT_NOT_FOUND' },
    });
    expect((await client.get('/v1/agents/nobody/history')).status).toBe(404);
  });

  it('names every field that is wrong, and takes nothing', async () => {
    const { status, body } = await post('/v1/agents', { description: 7, colour: 'red', concurrency_max: 0 });
    expect(status).toBe(400);
    expect(body['errors']).toEqual(
      expect.arrayContaining([
        { pointer: '/name', detail: 'is missing' },
        { pointer: '/colour', detail: expect.stringContaining('is not a field') },
        expect.objectContaining({ pointer: '/description' }),
        expect.objectContaining({ pointer: '/concurrency_max' }),
      ]),
    );
    const rule = await post('/v1/agents', { name: 'Desk', tools: ['a', 'a'] });
    expect(rule).toMatchObject({ status: 422, body: { code: 'INVALID_COMMAND', errors: [{ pointer: '/tools' }] } });
    expect(await post('/v1/agents/x/execute', { agent_id: 'y', input_data: 1 })).toMatchObject({ status: 400 });
  });

  it('is one agent for one Idempotency-Key, with the same answer', async () => {
    const headers = { 'idempotency-key': newId() };
    const answers = await Promise.all([0, 1].map(() => post('/v1/agents', { name: 'Once' }, headers)));
    const settled = await post('/v1/agents', { name: 'Once' }, headers);
    const ids = new Set([...answers, settled].flatMap(({ body }) => body['agent_id'] ?? []));
    expect(ids.size).toBe(1);
    expect(settled).toMatchObject({ status: 201 });
    expect(settled.headers.get('idempotency-replayed')).toBe('true');
    expect(await post('/v1/agents', { name: 'Other' }, headers)).toMatchObject({
      status: 422,
      body: { code: 'IDEMPOTENCY_KEY_REUSED' },
    });
  });

  it('is not waited for where the caller prefers so, and its command can be asked for', async () => {
    const taken = await post('/v1/agents', { name: 'Later' }, { prefer: 'respond-async' });
    expect(taken).toMatchObject({ status: 202, body: { status: 'taken', position: null } });
    const path = taken.headers.get('location') ?? '';
    await untilTrue(async () => (await client.get(path)).status === 200);
    expect((await client.get(path)).body).toMatchObject({ status: 'accepted', state: 'INITIALIZING' });
    expect((await stranger.get(path)).status).toBe(404);
    const agent = await readyAgent();
    const { body } = await post(`/v1/agents/${agent}/execute`, { input_data: 1 });
    expect((await client.get(`/v1/commands/${String(body['command_id'])}`)).body).toMatchObject({ status: 'accepted' });
  });

  it('is terminated and deleted; its history stays', async () => {
    const agent = await readyAgent();
    await post(`/v1/agents/${agent}/execute`, { input_data: 1 });
    expect(await client.request('DELETE', `/v1/agents/${agent}`)).toMatchObject({
      status: 409,
      body: { code: 'ILLEGAL_TRANSITION', state: 'EXECUTING', running: 1 },
    });
    expect(await post(`/v1/agents/${agent}/terminate`, { reason: 'over' })).toMatchObject({
      status: 200,
      body: { state: 'TERMINATED', cancelled: 1 },
    });
    expect(await client.request('DELETE', `/v1/agents/${agent}`)).toMatchObject({
      status: 200,
      body: { deleted: true },
    });
    expect(await post(`/v1/agents/${agent}/execute`, { input_data: 1 })).toMatchObject({
      body: { code: 'AGENT_DELETED', state: 'TERMINATED' },
    });
    expect((await client.get(`/v1/agents/${agent}/history`)).status).toBe(200);
  });

  it('remembers of a session what it is given, and forgets it', async () => {
    const agent = await readyAgent();
    const path = `/v1/agents/${agent}/sessions/chat-7`;
    const put = (entry: string, body: object) =>
      client.request('PUT', `${path}/memory/${entry}`, {
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
    expect((await client.get(path)).body).toMatchObject({ version: '0', messages: [], memory: { data: {} } });
    expect(await put('context/customer', { value: { name: 'Ada' } })).toMatchObject({
      status: 200,
      body: { area: 'context', key: 'customer', changed: true, events: [{ type: 'agent.memory_written' }] },
    });
    await put('variables/n', { value: 1 });
    const session = (await client.get(path)).body;
    expect(session).toMatchObject({
      memory: { data: {}, context: { customer: { name: 'Ada' } }, variables: { n: 1 } },
    });
    expect(await client.request('DELETE', `${path}/memory/variables/n`)).toMatchObject({ body: { changed: true } });
    expect(await client.request('DELETE', `${path}/memory/variables/n`)).toMatchObject({ body: { changed: false } });
    expect(Object((await client.get(path)).body['memory']).variables).toEqual({});
    for (const [entry, body, status] of [
      ['moon/a', { value: 1 }, 400],
      ['data/a', {}, 400],
      ['data/a', { value: 1, ttl: 5 }, 400],
      ['unknown/a', { value: 1 }, 400],
      ['data/a%20b', { value: 1 }, 422],
    ] as const) {
      expect(await put(entry, body), entry).toMatchObject({ status, body: { errors: [{}] } });
    }
    expect((await client.get('/v1/agents/nobody/sessions/chat-7')).body).toMatchObject({ code: 'AGENT_NOT_FOUND' });
    expect((await stranger.get(path)).status).toBe(404);
    // Its next execution is told.
    await post(`/v1/agents/${agent}/execute`, { execution_id: 'told', input_data: 'Hi', session_id: 'chat-7' });
    const told = await client.get(`/v1/executions/told/state${of(agent)}`);
    expect(Object(told.body['state']).context).toContain('Ada');
  });

  it('is nothing to another tenant', async () => {
    const agent = await readyAgent();
    for (const path of [`/v1/agents/${agent}/history`, `/v1/agents/${agent}/state`]) {
      expect((await stranger.get(path)).status).toBe(404);
    }
    const executed = await post(`/v1/agents/${agent}/execute`, { input_data: 1 }, {}, stranger);
    expect(executed).toMatchObject({ status: 404, body: { code: 'AGENT_NOT_FOUND' } });
    const reader = new GatewayClient(gateway.url, await ground.issueKey(['events:read', 'events:write']));
    expect((await post('/v1/agents', { name: 'x' }, {}, reader)).status).toBe(403);
  });
});

describe('an execution over HTTP', () => {
  async function running(): Promise<{ agent: string; execution: string }> {
    const agent = await readyAgent();
    const { body } = await post(`/v1/agents/${agent}/execute`, { input_data: 'hello' });
    const execution = String(body['execution_id']);
    return { agent, execution };
  }

  const state = async (agent: string, execution: string) =>
    Object((await client.get(`/v1/executions/${execution}/state${of(agent)}`)).body['state']);

  async function tell(agent: string, execution: string, output: object) {
    const { body } = await client.get(`/v1/executions/${execution}/history${of(agent)}&limit=500`);
    const started = Object(body).items.findLast(({ type }: { type: string }) => type === 'agent.turn_started').data;
    const own = { agent_id: agent, execution_id: execution, turn: started.turn, attempt: started.attempt };
    await engine.tell('agent.record_turn', {
      ...own,
      attempt_token: started.attempt_token,
      model: 'sim',
      output_data: output,
      finish_reason: 'stop',
      prompt_tokens: 10,
      completion_tokens: 5,
      duration_ms: 1,
    });
  }

  it('ends with the answer of the model', async () => {
    const { agent, execution } = await running();
    await tell(agent, execution, { content: 'hi' });
    await untilTrue(async () => (await state(agent, execution)).status === 'completed');
    expect((await stateOf(`/v1/agents/${agent}`)).state).toBe('READY');
  });

  it('is cancelled once, and goes on as another', async () => {
    const { agent, execution } = await running();
    const cancel = () => post(`/v1/executions/${execution}/cancel`, { agent_id: agent, reason: 'enough' });
    expect(await cancel()).toMatchObject({ status: 200, body: { status: 'cancelled' } });
    expect(await cancel()).toMatchObject({ status: 200, body: { status: 'cancelled', events: [] } });
    const retried = await post(`/v1/executions/${execution}/retry`, { agent_id: agent });
    expect(retried).toMatchObject({ status: 201, body: { status: 'running' } });
    expect(await state(agent, String(retried.body['execution_id']))).toMatchObject({ retry_of: execution });
  });

  it('waits for a person where nobody knows what a call did, and goes on when it is settled', async () => {
    const { agent, execution } = await running();
    await tell(agent, execution, { content: null, tool_calls: [{ id: 'c', name: 'pay', arguments: { eur: 5 } }] });
    await untilTrue(async () => (await state(agent, execution)).turns?.length === 1);
    const history = await client.get(`/v1/executions/${execution}/history${of(agent)}`);
    const { data } = Object(history.body).items.findLast(({ type }: { type: string }) => type === 'agent.tool_called');
    const call = { turn: 1, call_id: data.call_id, attempt: 1, attempt_token: data.attempt_token, duration_ms: 1 };
    await engine.tell('agent.record_tool_result', {
      agent_id: agent,
      execution_id: execution,
      ...call,
      status: 'lost',
    });
    await untilTrue(async () => (await state(agent, execution)).held_since_ms !== null);
    const { incident } = (await state(agent, execution)).turns[0].calls[0];
    const settle = (resolution: string) =>
      post(`/v1/executions/${execution}/incidents/${incident}/settle`, { agent_id: agent, resolution, output_data: 1 });
    expect(await settle('perhaps')).toMatchObject({ status: 400 });
    expect(await settle('completed')).toMatchObject({ status: 200, body: { status: 'running' } });
    expect(await settle('completed')).toMatchObject({ status: 409, body: { code: 'INCIDENT_NOT_OPEN' } });
    expect(await state(agent, execution)).toMatchObject({ held_since_ms: null, asking: { turn: 2 } });
  });

  it('that nobody started is not found', async () => {
    expect(await post('/v1/executions/none/cancel', {})).toMatchObject({
      status: 404,
      body: { code: 'EXECUTION_NOT_FOUND' },
    });
    expect((await client.get('/v1/executions/none/state')).status).toBe(404);
  });
});
