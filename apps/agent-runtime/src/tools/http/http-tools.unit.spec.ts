import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { defaultTenant, tenantId, type JsonValue } from '@chorda/kernel';
import { AddressGuard, secretSchema, type Address } from '@chorda/outbound';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ToolCatalogue } from '../tool-catalogue.js';
import { httpTools, type HttpToolOptions } from './http-tools.js';

interface Seen {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}
type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** The public Internet of these specs: 127.0.0.1. Everything else of this machine is the inside. */
const open = '127.0.0.1/32';
let server: Server;
let canary: Server;
let origin: string;
let port: number;
let canaryPort: number;
let seen: Seen[];
let canaryHits = 0;
let answer: Answer;

beforeAll(async () => {
  server = createServer((request, response) => {
    void text(request).then((body) => {
      seen.push({ method: request.method ?? '', path: request.url ?? '', headers: request.headers, body });
      answer(request, response);
    });
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
  origin = `http://127.0.0.1:${port}`;
});
beforeEach(() => {
  seen = [];
  answer = (_request, response) => response.end('ok');
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
  canary.close();
});

const names: Record<string, Address[]> = {
  'public.test': [{ address: '127.0.0.1', family: 4 }],
  'other.test': [{ address: '127.0.0.1', family: 4 }],
  'inside.test': [{ address: '127.0.0.2', family: 4 }],
};
const resolve = (hostname: string) => Promise.resolve(names[hostname] ?? []);

function tools(changed: Partial<HttpToolOptions> = {}): ToolCatalogue {
  const options: HttpToolOptions = {
    guard: new AddressGuard([open], resolve),
    rules: { hosts: [], ports: [] },
    secrets: {
      github: secretSchema.parse({ value: 'ghp_s3cret', hosts: ['public.test'], plain_http: true }),
      login: secretSchema.parse({ value: 'me:pw', scheme: 'basic', hosts: ['public.test'], plain_http: true }),
      tls: secretSchema.parse({ value: 'for tls', hosts: ['public.test'] }),
      theirs: secretSchema.parse({ value: 'x', hosts: ['public.test'], tenants: ['acme'], plain_http: true }),
    },
    redirectsMax: 3,
    responseBytesMax: 1_000,
    connectTimeoutMs: 2_000,
    timeoutMs: 3_000,
    ...changed,
  };
  return new ToolCatalogue(httpTools(options));
}
const call = { tenantId: defaultTenant, key: 'call-1', signal: new AbortController().signal };
const usual = tools();
const run = async (tool: string, args: JsonValue, catalogue = usual): Promise<JsonValue> =>
  (await catalogue.run(tool, args, call)).value;
const redirectTo = (location: string, status = 302) => {
  answer = (_request, response) => response.writeHead(status, { location }).end();
};

describe('a request to the inside', () => {
  it('is refused, of redirects too, and no connection is opened', async () => {
    const before = canaryHits;
    const url = `http://[::ffff:127.0.0.2]:${canaryPort}/latest/meta-data/`;
    await expect(run('http_get', { url })).rejects.toMatchObject({ code: 'ADDRESS_NOT_ALLOWED' });
    await expect(run('http_post', { url, text: 'x' })).rejects.toMatchObject({ effect: 'none' });
    redirectTo(url);
    await expect(run('http_get', { url: origin })).rejects.toMatchObject({ code: 'ADDRESS_NOT_ALLOWED' });
    expect(canaryHits).toBe(before);
  });

  it.each([
    ['file:///etc/passwd', 'SCHEME_NOT_ALLOWED'],
    ['gopher://127.0.0.1:6379/_FLUSHALL', 'SCHEME_NOT_ALLOWED'],
    ['ftp://example.com/', 'SCHEME_NOT_ALLOWED'],
    ['http://user:pw@public.test/', 'CREDENTIALS_IN_URL'],
    ['http://public.test@inside.test/', 'CREDENTIALS_IN_URL'],
    ['not a url', 'URL_NOT_VALID'],
    ['http://127.0.0.1%00.public.test/', 'URL_NOT_VALID'],
    [`http://public.test/${'x'.repeat(9_000)}`, 'URL_NOT_VALID'],
  ])('%s is %s', async (url, code) => {
    await expect(run('http_get', { url })).rejects.toMatchObject({ code, effect: 'none' });
  });

  it('is refused by host and by port where these are listed', async () => {
    const listed = tools({ rules: { hosts: ['public.test', '*.example.com'], ports: [port] } });
    expect(await run('http_get', { url: `http://public.test:${port}/` }, listed)).toMatchObject({ status: 200 });
    const refused = (url: string, code: string) =>
      expect(run('http_get', { url }, listed)).rejects.toMatchObject({ code });
    await refused(`http://other.test:${port}/`, 'HOST_NOT_ALLOWED');
    await refused(`http://example.com:${port}/`, 'HOST_NOT_ALLOWED');
    await refused('http://public.test:6379/', 'PORT_NOT_ALLOWED');
    redirectTo(`http://other.test:${port}/`);
    await refused(`http://public.test:${port}/`, 'HOST_NOT_ALLOWED');
  });
});

describe('a request', () => {
  it('answers status, headers that are of use, and body; a POST carries the key of the call', async () => {
    answer = (_request, response) =>
      response.writeHead(201, { 'content-type': 'application/json', 'set-cookie': 'a=b', etag: '"1"' }).end('{"n":1}');
    const value = await run('http_post', { url: `http://public.test:${port}/a?b=c`, json: { q: 1 } });
    expect(value).toEqual({
      status: 201,
      url: `http://public.test:${port}/a?b=c`,
      redirects: 0,
      headers: { 'content-type': 'application/json', etag: '"1"' },
      body: '{"n":1}',
      truncated: false,
    });
    expect(seen[0]).toMatchObject({ method: 'POST', path: '/a?b=c', body: '{"q":1}' });
    expect(seen[0]?.headers).toMatchObject({ 'content-type': 'application/json', 'idempotency-key': 'call-1' });
  });

  it('gives base64 where the body is no text, and the first bytes where it is too long or never ends', async () => {
    answer = (_request, response) => response.end(Buffer.from([0xff, 0xd8, 0xff]));
    expect(await run('http_get', { url: origin })).toMatchObject({ body_base64: '/9j/', truncated: false });
    answer = (_request, response) => {
      const timer = setInterval(() => response.write('é'.repeat(100)), 1);
      response.on('close', () => clearInterval(timer));
    };
    const value = await run('http_get', { url: origin });
    expect(value).toMatchObject({ truncated: true, body: 'é'.repeat(500) });
  });

  it('inflates within the bound alone', async () => {
    const encoded = (body: Buffer, encoding: string) => {
      answer = (_request, response) => response.writeHead(200, { 'content-encoding': encoding }).end(body);
    };
    encoded(gzipSync('small'), 'gzip');
    expect(await run('http_get', { url: origin })).toMatchObject({ body: 'small' });
    for (const [body, encoding] of [
      [gzipSync(Buffer.alloc(500_000)), 'gzip'],
      [brotliCompressSync(Buffer.alloc(50_000_000)), 'br'],
      [gzipSync(gzipSync('twice')), 'gzip, gzip'],
    ] as const) {
      encoded(body, encoding);
      await expect(run('http_get', { url: origin }), encoding).rejects.toMatchObject({ code: 'RESPONSE_UNREADABLE' });
    }
  });

  it('follows redirects up to their bound; a POST is repeated by 307 and 308 alone', async () => {
    answer = (request, response) =>
      request.url === '/end' ? response.end('end') : response.writeHead(302, { location: '/end' }).end();
    expect(await run('http_post', { url: `${origin}/a`, text: 'x' })).toMatchObject({ body: 'end', redirects: 1 });
    expect(seen.map(({ method }) => method)).toEqual(['POST', 'GET']);
    seen = [];
    answer = (request, response) =>
      request.url === '/end' ? response.end('end') : response.writeHead(307, { location: '/end' }).end();
    await run('http_post', { url: `${origin}/a`, text: 'x' });
    expect(seen.map(({ method, body }) => [method, body])).toEqual([
      ['POST', 'x'],
      ['POST', 'x'],
    ]);
    redirectTo('/again');
    await expect(run('http_get', { url: origin })).rejects.toMatchObject({ code: 'TOO_MANY_REDIRECTS' });
  });

  it.each(['Authorization', 'cookie', 'HOST', 'transfer-encoding', 'idempotency-key'])(
    'cannot set %s',
    async (name) => {
      const refused = run('http_get', { url: origin, headers: { [name]: 'x' } });
      await expect(refused).rejects.toMatchObject({ code: 'HEADER_NOT_ALLOWED', effect: 'none' });
    },
  );

  it('cannot smuggle a second one in a header, or in its method', async () => {
    const refused = run('http_get', { url: origin, headers: { 'x-a': 'b\r\nx-evil: 1' } });
    await expect(refused).rejects.toMatchObject({ code: 'REQUEST_NOT_VALID', effect: 'none' });
    await expect(run('http_get', { url: origin, method: 'DELETE' })).rejects.toMatchObject({
      code: 'ARGUMENTS_NOT_VALID',
    });
    expect(seen).toEqual([]);
  });
});

describe('what is known of the effect of a POST', () => {
  const post = (changed: Partial<HttpToolOptions> = {}) =>
    run('http_post', { url: `${origin}/charge`, text: 'x' }, changed.timeoutMs ? tools(changed) : usual);

  it('is none where nobody was reached', async () => {
    const refused = run('http_post', { url: 'http://127.0.0.1:1/', text: 'x' });
    await expect(refused).rejects.toMatchObject({ code: 'REQUEST_FAILED', effect: 'none' });
    await expect(run('http_post', { url: 'http://nowhere.test/', text: 'x' })).rejects.toMatchObject({
      code: 'HOST_UNKNOWN',
      effect: 'none',
    });
  });

  it('is unknown where the server hung up without an answer', async () => {
    answer = (request) => request.socket.destroy();
    await expect(post()).rejects.toMatchObject({ code: 'REQUEST_FAILED', effect: 'unknown' });
    expect(seen).toHaveLength(1);
  });

  it('is unknown where no answer came in time', async () => {
    answer = () => undefined;
    await expect(post({ timeoutMs: 1_000 })).rejects.toMatchObject({ code: 'TOOL_TIMED_OUT', effect: 'unknown' });
  });

  it('is done where the answer came and could not be read', async () => {
    answer = (_request, response) => response.writeHead(200, { 'content-encoding': 'bzip2' }).end('x');
    await expect(post()).rejects.toMatchObject({ code: 'RESPONSE_UNREADABLE', effect: 'done' });
  });
});

describe('a secret', () => {
  const get = (secret: string, url = `http://public.test:${port}/`) => run('http_get', { url, auth: { secret } });

  it('is sent by its scheme', async () => {
    await get('github');
    await get('login');
    expect(seen.map(({ headers }) => headers.authorization)).toEqual([
      'Bearer ghp_s3cret',
      `Basic ${Buffer.from('me:pw').toString('base64')}`,
    ]);
  });

  it('that the server echoes is not in the answer', async () => {
    answer = (request, response) =>
      response.writeHead(200, { etag: `"${request.headers.authorization}"` }).end(JSON.stringify(request.headers));
    for (const name of ['github', 'login']) {
      const shown = JSON.stringify(await get(name));
      expect(shown).toContain(`[secret ${name}]`);
      expect(shown).not.toMatch(/ghp_s3cret|bWU6cHc/);
    }
  });

  it.each([
    ['github', () => `http://other.test:${port}/`, 'SECRET_NOT_FOR_HOST'],
    ['tls', () => `http://public.test:${port}/`, 'SECRET_NEEDS_TLS'],
    ['theirs', () => `http://public.test:${port}/`, 'SECRET_UNKNOWN'],
    ['constructor', () => `http://public.test:${port}/`, 'SECRET_UNKNOWN'],
  ])('%s is not sent against its rules', async (name, url, code) => {
    await expect(get(name, url())).rejects.toMatchObject({ code, effect: 'none' });
    expect(seen).toEqual([]);
  });

  it('is for the tenants that it names', async () => {
    const url = `http://public.test:${port}/`;
    const theirs = { ...call, tenantId: tenantId('acme') };
    await usual.run('http_get', { url, auth: { secret: 'theirs' } }, theirs);
    await expect(usual.run('http_get', { url, auth: { secret: 'github' } }, theirs)).rejects.toMatchObject({
      code: 'SECRET_UNKNOWN',
    });
  });

  it('does not follow a redirect to another origin', async () => {
    answer = (request, response) =>
      request.headers.host?.startsWith('public')
        ? response.writeHead(302, { location: `http://other.test:${port}/` }).end()
        : response.end('there');
    expect(await get('github')).toMatchObject({ body: 'there' });
    expect(seen.map(({ headers }) => headers.authorization)).toEqual(['Bearer ghp_s3cret', undefined]);
  });
});
