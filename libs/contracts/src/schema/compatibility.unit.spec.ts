import { describe, expect, it } from 'vitest';
import type { AvroJson } from './avro.js';
import { canonicalSchema, schemaFingerprint } from './canonical.js';
import { breakingChanges } from './compatibility.js';
import { readEventSchema } from './event-schema.js';

interface Field {
  readonly name: string;
  readonly [key: string]: AvroJson;
}

const status = (symbols: readonly string[], name = 'Status'): AvroJson => ({
  type: 'enum',
  name,
  doc: 'How.',
  symbols: ['unknown', ...symbols],
  default: 'unknown',
});

const part = (fields: readonly Field[]): AvroJson => ({ type: 'record', name: 'Part', doc: 'A part.', fields });

const fields: readonly Field[] = [
  { name: 'order_id', type: 'string', doc: 'The order.' },
  { name: 'total', type: { type: 'bytes', logicalType: 'decimal', precision: 10, scale: 2 }, doc: 'Euro.' },
  { name: 'count', type: { type: 'long', range: 'safe' }, doc: 'How many.', default: 1 },
  { name: 'status', type: status(['open', 'paid']), doc: 'How.' },
  { name: 'note', type: ['null', 'string'], doc: 'A note.', default: null, personal: true },
  {
    name: 'parts',
    type: { type: 'array', items: part([{ name: 'sku', type: 'string', doc: 'Which.' }]) },
    doc: 'What.',
  },
];

function schema(list: readonly Field[], extra: { readonly [key: string]: AvroJson } = {}): AvroJson {
  return {
    type: 'record',
    name: 'Placed',
    namespace: 'external',
    doc: 'An order.',
    kind: 'fact',
    topic: 'external.placed',
    subject: ['order_id'],
    ...extra,
    fields: list,
  };
}

const released = schema(fields);
const change = (name: string, other: { readonly [key: string]: AvroJson }): AvroJson =>
  schema(fields.map((field) => (field.name === name ? { ...field, ...other } : field)));
const without = (name: string): readonly Field[] => fields.filter((field) => field.name !== name);
const parts = (list: readonly Field[]): AvroJson => change('parts', { type: { type: 'array', items: part(list) } });

describe('a change that breaks a reader is found, with its field', () => {
  it.each<readonly [string, RegExp, AvroJson]>([
    ['order_id', /removed or renamed/, schema(without('order_id'), { subject: ['note'] })],
    ['colour', /new or renamed and has no default/, schema([...fields, { name: 'colour', type: 'string', doc: 'x' }])],
    ['count', /type from long to string/, change('count', { type: 'string', default: '1' })],
    ['count', /type from long to int/, change('count', { type: 'int' })],
    ['count', /range/, change('count', { type: 'long' })],
    ['count', /changed its default/, change('count', { default: 2 })],
    [
      'total',
      /decimal\(10, 2\) to decimal\(10, 3\)/,
      change('total', { type: { type: 'bytes', logicalType: 'decimal', precision: 10, scale: 3 } }),
    ],
    ['status', /symbol paid was removed/, change('status', { type: status(['open']) })],
    ['status', /symbol paid was removed/, change('status', { type: status(['open', 'settled']) })],
    ['status', /enum was renamed/, change('status', { type: status(['open', 'paid'], 'State') })],
    [
      'note',
      /type from nullable to string/,
      schema([...without('note'), { name: 'note', type: 'string', doc: 'x', default: '' }]),
    ],
    ['order_id', /type from string to nullable/, change('order_id', { type: ['null', 'string'], default: null })],
    [
      'order_id',
      /type from string to json/,
      schema(
        fields.map((field) => (field.name === 'order_id' ? { ...field, type: { type: 'string', json: true } } : field)),
        { subject: ['note'] },
      ),
    ],
    ['note', /personal-data mark/, change('note', { personal: false })],
    ['parts[].sku', /removed or renamed/, parts([{ name: 'name', type: 'string', doc: 'x', default: '' }])],
    [
      'parts[].size',
      /no default/,
      parts([
        { name: 'sku', type: 'string', doc: 'x' },
        { name: 'size', type: 'int', doc: 'x' },
      ]),
    ],
    ['', /record was renamed/, schema(fields, { name: 'Ordered' })],
    ['', /fact became a decision/, schema(fields, { kind: 'decision', command: 'POST /v1/orders' })],
    ['', /topic changed/, schema(fields, { topic: 'external.other' })],
    ['', /subject changed/, schema(fields, { subject: ['note'] })],
  ])('%s: %s', (field, rule, after) => {
    expect(breakingChanges(released, after)).toContainEqual({ field, rule: expect.stringMatching(rule) });
  });
});

