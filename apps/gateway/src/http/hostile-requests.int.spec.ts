import { connect } from 'node:net';
import { brotliCompressSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { newId } from '@chorda/kernel';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import {
  everyScope,
  prepareGround,
  startGatewayOn,
  type GatewayUnderTest,
  type Ground,
} from '../test-support/gateway-under-test.js';
import { batch, executed, executedData, GatewayClient, structured } from '../test-support/requests.js';
import { untilTrue } from '../test-support/until-true.js';

/** What clients that mean harm send, one by one; the gateway says no in a documented way and goes on. */
let ground: Ground;
let gateway: GatewayUnderTest;
let client: GatewayClient;
let key: string;
const requestTimeoutMs = 1_500;

beforeAll(async () => {
  ground = await prepareGround(inject('stack'));
  gateway = await startGatewayOn(ground, { CHORDA_HTTP_REQUEST_TIMEOUT_MS: String(requestTimeoutMs) });
  key = await ground.issueKey(everyScope);
  client = new GatewayClient(gateway.url, key);
});

afterAll(async () => {
  await gateway?.stop();
  await ground?.close();
});

/** Bytes as they stand, and everything that is answered until the connection ends. */
function speak(text: string | Buffer, options: { readonly ends?: boolean } = {}): Promise<string> {
  const { hostname, port } = new URL(gateway.url);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname, () => (options.ends ? socket.end(text) : socket.write(text)));
    let answer = '';
    socket.on('data', (chunk) => (answer += chunk.toString()));
    socket.on('error', () => resolve(answer));
    socket.on('close', () => resolve(answer));
  });
}

const head = (lines: readonly string[]) =>
  ['POST /v1/events HTTP/1.1', 'host: x', `authorization: Bearer ${key}`, ...lines, '', ''].join('\r\n');

describe('JSON of an event', () => {
  const nested = (depth: number) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;
  const text = (data: string) =>
    JSON.stringify(executed({}, { input_data: 'HERE' })).replace('"HERE"', data.replaceAll('$', '$$$$'));
  const cases: readonly [string, string, number, string][] = [
    ['100,000 levels deep', text('['.repeat(100_000) + ']'.repeat(100_000)), 400, 'INVALID_JSON'],
    ['33 levels deep', text(nested(32)), 422, 'INVALID_EVENT'],
    ['a name twice', text('{"a":1,"a":2}'), 400, 'INVALID_JSON'],
    ['its own type twice', `{"type":"agent.executed",${text('1').slice(1)}`, 400, 'INVALID_JSON'],
    ['1e400', text('1e400'), 400, 'INVALID_JSON'],
    ['__proto__ in what is carried', text('{"__proto__":{"admin":true}}'), 422, 'INVALID_EVENT'],
    ['__proto__ beside the data', `{"__proto__":{"id":"x"},${text('1').slice(1)}`, 422, 'INVALID_EVENT'],
    ['constructor.prototype', text('{"constructor":{"prototype":{"admin":true}}}'), 422, 'INVALID_EVENT'],
    ['constructor as an attribute', `{"constructor":1,${text('1').slice(1)}`, 422, 'INVALID_EVENT'],
    ['a lone surrogate in what is carried', text('"\\ud800"'), 422, 'INVALID_EVENT'],
    ['a name that is a lone surrogate', text('{"\\udc00":1}'), 422, 'INVALID_EVENT'],
    ['a lone surrogate in an id', JSON.stringify(executed({ id: 'x' })).replace('"x"', '"\\ud83d"'), 422, 'INVALID_EVENT'],
    ['NUL in an id', JSON.stringify(executed({ id: 'a\0b' })), 422, 'INVALID_EVENT'],
    ['a line break in an id', JSON.stringify(executed({ id: 'a\r\nb' })), 422, 'INVALID_EVENT'],
    ['a byte order mark', `\uFEFF${text('1')}`, 400, 'INVALID_JSON'],
    ['two values', `${text('1')}{}`, 400, 'INVALID_JSON'],
    ['a million members', text(`{${Array.from({ length: 300_000 }, (_, n) => `"${n}":0`).join(',')}}`), 413, 'PAYLOAD_TOO_LARGE'],
    ['NaN', text('NaN'), 400, 'INVALID_JSON'],
    ['a number beyond 2^53 where a safe one is meant', JSON.stringify(executed({}, { execution_time_ms: 0 })).replace('"execution_time_ms":0', '"execution_time_ms":9007199254740993'), 422, 'INVALID_EVENT'],
    ['a negative duration', JSON.stringify(executed({}, { execution_time_ms: -1 })), 422, 'INVALID_EVENT'],
  ]; // prettier-ignore

  it.each(cases)('is refused for %s', async (_name, body, status, code) => {
    const answer = await client.send(body, { type: structured });
    expect({ status: answer.status, code: answer.body['code'] }).toEqual({ status, code });
    expect(Object.prototype).not.toHaveProperty('admin');
  });

  it('may carry NUL, quotes, and everything else that JSON can say', async () => {
    const event = executed({}, { input_data: { '\0': '\0\u2028\'"--;${}', constructor: 'x', $where: 1 } });
    expect((await client.send(event)).status).toBe(201);
    await ground.journal.catchUp();
    const found = await client.get(`/v1/events/${event.id}`);
    expect(found.body).toMatchObject({ data: { input_data: event.data['input_data'] } });
  });

  it('in bytes that are no UTF-8 is refused', async () => {
    const bytes = Buffer.from(JSON.stringify(executed({ id: 'XX' })));
    bytes.set([0xc0, 0xaf], bytes.indexOf('XX'));
    expect((await client.send(bytes, { type: structured })).body['code']).toBe('INVALID_JSON');
  });

  it('says how much is wrong without repeating all of it', async () => {
    const unknown = Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`x${index}`, 1]));
    const events = Array.from({ length: 200 }, () => ({ ...executed(), ...unknown }));
    const { status, body } = await client.send([...events, executed()]);
    expect(status).toBe(207);
    expect(JSON.stringify(body).length).toBeLessThan(1_000_000);
    expect(body['items']).toMatchObject([
      { problem: { errors_left_out: 200 } },
      ...Array.from({ length: 200 }, () => ({})),
    ]);
  });
});

