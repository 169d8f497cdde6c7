import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
import { GatewayClient } from '../test-support/requests.js';
import { untilTrue } from '../test-support/until-true.js';

const folder = mkdtempSync(join(tmpdir(), 'chorda-payloads-'));
const large = { text: 'ä'.repeat(50_000) };
const agent = 'AGENT-20261122-090000-0001-0001';
let ground: Ground;
let gateway: GatewayUnderTest;
let engine: EngineOfAgents;
let client: GatewayClient;
let stranger: GatewayClient;
let writer: GatewayClient;

beforeAll(async () => {
  ground = await prepareGround(inject('stack'));
  gateway = await startGatewayOn(ground, { CHORDA_COMMAND_WAIT_MS: '20000', CHORDA_PAYLOADS: folder });
  engine = await startEngineOfAgents(ground);
  client = new GatewayClient(gateway.url, await ground.issueKey(everyScope));
  stranger = new GatewayClient(gateway.url, await ground.issueKey(everyScope, otherTenant));
  writer = new GatewayClient(gateway.url, await ground.issueKey(['agents:write']));
  await readyAgent();
}, 120_000);

afterAll(async () => {
  await engine?.stop();
  await gateway?.stop();
  await ground?.close();
  rmSync(folder, { recursive: true, force: true });
});

const post = (path: string, body: unknown, by = client) =>
  by.request('POST', path, { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
const stateOf = async (path: string) => Object((await client.get(`${path}/state`)).body['state']);

async function readyAgent(): Promise<void> {
  const path = `/v1/agents/${agent}`;
  await post('/v1/agents', { agent_id: agent, name: 'Desk' });
  for (const phase of ['initialization', 'validation']) {
    await untilTrue(async () => (await stateOf(path)).check?.phase === phase);
    const { check } = await stateOf(path);
    const { body } = await client.get(`${path}/history?limit=500`);
    const begun = Object(body).items.findLast(({ type }: { type: string }) => type === `agent.${phase}_started`);
    const { attempt_token } = begun.data;
    const data = { agent_id: agent, phase, attempt: check.attempt, attempt_token, tools: [], duration_ms: 1 };
    await engine.tell('agent.record_check', data);
  }
  await untilTrue(async () => (await stateOf(path)).state === 'READY');
}

async function execute(input: unknown, by = client) {
  return post(`/v1/agents/${agent}/execute`, { input_data: input }, by);
}

async function inputOf(executionId: unknown): Promise<unknown> {
  const { body } = await client.get(`/v1/executions/${String(executionId)}/history?agent_id=${agent}`);
  return Object(body).items[0].data.input_data;
}

describe('a large input', () => {
  it('travels as a reference, and is given back byte for byte to its tenant alone', async () => {
    const { status, body } = await execute(large);
    expect(status).toBe(201);
    const ref = Object(await inputOf(body['execution_id']));
    const length = Buffer.byteLength(JSON.stringify(large));
    expect(ref).toEqual({ uri: `/v1/payloads/${ref.sha256}`, length, sha256: ref.sha256 });

    const got = await client.request('GET', ref.uri);
    expect(got.status).toBe(200);
    expect(got.body).toEqual(large);
    expect(got.headers.get('etag')).toBe(`"${ref.sha256}"`);
    expect(got.headers.get('cache-control')).toContain('private');
    expect((await stranger.get(ref.uri)).body).toMatchObject({ code: 'PAYLOAD_NOT_FOUND', status: 404 });
    expect((await writer.get(ref.uri)).status).toBe(403);
    // What is kept already may be referred to.
    expect((await execute(ref)).status).toBe(201);
  });

  it('leaves small ones in their events', async () => {
    const { body } = await execute('small');
    expect(await inputOf(body['execution_id'])).toBe('small');
  });

  it('is refused where it refers to what this tenant does not have', async () => {
    const sha256 = 'b'.repeat(64);
    const { status, body } = await execute({ uri: `/v1/payloads/${sha256}`, length: 5, sha256 });
    expect(status).toBe(422);
    expect(body).toMatchObject({ code: 'INVALID_COMMAND', detail: expect.stringContaining('/input_data') as unknown });
  });

  it('says so where it was lost or changed in the store', async () => {
    const { body } = await execute({ ...large, again: true });
    const { uri, sha256 } = Object(await inputOf(body['execution_id']));
    const path = join(folder, 'default', sha256.slice(0, 2), sha256);
    writeFileSync(path, 'something else');
    expect((await client.get(uri)).body).toMatchObject({ code: 'PAYLOAD_CHANGED', status: 500 });
    rmSync(path);
    expect((await client.get(uri)).body).toMatchObject({ code: 'PAYLOAD_NOT_FOUND', status: 404 });
    for (const name of ['..%2f..%2fetc%2fpasswd', 'short', 'A'.repeat(64)]) {
      expect((await client.get(`/v1/payloads/${name}`)).status).toBe(404);
    }
  });
});
