import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import {
  otherTenant,
  prepareGround,
  startGatewayOn,
  type GatewayUnderTest,
  type Ground,
} from '../test-support/gateway-under-test.js';
import { GatewayClient } from '../test-support/requests.js';
import { SseClient } from '../test-support/sse-client.js';
import { untilTrue } from '../test-support/until-true.js';

let ground: Ground;
let gateway: GatewayUnderTest;
let team: GatewayClient;
let teamKey: string;
let stranger: GatewayClient;

beforeAll(async () => {
  ground = await prepareGround(inject('stack'));
  gateway = await startGatewayOn(ground, { CHORDA_EXTERNAL_TYPES_MAX: '6' });
  teamKey = await ground.issueKey(['admin'], otherTenant);
  team = new GatewayClient(gateway.url, teamKey);
  stranger = new GatewayClient(gateway.url, await ground.issueKey(['admin']));
});

afterAll(async () => {
  await gateway?.stop();
  await ground?.close();
});

const order = {
  type: 'record',
  name: 'Order',
  fields: [
    { name: 'order_id', type: 'string' },
    { name: 'user_id', type: 'string' },
    { name: 'total', type: { type: 'bytes', logicalType: 'decimal', precision: 12, scale: 2 } },
  ],
};
const orderWithChannel = {
  ...order,
  fields: [...order.fields, { name: 'channel', type: ['null', 'string'], default: null }],
};

const put = (client: GatewayClient, type: string, body: unknown, query = '') =>
  client.request('PUT', `/v1/schemas/${type}${query}`, {
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json' },
  });

let count = 0;
const placed = (data: Record<string, unknown> = {}, type = 'external.order_placed') => ({
  specversion: '1.0',
  id: `o-${++count}`,
  source: 'urn:shop',
  type,
  data: { order_id: 'o-1', user_id: 'u-1', total: '12.5', ...data },
});

describe('a type of another team, in Avro', () => {
  it('is not known before it is registered, and a dry run registers nothing', async () => {
    expect((await team.send(placed())).body['code']).toBe('UNKNOWN_EVENT_TYPE');
    const dry = await put(team, 'external.order_placed', { avro: order }, '?dry_run=true');
    expect([dry.status, dry.body['outcome'], dry.body['version']]).toEqual([200, 'registered', null]);
    expect((await team.send(placed())).body['code']).toBe('UNKNOWN_EVENT_TYPE');
  });

  it('is taken, kept, searched and followed like every other from the moment it is registered', async () => {
    const { status, body } = await put(team, 'external.order_placed', { avro: order });
    expect([status, body['outcome'], body['version'], body['topic']]).toEqual([
      200,
      'registered',
      1,
      'external.order_placed',
    ]);
    const event = placed();
    expect((await team.send(event)).status).toBe(201);
    await ground.journal.catchUp();
    const read = await team.get(`/v1/events/${event.id}?source=urn:shop`);
    expect(read.body).toMatchObject({ type: event.type, subject: 'u-1', data: event.data, tenantid: 'other' });
    const listed = await team.get('/v1/events?type=external.order_placed');
    expect(JSON.stringify(listed.body)).toContain(event.id);
  });

  it('comes on the live tail', async () => {
    const tail = await new SseClient(gateway.url, teamKey).open('?type=external.order_placed');
    const event = placed();
    await team.send(event);
    await untilTrue(() => tail.events().some(({ id }) => id === event.id));
    await tail.close();
  });

  it('is refused with the place of every broken rule', async () => {
    const { status, body } = await team.send(placed({ total: 12.5, extra: 1 }));
    expect([status, body['code']]).toEqual([422, 'INVALID_EVENT']);
    expect((body['errors'] as { pointer: string }[]).map(({ pointer }) => pointer).sort()).toEqual([
      '/data/extra',
      '/data/total',
    ]);
  });

  it('again changes nothing; a lawful change is a version; a breaking one is refused with field and rule', async () => {
    expect((await put(team, 'external.order_placed', { avro: order })).body['outcome']).toBe('unchanged');
    const evolved = await put(team, 'external.order_placed', { avro: orderWithChannel });
    expect([evolved.body['outcome'], evolved.body['version']]).toEqual(['evolved', 2]);
    expect((await team.send(placed({ channel: 'web' }))).status).toBe(201);
    expect((await team.send(placed())).status).toBe(201);
    const broken = { ...orderWithChannel, fields: orderWithChannel.fields.slice(1) };
    const refused = await put(team, 'external.order_placed', { avro: broken });
    expect([refused.status, refused.body['code']]).toEqual([409, 'SCHEMA_INCOMPATIBLE']);
    expect(JSON.stringify(refused.body['errors'])).toContain('order_id');
  });

  it('belongs to who registered it: others cannot send, see or change it', async () => {
    expect((await put(stranger, 'external.order_placed', { avro: order })).body['code']).toBe('ALREADY_EXISTS');
    expect((await stranger.send(placed())).body['code']).toBe('UNKNOWN_EVENT_TYPE');
    expect((await stranger.get('/v1/schemas/external.order_placed')).status).toBe(404);
    expect(JSON.stringify((await stranger.get('/v1/schemas')).body)).not.toContain('order_placed');
    expect(JSON.stringify((await stranger.get('/asyncapi.json')).body)).not.toContain('order_placed');
  });

  it('stands in /v1/schemas and in the AsyncAPI document of its tenant', async () => {
    const shown = await team.get('/v1/schemas/external.order_placed');
    expect(shown.body).toMatchObject({ origin: 'registered', record: 'external.OrderPlaced' });
    const asyncApi = (await team.get('/asyncapi.json')).body as { channels: object; components: { messages: object } };
    expect(asyncApi.channels).toHaveProperty('external_order_placed');
    expect(asyncApi.components.messages).toHaveProperty(['external.order_placed']);
    expect(asyncApi.components.messages).toHaveProperty(['agent.executed']);
  });

  it('is known to another gateway a moment later, and after a start', async () => {
    const second = await startGatewayOn(ground);
    expect((await new GatewayClient(second.url, teamKey).send(placed())).status).toBe(201);
    await put(team, 'external.order_shipped', { avro: order });
    await untilTrue(async () => {
      const event = placed({}, 'external.order_shipped');
      return (await new GatewayClient(second.url, teamKey).send(event)).status === 201;
    });
    await second.stop();
  });
});

