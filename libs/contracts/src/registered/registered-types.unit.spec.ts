import { describe, expect, it } from 'vitest';
import { InvalidInputError, tenantId } from '@chorda/kernel';
import { EventCodec, eventDataToJson, eventTypes, isEventType, knownEventTypes, parseEventData } from '../index.js';
import { avroOfJsonSchema } from './json-schema.js';
import { addRegisteredTypes, registeredSchema, registeredTypes } from './registered-types.js';

const orderSchema = {
  type: 'record',
  name: 'WhateverTheyCallIt',
  namespace: 'com.acme.orders',
  fields: [
    { name: 'order_id', type: 'string' },
    { name: 'user_id', type: ['null', 'string'], default: null },
    { name: 'total', type: { type: 'bytes', logicalType: 'decimal', precision: 12, scale: 2 } },
    {
      name: 'lines',
      type: { type: 'array', items: { type: 'record', name: 'Line', fields: [{ name: 'sku', type: 'string' }] } },
    },
  ],
};
const withChannel = {
  ...orderSchema,
  fields: [...orderSchema.fields, { name: 'channel', type: ['null', 'string'], default: null }],
};

function bytesOf(headers: Readonly<Record<string, string>>): Record<string, Buffer> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, Buffer.from(value)]));
}

function issuesOf(work: () => unknown): readonly string[] {
  try {
    work();
  } catch (error) {
    if (error instanceof InvalidInputError) return error.issues.map(({ pointer, detail }) => `${pointer} ${detail}`);
    throw error;
  }
  return [];
}

describe('an Avro record of another team', () => {
  it('becomes a fact named after its type, on a topic of its own, keyed by user_id', () => {
    const schema = registeredSchema('external.order_placed', orderSchema);
    expect(schema).toMatchObject({
      record: 'external.OrderPlaced',
      kind: 'fact',
      topic: 'external.order_placed',
      subject: ['user_id'],
    });
  });

  it.each(['external.form_1099', 'external.op_7be1f030', 'external.a_1_b2_3c', 'external.a1_b', 'external.order_v2'])(
    'keeps the name %s',
    (type) => {
      expect(registeredSchema(type, orderSchema).type).toBe(type);
    },
  );

  it.each([
    ['external.OrderPlaced', orderSchema, '/type must be external.<name>'],
    ['order_placed', orderSchema, '/type must be external.<name>'],
    ['external.webhook', orderSchema, '/type is a type of Chorda itself'],
    [`external.${'x'.repeat(100)}`, orderSchema, '/type must have at most 100 characters'],
    ['external.a', { type: 'map', values: 'string' }, '/type must be "record"'],
    ['external.a', { type: 'record', name: 'A', fields: [] }, '/fields must hold at least one field'],
    [
      'external.a',
      { ...orderSchema, fields: [{ name: 'orderId', type: 'string' }] },
      '/fields/0/name must be snake_case',
    ],
    [
      'external.a',
      { ...orderSchema, fields: [{ name: 'a', type: ['string', 'int'] }] },
      '/fields/0/type the only unions',
    ],
    [
      'external.a',
      { ...orderSchema, fields: [{ name: 'a', type: { type: 'map', values: 'int' } }] },
      '"map" is not a type',
    ],
    ['external.a', { ...orderSchema, doc: 'x'.repeat(70_000) }, 'must be at most 65536 bytes'],
  ])('as %s is refused with the place of its fault', (type, avro, fault) => {
    expect(issuesOf(() => registeredSchema(type, avro)).join('\n')).toContain(fault);
  });

  it('evolves under the gate, against every version so far', () => {
    const first = registeredSchema('external.order_placed', orderSchema).avro;
    const second = registeredSchema('external.order_placed', withChannel, [first]).avro;
    const required = { ...withChannel, fields: [...withChannel.fields, { name: 'vat', type: 'string' }] };
    expect(issuesOf(() => registeredSchema('external.order_placed', required, [first, second]))).toEqual([
      '/vat is new or renamed and has no default: older events lack it (since version 1)',
      '/vat is new or renamed and has no default: older events lack it (since version 2)',
    ]);
    const without = { ...orderSchema, fields: orderSchema.fields.slice(1) };
    expect(issuesOf(() => registeredSchema('external.order_placed', without, [first]))[0]).toContain('/order_id');
  });
});

