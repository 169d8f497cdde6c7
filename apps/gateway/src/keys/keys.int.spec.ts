import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import {
  otherTenant,
  prepareGround,
  startGatewayOn,
  type GatewayUnderTest,
  type Ground,
} from '../test-support/gateway-under-test.js';
import { executed, GatewayClient } from '../test-support/requests.js';
import { untilTrue } from '../test-support/until-true.js';

let ground: Ground;
let gateway: GatewayUnderTest;
let admin: GatewayClient;
let operator: GatewayClient;

beforeAll(async () => {
  ground = await prepareGround(inject('stack'));
  gateway = await startGatewayOn(ground, { REDIS_URL: inject('stack').redisUrl });
  admin = new GatewayClient(gateway.url, await ground.issueKey(['admin']));
  operator = new GatewayClient(gateway.url, await ground.issueKey(['admin', 'deployment:operate']));
});

afterAll(async () => {
  await gateway?.stop();
  await ground?.close();
});

const json = (body: unknown) => ({ body: JSON.stringify(body), headers: { 'content-type': 'application/json' } });
const post = (client: GatewayClient, path: string, body: unknown) => client.request('POST', path, json(body));
const patch = (client: GatewayClient, path: string, body: unknown) => client.request('PATCH', path, json(body));
const idOf = (body: Record<string, unknown>) => String(body['key_id']);
const textOf = (body: Record<string, unknown>) => String(body['key']);
const keyOf = (body: Record<string, unknown>) => new GatewayClient(gateway.url, String(body['key']));

async function made(wanted: Record<string, unknown>, by = admin) {
  const { status, body } = await post(by, '/v1/keys', { name: 'spec', ...wanted });
  expect(status).toBe(201);
  return body;
}

/** What the audit log of a tenant says of a resource, oldest first. */
async function auditOf(resourceId: string, client = admin): Promise<readonly Record<string, unknown>[]> {
  await ground.journal.catchUp();
  const { body } = await client.get('/v1/events?type=audit.changed&limit=200');
  const items = body['items'] as { data: Record<string, unknown> }[];
  return items.map(({ data }) => data).filter((data) => data['resource_id'] === resourceId);
}

