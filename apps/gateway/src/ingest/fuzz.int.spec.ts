import fc from 'fast-check';
import { draws } from '@chorda/testing';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import {
  everyScope,
  prepareGround,
  startGatewayOn,
  type GatewayUnderTest,
  type Ground,
} from '../test-support/gateway-under-test.js';
import { batch, executed, GatewayClient, structured } from '../test-support/requests.js';

let ground: Ground;
let gateway: GatewayUnderTest;
let client: GatewayClient;

beforeAll(async () => {
  ground = await prepareGround(inject('stack'));
  gateway = await startGatewayOn(ground);
  client = new GatewayClient(gateway.url, await ground.issueKey(everyScope));
});

afterAll(async () => {
  await gateway?.stop();
  await ground?.close();
});

const hostile = fc.oneof(
  fc.constantFrom(
    null,
    '',
    '\u0000',
    'a\r\nb',
    '../..',
    "'; DROP TABLE journal_v1; --",
    '\ud800',
    1e308,
    -0,
    2 ** 53,
    [],
    {},
  ),
  fc.constantFrom(
    '__proto__',
    'constructor',
    { constructor: { prototype: { polluted: true } } },
    'agent.created',
    '1.0',
  ),
  fc.jsonValue({ maxDepth: 4 }),
  fc.string({ unit: 'binary', maxLength: 400 }),
);

/** A lawful event in which some members, of the event or of its data, are something else. */
const mutated = fc
  .record({
    attributes: fc.dictionary(
      fc.constantFrom(
        'specversion',
        'id',
        'source',
        'type',
        'subject',
        'time',
        'data',
        'tenantid',
        'streamversion',
        'correlationid',
        'traceparent',
        'x',
        '__proto__',
      ),
      hostile,
      { maxKeys: 2 },
    ),
    data: fc.dictionary(
      fc.constantFrom('agent_id', 'input_data', 'status', 'execution_time_ms', 'metadata', 'usage', 'x', '__proto__'),
      hostile,
      { maxKeys: 2 },
    ),
  })
  .map(({ attributes, data }) => executed(attributes, data));

const bodies = fc.oneof(
  mutated.map((event) => ({ type: structured, body: JSON.stringify(event) })),
  fc.array(mutated, { maxLength: 5 }).map((events) => ({ type: batch, body: JSON.stringify(events) })),
  hostile.map((value) => ({ type: structured, body: JSON.stringify(value) ?? '' })),
  fc.uint8Array({ maxLength: 200 }).map((bytes) => ({ type: batch, body: Buffer.from(bytes) })),
  fc.string({ unit: 'binary', maxLength: 100 }).map((body) => ({ type: 'application/json', body })),
);

/** 4xx is a refusal and 2xx an acceptance; a 5xx would be a fault of ours, since nothing is wrong with the servers. */
function expectDocumented(status: number, body: Record<string, unknown>): void {
  expect([200, 201, 207, 400, 403, 413, 415, 422]).toContain(status);
  if (status >= 400) expect(body).toMatchObject({ code: expect.any(String), request_id: expect.any(String) });
}

describe('whatever is sent', () => {
  it('is taken or refused by a documented answer, and changes no object of ours', async () => {
    let taken = 0;
    await fc.assert(
      fc.asyncProperty(bodies, async ({ type, body }) => {
        const answer = await client.send(body, { type });
        expectDocumented(answer.status, answer.body);
        if (answer.status < 300) taken += 1;
        expect(Object.prototype).not.toHaveProperty('polluted');
      }),
      { numRuns: 600, ...draws },
    );
    // A door that refuses everything would pass the rest.
    expect(taken).toBeGreaterThan(50);
    await ground.journal.catchUp();
    expect((await client.get('/v1/events?limit=500')).status).toBe(200);
  });

  it('is refused or answered in headers and addresses too', async () => {
    const safe = fc.string({
      unit: fc
        .oneof(fc.integer({ min: 0x21, max: 0x7e }), fc.integer({ min: 0xa0, max: 0xff }))
        .map((code) => String.fromCharCode(code)),
      minLength: 1,
      maxLength: 60,
    });
    const names = fc.constantFrom(
      'ce-id',
      'ce-type',
      'ce-source',
      'ce-specversion',
      'ce-time',
      'ce-x',
      'idempotency-key',
      'traceparent',
      'x-request-id',
      'last-event-id',
    );
    await fc.assert(
      fc.asyncProperty(fc.dictionary(names, safe, { maxKeys: 4 }), safe, async (headers, text) => {
        const sent = await client.send('{}', { type: 'application/json', headers });
        expectDocumented(sent.status, sent.body);
        const found = await client.get(`/v1/events/${encodeURIComponent(text)}?source=${encodeURIComponent(text)}`);
        expect([400, 404, 414]).toContain(found.status);
        const searched = await client.get(
          `/v1/events?subject=${encodeURIComponent(text)}&cursor=${encodeURIComponent(text)}`,
        );
        expect(searched.status).toBe(400);
      }),
      { numRuns: 150, ...draws },
    );
  });
});
