import { generateKeyPairSync } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { createApiKey } from '@chorda/platform';
import { defaultTenant } from '@chorda/kernel';
import { exportJWK, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import {
  otherTenant,
  prepareGround,
  startGatewayOn,
  type GatewayUnderTest,
  type Ground,
} from '../test-support/gateway-under-test.js';
import { executed, structured } from '../test-support/requests.js';
import { undecidedPaths, markOfTenant, seedTenant, type SeededTenant } from '../test-support/seeded-tenant.js';
import { allows, roles, scopes, type Scope } from './scopes.js';

interface Operation {
  readonly operationId: string;
  readonly security: readonly { readonly api_key?: readonly string[] }[];
  readonly responses: Readonly<Record<string, unknown>>;
}

/** A route of the router with what the document says of who may call it. */
interface Door {
  readonly operationId: string;
  readonly method: string;
  readonly path: string;
  readonly scope: Scope | undefined;
  readonly documented: readonly number[];
}

const issuer = 'https://issuer.example';
const audience = 'chorda';
const issuerKey = generateKeyPairSync('ed25519');
const strangeKey = generateKeyPairSync('ed25519');

let ground: Ground;
let gateway: GatewayUnderTest;
let seeded: SeededTenant;
let doors: readonly Door[];

beforeAll(async () => {
  ground = await prepareGround(inject('stack'));
  const jwk = { ...(await exportJWK(issuerKey.publicKey)), kid: 'matrix' };
  gateway = await startGatewayOn(ground, {
    CHORDA_JWT_ISSUER: issuer,
    CHORDA_JWT_AUDIENCE: audience,
    CHORDA_JWKS: JSON.stringify({ keys: [jwk] }),
  });
  seeded = await seedTenant(ground, gateway);
  const document: { paths: Record<string, Record<string, Operation>> } = JSON.parse(
    await (await fetch(`${gateway.url}/openapi.json`)).text(),
  );
  doors = gateway.app.routes
    .all()
    .filter(({ method }) => method !== 'HEAD')
    .map(({ method, url }) => doorOf(method, url, document.paths));
});

afterAll(async () => {
  await gateway?.stop();
  await ground?.close();
});

function doorOf(method: string, url: string, paths: Record<string, Record<string, Operation>>): Door {
  const operation = paths[url.replaceAll(/:(\w+)/g, '{$1}')]?.[method.toLowerCase()];
  if (operation === undefined) throw new Error(`${method} ${url} is not in the document`);
  const [scope] = operation.security[0]?.api_key ?? [];
  const path = seeded.paths[operation.operationId] ?? url;
  if (path.includes(':')) throw new Error(`Nothing is seeded for ${method} ${url} (${operation.operationId})`);
  return {
    operationId: operation.operationId,
    method,
    path,
    scope: scopes.find((each) => each === scope),
    documented: Object.keys(operation.responses).map(Number),
  };
}

const closed = () => doors.filter(({ scope }) => scope !== undefined);

/** The rest are lists, or name a thing of the whole deployment. */
const namesOneOfTheTenant: ReadonlySet<string> = new Set([
  'getEvent',
  'getAgent',
  'getExecution',
  'getRun',
  'getTask',
  'getInferenceRequest',
  'streamInferenceRequest',
  'showKey',
  'revokeKey',
  'getDeadLetter',
  'getParked',
  'retryParked',
  'discardParked',
]);

/** A body that its own route takes; what it says matters less than that the guard comes first. */
function bodyFor(door: Door): string | undefined {
  if (door.method === 'GET' || door.method === 'DELETE') return undefined;
  if (door.operationId === 'discardParked') return JSON.stringify({ reason: 'the matrix' });
  return door.operationId === 'appendEvents' ? JSON.stringify(executed()) : '{}';
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

/** By node:http, which sends a path as it is written. A stream is left after its head. */
function ask(
  { method, path, body }: { readonly method: string; readonly path: string; readonly body?: string | undefined },
  key?: string,
): Promise<Answer> {
  const { hostname, port } = new URL(gateway.url);
  const isEvents = path.startsWith('/v1/events');
  const headers = {
    ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
    ...(body === undefined ? {} : { 'content-type': isEvents ? structured : 'application/json' }),
  };
  return new Promise((resolve, reject) => {
    const sent = httpRequest({ hostname, port, method, path, headers, timeout: 10_000 }, (response) => {
      const status = response.statusCode ?? 0;
      if (response.headers['content-type']?.startsWith('text/event-stream') === true) {
        sent.destroy();
        resolve({ status, text: '' });
        return;
      }
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () => resolve({ status, text }));
    });
    sent.on('timeout', () => sent.destroy(new Error(`${method} ${path} did not answer`)));
    sent.on('error', reject);
    sent.end(body);
  });
}

const through = (door: Door, key?: string) => ask({ ...door, body: bodyFor(door) }, key);

/** Every door whose answer is another one than `expected`. */
async function wrong(
  at: readonly Door[],
  key: string | undefined,
  isRight: (answer: Answer, door: Door) => boolean,
): Promise<readonly string[]> {
  const found: string[] = [];
  for (const door of at) {
    const answer = await through(door, key);
    if (!isRight(answer, door)) found.push(`${door.method} ${door.path} answered ${answer.status}`);
  }
  return found;
}

async function keyThat(state: 'expired' | 'revoked'): Promise<string> {
  const { keyId, text, secretHash } = createApiKey();
  await ground.keys.issue({
    tenantId: defaultTenant,
    keyId,
    name: state,
    secretHash,
    scopes: [...scopes],
    expiresAt: state === 'expired' ? new Date(Date.now() - 1_000) : undefined,
  });
  if (state === 'revoked') await ground.keys.revoke(defaultTenant, keyId);
  return text;
}

/** A token that would open every door, but for what is changed. Times are far beyond what clocks may differ by. */
function tokenWith(changes: Record<string, unknown> = {}, key = issuerKey.privateKey): Promise<string> {
  const nowS = Math.floor(Date.now() / 1_000);
  const usual = { iss: issuer, aud: audience, sub: 'ann', iat: nowS, exp: nowS + 300, tenant: defaultTenant };
  return new SignJWT({ ...usual, scope: scopes.join(' '), ...changes })
    .setProtectedHeader({ alg: 'EdDSA', kid: 'matrix' })
    .sign(key);
}

const secondsFromNow = (seconds: number) => Math.floor(Date.now() / 1_000) + seconds;

describe('every route of the router', () => {
  it('is documented, with the scope that its guard asks for, or is public by name', () => {
    expect(closed().length).toBeGreaterThan(40);
    expect(
      doors
        .filter(({ scope }) => scope === undefined)
        .map(({ path }) => path)
        .sort(),
    ).toEqual([
      '/',
      '/asyncapi.json',
      '/livez',
      '/openapi.json',
      '/readyz',
      '/reference/start.js',
      '/v1/hooks/trg_of-nobody',
    ]);
  });

  it('without a key answers 401, unless it is public', async () => {
    expect(await wrong(closed(), undefined, ({ status }) => status === 401)).toEqual([]);
  });

  it.each(['expired', 'revoked'] as const)('with a key that is %s answers 401', async (state) => {
    expect(await wrong(closed(), await keyThat(state), ({ status }) => status === 401)).toEqual([]);
  });

  it.each<readonly [string, () => Promise<string>]>([
    ['that has expired', () => tokenWith({ exp: secondsFromNow(-120) })],
    ['that is not good yet', () => tokenWith({ nbf: secondsFromNow(120) })],
    ['for another audience', () => tokenWith({ aud: 'another' })],
    ['for no audience', () => tokenWith({ aud: undefined })],
    ['of another issuer', () => tokenWith({ iss: 'https://another.example' })],
    ['with the signature of a stranger', () => tokenWith({}, strangeKey.privateKey)],
    ['for a tenant that nobody made', () => tokenWith({ tenant: 'nobody' })],
    ['for no tenant', () => tokenWith({ tenant: undefined })],
  ])('with a token %s answers 401', async (_what, make) => {
    expect(await wrong(closed(), await make(), ({ status }) => status === 401)).toEqual([]);
  });

  it('with a good token of no scope answers 403, and with the role of viewer as a key of that role', async () => {
    const none = await tokenWith({ scope: '' });
    expect(await wrong(closed(), none, ({ status }) => status === 403)).toEqual([]);
    const viewer = await tokenWith({ scope: '', roles: ['viewer'] });
    const held = credentialWith(roles.viewer);
    const rows = closed().filter((door) => door.method === 'GET' || !allows(held, door.scope ?? 'admin'));
    const isRight = ({ status }: Answer, door: Door) =>
      allows(held, door.scope ?? 'admin') ? status !== 401 && status !== 403 : status === 403;
    expect(await wrong(rows, viewer, isRight)).toEqual([]);
  });

  it('with every scope but those that hold its own answers 403', async () => {
    for (const scope of new Set(closed().flatMap((door) => door.scope ?? []))) {
      const others = scopes.filter((each) => each !== scope && (each !== 'admin' || scope === 'deployment:operate'));
      const key = await ground.issueKey(others);
      const mine = closed().filter((door) => door.scope === scope);
      expect(await wrong(mine, key, ({ status }) => status === 403)).toEqual([]);
    }
  });

  it.each(Object.keys(roles) as (keyof typeof roles)[])(
    'with the role %s answers as the scopes of it say',
    async (role) => {
      const granted: readonly Scope[] = roles[role];
      const held = { ...credentialWith(granted) };
      const key = await ground.issueKey(granted);
      // What a role may change is left alone here: it would end what the next row of the matrix looks at.
      const rows = closed().filter((door) => door.method === 'GET' || !allows(held, door.scope ?? 'admin'));
      const isRight = ({ status }: Answer, door: Door) =>
        allows(held, door.scope ?? 'admin') ? status !== 401 && status !== 403 : status === 403;
      expect(await wrong(rows, key, isRight)).toEqual([]);
    },
  );

  it('with the key of another tenant shows and changes nothing of this one', async () => {
    const key = await ground.issueKey(scopes, otherTenant);
    for (const door of closed()) {
      const { status, text } = await through(door, key);
      const name = `${door.method} ${door.path} answered ${status}`;
      expect(text, name).not.toContain(markOfTenant);
      expect(door.documented, name).toContain(status);
      if (namesOneOfTheTenant.has(door.operationId)) expect([name, status]).toEqual([name, 404]);
    }
  });

  it('with the one scope that it asks for shows what is there', async () => {
    const keys = new Map<Scope, string>();
    for (const scope of scopes) keys.set(scope, await ground.issueKey([scope]));
    for (const door of closed().filter(({ method, operationId }) => method === 'GET' && operationId !== 'openSocket')) {
      const { status } = await through(door, keys.get(door.scope ?? 'admin'));
      const absent = ['getRebuild', 'showOwnTenant', ...Object.keys(undecidedPaths)];
      const isAbsent = absent.includes(door.operationId);
      expect([door.operationId, status]).toEqual([door.operationId, isAbsent ? status : 200]);
    }
  });

  it('with the right key answers what it documents, and no refusal of who asks', async () => {
    const key = await ground.issueKey([...scopes]);
    // Last, what ends the seeded key.
    const rows = closed().toSorted((a, b) => Number(a.method === 'DELETE') - Number(b.method === 'DELETE'));
    const isRight = ({ status }: Answer, { documented }: Door) =>
      status !== 401 && status !== 403 && status < 500 && documented.includes(status);
    expect(await wrong(rows, key, isRight)).toEqual([]);
  });
});

function credentialWith(granted: readonly Scope[]) {
  return {
    keyId: 'x',
    kind: 'api_key' as const,
    tenantId: defaultTenant,
    scopes: new Set<string>(granted),
    limits: { requestsPerMinute: undefined, eventsPerMinute: undefined, tenant: noLimits },
    expiresAtMs: undefined,
  };
}

const noLimits = { requestsPerMinute: undefined, eventsPerMinute: undefined, eventsPerDay: undefined };

describe('another way to write a route', () => {
  const written: readonly (readonly [string, (path: string) => string])[] = [
    ['a slash at the end', (path) => `${path}/`],
    ['a double slash in front', (path) => `/${path}`],
    ['a double slash within', (path) => path.replace('/v1/', '/v1//')],
    ['%2f for a slash', (path) => path.replace('/v1/', '/v1%2f')],
    ['%2F for the first slash', (path) => `/%2F${path.slice(1)}`],
    ['another case', (path) => path.replace('/v1/', '/V1/')],
    ['a dot segment', (path) => path.replace('/v1/', '/v1/./')],
    ['two dots', (path) => path.replace('/v1/', '/v1/x/../')],
    ['a letter in percent', (path) => path.replace('/v1/', '/%761/')],
    ['a semicolon', (path) => `${path};x=y`],
    ['a NUL', (path) => `${path}%00`],
    ['the whole address', (path) => `http://127.0.0.1${path}`],
  ];

  it.each(written)('%s opens nothing without a key', async (_name, write) => {
    const found: string[] = [];
    for (const door of closed()) {
      const { status } = await ask({ ...door, path: write(door.path), body: bodyFor(door) });
      if (![400, 401, 404, 405].includes(status)) found.push(`${door.method} ${write(door.path)} answered ${status}`);
    }
    expect(found).toEqual([]);
  });

  it.each(['HEAD', 'OPTIONS', 'TRACE', 'PROPFIND'])('%s opens nothing without a key', async (method) => {
    const found: string[] = [];
    for (const { path } of closed()) {
      const { status } = await ask({ method, path });
      if (![400, 401, 404, 405].includes(status)) found.push(`${method} ${path} answered ${status}`);
    }
    expect(found).toEqual([]);
  });

  it('HEAD with a key that may read answers as GET does, without a body and without an open stream', async () => {
    const key = await ground.issueKey(scopes);
    for (const door of closed().filter(({ method, operationId }) => method === 'GET' && operationId !== 'openSocket')) {
      const { status, text } = await ask({ method: 'HEAD', path: door.path }, key);
      expect([door.path, text]).toEqual([door.path, '']);
      if (door.operationId !== 'showKey') expect([200, 404, 405], door.path).toContain(status);
    }
  });
});
