import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { AddressGuard, type Address } from './address-guard.js';
import { guardedRequest, type GuardedRequest, type RequestBounds } from './guarded-request.js';

/** The public Internet of these specs: 127.0.0.1. Everything else of this machine is the inside. */
const open = '127.0.0.1/32';
const names: Record<string, Address[]> = {
  'inside.test': [{ address: '127.0.0.2', family: 4 }],
  'inside.test.': [{ address: '127.0.0.2', family: 4 }],
};
let server: Server;
let canary: Server;
let port: number;
let canaryPort: number;
let canaryHits = 0;
let hits = 0;
let answer: (response: ServerResponse) => void;

beforeAll(async () => {
  server = createServer((_request, response) => {
    hits++;
    answer(response);
  });
  // On all other addresses of this machine: what arrives there got past the guard.
  canary = createServer((_request, response) => response.end('inside'));
  canary.on('connection', () => canaryHits++);
  await Promise.all([
    new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)),
    new Promise<void>((resolve) => canary.listen(0, '0.0.0.0', resolve)),
  ]);
  port = (server.address() as AddressInfo).port;
  canaryPort = (canary.address() as AddressInfo).port;
});
beforeEach(() => {
  hits = 0;
  answer = (response) => response.end('ok');
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
  canary.close();
});

const boundsWith = (guard: AddressGuard): RequestBounds => ({
  guard,
  rules: { hosts: [], ports: [] },
  redirectsMax: 3,
  responseBytesMax: 1_000,
  connectTimeoutMs: 2_000,
});
const usual = boundsWith(new AddressGuard([open], (hostname) => Promise.resolve(names[hostname] ?? [])));
const ask = (url: string, changed: Partial<GuardedRequest> = {}, bounds = usual) =>
  guardedRequest(
    {
      ...{ method: 'GET', url, headers: {}, body: undefined, headersFor: () => ({}) },
      signal: AbortSignal.timeout(5_000),
      ...changed,
    },
    bounds,
  );
const redirectTo = (location: string, status = 302) => {
  answer = (response) => response.writeHead(status, { location }).end();
};

describe('a request to the inside', () => {
  const forms = (at: number) =>
    [
      ...['127.0.0.2', '127.2', '0x7f000002', '2130706434', '0177.0.0.2', '127.0.0.2.', '0', '0.0.0.0'],
      ...['[::1]', '[::]', '[::ffff:127.0.0.2]', '[::ffff:7f00:2]', '[::127.0.0.2]'],
      ...['[0:0:0:0:0:ffff:7f00:0002]', '[64:ff9b::7f00:2]'],
      ...['①②⑦.0.0.2', '127.0.0%2e2', 'inside.test', 'inside.test.', 'INSIDE.test', '169.254.169.254', '10.0.0.1'],
      ...['168.63.129.16', '100.100.100.200', '[fd00:ec2::254]', '[fe80::1]'],
    ].map((host) => `http://${host}:${at}/latest/meta-data/`);

  it('is refused in every form of an address, and no connection is opened', async () => {
    const before = canaryHits;
    expect(forms(canaryPort)).toHaveLength(26);
    for (const url of forms(canaryPort)) {
      const refusal = { code: 'ADDRESS_NOT_ALLOWED', effect: 'none', retriable: false };
      await expect(ask(url), url).rejects.toMatchObject(refusal);
      await expect(ask(url, { method: 'PUT', body: 'x' }), url).rejects.toMatchObject({ effect: 'none' });
    }
    expect(canaryHits).toBe(before);
  }, 30_000);

  it('is refused when a redirect leads there, and no connection is opened', async () => {
    const before = canaryHits;
    for (const location of forms(canaryPort)) {
      redirectTo(location.replace(/[^ -~]/gu, encodeURIComponent));
      const refusal = { code: 'ADDRESS_NOT_ALLOWED', effect: 'done' };
      await expect(ask(`http://127.0.0.1:${port}/`), location).rejects.toMatchObject(refusal);
    }
    expect(hits).toBe(forms(0).length);
    expect(canaryHits).toBe(before);
  }, 30_000);

  it('is refused when the name server changes its answer between two questions', async () => {
    const before = canaryHits;
    let asked = 0;
    const rebinding = () =>
      Promise.resolve([{ address: asked++ % 2 === 0 ? '127.0.0.1' : '127.0.0.2', family: 4 }] as Address[]);
    const bounds = boundsWith(new AddressGuard([open], rebinding));
    await ask(`http://rebind.test:${port}/`, {}, bounds);
    const refused = ask(`http://rebind.test:${canaryPort}/`, {}, bounds);
    await expect(refused).rejects.toMatchObject({ code: 'ADDRESS_NOT_ALLOWED' });
    // One question a connection: there is no second answer that a connection could be made with.
    expect(asked).toBe(2);
    expect(canaryHits).toBe(before);
  });
});

describe('a redirect', () => {
  it('is the answer where it is not to be followed', async () => {
    redirectTo('/elsewhere', 303);
    const response = await ask(`http://127.0.0.1:${port}/`, { method: 'POST', body: 'x', follows: false });
    expect([response.status, response.headers['location'], hits]).toEqual([303, '/elsewhere', 1]);
  });
});
