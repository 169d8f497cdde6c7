import { decodePosition } from '@chorda/contracts';
import { derivedId, newId } from '@chorda/kernel';
import { CloudEvent, HTTP } from 'cloudevents';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import {
  everyScope,
  otherTenant,
  prepareGround,
  startGatewayOn,
  type GatewayUnderTest,
  type Ground,
} from '../test-support/gateway-under-test.js';
import { batch, executed, executedData, GatewayClient } from '../test-support/requests.js';

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

async function read(id: string): Promise<Record<string, unknown>> {
  await ground.journal.catchUp();
  const { status, body } = await client.get(`/v1/events/${encodeURIComponent(id)}`);
  expect(status).toBe(200);
  return body;
}

describe('one event', () => {
  it('is in the log when it is answered 201, and its position says where', async () => {
    const event = executed();
    const { status, body, headers } = await client.send(event);
    expect(status).toBe(201);
    expect(body).toEqual({ status: 'logged', id: event.id, position: expect.any(String) });
    expect(headers.get('location')).toBe(`/v1/events/${event.id}?source=urn%3Aspec`);
    expect(decodePosition(String(body['position']))[0]?.topic).toBe('agent.events');
  });

  it('comes back as it was sent, numbers beyond a double and all', async () => {
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    const event = executed({ time: '2026-11-21T09:30:00.250Z', correlationid: 'C1', causationid: 'C0', traceparent });
    const text = JSON.stringify(event).replace('"why"', '12345678901234567890');
    expect((await client.send(text, { type: 'application/cloudevents+json' })).status).toBe(201);
    expect(await read(event.id)).toMatchObject({
      specversion: '1.0',
      id: event.id,
      source: 'urn:spec',
      subject: 'AGENT-1',
      time: '2026-11-21T09:30:00.250Z',
      tenantid: 'default',
      correlationid: 'C1',
      causationid: 'C0',
      data: { agent_id: 'AGENT-1', status: 'completed', output_data: null },
    });
  });

  it('may leave out id, time and correlation id: they are made', async () => {
    const { id: _id, ...event } = executed();
    const { body } = await client.send(event);
    const stored = await read(String(body['id']));
    expect(stored['correlationid']).toEqual(expect.any(String));
    expect(Date.parse(String(stored['time']))).toBeGreaterThan(Date.now() - 60_000);
  });

  it('gets the id it had the first time from the same Idempotency-Key, quoted or bare', async () => {
    const { id: _id, ...event } = executed();
    const key = newId();
    const first = await client.send(event, { headers: { 'idempotency-key': key } });
    const second = await client.send(event, { headers: { 'idempotency-key': `"${key}"` } });
    expect(first.body['id']).toBe(derivedId('default', key, 0));
    expect(second.body['id']).toBe(first.body['id']);
    await ground.journal.catchUp();
    const page = await client.get(`/v1/events?correlation_id=${derivedId('default', key, 'correlation')}`);
    expect(page.body['items']).toHaveLength(1);
  });
});

describe('the official CloudEvents SDK', () => {
  const event = () => new CloudEvent({ source: 'urn:sdk', type: 'agent.executed', data: executedData() });
  const headersOf = (headers: unknown): Record<string, string> =>
    Object.fromEntries(Object.entries(Object(headers)).map(([name, value]) => [name, String(value)]));

  it('posts in binary mode', async () => {
    const sent = event();
    const message = HTTP.binary(sent);
    const { status } = await client.send(String(message.body), {
      headers: headersOf(message.headers),
      type: 'application/json',
    });
    expect(status).toBe(201);
    expect(await read(sent.id)).toMatchObject({ source: 'urn:sdk', time: new Date(sent.time ?? '').toISOString() });
  });

  it('posts in structured mode', async () => {
    const sent = event();
    const message = HTTP.structured(sent);
    const headers = headersOf(message.headers);
    expect((await client.send(String(message.body), { headers, type: String(headers['content-type']) })).status).toBe(
      201,
    );
    expect(await read(sent.id)).toMatchObject({ source: 'urn:sdk' });
  });

  it('posts a batch', async () => {
    const sent = [event(), event()];
    const { status, body } = await client.send(JSON.stringify(sent.map((each) => each.toJSON())), { type: batch });
    expect(status).toBe(200);
    expect(body['items']).toMatchObject(sent.map(({ id }) => ({ status: 'logged', id })));
  });
});

