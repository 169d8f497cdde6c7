import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import {
  everyScope,
  prepareGround,
  startGatewayOn,
  type GatewayUnderTest,
  type Ground,
} from '../test-support/gateway-under-test.js';
import { batch, executed, GatewayClient, structured, type Answer } from '../test-support/requests.js';
import { problems, type ProblemCode } from './problem.js';

let ground: Ground;
let gateway: GatewayUnderTest;
let client: GatewayClient;

beforeAll(async () => {
  ground = await prepareGround(inject('stack'));
  gateway = await startGatewayOn(ground, { CHORDA_INGEST_BYTES_IN_FLIGHT_MAX: String(16 * 1024 * 1024) });
  client = new GatewayClient(gateway.url, await ground.issueKey(everyScope));
});

afterAll(async () => {
  await gateway?.stop();
  await ground?.close();
});

function expectProblem({ status, headers, body }: Answer, code: ProblemCode): void {
  expect(body).toMatchObject({ code, status: problems[code].status, title: problems[code].title });
  expect(status).toBe(problems[code].status);
  expect(headers.get('content-type')).toMatch(/^application\/problem\+json(; charset=utf-8)?$/);
  expect(body['type']).toMatch(/^urn:chorda:problem:[a-z-]+$/);
  expect(body['detail']).toEqual(expect.any(String));
  expect(body['trace_id']).toMatch(/^[0-9a-f]{32}$/);
  expect(body['request_id']).toBe(headers.get('x-request-id'));
  expect(JSON.stringify(body)).not.toMatch(/node_modules|\.ts:|\.js:|at [A-Z]\w+\./);
}

describe('every error is a problem with its identity', () => {
  const cases: readonly [string, ProblemCode, () => Promise<Answer>][] = [
    ['an address that is not there', 'NOT_FOUND', () => client.get('/v1/nothing')],
    ['an address below one that is', 'NOT_FOUND', () => client.get('/v1/events/a/b')],
    ['a trailing slash', 'NOT_FOUND', () => client.get('/v1/system/')],
    ['another case', 'NOT_FOUND', () => client.get('/V1/system')],
    ['a method that the address has not', 'METHOD_NOT_ALLOWED', () => client.request('DELETE', '/v1/events')],
    ['an unknown content type', 'UNSUPPORTED_MEDIA_TYPE', () => client.send(executed(), { type: 'text/plain' })],
    [
      'no content type',
      'UNSUPPORTED_MEDIA_TYPE',
      () => client.request('POST', '/v1/events', { body: Buffer.from('{}') }),
    ],
    ['a body on an address without one', 'UNSUPPORTED_MEDIA_TYPE', () => client.send('x', { type: 'application/xml' })],
    ['JSON that is cut', 'INVALID_JSON', () => client.send('{"a":', { type: structured })],
    ['JSON that is too deep', 'INVALID_JSON', () => client.send('['.repeat(50_000), { type: batch })],
    ['a number beyond a double', 'INVALID_JSON', () => client.send('{"a":1e999}', { type: structured })],
    [
      'bytes that are no UTF-8',
      'INVALID_JSON',
      () => client.send(Buffer.from([0x22, 0xff, 0x22]), { type: structured }),
    ],
    ['an empty body', 'INVALID_JSON', () => client.send('', { type: structured })],
    ['a list where one event is meant', 'INVALID_REQUEST', () => client.send('[]', { type: structured })],
    ['an object where a list is meant', 'INVALID_REQUEST', () => client.send('{}', { type: batch })],
    [
      'more than 10 MiB',
      'PAYLOAD_TOO_LARGE',
      () => client.send('x'.repeat(10 * 1024 * 1024 + 1), { type: structured }),
    ],
    [
      '10,001 events',
      'PAYLOAD_TOO_LARGE',
      () => client.send(JSON.stringify(Array.from({ length: 10_001 }, () => 0)), { type: batch }),
    ],
    ['an unknown parameter', 'INVALID_REQUEST', () => client.get('/v1/events?tenant_id=other')],
    ['a parameter that came twice', 'INVALID_REQUEST', () => client.get('/v1/events?subject=a&subject=b')],
    ['a limit beyond the bound', 'INVALID_REQUEST', () => client.get('/v1/events?limit=501')],
    ['a limit that is no number', 'INVALID_REQUEST', () => client.get('/v1/events?limit=1;DROP')],
    ['a cursor of somebody else', 'INVALID_REQUEST', () => client.get('/v1/events?cursor=xyz')],
    ['a position that is none', 'INVALID_REQUEST', () => client.get('/v1/events?min_position=xyz')],
    ['a time that is none', 'INVALID_REQUEST', () => client.get('/v1/events?from=yesterday')],
    ['a type nobody knows', 'INVALID_REQUEST', () => client.get('/v1/events?type=no.such')],
    ['a place in the stream that is none', 'INVALID_REQUEST', () => client.get('/v1/stream?last_event_id=xyz')],
    [
      'a key that is not well-formed',
      'INVALID_REQUEST',
      () => client.send(executed(), { headers: { 'idempotency-key': 'a b' } }),
    ],
    ['an id that is not there', 'NOT_FOUND', () => client.get('/v1/events/no-such-id')],
    ['a wrong way of quoting', 'INVALID_REQUEST', () => client.get('/v1/events/%E0%A4%A')],
    ['a part of the address that is too long', 'URI_TOO_LONG', () => client.get(`/v1/events/${'x'.repeat(2000)}`)],
    ['a file of the page that is not there', 'NOT_FOUND', () => client.get('/reference/..%2fpackage.json')],
  ];

  it.each(cases)('%s: %s', async (_name, code, ask) => {
    expectProblem(await ask(), code);
  });

  it('names the methods that an address has', async () => {
    expect((await client.request('PUT', '/v1/events')).headers.get('allow')).toMatch(/GET.*POST/);
  });

  it('takes the request id of the sender where it is harmless', async () => {
    const own = await client.get('/v1/nothing', { 'x-request-id': 'my-id-1' });
    expect(own.body['request_id']).toBe('my-id-1');
    const forged = await client.get('/v1/nothing', { 'x-request-id': 'a<b>"c' });
    expect(forged.body['request_id']).not.toBe('a<b>"c');
  });

  it('takes the trace of the sender', async () => {
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    expect((await client.get('/v1/nothing', { traceparent })).body['trace_id']).toBe(
      '4bf92f3577b34da6a3ce929d0e0e4736',
    );
  });

  it('says what goes wrong by itself without saying why', async () => {
    const broken = await startGatewayOn(ground);
    try {
      await ground.journal.spoil();
      const answer = await new GatewayClient(broken.url, await ground.issueKey(everyScope)).get('/v1/events');
      expectProblem(answer, 'INTERNAL');
      expect(JSON.stringify(answer.body)).not.toMatch(/journal|relation|select/i);
    } finally {
      await ground.journal.mend();
      await broken.stop();
    }
  });
});

