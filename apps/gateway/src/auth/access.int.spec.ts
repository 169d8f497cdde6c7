import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { parseApiKey } from '@chorda/platform';
import { defaultTenant } from '@chorda/kernel';
import {
  everyScope,
  otherTenant,
  prepareGround,
  startGatewayOn,
  type GatewayUnderTest,
  type Ground,
} from '../test-support/gateway-under-test.js';
import { executed, GatewayClient, structured } from '../test-support/requests.js';

let ground: Ground;
let gateway: GatewayUnderTest;
let paths: Record<string, Record<string, { security?: unknown[] }>>;

beforeAll(async () => {
  ground = await prepareGround(inject('stack'));
  gateway = await startGatewayOn(ground);
  const text = await (await fetch(`${gateway.url}/openapi.json`)).text();
  paths = JSON.parse(text).paths;
});

afterAll(async () => {
  await gateway?.stop();
  await ground?.close();
});

/** Every operation that the router has; that none is missing from the document is another spec's matter. */
function operations(isPublic: boolean): readonly { method: string; path: string }[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([, { security = [] }]) => (security.length === 0) === isPublic)
      .map(([method]) => ({
        method: method.toUpperCase(),
        path: path.replace('{id}', 'x').replace('{asset}', 'start.js'),
      })),
  );
}

/** The status alone: a stream that was let in would never end. */
async function statusOf(method: string, path: string, headers: Record<string, string>): Promise<number> {
  const leaving = new AbortController();
  const response = await fetch(gateway.url + path, {
    method,
    headers: { ...headers, 'content-type': structured },
    signal: leaving.signal,
    ...(method === 'POST' ? { body: JSON.stringify(executed()) } : {}),
  });
  leaving.abort();
  return response.status;
}

async function statuses(headers: Record<string, string>, isPublic = false): Promise<readonly number[]> {
  const found: number[] = [];
  for (const { method, path } of operations(isPublic)) found.push(await statusOf(method, path, headers));
  return found;
}

const hook = '/v1/hooks/{token}';
const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

describe('an address that is not public', () => {
  it('is there, and more than one', () => {
    expect(operations(false).length).toBeGreaterThanOrEqual(5);
  });

  it.each([
    ['without a key', {}],
    ['with another scheme', { authorization: 'Basic Y2hkOmNoZA==' }],
    ['with something that is no key', bearer('chd_0123456789')],
    ['with a key that has a wrong checksum', bearer(`chd_${'a'.repeat(12)}_${'b'.repeat(49)}`)],
    ['with an empty key', { authorization: 'Bearer ' }],
  ])('is closed %s', async (_name, headers) => {
    expect(new Set(await statuses(headers))).toEqual(new Set([401]));
  });

  it('is closed with a key that nobody issued, in the same words as with one that is revoked', async () => {
    const key = await ground.issueKey(everyScope);
    await ground.keys.revoke(defaultTenant, parseApiKey(key)?.keyId ?? '');
    expect(new Set(await statuses(bearer(key)))).toEqual(new Set([401]));
  });

  it('is closed a second after the key was revoked', async () => {
    const key = await ground.issueKey(everyScope);
    expect(await statusOf('GET', '/v1/events', bearer(key))).toBe(200);
    await ground.keys.revoke(defaultTenant, parseApiKey(key)?.keyId ?? '');
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(await statusOf('GET', '/v1/events', bearer(key))).toBe(401);
  });

  it('is closed with a key whose scopes are of others', async () => {
    const key = await ground.issueKey([]);
    expect(new Set(await statuses(bearer(key)))).toEqual(new Set([403]));
  });

  it('is closed to a key in the address', async () => {
    const key = await ground.issueKey(everyScope);
    expect(await statusOf('GET', `/v1/events?api_key=${key}`, {})).toBe(401);
  });

  it.each([
    ['events:read', 'GET', '/v1/events', 200],
    ['events:read', 'GET', '/v1/stream', 200],
    ['events:read', 'POST', '/v1/events', 403],
    ['events:read', 'GET', '/v1/system', 403],
    ['events:write', 'POST', '/v1/events', 201],
    ['events:write', 'GET', '/v1/events', 403],
    ['events:write', 'GET', '/v1/stream', 403],
    ['system:read', 'GET', '/v1/system', 200],
    ['system:read', 'GET', '/v1/events/x', 403],
    ['events:simulate', 'POST', '/v1/events', 403],
    ['admin', 'POST', '/v1/events', 201],
    ['admin', 'GET', '/v1/system', 200],
  ] as const)('with the scope %s answers %s %s with %i', async (scope, method, path, status) => {
    expect(await statusOf(method, path, bearer(await ground.issueKey([scope])))).toBe(status);
  });

  it('cannot be reached by another way of writing it', async () => {
    const written = ['/v1//events', '/v1/events/', '/v1/./events', '/v1%2Fevents', '/V1/events', '//v1/events'];
    for (const path of written) expect([401, 404]).toContain(await statusOf('GET', path, {}));
    expect([401, 404, 405]).toContain(await statusOf('HEAD', '/v1/events', {}));
    expect([401, 404, 405]).toContain(await statusOf('OPTIONS', '/v1/events', {}));
  });

  it('writes to the tenant of the key and to no other', async () => {
    const other = new GatewayClient(gateway.url, await ground.issueKey(['admin'], otherTenant));
    expect((await other.send(executed({ tenantid: 'default' }))).body['code']).toBe('TENANT_MISMATCH');
    const event = executed();
    expect((await other.send(event)).status).toBe(201);
    await ground.journal.catchUp();
    expect((await other.get(`/v1/events/${event.id}`)).body['tenantid']).toBe('other');
  });
});

describe('a public address', () => {
  it('needs no key, and a bad one does no harm', async () => {
    // An address that only who knows it can name: this one is nobody's.
    const expected = operations(true).map(({ path }) => (path === hook ? 404 : 200));
    expect(await statuses({}, true)).toEqual(expected);
    expect(await statuses(bearer('chd_nonsense'), true)).toEqual(expected);
  });

  it('is one of these alone', () => {
    expect(
      operations(true)
        .map(({ path }) => path)
        .sort(),
    ).toEqual(['/', '/asyncapi.json', '/livez', '/openapi.json', '/readyz', '/reference/start.js', hook].sort());
  });
});
