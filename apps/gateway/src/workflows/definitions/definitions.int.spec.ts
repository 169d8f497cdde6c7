import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import {
  otherTenant,
  prepareGround,
  startGatewayOn,
  type GatewayUnderTest,
  type Ground,
} from '../../test-support/gateway-under-test.js';
import { GatewayClient } from '../../test-support/requests.js';
import { untilTrue } from '../../test-support/until-true.js';

let ground: Ground;
let gateway: GatewayUnderTest;
let team: GatewayClient;
let reader: GatewayClient;
let stranger: GatewayClient;

beforeAll(async () => {
  ground = await prepareGround(inject('stack'));
  gateway = await startGatewayOn(ground);
  team = new GatewayClient(gateway.url, await ground.issueKey(['workflows:read', 'workflows:write'], otherTenant));
  reader = new GatewayClient(gateway.url, await ground.issueKey(['workflows:read'], otherTenant));
  stranger = new GatewayClient(gateway.url, await ground.issueKey(['admin']));
});

afterAll(async () => {
  await gateway?.stop();
  await ground?.close();
});

const order = (value: number, name = 'order') => `workflow: ${name}\nsteps:\n  a: { kind: script, value: ${value} }\n`;
const apply = (client: GatewayClient, text: string, query = '', type = 'application/yaml') =>
  client.request('POST', `/v1/workflows${query}`, { body: text, headers: { 'content-type': type } });

describe('a definition that is stored', () => {
  it('is not there after a dry run, and is there after it was applied', async () => {
    const dry = await apply(team, order(1), '?dry_run=true');
    expect([dry.status, dry.body['outcome'], dry.body['version']]).toEqual([200, 'created', null]);
    expect((await team.get('/v1/workflows/order')).status).toBe(404);
    const applied = await apply(team, order(1));
    expect([applied.status, applied.body['outcome'], applied.body['version']]).toEqual([200, 'created', 1]);
    const shown = await reader.get('/v1/workflows/order');
    expect(shown.body).toMatchObject({ version: 1, hash: dry.body['hash'], form: { form: 1 }, source: order(1) });
  });

  it('keeps its versions side by side; the same again changes nothing', async () => {
    const first = await apply(team, order(1, 'sides'));
    const second = await apply(team, order(2, 'sides'));
    expect([second.body['outcome'], second.body['version']]).toEqual(['updated', 2]);
    const json = JSON.stringify({ workflow: 'sides', steps: { a: { kind: 'script', value: 2 } } });
    expect((await apply(team, json, '', 'application/json')).body['outcome']).toBe('unchanged');
    expect((await apply(team, order(1, 'sides'))).body).toMatchObject({ version: 3, hash: first.body['hash'] });
    const { body } = await team.get('/v1/workflows/sides/versions');
    expect((body['items'] as { version: number }[]).map(({ version }) => version)).toEqual([3, 2, 1]);
    expect((await team.get('/v1/workflows/sides/versions/1')).body['hash']).toBe(first.body['hash']);
    expect((await team.get('/v1/workflows/sides/versions/latest')).body['version']).toBe(3);
    expect((await team.get('/v1/workflows/sides/versions/4')).status).toBe(404);
    expect((await team.get('/v1/workflows/sides/versions/x')).status).toBe(400);
  });

  it('is counted once when many apply it at once', async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => apply(team, order(7, 'at-once'))));
    expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(200));
    expect(answers.filter(({ body }) => body['outcome'] === 'created')).toHaveLength(1);
    const { body } = await team.get('/v1/workflows/at-once/versions');
    expect(body['items']).toHaveLength(1);
  });

  it('is archived, and is there again when it is applied', async () => {
    await apply(team, order(1, 'old'));
    expect((await team.request('DELETE', '/v1/workflows/old')).status).toBe(204);
    expect((await team.request('DELETE', '/v1/workflows/old')).status).toBe(404);
    expect(JSON.stringify((await team.get('/v1/workflows')).body)).not.toContain('"old"');
    expect(JSON.stringify((await team.get('/v1/workflows?archived=true')).body)).toContain('"old"');
    expect((await team.get('/v1/workflows/old')).body['archived_at']).toEqual(expect.any(String));
    expect((await apply(team, order(1, 'old'))).body).toMatchObject({ outcome: 'restored', version: 1 });
  });

  it('comes out as text that reads the same', async () => {
    const { body } = await apply(team, order(1, 'texts'));
    for (const format of ['yaml', 'json']) {
      const exported = await team.get(`/v1/workflows/texts/versions/latest/export?format=${format}`);
      const again = await apply(team, String(exported.body['text']), '?dry_run=true');
      expect([again.body['hash'], again.body['outcome']]).toEqual([body['hash'], 'unchanged']);
    }
  });

  it('names only workflows that are there', async () => {
    const parent = (name: string) => `workflow: parent\nsteps:\n  a: { kind: sub_workflow, workflow: ${name} }\n`;
    const { status, body } = await apply(team, parent('nobody'));
    expect([status, body['errors']]).toEqual([
      422,
      [{ pointer: '/steps/a/workflow', detail: expect.stringContaining('no such workflow'), line: 3, column: 28 }],
    ]);
    await apply(team, order(1, 'child'));
    expect((await apply(team, parent('child'))).status).toBe(200);
  });
});