describe('what is no HTTP', () => {
  const speak = (text: string) =>
    new Promise<string>((resolve, reject) => {
      const { hostname, port } = new URL(gateway.url);
      const socket = connect(Number(port), hostname, () => socket.write(text));
      let answer = '';
      socket.on('data', (chunk) => (answer += chunk.toString()));
      socket.on('end', () => resolve(answer));
      socket.on('error', reject);
    });

  it('is answered with a problem too', async () => {
    const answer = await speak('NONSENSE\r\n\r\n');
    expect(answer).toMatch(/^HTTP\/1.1 400/);
    expect(JSON.parse(answer.split('\r\n\r\n')[1] ?? '')).toMatchObject({ code: 'INVALID_REQUEST' });
  });

  it('is refused where its headers are too large', async () => {
    const answer = await speak(`GET / HTTP/1.1\r\nhost: x\r\nx-large: ${'x'.repeat(20_000)}\r\n\r\n`);
    expect(JSON.parse(answer.split('\r\n\r\n')[1] ?? '')).toMatchObject({ code: 'HEADERS_TOO_LARGE', status: 431 });
  });

  it('is refused where a request says its length twice', async () => {
    const answer = await speak(
      'POST /v1/events HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\nabc',
    );
    expect(answer).toMatch(/^HTTP\/1.1 400/);
  });
});

describe('at the limit', () => {
  it('a write is answered 503 with Retry-After before its body is read', async () => {
    const { hostname, port } = new URL(gateway.url);
    const key = await ground.issueKey(everyScope);
    const hold = () =>
      new Promise<ReturnType<typeof connect>>((resolve) => {
        const head = `POST /v1/events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${key}\r\ncontent-type: ${structured}\r\ncontent-length: 9000000\r\n\r\n`;
        const socket = connect(Number(port), hostname, () => socket.write(head, () => resolve(socket)));
        socket.on('error', () => undefined);
      });
    const held = [await hold()];
    try {
      await new Promise((resolve) => setTimeout(resolve, 200));
      const refused = await client.send('x'.repeat(9_000_000), { type: structured }).catch(() => undefined);
      if (refused !== undefined) {
        expectProblem(refused, 'OVERLOADED');
        expect(refused.headers.get('retry-after')).toBe('1');
      }
      expect((await client.send(executed())).status).toBe(201);
      expect(await gateway.host.metrics.getSingleMetricAsString('chorda_ingest_in_flight_bytes')).toMatch(/ 9000000$/m);
    } finally {
      for (const socket of held) socket.destroy();
    }
  });
});
