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
  readonly line: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}
type Answer = (request: IncomingMessage, response: ServerResponse) => void;

const petParameter = { name: 'petId', in: 'path', required: true, schema: { type: 'integer' } };
const petstore = {
  openapi: '3.0.3',
  servers: [{ url: '/v2' }],
  paths: {
    '/pet/{petId}': {
      get: { operationId: 'getPetById', parameters: [petParameter, { name: 'X-Trace', in: 'header' }] },
    },
    '/pet': {
      post: {
        operationId: 'addPet',
        parameters: [{ name: 'Idempotency-Key', in: 'header', required: true }],
        requestBody: { required: true, content: { 'application/json': { schema: { properties: { name: {} } } } } },
      },
    },
  },
};

let server: Server;
let origin: string;
let seen: Seen[];
let documented: Answer;
let answer: Answer;
let nowMs: number;

beforeAll(async () => {
  server = createServer((request, response) => {
    void text(request).then((body) => {
      seen.push({ line: `${request.method} ${request.url}`, headers: request.headers, body });
      (request.url?.endsWith('/openapi') ? documented : answer)(request, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://pets.test:${(server.address() as AddressInfo).port}`;
});
beforeEach(() => {
  seen = [];
  nowMs = 1_900_000_000_000;
  documented = says(JSON.stringify(petstore));
  answer = (_request, response) => response.writeHead(200, { 'content-type': 'application/json' }).end('{"id":7}');
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const says =
  (body: string, status = 200): Answer =>
  (_request, response) =>
    response.writeHead(status).end(body);

const options: WebhookOptions = {
  guard: new AddressGuard(['127.0.0.1/32'], (hostname) =>
    Promise.resolve([{ address: hostname === 'inside.test' ? '127.0.0.2' : '127.0.0.1', family: 4 }]),
  ),
  rules: { hosts: [], ports: [] },
  secrets: { docs: secretSchema.parse({ value: 's3cret', hosts: ['pets.test'], plain_http: true }) },
  ...{ redirectsMax: 3, responseBytesMax: 2_000, openApiBytesMax: 20_000, connectTimeoutMs: 2_000, timeoutMs: 5_000 },
  nowMs: () => nowMs,
};

interface Given {
  readonly input?: JsonValue;
  readonly tenant?: string;
  readonly key?: string;
  readonly [setting: string]: unknown;
}

function assignment(openapi: object, { input = null, tenant, key = 'run-1/pet', ...settings }: Given): StepAssignment {
  const usual = { method: null, url: null, headers: null, query: null, expect_status: [[200, 299]] };
  const operation = { document: `${origin}/openapi`, headers: null, operation: 'getPetById', parameters: null };
  const asked = {
    ...usual,
    output_as: 'body',
    signing_secret: null,
    ...settings,
    openapi: { ...operation, ...openapi },
  };
  const data: Partial<workflowWork.StepRequested['data']> = {
    ...{ workflow_id: workflowId('run-1'), step_id: stepId('pet'), idempotency_key: key },
    input_data: jsonText(input),
    settings: JSON.stringify(asked) as workflowWork.StepRequested['data']['settings'],
  };
  return {
    // What a webhook does not look at is left out.
    work: { type: 'workflow.step_requested', data: data as workflowWork.StepRequested['data'] },
    tenantId: tenant === undefined ? defaultTenant : tenantId(tenant),
    leftMs: 60_000,
    metadata: { id: 'r', subject: 'run-1', correlationId: 'c' },
    signal: new AbortController().signal,
  };
}

/** Calls of one orchestrator, which keeps documents between them. */
function caller(changed: Partial<WebhookOptions> = {}) {
  const call = webhookCall({ ...options, ...changed });
  return async (openapi: object, given: Given = {}) => {
    const outcome = await call(assignment(openapi, given));
    if (outcome.kind !== 'result') throw new TypeError(outcome.kind);
    const { status, output_data: output, error } = outcome;
    return { status, output: JSON.parse(output ?? 'null') as unknown, error: JSON.parse(error ?? 'null') as unknown };
  };
}

const lines = () => seen.map(({ line }) => line);
const pet = { parameters: { petId: 7 } };

describe('an operation of an OpenAPI document', () => {
  it('is found where the document says, in JSON and in YAML, and called there', async () => {
    expect(await caller()(pet)).toEqual({ status: 'completed', output: { id: 7 }, error: null });
    // The comment makes it YAML.
    documented = says(`# Pets\n${JSON.stringify(petstore, null, 2)}`);
    const settings = { output_as: 'response', query: { q: 'a b' }, headers: { 'X-Trace': 't-1' } };
    const { output } = await caller()(pet, settings);
    const url = `${origin}/v2/pet/7?q=a+b`;
    expect(output).toMatchObject({ status: 200, body: { id: 7 }, request: { method: 'GET', url } });
    expect(lines()).toEqual(['GET /openapi', 'GET /v2/pet/7', 'GET /openapi', 'GET /v2/pet/7?q=a+b']);
    expect(seen[3]?.headers).toMatchObject({ 'x-trace': 't-1', 'user-agent': 'chorda' });
  });

  it('that writes carries a body and one key for all its tries, which is no parameter that is missing', async () => {
    const call = caller();
    await call({ operation: 'addPet', parameters: { name: 'Rex' } });
    await call({ operation: 'addPet' }, { input: { name: 'Rex' } });
    await call({ operation: 'addPet' }, { input: { name: 'Rex' }, tenant: 'acme' });
    const [first, second, other] = seen.filter(({ line }) => line === 'POST /v2/pet');
    expect(first).toMatchObject({ body: '{"name":"Rex"}', headers: { 'content-type': 'application/json' } });
    expect(first?.headers['idempotency-key']).toMatch(/.{20}/);
    expect(second).toMatchObject({
      body: first?.body,
      headers: { 'idempotency-key': first?.headers['idempotency-key'] },
    });
    expect(other?.headers['idempotency-key']).not.toBe(first?.headers['idempotency-key']);
  });

  it('comes to the bytes in base64 where it is asked to', async () => {
    answer = says('\u0000pet');
    expect(await caller()(pet, { output_as: 'raw' })).toMatchObject({
      output: Buffer.from('\u0000pet').toString('base64'),
    });
  });

  it('that only reads has failed where nobody knows what became of it, and one that writes is unknown', async () => {
    answer = (request) => request.socket.destroy();
    expect(await caller()(pet)).toMatchObject({ status: 'failed', error: { code: 'REQUEST_FAILED', retriable: true } });
    const writing = await caller()({ operation: 'addPet', parameters: { name: 'Rex' } });
    expect(writing).toMatchObject({ status: 'lost', error: { code: 'REQUEST_FAILED' } });
  });
});

describe('an OpenAPI document', () => {
  it('is kept for a while, for each tenant and each way to ask for it, and asked for again where it lacks something', async () => {
    const call = caller();
    const asked = () => lines().filter((line) => line === 'GET /openapi').length;
    await call(pet);
    await call(pet);
    expect(asked()).toBe(1);
    await call(pet, { tenant: 'acme' });
    expect(asked()).toBe(2);
    await call({ ...pet, headers: { 'x-a': '1' } });
    expect(asked()).toBe(3);
    documented = says(JSON.stringify({ ...petstore, paths: { '/new': { get: { operationId: 'newer' } } } }));
    expect(await call({ operation: 'newer' })).toMatchObject({ status: 'completed' });
    expect(asked()).toBe(4);
    nowMs += 5 * 60_000;
    await call({ operation: 'newer' });
    expect(asked()).toBe(5);
  });

  it('is asked for with secrets, which go to its own host alone and into no error', async () => {
    documented = (request, response) => {
      const paths = { '/x': { get: { operationId: `said ${request.headers.authorization}` } } };
      says(JSON.stringify({ ...petstore, paths }))(request, response);
    };
    const headers = { authorization: 'Bearer {{secret:docs}}' };
    const { error } = await caller()({ ...pet, headers });
    expect(seen[0]?.headers.authorization).toBe('Bearer s3cret');
    expect(error).toMatchObject({ message: expect.stringContaining('said Bearer [secret docs]') });
    documented = says(JSON.stringify(petstore));
    await caller()({ ...pet, headers });
    expect(seen.at(-1)).toMatchObject({ line: 'GET /v2/pet/7' });
    expect(seen.at(-1)?.headers).not.toHaveProperty('authorization');
    const elsewhere = await caller()({ headers, document: `${origin.replace('pets', 'other')}/openapi` });
    expect(elsewhere).toMatchObject({ status: 'failed', error: { code: 'SECRET_NOT_FOR_HOST', retriable: false } });
  });

  it('cannot send a call to where none may go', async () => {
    documented = says(JSON.stringify({ ...petstore, servers: [{ url: origin.replace('pets', 'inside') }] }));
    expect(await caller()(pet)).toMatchObject({
      status: 'failed',
      error: { code: 'ADDRESS_NOT_ALLOWED', retriable: false },
    });
    expect(lines()).toEqual(['GET /openapi']);
  });

  it.each<[string, Answer, object]>([
    ['is away', (request) => request.socket.destroy(), { code: 'OPENAPI_UNREACHABLE', retriable: true, class: 'http' }],
    ['is not there', says('no', 404), { code: 'OPENAPI_UNREACHABLE', retriable: false, status: 404 }],
    ['has a busy server', says('later', 503), { code: 'OPENAPI_UNREACHABLE', retriable: true, status: 503 }],
    ['is too large', says(' '.repeat(20_001)), { code: 'OPENAPI_TOO_LARGE', retriable: false }],
    ['is something else', says('<html>hello</html>'), { code: 'OPENAPI_NOT_VALID', retriable: false }],
    ['has no such operation', says(JSON.stringify({ ...petstore, paths: {} })), { code: 'OPENAPI_OPERATION_UNKNOWN' }],
  ])('that %s fails the step, and nothing is called', async (_name, given, error) => {
    documented = given;
    expect(await caller()(pet)).toMatchObject({ status: 'failed', error });
    expect(lines()).toEqual(['GET /openapi']);
  });

  it('that does not answer in time fails the step, which may be tried again', async () => {
    documented = () => undefined;
    const error = { class: 'timeout', code: 'OPENAPI_UNREACHABLE', retriable: true };
    expect(await caller({ timeoutMs: 150 })(pet)).toMatchObject({ status: 'failed', error });
  });

  it('on an address that may not be asked is not asked for', async () => {
    const document = `${origin.replace('pets', 'inside')}/openapi`;
    expect(await caller()({ document })).toMatchObject({ error: { code: 'ADDRESS_NOT_ALLOWED', retriable: false } });
    expect(seen).toEqual([]);
  });
});

it.each([
  [{}, 'OPENAPI_PARAMETER_MISSING', 'petId (path)'],
  [{ petId: 7, status: 'sold' }, 'OPENAPI_PARAMETER_UNKNOWN', 'status'],
  [{ petId: 7, 'X-Trace': 'a\r\nevil: 1' }, 'OPENAPI_PARAMETER_NOT_VALID', 'x-trace must be one line'],
])('with the parameters %j it is %s', async (parameters, code, message) => {
  const error = { class: 'http', code, message: expect.stringContaining(message), retriable: false };
  expect(await caller()({ parameters })).toMatchObject({ status: 'failed', error });
  expect(lines()).toEqual(['GET /openapi']);
});