describe('a change that breaks nobody is let through', () => {
  it.each<readonly [string, AvroJson]>([
    ['another sentence', change('note', { doc: 'Another sentence.' })],
    [
      'a new field with a default',
      schema([...fields, { name: 'colour', type: ['null', 'string'], doc: 'x', default: null }]),
    ],
    ['a field with a default that goes', schema(without('note'))],
    ['a field that gains a default', change('parts', { default: [] })],
    ['a new symbol', change('status', { type: status(['open', 'late', 'paid']) })],
    ['fields in another order', schema([...fields].reverse())],
    ['a mark that comes', change('order_id', { personal: true })],
  ])('%s', (_, after) => {
    expect(breakingChanges(released, after)).toEqual([]);
  });
});

describe('a schema that breaks a rule of ours is refused, with a pointer', () => {
  const bad = (type: AvroJson, extra: { readonly [key: string]: AvroJson } = {}): AvroJson =>
    schema([...fields, { name: 'odd', type, doc: 'x', ...extra }]);

  it.each<readonly [RegExp, AvroJson]>([
    [/\/fields\/6\/type the only unions/, bad(['null', 'string', 'int'], { default: null })],
    [/\/fields\/6\/type the only unions/, bad(['string', 'null'], { default: 'x' })],
    [/\/fields\/6\/default must be null/, bad(['null', 'string'])],
    [/\/fields\/6\/type "map" is not a type/, bad({ type: 'map', values: 'string' })],
    [/\/fields\/6\/type "bytes" is not a type/, bad('bytes')],
    [/\/fields\/6\/type\/default an enum has/, bad({ type: 'enum', name: 'E', doc: 'x', symbols: ['a'] })],
    [/\/fields\/6\/type\/logicalType must be/, bad({ type: 'long', logicalType: 'timestamp-micros' })],
    [/\/fields\/6\/default a JSON field/, bad({ type: 'string', json: true }, { default: '{}' })],
    [/\/fields\/6\/doc must be a text/, schema([...fields, { name: 'odd', type: 'int' }])],
    [/\/fields\/6\/name must be snake_case/, schema([...fields, { name: 'oddName', type: 'int', doc: 'x' }])],
    [/\/fields a name comes twice/, schema([...fields, { name: 'note', type: 'int', doc: 'x' }])],
    [/\/command a decision names one/, schema(fields, { kind: 'decision' })],
    [/\/kind must be/, schema(fields, { kind: 'rumour' })],
    [/\/subject total is no string/, schema(fields, { subject: ['total'] })],
  ])('%s', (rule, avro) => {
    expect(() => readEventSchema(avro)).toThrow(rule);
  });
});

describe('the fingerprint', () => {
  it('stays when only words, defaults and marks change', () => {
    const same = [change('note', { doc: 'y' }), change('count', { default: 2 }), change('note', { personal: false })];
    for (const other of same) expect(schemaFingerprint(other)).toBe(schemaFingerprint(released));
  });

  it('changes with the bytes and with what they mean', () => {
    const decimal = { type: 'bytes', logicalType: 'decimal', precision: 10, scale: 3 };
    const others = [change('total', { type: decimal }), schema(without('note')), schema([...fields].reverse())];
    const prints = new Set([released, ...others].map(schemaFingerprint));
    expect(prints.size).toBe(4);
  });

  it('is that of its canonical form, so that a released copy names the same schema', () => {
    expect(schemaFingerprint(canonicalSchema(released))).toBe(schemaFingerprint(released));
    expect(JSON.stringify(canonicalSchema(released))).toContain('"name":"external.Status"');
  });
});