describe('a key made at the gateway', () => {
  it('works at once, is shown without its secret, and stops working when it is revoked', async () => {
    const body = await made({ role: 'producer', expires_in_days: 90 });
    expect(body['scopes']).toEqual(['events:write']);
    expect((await keyOf(body).send(executed())).status).toBe(201);
    const shown = await admin.get(`/v1/keys/${idOf(body)}`);
    expect(shown.body).toMatchObject({ name: 'spec', state: 'valid', tenant_id: 'default' });
    expect(JSON.stringify(shown.body)).not.toContain(String(body['key']).slice(17, 40));
    expect((await admin.request('DELETE', `/v1/keys/${idOf(body)}`)).status).toBe(204);
    expect((await admin.request('DELETE', `/v1/keys/${idOf(body)}`)).status).toBe(204);
    await untilTrue(async () => (await keyOf(body).send(executed())).status === 401);
    expect((await admin.get(`/v1/keys/${idOf(body)}`)).body['state']).toBe('revoked');
  });

  it('leaves its story on the audit log, with who did it and without the secret', async () => {
    const body = await made({ scopes: ['events:read'] });
    await admin.request('DELETE', `/v1/keys/${idOf(body)}`);
    await untilTrue(async () => (await auditOf(String(body['key_id']))).length === 2);
    const story = await auditOf(String(body['key_id']));
    expect(story.map(({ action }) => String(action)).sort((a, b) => (a < b ? -1 : 1))).toEqual([
      'key.created',
      'key.revoked',
    ]);
    expect(story[0]).toMatchObject({ actor_type: 'api_key', resource_type: 'key', ip_address: '127.0.0.1' });
    expect(JSON.stringify(story)).not.toContain(String(body['key']).slice(17, 40));
  });

  it('is not made, and stays good, where its story cannot be written: both are one transaction', async () => {
    const kept = await made({ role: 'viewer' });
    const database = new pg.Client(ground.env['DATABASE_URL']);
    await database.connect();
    await database.query('ALTER TABLE audit_outbox ADD CONSTRAINT no_story CHECK (false) NOT VALID');
    try {
      expect((await post(admin, '/v1/keys', { name: 'without a story', role: 'viewer' })).status).toBe(500);
      expect((await admin.request('DELETE', `/v1/keys/${idOf(kept)}`)).status).toBe(500);
    } finally {
      await database.query('ALTER TABLE audit_outbox DROP CONSTRAINT no_story');
      await database.end();
    }
    expect((await admin.get(`/v1/keys/${idOf(kept)}`)).body['state']).toBe('valid');
    expect(JSON.stringify((await admin.get('/v1/keys')).body)).not.toContain('without a story');
  });

  it('cannot do more than who made it', async () => {
    const refused = await post(admin, '/v1/keys', { name: 'too much', scopes: ['deployment:operate'] });
    expect(refused.status).toBe(403);
    expect(refused.body['detail']).toContain('deployment:operate');
    expect((await post(admin, '/v1/keys', { name: 'demo', scopes: ['events:simulate'] })).status).toBe(403);
  });

  it('is for the own tenant, unless one may act for all', async () => {
    expect((await post(admin, '/v1/keys', { name: 'x', role: 'viewer', tenant_id: 'other' })).body['code']).toBe(
      'TENANT_MISMATCH',
    );
    expect((await post(operator, '/v1/keys', { name: 'x', role: 'viewer', tenant_id: 'nobody' })).status).toBe(404);
    await post(operator, '/v1/tenants', { tenant_id: 'sister', name: 'Sister' });
    const body = await made({ role: 'admin', tenant_id: 'sister' }, operator);
    expect((await keyOf(body).get('/v1/tenant')).body['tenant_id']).toBe('sister');
  });

  it('of another tenant is as if it were not there', async () => {
    const stranger = new GatewayClient(gateway.url, await ground.issueKey(['admin'], otherTenant));
    const body = await made({ role: 'viewer' });
    expect((await stranger.get(`/v1/keys/${idOf(body)}`)).status).toBe(404);
    expect((await stranger.request('DELETE', `/v1/keys/${idOf(body)}`)).status).toBe(404);
    expect(JSON.stringify((await stranger.get('/v1/keys')).body)).not.toContain(String(body['key_id']));
    expect((await keyOf(body).get('/v1/events')).status).toBe(200);
  });

  it.each([
    [{ role: 'viewer', name: '' }, '/name'],
    [{ role: 'viewer', name: 'two\nlines' }, '/name'],
    [{ role: 'emperor' }, '/role'],
    [{ scopes: ['events:everything'] }, '/scopes/0'],
    [{ scopes: [] }, '/scopes'],
    [{}, '/scopes'],
    [{ role: 'viewer', expires_at: '2020-01-01T00:00:00Z' }, '/expires_at'],
    [{ role: 'viewer', expires_at: '2099-01-01T00:00:00Z', expires_in_days: 3 }, '/expires_in_days'],
    [{ role: 'viewer', requests_per_minute: 0 }, '/requests_per_minute'],
    [{ role: 'viewer', secret_hash: 'x' }, ''],
    [{ role: 'viewer', tenant_id: '../default' }, '/tenant_id'],
  ])('is refused for %j, and told where', async (wanted, pointer) => {
    const { status, body } = await post(admin, '/v1/keys', { name: 'spec', ...wanted });
    expect([status, body['code']]).toEqual([400, 'INVALID_REQUEST']);
    expect((body['errors'] as { pointer: string }[]).map((issue) => issue.pointer)).toContain(pointer);
  });
});