describe('tenants and scopes', () => {
  it('are apart: others neither see nor change a workflow', async () => {
    await apply(team, order(1, 'mine'));
    expect((await stranger.get('/v1/workflows/mine')).status).toBe(404);
    expect((await stranger.request('DELETE', '/v1/workflows/mine')).status).toBe(404);
    expect(JSON.stringify((await stranger.get('/v1/workflows?archived=true')).body)).not.toContain('mine');
    expect((await apply(stranger, order(9, 'mine'))).body['outcome']).toBe('created');
    expect((await team.get('/v1/workflows/mine')).body['version']).toBe(1);
  });

  it('say who may', async () => {
    expect((await apply(reader, order(1, 'no'))).status).toBe(403);
    expect((await reader.request('DELETE', '/v1/workflows/order')).status).toBe(403);
  });
});

describe('a definition that cannot be used', () => {
  it('is refused with line, column and pointer of every fault', async () => {
    const text = 'workflow: bad\nsteps:\n  a: { kind: magic }\n  b: { kind: script }\n';
    const { status, body } = await apply(team, text);
    expect([status, body['code']]).toEqual([422, 'INVALID_WORKFLOW']);
    expect(body['errors']).toEqual([
      { pointer: '/steps/a/kind', detail: expect.stringContaining('must be one of agent'), line: 3, column: 8 },
      { pointer: '/steps/b/value', detail: 'must be there', line: 4, column: 3 },
    ]);
    expect((await team.get('/v1/workflows/bad')).status).toBe(404);
  });

  it.each([
    [
      'a cycle',
      'workflow: w\nsteps:\n  a: { kind: script, value: 1, needs: [b] }\n  b: { kind: script, value: 1, needs: [a] }\n',
    ],
    ['a million steps', `workflow: w\nsteps:\n${'  a: { kind: script, value: 1 }\n'.repeat(100_000)}`],
    [
      'a bomb of aliases',
      `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefgh'
        .split('')
        .map((name, index) => `${name}: &${name} [${Array(9).fill(`*${'abcdefgh'[index]}`).join(',')}]`)
        .join('\n')}\n`,
    ],
    ['nothing', ''],
    ['what is no YAML', '{{{'],
  ])('%s', async (_name, text) => {
    const { status, body } = await apply(team, text);
    expect([status, body['code']]).toEqual([422, 'INVALID_WORKFLOW']);
  });
});

describe('each change', () => {
  it('is an audit event', async () => {
    await apply(team, order(1, 'audited'));
    await apply(team, order(2, 'audited'));
    await team.request('DELETE', '/v1/workflows/audited');
    const admin = new GatewayClient(gateway.url, await ground.issueKey(['admin'], otherTenant));
    await untilTrue(async () => {
      await ground.journal.catchUp();
      const { body } = await admin.get('/v1/events?type=audit.changed&limit=200');
      const changes = (body['items'] as { data: { action: string; resource_id: string } }[]).map(({ data }) => data);
      const told = changes.filter((each) => each.resource_id === 'audited').map(({ action }) => action);
      return ['workflow.created', 'workflow.updated', 'workflow.archived'].every((action) => told.includes(action));
    });
  });
});
