import { createHmac, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CompactEncrypt, exportJWK, SignJWT, UnsecuredJWT, type JWK, type JWTPayload } from 'jose';
import { TokenVerifier, tokenAlgorithms, type TokenIssuer } from './token-verifier.js';

const issuer = 'https://issuer.example';
const audience = 'chorda';
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const strange = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const ed = generateKeyPairSync('ed25519');

let server: Server;
let published: JWK[] = [];
let fetches = 0;
let isDown = false;
let verifier: TokenVerifier;

beforeAll(async () => {
  server = createServer((_request, response) => {
    fetches += 1;
    if (isDown) response.writeHead(500).end();
    else response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ keys: published }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

afterAll(() => server.close());

beforeEach(async () => {
  published = [
    await jwkOf(rsa.publicKey, 'rsa-1'),
    await jwkOf(ec.publicKey, 'ec-1'),
    await jwkOf(ed.publicKey, 'ed-1'),
  ];
  isDown = false;
  fetches = 0;
  verifier = new TokenVerifier(trusted());
});

function trusted(change: Partial<TokenIssuer> = {}): TokenIssuer {
  const { port } = server.address() as AddressInfo;
  return {
    issuer,
    audience,
    jwks: new URL(`http://127.0.0.1:${port}/jwks`),
    algorithms: tokenAlgorithms,
    tenantClaim: 'tenant',
    rolesClaim: 'roles',
    ...change,
  };
}

async function jwkOf(key: KeyObject, kid: string): Promise<JWK> {
  return { ...(await exportJWK(key)), kid };
}

interface Token {
  readonly claims?: JWTPayload;
  readonly key?: KeyObject | Uint8Array;
  readonly header?: { alg: string; kid?: string; [name: string]: unknown };
  readonly without?: readonly string[];
}

function token({
  claims = {},
  key = rsa.privateKey,
  header = { alg: 'RS256', kid: 'rsa-1' },
  without = [],
}: Token = {}) {
  const nowS = Math.floor(Date.now() / 1_000);
  const usual: JWTPayload = {
    iss: issuer,
    aud: audience,
    sub: 'ann',
    exp: nowS + 300,
    iat: nowS,
    tenant: 'default',
    roles: ['viewer'],
  };
  const payload = { ...usual, ...claims };
  for (const name of without) delete payload[name];
  return new SignJWT(payload).setProtectedHeader(header).sign(key);
}

const nowS = () => Math.floor(Date.now() / 1_000);

describe('a token of the issuer', () => {
  it('names its bearer, tenant and scopes', async () => {
    expect(await verifier.verify(await token())).toMatchObject({
      subject: 'ann',
      tenantId: 'default',
      scopes: ['events:read', 'system:read', 'workflows:read'],
    });
  });

  it.each([
    ['ES256', ec.privateKey, 'ec-1'],
    ['EdDSA', ed.privateKey, 'ed-1'],
    ['PS256', rsa.privateKey, 'rsa-1'],
  ])('may be signed by %s', async (alg, key, kid) => {
    expect(await verifier.verify(await token({ key, header: { alg, kid } }))).toBeDefined();
  });

  it('may carry scopes of OAuth, and roles as a text; what we do not know is left out', async () => {
    const claims = { roles: 'producer emperor', scope: 'openid events:read system:read' };
    const verified = await verifier.verify(await token({ claims }));
    expect(verified?.scopes).toEqual(['events:write', 'events:read', 'system:read']);
  });

  it('whose clock is a little ahead is taken', async () => {
    expect(await verifier.verify(await token({ claims: { nbf: nowS() + 20 } }))).toBeDefined();
  });

  it('signed with a key that was added since is taken, and the old key until it is withdrawn', async () => {
    const old = await token();
    expect(await verifier.verify(old)).toBeDefined();
    const fresh = new TokenVerifier(trusted());
    published = [...published, await jwkOf(strange.publicKey, 'rsa-2')];
    const renewed = await token({ key: strange.privateKey, header: { alg: 'RS256', kid: 'rsa-2' } });
    expect(await fresh.verify(renewed)).toBeDefined();
    expect(await fresh.verify(old)).toBeDefined();
  });
});

describe('a token that is refused', () => {
  it.each<[string, Token]>([
    ['is signed by another key under a known id', { key: strange.privateKey }],
    ['names a key id that nobody has', { header: { alg: 'RS256', kid: '../../etc/passwd' } }],
    ['names a key id that would be SQL', { header: { alg: 'RS256', kid: "' OR 1=1 --" } }],
    ['is over by more than the clocks may differ', { claims: { exp: nowS() - 31 } }],
    ['begins later than the clocks may differ', { claims: { nbf: nowS() + 61 } }],
    ['never ends', { without: ['exp'] }],
    ['has no subject', { without: ['sub'] }],
    ['has an empty subject', { claims: { sub: '' } }],
    ['has an endless subject', { claims: { sub: 'x'.repeat(201) } }],
    ['is of another issuer', { claims: { iss: 'https://issuer.example.evil' } }],
    ['is meant for somebody else, as an id token is', { claims: { aud: 'some-web-page' } }],
    ['has no audience', { without: ['aud'] }],
    ['has no tenant', { without: ['tenant'] }],
    ['has a tenant that is none', { claims: { tenant: "x' OR true" } }],
    ['has tenants by the list', { claims: { tenant: ['default', 'other'] } }],
    ['says that its payload is not encoded, critically', { header: { alg: 'RS256', kid: 'rsa-1', crit: ['x'], x: 1 } }],
  ])('%s', async (_name, wrong) => {
    expect(await verifier.verify(await token(wrong).catch(() => 'a.b.c'))).toBeUndefined();
  });

  it('is not signed at all', async () => {
    const claims = { tenant: 'default', roles: ['admin'] };
    const unsigned = new UnsecuredJWT(claims).setIssuer(issuer).setAudience(audience).setSubject('eve');
    expect(await verifier.verify(unsigned.setExpirationTime('5m').encode())).toBeUndefined();
  });

  it.each(['none', 'None', 'nOnE'])('says alg %s over a payload of its own', async (alg) => {
    const [, payload] = (await token({ claims: { roles: ['admin'] } })).split('.');
    const header = Buffer.from(JSON.stringify({ alg, kid: 'rsa-1' })).toString('base64url');
    for (const signature of ['', 'AAAA'])
      expect(await verifier.verify(`${header}.${payload}.${signature}`)).toBeUndefined();
  });

  it('is signed by HMAC with the public key, which everybody has', async () => {
    const pem = rsa.publicKey.export({ type: 'spki', format: 'pem' }).toString();
    for (const secret of [pem, pem.trim(), ` ${pem}`]) {
      const [, payload] = (await token({ claims: { roles: ['admin'] } })).split('.');
      const header = Buffer.from(JSON.stringify({ alg: 'HS256', kid: 'rsa-1' })).toString('base64url');
      const signature = createHmac('sha256', secret).update(`${header}.${payload}`).digest('base64url');
      expect(await verifier.verify(`${header}.${payload}.${signature}`)).toBeUndefined();
    }
  });

  it('brings its own key along, or says where it is: nobody goes there', async () => {
    let visits = 0;
    const trap = createServer((_request, response) => {
      visits += 1;
      response.end('{}');
    });
    await new Promise<void>((resolve) => trap.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(trap.address() as AddressInfo).port}/jwks`;
    const jwk = await jwkOf(strange.publicKey, 'rsa-1');
    for (const extra of [{ jwk }, { jku: url }, { x5u: url }]) {
      const header = { alg: 'RS256', kid: 'rsa-1', ...extra };
      expect(await verifier.verify(await token({ key: strange.privateKey, header }))).toBeUndefined();
    }
    trap.close();
    expect(visits).toBe(0);
  });

  it('is encrypted, cut, or no token', async () => {
    const encrypted = await new CompactEncrypt(Buffer.from('{}'))
      .setProtectedHeader({ alg: 'RSA-OAEP', enc: 'A256GCM' })
      .encrypt(rsa.publicKey);
    const whole = await token();
    const [header, payload] = whole.split('.');
    for (const text of [encrypted, whole.slice(0, -4), `${header}.${payload}.`, 'a.b.c', '..', '{}', '']) {
      expect(await verifier.verify(text)).toBeUndefined();
    }
  });
});

describe('the keys of the issuer', () => {
  it('are fetched once for all who wait, and a flood of invented key ids costs one more at most', async () => {
    const good = await token();
    await Promise.all(Array.from({ length: 50 }, () => verifier.verify(good)));
    expect(fetches).toBe(1);
    for (let index = 0; index < 50; index++) {
      await verifier.verify(await token({ header: { alg: 'RS256', kid: `flood-${index}` } }));
    }
    expect(fetches).toBe(1);
  });

  it('that cannot be had say nothing about the token: it is an error of ours', async () => {
    isDown = true;
    await expect(verifier.verify(await token())).rejects.toThrow('200 OK');
    isDown = false;
    expect(await verifier.verify(await token())).toBeDefined();
  });

  it('may be given as they are', async () => {
    const given = new TokenVerifier(trusted({ jwks: { keys: published } }));
    expect(await given.verify(await token())).toBeDefined();
    expect(fetches).toBe(0);
  });
});