describe('tenants', () => {
  it('are made, limited, disabled and let in again by who may act for all of them', async () => {
    expect((await post(operator, '/v1/tenants', { tenant_id: 'acme', name: 'Acme' })).status).toBe(201);
    expect((await post(operator, '/v1/tenants', { tenant_id: 'acme', name: 'Acme' })).body['code']).toBe(
      'ALREADY_EXISTS',
    );
    const key = keyOf(await made({ role: 'admin', tenant_id: 'acme' }, operator));
    expect((await key.get('/v1/events')).status).toBe(200);
    expect((await patch(operator, '/v1/tenants/acme', { disabled: true })).body['disabled_at']).not.toBeNull();
    await untilTrue(async () => (await key.get('/v1/events')).status === 401);
    await patch(operator, '/v1/tenants/acme', { disabled: false });
    await untilTrue(async () => (await key.get('/v1/events')).status === 200);
  });

  it('are none of the business of an admin of one of them', async () => {
    for (const path of ['/v1/tenants', '/v1/tenants/acme']) expect((await admin.get(path)).status).toBe(403);
    expect((await post(admin, '/v1/tenants', { tenant_id: 'mine', name: 'Mine' })).status).toBe(403);
    expect((await patch(admin, '/v1/tenants/default', { events_per_day: null })).status).toBe(403);
  });

  it('cannot shut themselves out', async () => {
    expect((await patch(operator, '/v1/tenants/default', { disabled: true })).status).toBe(403);
  });

  it('leave every refusal of a known caller on the audit log', async () => {
    const viewer = keyOf(await made({ role: 'viewer' }));
    expect((await viewer.get('/v1/tenants')).status).toBe(403);
    await untilTrue(async () => {
      await ground.journal.catchUp();
      const { body } = await admin.get('/v1/events?type=audit.denied&limit=200');
      return JSON.stringify(body).includes('GET /v1/tenants');
    });
  });
});

describe('limits', () => {
  it('of a key hold over two gateways, and say when there is room again', async () => {
    const second = await startGatewayOn(ground, { REDIS_URL: inject('stack').redisUrl });
    const body = await made({ role: 'viewer', requests_per_minute: 20 });
    const statuses: number[] = [];
    for (let index = 0; index < 30; index++) {
      const url = index % 2 === 0 ? gateway.url : second.url;
      statuses.push((await new GatewayClient(url, String(body['key'])).get('/v1/tenant')).status);
    }
    await second.stop();
    expect(statuses.filter((status) => status === 200).length).toBe(20);
    expect(statuses.filter((status) => status === 429).length).toBe(10);
    const refused = await fetch(`${gateway.url}/v1/tenant`, { headers: { authorization: `Bearer ${textOf(body)}` } });
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(refused.headers.get('ratelimit-policy')).toBe('"key-requests";q=20;w=60');
    expect(refused.headers.get('ratelimit')).toMatch(/^"key-requests";r=0;t=\d+$/);
    expect((await refused.json()) as object).toMatchObject({ code: 'RATE_LIMITED' });
  });

  it('cannot be got around by headers that say who forwarded the request', async () => {
    const body = await made({ role: 'viewer', requests_per_minute: 3 });
    const statuses: number[] = [];
    for (let index = 0; index < 6; index++) {
      const headers = { authorization: `Bearer ${textOf(body)}`, 'x-forwarded-for': `10.0.0.${index}` };
      statuses.push((await fetch(`${gateway.url}/v1/tenant`, { headers })).status);
    }
    expect(statuses).toEqual([200, 200, 200, 429, 429, 429]);
  });

  it('of events count what is in a batch', async () => {
    const sender = keyOf(await made({ role: 'producer', events_per_minute: 10 }));
    expect((await sender.send(Array.from({ length: 8 }, () => executed()))).status).toBe(200);
    expect((await sender.send(Array.from({ length: 8 }, () => executed()))).status).toBe(200);
    const refused = await sender.send([executed()]);
    expect([refused.status, refused.body['code']]).toEqual([429, 'RATE_LIMITED']);
  });

  it('are counted by each gateway for itself while Redis is away: nobody is refused for that', async () => {
    const alone = await startGatewayOn(ground, { REDIS_URL: 'redis://127.0.0.1:1' });
    const body = await made({ role: 'viewer', requests_per_minute: 5 });
    const client = new GatewayClient(alone.url, String(body['key']));
    const statuses: number[] = [];
    for (let index = 0; index < 7; index++) statuses.push((await client.get('/v1/tenant')).status);
    await alone.stop();
    expect(statuses).toEqual([200, 200, 200, 200, 200, 429, 429]);
  });
});