describe('Content-Encoding', () => {
  const event = executed();
  it.each([
    ['gzip', gzipSync(JSON.stringify(event))],
    ['br', brotliCompressSync(JSON.stringify(event))],
    ['zstd', zstdCompressSync(JSON.stringify(event))],
    ['GZip', gzipSync(JSON.stringify(event))],
    ['identity', Buffer.from(JSON.stringify(event))],
  ])('%s is taken', async (encoding, body) => {
    const { status } = await client.send(body, { type: structured, headers: { 'content-encoding': encoding } });
    expect(status).toBe(201);
  });

  it.each([
    ['gzip', gzipSync(Buffer.alloc(512 * 1024 * 1024, ' '))],
    ['br', brotliCompressSync(Buffer.alloc(64 * 1024 * 1024, ' '))],
    ['zstd', zstdCompressSync(Buffer.alloc(256 * 1024 * 1024, ' '))],
  ])('a %s bomb is stopped at the bound', async (encoding, body) => {
    expect(body.length).toBeLessThan(1024 * 1024);
    const before = process.memoryUsage().arrayBuffers;
    const answer = await client.send(body, { type: batch, headers: { 'content-encoding': encoding } });
    expect({ status: answer.status, code: answer.body['code'] }).toEqual({ status: 413, code: 'PAYLOAD_TOO_LARGE' });
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * 1024 * 1024);
  });

  it.each(['deflate', 'gzip, gzip', 'compress', '__proto__'])('%s is not known', async (encoding) => {
    const answer = await client.send('{}', { type: structured, headers: { 'content-encoding': encoding } });
    expect(answer.body['code']).toBe('UNSUPPORTED_MEDIA_TYPE');
    expect(answer.headers.get('accept-encoding')).toBe('gzip, br, zstd');
  });

  it.each([
    ['no gzip', Buffer.from('{}')],
    ['a part of it', gzipSync(JSON.stringify(event)).subarray(0, 40)],
  ])('gzip with %s is refused', async (_name, body) => {
    const answer = await client.send(body, { type: structured, headers: { 'content-encoding': 'gzip' } });
    expect({ status: answer.status, code: answer.body['code'] }).toEqual({ status: 400, code: 'INVALID_REQUEST' });
  });
});