describe('a batch', () => {
  it('is answered 200 when every event is logged, in order, with one position for all', async () => {
    const events = Array.from({ length: 250 }, (_, index) => executed({}, { agent_id: `AGENT-${index % 7}` }));
    const { status, body } = await client.send(events);
    expect(status).toBe(200);
    const items = body['items'] as { id: string; position: string }[];
    expect(items.map(({ id }) => id)).toEqual(events.map(({ id }) => id));
    const all = new Map(decodePosition(String(body['position'])).map((place) => [place.partition, place.offset]));
    for (const { position } of items) {
      const [place] = decodePosition(position);
      expect(place && (all.get(place.partition) ?? -1n) >= place.offset).toBe(true);
    }
  });

  it('keeps the order of each subject', async () => {
    const events = Array.from({ length: 300 }, (_, index) => executed({}, { agent_id: `ORDER-${index % 3}` }));
    const { body } = await client.send(events);
    const offsets = new Map<string, bigint>();
    (body['items'] as { position: string }[]).forEach(({ position }, index) => {
      const agent = `ORDER-${index % 3}`;
      const offset = decodePosition(position)[0]?.offset ?? -1n;
      expect(offset > (offsets.get(agent) ?? -1n)).toBe(true);
      offsets.set(agent, offset);
    });
  });

  it('is answered 207 when some events are refused; the others are logged and each says so', async () => {
    const good = executed();
    const { status, body } = await client.send([
      good,
      executed({}, { status: 'done', execution_time_ms: -1 }),
      7,
      executed({ type: 'no.such' }),
    ]);
    expect(status).toBe(207);
    expect(body['items']).toMatchObject([
      { status: 'logged', id: good.id },
      {
        status: 'refused',
        problem: {
          code: 'INVALID_EVENT',
          status: 422,
          errors: expect.arrayContaining([
            expect.objectContaining({ pointer: '/1/data/status' }),
            expect.objectContaining({ pointer: '/1/data/execution_time_ms' }),
          ]),
        },
      },
      { status: 'refused', problem: { code: 'INVALID_EVENT' } },
      { status: 'refused', problem: { code: 'UNKNOWN_EVENT_TYPE', errors: [{ pointer: '/3/type' }] } },
    ]);
  });

  it('is answered 422 when every event is refused, so that nobody takes it for a success', async () => {
    const { status, body } = await client.send([executed({}, { status: 'done' }), executed({ source: '' })]);
    expect(status).toBe(422);
    expect(body).toMatchObject({ code: 'BATCH_REFUSED', items: [{ status: 'refused' }, { status: 'refused' }] });
  });

  it('may be empty', async () => {
    expect(await client.send([])).toMatchObject({ status: 200, body: { items: [], position: null } });
  });

  it('may hold 10,000 events', async () => {
    const events = Array.from({ length: 10_000 }, (_, index) =>
      executed({}, { agent_id: `AGENT-${index % 500}`, input_data: null, execution_id: `E${index}` }),
    );
    const { status, body } = await client.send(events);
    expect(status).toBe(200);
    expect(new Set((body['items'] as { position: string }[]).map(({ position }) => position)).size).toBe(10_000);
  });

  it('gives its events the same ids each time it comes with the same Idempotency-Key', async () => {
    const events = [executed(), executed()].map(({ id: _id, ...event }) => event);
    const headers = { 'idempotency-key': newId() };
    const ids = async () =>
      ((await client.send(events, { headers })).body['items'] as { id: string }[]).map(({ id }) => id);
    const first = await ids();
    expect(new Set(first).size).toBe(2);
    expect(await ids()).toEqual(first);
  });
});