describe('a registered type', () => {
  const metadata = {
    id: '1',
    source: 'urn:shop',
    subject: 'u-1',
    tenantId: tenantId('default'),
    timeMs: 1_795_000_000_000,
    correlationId: 'c',
  };

  it('is parsed, written and read like one that was built in, and old events after it evolved', async () => {
    const type = 'external.order_placed';
    expect(isEventType(type)).toBe(false);
    const versions = [registeredSchema(type, orderSchema).avro];
    expect(addRegisteredTypes([{ type, versions }])).toEqual([type]);
    expect(addRegisteredTypes([{ type, versions }])).toEqual([]);
    expect(registeredTypes()).toEqual([type]);
    expect(knownEventTypes()).toContain(type);
    if (!isEventType(type)) throw new TypeError('It was registered');
    const codec = EventCodec.offline(7);
    await codec.adoptRegisteredTypes([type]);
    const reader = EventCodec.offline(7);
    await reader.adoptRegisteredTypes([type]);

    const json = { order_id: 'o-1', user_id: 'u-1', total: '12.5', lines: [{ sku: 's' }] };
    const parsed = parseEventData(type, json);
    if (!parsed.ok) throw new TypeError(JSON.stringify(parsed.issues));
    const { headers, ...encoded } = codec.encode({ event: parsed.event, metadata });
    const old = { ...encoded, headers: bytesOf(headers) };
    expect(eventDataToJson(reader.decode(old).event)).toEqual(json);

    addRegisteredTypes([{ type, versions: [...versions, registeredSchema(type, withChannel, versions).avro] }]);
    await reader.adoptRegisteredTypes([type]);
    expect(eventDataToJson(reader.decode(old).event)).toEqual({ ...json, channel: null });
    const fingerprint = Buffer.from(headers['ce_dataschema']?.split(':').at(-1) ?? '', 'hex');
    expect(eventDataToJson(reader.decodePayload(type, fingerprint, old.value.subarray(5)))).toMatchObject(json);
    expect(parseEventData(type, { ...json, channel: 3 })).toMatchObject({ ok: false });
  });

  it('never takes the place of one that was built in', () => {
    const before = eventTypes['external.webhook'].schemaFingerprint;
    expect(addRegisteredTypes([{ type: 'external.webhook', versions: [orderSchema] }])).toEqual([]);
    expect(eventTypes['external.webhook'].schemaFingerprint).toBe(before);
  });
});

describe('a JSON Schema', () => {
  it('is written as Avro where Avro can say it, and as JSON text where not', () => {
    const avro = avroOfJsonSchema({
      type: 'object',
      required: ['id', 'count', 'tags'],
      properties: {
        id: { type: 'string', minLength: 1 },
        count: { type: 'integer' },
        tags: { type: 'array', items: { type: 'string' } },
        price: { type: ['number', 'null'] },
        free: { type: 'object' },
        either: { oneOf: [{ type: 'string' }, { type: 'number' }] },
        address: { $ref: '#/$defs/address' },
      },
      $defs: {
        address: {
          type: 'object',
          additionalProperties: false,
          required: ['city'],
          properties: { city: { type: 'string' } },
        },
      },
    });
    const { shape } = registeredSchema('external.thing', avro);
    const kinds = shape.fields.map(({ name, type }) => [name, type.kind, type.kind === 'nullable' ? type.of.kind : '']);
    expect(kinds).toEqual([
      ['id', 'string', ''],
      ['count', 'long', ''],
      ['tags', 'array', ''],
      ['price', 'nullable', 'double'],
      ['free', 'nullable', 'json'],
      ['either', 'nullable', 'json'],
      ['address', 'nullable', 'record'],
    ]);
  });

  it('that holds itself ends in JSON values, and never runs away', () => {
    const tree = (branches: number) => ({
      type: 'object',
      required: ['root'],
      properties: { root: { $ref: '#/$defs/node' } },
      $defs: {
        node: {
          type: 'object',
          additionalProperties: false,
          properties: Object.fromEntries(
            Array.from({ length: branches }, (_, n) => [`n${n}`, { $ref: '#/$defs/node' }]),
          ),
        },
      },
    });
    expect(() => registeredSchema('external.tree', avroOfJsonSchema(tree(1)))).not.toThrow();
    expect(issuesOf(() => avroOfJsonSchema(tree(3))).join()).toContain('objects in objects');
  });

  it.each([
    [{ type: 'string' }, ' must be an object with properties'],
    [{ type: 'object', properties: {} }, '/properties must hold at least one property'],
    [{ type: 'object', properties: { orderId: { type: 'string' } } }, '/properties/orderId a property must be named'],
    [
      { type: 'object', properties: { a: { $ref: 'https://evil.example/s.json' } } },
      '/properties/a/$ref must point into',
    ],
    [{ type: 'object', properties: { a: { $ref: '#/$defs/a' } }, $defs: { a: { $ref: '#/$defs/a' } } }, 'in a circle'],
    [{ type: 'object', properties: { a: { type: 'date' } } }, '/properties/a/type "date" is no type'],
  ])('%j is refused with the place of its fault', (schema, fault) => {
    expect(issuesOf(() => avroOfJsonSchema(schema)).join('\n')).toContain(fault);
  });
});
