import { createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { jsonText, stepId, workflowId, type workflowWork } from '@chorda/contracts';
import { defaultTenant, tenantId, type JsonValue } from '@chorda/kernel';
import { AddressGuard, secretSchema } from '@chorda/outbound';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { StepAssignment } from '../step-runner.js';
import { webhookCall, type WebhookOptions } from './call-webhook.js';

interface Seen {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

const signingValue = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const nowMs = 1_900_000_000_000;
let server: Server;
let port: number;
let seen: Seen[];
let answer: (request: IncomingMessage, response: ServerResponse) => void;

beforeAll(async () => {
  server = createServer((request, response) => {
    void text(request).then((body) => {
      seen.push({ method: request.method ?? '', path: request.url ?? '', headers: request.headers, body });
      answer(request, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
});
beforeEach(() => {
  seen = [];
  answer = (_request, response) => response.writeHead(200, { 'content-type': 'application/json' }).end('{"ok":true}');
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const resolve = (hostname: string) =>
  Promise.resolve(
    hostname === 'inside.test' ? [{ address: '127.0.0.2', family: 4 }] : [{ address: '127.0.0.1', family: 4 }],
  );
const options = (changed: Partial<WebhookOptions> = {}): WebhookOptions => ({
  guard: new AddressGuard(['127.0.0.1/32'], resolve),
  rules: { hosts: [], ports: [] },
  secrets: {
    shop: secretSchema.parse({ value: 's3cret', hosts: ['shop.test'], plain_http: true }),
    seal: secretSchema.parse({ value: signingValue, scheme: 'signing', hosts: ['shop.test'], plain_http: true }),
    theirs: secretSchema.parse({ value: 'x', hosts: ['shop.test'], tenants: ['acme'], plain_http: true }),
  },
  redirectsMax: 3,
  responseBytesMax: 2_000,
  openApiBytesMax: 20_000,
  connectTimeoutMs: 2_000,
  timeoutMs: 5_000,
  nowMs: () => nowMs,
  ...changed,
});

interface Given {
  readonly input?: JsonValue;
  readonly leftMs?: number;
  readonly signal?: AbortSignal;
  readonly key?: string;
  readonly tenant?: string;
}

const usual = {
  ...{ method: 'POST', headers: null, query: null, expect_status: [[200, 299]], output_as: 'body' },
  signing_secret: null,
};

function assignment(settings: object, given: Given): StepAssignment {
  const data: Partial<workflowWork.StepRequested['data']> = {
    workflow_id: workflowId('run-1'),
    step_id: stepId('ship'),
    idempotency_key: given.key ?? 'run-1/ship',
    input_data: jsonText(given.input ?? { order: 7 }),
    settings: jsonText({ ...usual, url: `http://shop.test:${port}/orders`, ...settings }),
  };
  return {
    // What a webhook does not look at is left out.
    work: { type: 'workflow.step_requested', data: data as workflowWork.StepRequested['data'] },
    tenantId: given.tenant === undefined ? defaultTenant : tenantId(given.tenant),
    leftMs: given.leftMs ?? 60_000,
    metadata: { id: 'r', subject: 'run-1', correlationId: 'c' },
    signal: given.signal ?? new AbortController().signal,
  };
}

async function call(settings: object = {}, given: Given = {}, changed: Partial<WebhookOptions> = {}) {
  const outcome = await webhookCall(options(changed))(assignment(settings, given));
  if (outcome.kind !== 'result') throw new TypeError(outcome.kind);
  const { status, output_data: output, error } = outcome;
  return { status, output: JSON.parse(output ?? 'null') as unknown, error: JSON.parse(error ?? 'null') as unknown };
}

describe('a webhook step', () => {
  it('sends its input as JSON with one key for all its tries, and comes to what was answered', async () => {
    expect(await call({ query: { q: 'a b', n: 3, all: [1, 2] } })).toMatchObject({
      status: 'completed',
      output: { ok: true },
    });
    await call();
    await call({}, { tenant: 'acme' });
    const [first, second, other] = seen;
    expect(first).toMatchObject({ method: 'POST', path: '/orders?q=a+b&n=3&all=1&all=2', body: '{"order":7}' });
    expect(first?.headers).toMatchObject({ 'content-type': 'application/json', 'user-agent': 'chorda' });
    expect(first?.headers['idempotency-key']).toBe(second?.headers['idempotency-key']);
    // Another tenant may have a run of the same name.
    expect(other?.headers['idempotency-key']).not.toBe(first?.headers['idempotency-key']);
  });

  it('gives status, headers and body where it is asked to, without cookies', async () => {
    answer = (_request, response) => response.writeHead(201, { 'set-cookie': 'a=b', etag: '"1"' }).end('made');
    const { output } = await call({ output_as: 'response' });
    expect(output).toMatchObject({ status: 201, body: 'made', headers: { etag: '"1"' } });
    expect(JSON.stringify(output)).not.toContain('a=b');
    answer = (_request, response) => response.writeHead(204).end();
    expect(await call()).toMatchObject({ status: 'completed', output: null });
  });

  it('reads with GET: no body, no key', async () => {
    await call({ method: 'GET' });
    expect(seen[0]).toMatchObject({ method: 'GET', body: '' });
    expect(seen[0]?.headers).not.toHaveProperty('idempotency-key');
  });

  it.each([
    [400, false],
    [401, false],
    [404, false],
    [408, true],
    [409, false],
    [429, true],
    [500, true],
    [501, false],
    [503, true],
  ])('fails by a status that was not expected: %d may be tried again: %s', async (status, retriable) => {
    answer = (_request, response) => response.writeHead(status, { 'retry-after': '7' }).end('why');
    const { error } = await call();
    expect(error).toEqual({
      ...{ class: 'http', code: `HTTP_${status}`, message: `The server answered ${status}`, status, retriable },
      details: { body: 'why', retry_after_ms: 7_000 },
    });
    expect(await call({ expect_status: [[200, 599]] })).toMatchObject({ status: 'completed', output: 'why' });
  });

  it('does not send a POST to where it is redirected', async () => {
    answer = (_request, response) => response.writeHead(307, { location: '/elsewhere' }).end();
    expect(await call()).toMatchObject({ status: 'failed', error: { code: 'HTTP_307', retriable: false } });
    expect(seen).toHaveLength(1);
  });
});

describe('a webhook that comes to no answer', () => {
  it('ends by its time-out, and says that nobody knows what became of it', async () => {
    answer = () => undefined;
    const limited = { timeoutMs: 150 };
    const expected = { status: 'lost', error: { class: 'timeout', code: 'NO_ANSWER', retriable: true } };
    expect(await call({}, {}, limited)).toMatchObject(expected);
    // What the definition allows is the shorter one here.
    expect(await call({}, { leftMs: 200 })).toMatchObject(expected);
  });

  it('of which the body never ends is ended too', async () => {
    answer = (_request, response) => void response.writeHead(200).write('x');
    expect(await call({}, {}, { timeoutMs: 1_000 })).toMatchObject({
      status: 'failed',
      error: { code: 'NO_ANSWER', retriable: false },
    });
  });

  it('is unknown where the server hung up, and has failed where nobody was reached', async () => {
    answer = (request) => request.socket.destroy();
    expect(await call()).toMatchObject({ status: 'lost', error: { class: 'http', code: 'REQUEST_FAILED' } });
    const refused = await call({ url: 'http://shop.test:1/' });
    expect(refused).toMatchObject({ status: 'failed', error: { code: 'REQUEST_FAILED', retriable: true } });
  });

  it('fails where the answer is larger than may be kept: half of it would be taken for all', async () => {
    answer = (_request, response) => response.writeHead(200).end('x'.repeat(50_000));
    expect(await call()).toMatchObject({ status: 'failed', error: { code: 'RESPONSE_TOO_LARGE', retriable: false } });
  });

  it('is stopped with its executor', async () => {
    answer = () => undefined;
    const stopping = new AbortController();
    const calling = call({}, { signal: stopping.signal });
    while (seen.length === 0) await new Promise((done) => setTimeout(done, 5));
    stopping.abort();
    expect(await calling).toMatchObject({ status: 'lost', error: { code: 'REQUEST_ABORTED' } });
  });
});

describe('a webhook that breaks a rule', () => {
  it('of addresses reaches nobody', async () => {
    for (const host of ['inside.test', '127.0.0.2', '[::1]', '169.254.169.254']) {
      const { status, error } = await call({ url: `http://${host}:${port}/` });
      expect([status, error]).toMatchObject(['failed', { code: 'ADDRESS_NOT_ALLOWED', retriable: false }]);
    }
    expect(seen).toEqual([]);
  });

  it.each([
    [{ url: 'not a url' }, 'url must be an absolute http or https URL'],
    [{ url: null }, 'url must be a text'],
    [{ headers: { 'Webhook-Signature': 'v1,forged' } }, 'headers/Webhook-Signature cannot be set here'],
    [{ headers: { host: 'other' } }, 'headers/host cannot be set here'],
    [{ headers: { 'x-a': 'b\r\nx-evil: 1' } }, 'headers/x-a must be one line of at most 8,192 characters'],
  ])('%j is told which', async (settings, message) => {
    const { status, error } = await call(settings);
    expect([status, error]).toMatchObject(['failed', { code: 'WEBHOOK_NOT_VALID', retriable: false }]);
    expect((error as { message: string }).message).toContain(message);
    expect(seen).toEqual([]);
  });
});

describe('a secret of a webhook', () => {
  it('is put in where it is sent, and taken out of what is echoed', async () => {
    answer = (request, response) => response.end(JSON.stringify(request.headers));
    const { output } = await call({ headers: { authorization: 'Token {{secret:shop}}', 'x-n': 3 } });
    expect(seen[0]?.headers).toMatchObject({ authorization: 'Token s3cret', 'x-n': '3' });
    expect(JSON.stringify(output)).toContain('[secret shop]');
    expect(JSON.stringify(output)).not.toContain('s3cret');
  });

  it('signs as Standard Webhooks says, with the same id for every try', async () => {
    await call({ signing_secret: 'seal' });
    await call({ signing_secret: 'seal' });
    const { headers, body } = seen[0]!;
    const id = headers['webhook-id'] as string;
    const toSign = `${id}.${nowMs / 1_000}.${body}`;
    const expected = createHmac('sha256', Buffer.alloc(32, 7)).update(toSign).digest('base64');
    expect(headers).toMatchObject({ 'webhook-timestamp': '1900000000', 'webhook-signature': `v1,${expected}` });
    expect(id).not.toContain('.');
    expect(seen[1]?.headers['webhook-id']).toBe(id);
  });

  it.each([
    [{ headers: { a: '{{secret:gone}}' } }, 'SECRET_UNKNOWN'],
    [{ headers: { a: '{{secret:theirs}}' } }, 'SECRET_UNKNOWN'],
    [{ headers: { a: '{{secret:seal}}' } }, 'SECRET_SIGNS'],
    [{ signing_secret: 'shop' }, 'SECRET_CANNOT_SIGN'],
    [{ signing_secret: 'gone' }, 'SECRET_UNKNOWN'],
    [{ headers: { a: '{{secret:shop}}' }, url: 'http://other.test/' }, 'SECRET_NOT_FOR_HOST'],
  ])('%j is %s, and nothing is sent', async (settings, code) => {
    expect(await call(settings)).toMatchObject({ status: 'failed', error: { class: 'http', code } });
    expect(seen).toEqual([]);
  });

  it('does not follow a redirect to another origin', async () => {
    answer = (request, response) =>
      request.headers.host?.startsWith('shop')
        ? response.writeHead(302, { location: `http://other.test:${port}/` }).end()
        : response.end('there');
    const settings = { method: 'GET', headers: { authorization: '{{secret:shop}}' }, signing_secret: 'seal' };
    expect(await call(settings)).toMatchObject({ output: 'there' });
    expect(seen.map(({ headers }) => headers.authorization)).toEqual(['s3cret', undefined]);
    expect(seen[1]?.headers).not.toHaveProperty('webhook-signature');
  });
});