describe('an event is refused', () => {
  const refusals: readonly [string, Record<string, unknown>, number, string, string][] = [
    ['for a field that its schema has not', executed({}, { colour: 'red' }), 422, 'INVALID_EVENT', '/data/colour'],
    ['for a status that nobody knows', executed({}, { status: 'unknown' }), 422, 'INVALID_EVENT', '/data/status'],
    [
      'for a number beyond 2^53-1',
      executed({}, { execution_time_ms: 2 ** 53 }),
      422,
      'INVALID_EVENT',
      '/data/execution_time_ms',
    ],
    ['for another CloudEvents version', executed({ specversion: '0.3' }), 422, 'INVALID_EVENT', '/specversion'],
    ['without a source', executed({ source: undefined }), 422, 'INVALID_EVENT', '/source'],
    ['for a line break in its source', executed({ source: 'a\r\nb' }), 422, 'INVALID_EVENT', '/source'],
    ['for an id that is too long', executed({ id: 'x'.repeat(257) }), 422, 'INVALID_EVENT', '/id'],
    ['for a day that is none', executed({ time: '2026-02-30T00:00:00Z' }), 422, 'INVALID_EVENT', '/time'],
    ['for a subject that its data contradicts', executed({ subject: 'AGENT-2' }), 422, 'INVALID_EVENT', '/subject'],
    [
      'for an agent whose id would forge a log line',
      executed({}, { agent_id: 'a\nb' }),
      422,
      'INVALID_EVENT',
      '/subject',
    ],
    ['for an attribute that would be lost', executed({ colour: 'red' }), 422, 'INVALID_EVENT', '/colour'],
    [
      'for a schema that is not the one it is kept in',
      executed({ dataschema: 'urn:x' }),
      422,
      'INVALID_EVENT',
      '/dataschema',
    ],
    ['for data that is no JSON', executed({ datacontenttype: 'text/xml' }), 422, 'INVALID_EVENT', '/datacontenttype'],
    ['for data in base64', executed({ data: undefined, data_base64: 'e30=' }), 422, 'INVALID_EVENT', '/data_base64'],
    ['for a version, being a fact', executed({ streamversion: 1 }), 422, 'INVALID_EVENT', '/streamversion'],
    [
      'for an expected version, being a fact',
      executed({ expectedversion: 3 }),
      422,
      'EXPECTED_VERSION_NOT_ACCEPTED',
      '/expectedversion',
    ],
    ['for another tenant', executed({ tenantid: 'other' }), 403, 'TENANT_MISMATCH', '/tenantid'],
    ['for being an audit entry', executed({ type: 'audit.changed' }), 403, 'FORBIDDEN', '/type'],
    ['for a type nobody knows', executed({ type: '__proto__' }), 422, 'UNKNOWN_EVENT_TYPE', '/type'],
    [
      'for a body that is too large a record',
      executed({}, { input_data: 'x'.repeat(1024 * 1024) }),
      413,
      'RECORD_TOO_LARGE',
      '/data/input_data',
    ],
    [
      'for fields that together are too large a record',
      executed({}, { input_data: 'x'.repeat(600_000), output_data: 'x'.repeat(600_000) }),
      413,
      'RECORD_TOO_LARGE',
      '/data',
    ],
  ];

  it.each(refusals)('%s', async (_name, event, status, code, pointer) => {
    const answer = await client.send(event);
    expect({ status: answer.status, code: answer.body['code'] }).toEqual({ status, code });
    expect(answer.body['errors']).toEqual(expect.arrayContaining([expect.objectContaining({ pointer })]));
  });

  it('where the data is not there to name its subject, unless the sender does', async () => {
    const event = { specversion: '1.0', source: 'urn:spec', type: 'external.webhook', data: {} };
    const answer = await client.send(event);
    expect(answer.body['errors']).toEqual(
      expect.arrayContaining([expect.objectContaining({ pointer: expect.stringMatching(/^\/data\//) })]),
    );
  });

  it('naming the header, in binary mode', async () => {
    const headers = { 'ce-specversion': '1.0', 'ce-type': 'agent.executed', 'ce-id': '1' };
    const { status, body } = await client.send(executedData({ status: 3 }), { type: 'application/json', headers });
    expect(status).toBe(422);
    expect(body['errors']).toEqual([
      expect.objectContaining({ header: 'ce-source' }),
      expect.objectContaining({ pointer: '/status' }),
    ]);
  });
});

describe('a decision', () => {
  const created = (changes: Record<string, unknown> = {}) => ({
    specversion: '1.0',
    id: newId(),
    source: 'urn:chorda:demo:day',
    type: 'workflow.paused',
    streamversion: 4,
    data: { workflow_id: 'RUN-1', workflow_name: 'w', reason: 'r' },
    ...changes,
  });

  it('is refused with the command to use', async () => {
    const { status, body } = await client.send(created({ source: 'urn:elsewhere' }));
    expect(status).toBe(422);
    expect(body).toMatchObject({ code: 'DECISION_NOT_ACCEPTED', command: 'POST /v1/runs/{id}/pause' });
  });

  it.each([
    ['agent.execute', 'POST /v1/agents/{id}/execute'],
    ['agent.record_turn', undefined],
    ['agent.turn_requested', undefined],
  ])('is refused where %s is no event at all, with the request to use', async (type, command) => {
    const { status, body } = await client.send(created({ type, data: { agent_id: 'a' } }));
    expect(status).toBe(422);
    expect(body).toMatchObject({ code: 'DECISION_NOT_ACCEPTED' });
    expect(body['command']).toBe(command);
  });

  it('is refused without the scope to simulate, which admin does not include', async () => {
    const admin = new GatewayClient(gateway.url, await ground.issueKey(['admin']));
    expect((await admin.send(created())).body['code']).toBe('DECISION_NOT_ACCEPTED');
  });

  it('is refused by a gateway that does not simulate', async () => {
    const strict = await startGatewayOn(ground, { CHORDA_SIMULATED_DECISIONS: 'false' });
    try {
      const sender = new GatewayClient(strict.url, await ground.issueKey(everyScope));
      expect((await sender.send(created())).body['code']).toBe('DECISION_NOT_ACCEPTED');
    } finally {
      await strict.stop();
    }
  });

  it('is taken from the demo where decisions are simulated, and keeps its version', async () => {
    const event = created();
    const answer = await client.send(event);
    expect(answer.body).toMatchObject({ status: 'logged' });
    expect(await read(event.id)).toMatchObject({ streamversion: '4', type: 'workflow.paused' });
  });

  it('needs its version even then', async () => {
    const { body } = await client.send(created({ streamversion: undefined }));
    expect(body['errors']).toEqual(expect.arrayContaining([expect.objectContaining({ pointer: '/streamversion' })]));
  });
});

describe('reads', () => {
  it('see a write whose position they bring, once the journal has it', async () => {
    const event = executed();
    const { body } = await client.send(event);
    const position = String(body['position']);
    const early = await client.get(`/v1/events?subject=AGENT-1&min_position=${position}&wait=0`);
    expect(early.body).toMatchObject({ complete: false, reason: 'lagging', projection: 'journal' });
    const missing = await client.get(`/v1/events/${event.id}?min_position=${position}&wait=0`);
    expect(missing).toMatchObject({ status: 404, body: { code: 'NOT_FOUND', complete: false, reason: 'lagging' } });
    const waiting = client.get(`/v1/events/${event.id}?min_position=${position}&wait=20000`);
    await ground.journal.catchUp();
    expect((await waiting).body['id']).toBe(event.id);
  });

  it('page through everything, newest first, without gap or repeat', async () => {
    const correlation = newId();
    const events = Array.from({ length: 25 }, () => executed({ correlationid: correlation }));
    await client.send(events);
    await ground.journal.catchUp();
    const seen: string[] = [];
    let cursor: unknown = '';
    while (cursor !== null) {
      const next = cursor === '' ? '' : `&cursor=${String(cursor)}`;
      const { body } = await client.get(`/v1/events?correlation_id=${correlation}&limit=10${next}`);
      seen.push(...(body['items'] as { id: string }[]).map(({ id }) => id));
      cursor = body['next_cursor'];
    }
    expect(seen).toHaveLength(25);
    expect(new Set(seen)).toEqual(new Set(events.map(({ id }) => id)));
  });

  it('ask which source is meant where two used the same id', async () => {
    const id = newId();
    await client.send([executed({ id, source: 'urn:a' }), executed({ id, source: 'urn:b' })]);
    await ground.journal.catchUp();
    const { status, body } = await client.get(`/v1/events/${id}`);
    expect(status).toBe(409);
    expect(body).toMatchObject({ code: 'AMBIGUOUS_EVENT_ID', sources: ['urn:a', 'urn:b'] });
    expect((await client.get(`/v1/events/${id}?source=urn:b`)).body['source']).toBe('urn:b');
  });

  it('never show another tenant its event, by id, by filter or by cursor', async () => {
    const event = executed();
    await client.send(event);
    await ground.journal.catchUp();
    const other = new GatewayClient(gateway.url, await ground.issueKey(['admin'], otherTenant));
    const page = await client.get('/v1/events?limit=1');
    expect((await other.get(`/v1/events/${event.id}`)).status).toBe(404);
    expect((await other.get('/v1/events')).body['items']).toEqual([]);
    expect((await other.get(`/v1/events?cursor=${String(page.body['next_cursor'])}`)).status).toBe(400);
  });

  it('answer ack=projected when the journal has the event, or say that it has not', async () => {
    const late = await client.send(executed(), { query: '?ack=projected&wait=0' });
    expect(late).toMatchObject({ status: 201, body: { status: 'logged', complete: false, reason: 'lagging' } });
    const waiting = client.send(executed(), { query: '?ack=projected&wait=20000' });
    const settled = waiting.then(() => true);
    while (!(await Promise.race([settled, ground.journal.catchUp().then(() => false)])));
    expect((await waiting).body['complete']).toBe(true);
  });
});