describe('a type of another team, in JSON Schema', () => {
  const schema = {
    type: 'object',
    required: ['sku', 'count'],
    properties: {
      sku: { type: 'string', pattern: '^(a+)+$' },
      count: { type: 'integer', minimum: 1 },
      when: { type: 'string', format: 'date-time' },
      free: { type: 'object' },
    },
  };
  const stocked = (data: Record<string, unknown>) => ({
    ...placed({}, 'external.stocked'),
    subject: 'shelf-1',
    data,
  });

  it('is checked by all that it says, also what Avro cannot say', async () => {
    expect((await put(team, 'external.stocked', { json_schema: schema })).status).toBe(200);
    const sound = { sku: 'aa', count: 3, when: '2026-11-21T10:00:00Z', free: { any: [1, 'x'] } };
    expect((await team.send(stocked(sound))).status).toBe(201);
    for (const [data, pointer] of [
      [{ sku: 'b', count: 3 }, '/data/sku'],
      [{ sku: 'a', count: 0 }, '/data/count'],
      [{ sku: 'a', count: 1, when: 'soon' }, '/data/when'],
      [{ sku: 'a' }, '/data/count'],
    ] as const) {
      const { status, body } = await team.send(stocked(data));
      expect([status, body['code']]).toEqual([422, 'INVALID_EVENT']);
      expect((body['errors'] as { pointer: string }[]).map((issue) => issue.pointer)).toContain(pointer);
    }
  });

  it('runs patterns of strangers in linear time', async () => {
    const { status } = await team.send(stocked({ sku: `${'a'.repeat(50_000)}b`, count: 1 }));
    expect(status).toBe(422);
  });
});

describe('a schema that cannot be used', () => {
  it.each([
    ['external.a', { avro: { type: 'record', name: 'A', fields: [] } }, 422, 'INVALID_SCHEMA'],
    ['external.a', { json_schema: { type: 'string' } }, 422, 'INVALID_SCHEMA'],
    [
      'external.a',
      { json_schema: { type: 'object', properties: { a: { type: 'string', pattern: '(' } } } },
      422,
      'INVALID_SCHEMA',
    ],
    ['external.webhook', { avro: order }, 422, 'INVALID_SCHEMA'],
    ['agent.executed', { avro: order }, 422, 'INVALID_SCHEMA'],
    ['external.a', {}, 400, 'INVALID_REQUEST'],
    ['external.a', { avro: order, json_schema: {} }, 400, 'INVALID_REQUEST'],
  ])('for %s is refused: %j', async (type, body, status, code) => {
    const answer = await put(team, type, body);
    expect([answer.status, answer.body['code']]).toEqual([status, code]);
  });

  it('is one too many', async () => {
    const codes: unknown[] = [];
    for (const name of ['a', 'b', 'c', 'd', 'e']) {
      codes.push((await put(team, `external.one_${name}`, { avro: order })).body['code']);
    }
    expect(codes.at(-1)).toBe('LIMIT_REACHED');
  });
});