describe('an address', () => {
  it.each(['/v1/runs/%00/steps', '/v1/agents/a%00b', '/v1/projections/%00/parked', '/v1/events/%00'])(
    'with U+0000 in a part, %s, is refused and not asked of Postgres',
    async (path) => {
      expect(await client.get(path)).toMatchObject({ status: 400, body: { code: 'INVALID_REQUEST' } });
    },
  );
});

describe('headers', () => {
  const binary = (headers: Record<string, string>) =>
    client.send(JSON.stringify(executedData()), {
      type: 'application/json',
      headers: {
        'ce-specversion': '1.0',
        'ce-type': 'agent.executed',
        'ce-id': newId(),
        'ce-source': 'urn:x',
        ...headers,
      },
    });

  it.each([
    ['a line break, percent-encoded', { 'ce-source': 'a%0d%0aset-cookie:x' }, 422],
    ['NUL, percent-encoded', { 'ce-id': 'a%00b' }, 422],
    ['bytes of another character set', { 'ce-source': 'ä' }, 400],
    ['a lone surrogate, percent-encoded', { 'ce-id': '%ED%A0%80\u00ff' }, 400],
    ['another tenant', { 'ce-tenantid': 'other' }, 403],
    ['an expected version', { 'ce-expectedversion': '3' }, 422],
    ['an extension that would be lost', { 'ce-colour': 'red' }, 422],
  ])('of an event with %s are refused', async (_name, headers, status) => {
    const answer = await binary(headers);
    expect(answer.status).toBe(status);
    expect(answer.headers.get('set-cookie')).toBeNull();
  });

  it('with a bare line break or a name that is none are no HTTP', async () => {
    for (const line of ['ce-id: a\rb', 'ce-id: a\nx', 'bad name: x', 'ce-id\u0000: x', ' folded: x']) {
      expect(await speak(head([line, 'content-length: 2']) + '{}'), line).toMatch(/^HTTP\/1\.1 400 /);
    }
  });

  it('that come twice are refused', async () => {
    const twice = ['ce-id: 1', 'ce-id: 2', 'content-type: application/json', 'content-length: 2', 'connection: close'];
    expect(await speak(`${head(twice)}{}`)).toMatch(/^HTTP\/1\.1 400 [^]*must come once/);
  });

  it('about who forwarded a request change nothing, and are not repeated', async () => {
    const forged = {
      'x-forwarded-for': '127.0.0.1, ::1',
      forwarded: 'for=127.0.0.1;host=evil.example;proto=https',
      'x-forwarded-host': 'evil.example',
      'x-forwarded-proto': 'https',
      'x-real-ip': '127.0.0.1',
      'x-original-url': '/v1/system',
      'x-http-method-override': 'DELETE',
      'x-tenant-id': 'other',
      'x-chorda-tenant': 'other',
    };
    const event = executed();
    const { status, headers } = await client.send(event, { headers: forged });
    expect(status).toBe(201);
    expect(headers.get('location')).toMatch(/^\/v1\/events\//);
    await ground.journal.catchUp();
    expect((await client.get(`/v1/events/${event.id}`)).body['tenantid']).toBe('default');
    const anonymous = await fetch(`${gateway.url}/v1/events`, { headers: forged });
    expect({ status: anonymous.status, body: await anonymous.text() }).toMatchObject({
      status: 401,
      body: expect.not.stringContaining('evil'),
    });
  });

  it.each(['text/plain', 'application/json; charset=utf-16', 'application/cloudevents+json; charset=latin1', ''])(
    'with the content type %j are refused, and told which are taken',
    async (type) => {
      const { body } = await client.send(executed(), { type });
      expect(body).toMatchObject({ code: 'UNSUPPORTED_MEDIA_TYPE', detail: expect.stringContaining(structured) });
    },
  );

  it('with an Idempotency-Key of 10,000 letters are refused, and 20,000 do not even come in', async () => {
    const send = (length: number) => client.send(executed(), { headers: { 'idempotency-key': 'k'.repeat(length) } });
    expect((await send(10_000)).body['code']).toBe('INVALID_REQUEST');
    expect((await send(20_000)).body['code']).toBe('HEADERS_TOO_LARGE');
  });
});

describe('a length that is a lie', () => {
  const body = JSON.stringify(executed());
  const lines = (...more: string[]) => head([`content-type: ${structured}`, ...more]);

  it('shorter than the body: the rest is no request', async () => {
    const answer = await speak(lines(`content-length: ${body.length - 10}`) + body);
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
  });

  it('longer than the body, which then ends', async () => {
    expect(await speak(lines(`content-length: ${body.length + 10}`) + body, { ends: true })).toMatch(
      /^HTTP\/1\.1 400 /,
    );
  });

  it.each(['-1', '1e3', '0x10', '99999999999999999999', '5, 6'])('%s is none', async (length) => {
    expect(await speak(lines(`content-length: ${length}`, 'connection: close') + body)).toMatch(/^HTTP\/1\.1 4\d\d /);
  });

  it('given twice, or beside chunks, is refused: two servers would cut the requests differently', async () => {
    expect(await speak(lines('content-length: 5', 'content-length: 6') + body)).toMatch(/^HTTP\/1\.1 400 /);
    expect(await speak(lines('content-length: 5', 'transfer-encoding: chunked') + body)).toMatch(/^HTTP\/1\.1 400 /);
  });

  it('of a chunk that is none is refused', async () => {
    expect(await speak(`${lines('transfer-encoding: chunked')}zz\r\n{}\r\n0\r\n\r\n`)).toMatch(/^HTTP\/1\.1 400 /);
  });
});

describe('what is no HTTP behind a request that is', () => {
  const whole = (id: string, ...more: string[]) => {
    const event = JSON.stringify(executed({ id }));
    return head([`content-type: ${structured}`, `content-length: ${Buffer.byteLength(event)}`, ...more]) + event;
  };

  it.each([
    ['a line that is none', (id: string) => `${whole(id)}NONSENSE\r\n\r\n`],
    ['headers that are too large', (id: string) => `${whole(id)}GET / HTTP/1.1\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`],
    ['a request behind the last one', (id: string) => whole(id, 'connection: close') + whole(newId())],
  ])('%s: the answer is the one to the request, which was done', async (_name, text) => {
    const id = newId();
    const answer = await speak(text(id));
    expect(answer).toMatch(/^HTTP\/1\.1 201 /);
    expect(answer.match(/HTTP\/1\.1/g)).toHaveLength(1);
    await ground.journal.catchUp();
    expect((await client.get(`/v1/events/${id}`)).status).toBe(200);
  });

  it('a second request that is broken in its body is answered behind the first', async () => {
    const answer = await speak(
      `${whole(newId())}${head(['transfer-encoding: chunked', `content-type: ${structured}`])}zz\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 201 /);
  });
});

describe('a request that two servers would read differently', () => {
  it.each([
    ['two hosts', 'GET /livez HTTP/1.1\r\nhost: a\r\nhost: b\r\nconnection: close\r\n\r\n'],
    ['no host', 'GET /livez HTTP/1.1\r\nconnection: close\r\n\r\n'],
    [
      'a transfer encoding beside chunked',
      'POST /v1/events HTTP/1.1\r\nhost: a\r\nconnection: close\r\ntransfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n',
    ],
  ])('is refused for %s', async (_name, text) => {
    const answer = await speak(text);
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(JSON.parse(answer.split('\r\n\r\n')[1] ?? '')).toMatchObject({ code: 'INVALID_REQUEST' });
  });

  it('is answered where it is HTTP/1.0, which knows no hosts', async () => {
    expect(await speak('GET /livez HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1\.1 200 /);
  });
});

describe('a slow client', () => {
  it.each([
    ['in its headers', () => 'POST /v1/events HTTP/1.1\r\nhost: x\r\n'],
    ['in its body', () => `${head([`content-type: ${structured}`, 'content-length: 100'])}{"a"`],
  ])('%s is told that its time is over, and holds nothing any more', async (_name, text) => {
    const answer = await speak(text());
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
    expect(JSON.parse(answer.split('\r\n\r\n')[1] ?? '')).toMatchObject({ code: 'REQUEST_TIMEOUT' });
    const held = () => gateway.host.metrics.getSingleMetricAsString('chorda_ingest_in_flight_bytes');
    await untilTrue(async () => / 0$/m.test(await held()));
  });
});
