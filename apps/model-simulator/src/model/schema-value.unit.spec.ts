import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { patternText } from './pattern-text.js';
import { seededRandom } from './random.js';
import { schemaValue, type JsonSchema } from './schema-value.js';
import { UnsupportedSchemaError } from './unsupported-schema-error.js';

const ajv = new Ajv2020({ strict: false, allErrors: true });
addFormats.default(ajv);

function expectValid(schema: JsonSchema, seed: number): void {
  const value = schemaValue(schema, seededRandom(seed));
  const isValid = ajv.validate(schema, JSON.parse(JSON.stringify(value)));
  expect(isValid, `${JSON.stringify(schema)}\n${JSON.stringify(value)}\n${ajv.errorsText()}`).toBe(true);
}

const bounds = fc.integer({ min: -50, max: 50 });

const { schema: anySchema } = fc.letrec<{ schema: JsonSchema }>((tie) => ({
  schema: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.constant({ type: 'boolean' }),
    fc.constant({ type: 'null' }),
    fc.record({ enum: fc.uniqueArray(fc.oneof(fc.string(), fc.integer(), fc.constant(null)), { minLength: 1 }) }),
    fc.record({ const: fc.jsonValue() }),
    fc.tuple(bounds, bounds).map(([a, b]) => ({ type: 'integer', minimum: Math.min(a, b), maximum: Math.max(a, b) })),
    fc.tuple(bounds, bounds).map(([a, b]) => ({ type: 'number', minimum: Math.min(a, b), maximum: Math.max(a, b) })),
    fc.constantFrom(
      { type: 'integer', exclusiveMinimum: 3, multipleOf: 7 },
      { type: 'integer', minimum: 1_234_567_890_123_456, maximum: 1_234_567_890_123_999 },
      { type: 'number', multipleOf: 0.25, maximum: -1 },
      { type: 'number', exclusiveMinimum: 0, exclusiveMaximum: 0.125 },
      { type: 'string', format: 'date-time' },
      { type: 'string', format: 'uuid' },
      { type: 'string', format: 'email' },
      { type: 'string', pattern: '^[a-f0-9]{8}(-x)?$' },
      { type: ['string', 'null'] },
    ),
    fc
      .tuple(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 20 }))
      .map(([a, b]) => ({ type: 'string', minLength: Math.min(a, b), maxLength: Math.max(a, b) })),
    fc
      .tuple(tie('schema'), fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 3 }))
      .map(([items, a, b]) => ({ type: 'array', items, minItems: Math.min(a, b), maxItems: Math.max(a, b) })),
    fc.tuple(tie('schema'), tie('schema')).map((prefixItems) => ({ type: 'array', prefixItems, items: false })),
    fc.tuple(fc.dictionary(fc.string(), tie('schema'), { maxKeys: 4 }), fc.boolean()).map(([properties, isAll]) => ({
      type: 'object',
      properties,
      required: Object.keys(properties).filter((_, index) => isAll || index % 2 === 0),
      additionalProperties: false,
    })),
    fc.array(tie('schema'), { minLength: 1, maxLength: 3 }).map((anyOf) => ({ anyOf })),
  ),
}));

it('writes values that an independent validator accepts, whatever the schema', () => {
  fc.assert(
    fc.property(anySchema, fc.nat(), (schema, seed) => expectValid(schema, seed)),
    { numRuns: 400 },
  );
});

it.each([
  { type: 'array', items: { type: 'integer', minimum: 1, maximum: 5 }, minItems: 5, uniqueItems: true },
  { type: 'object', minProperties: 3, additionalProperties: { type: 'integer' } },
  {
    allOf: [
      { type: 'object', properties: { a: { type: 'string' } }, required: ['a'] },
      { type: 'object', properties: { b: { type: 'integer' } }, required: ['b'] },
    ],
  },
  {
    $defs: {
      node: {
        type: 'object',
        properties: {
          next: { anyOf: [{ $ref: '#/$defs/node' }, { type: 'null' }] },
          all: { type: 'array', items: { $ref: '#/$defs/node' } },
        },
        required: ['next'],
      },
    },
    $ref: '#/$defs/node',
  },
  {
    type: 'object',
    properties: { constructor: { type: 'integer' } },
    required: ['constructor'],
  },
  { oneOf: [{ const: 1 }, { const: 2 }] },
] satisfies JsonSchema[])('follows references, joins and sets: %j', (schema) => {
  for (let seed = 0; seed < 20; seed += 1) expectValid(schema, seed);
});

it.each([
  false,
  { not: { type: 'string' } },
  { type: 'integer', minimum: 3, maximum: 2 },
  { $ref: '#/$defs/nowhere' },
  { $ref: '#' },
  { type: 'array', items: { const: 1 }, minItems: 2, uniqueItems: true },
  { type: 'string', pattern: '(?=x)y' },
  { type: 'string', pattern: '(' },
  { type: 'string', pattern: '((){9999}){9999}' },
  { type: 'array', items: { type: 'string', minLength: 600_000 }, minItems: 2 },
  { type: 'array', minItems: 1_000_000_000 },
] satisfies JsonSchema[])('says that it cannot follow %j', (schema) => {
  expect(() => schemaValue(schema, seededRandom(1))).toThrow(UnsupportedSchemaError);
});

it.each([
  '^a{2,4}b+c*d?$',
  '(foo|ba[rz])-\\d{3}',
  '[^a-z ]{5}',
  '(?:x|y){3}',
  '(?<year>\\d{4})',
  '\\w+@\\w+\\.com',
  'a|b',
])('writes a text that matches %s from end to end', (pattern) => {
  for (let seed = 0; seed < 50; seed += 1) {
    expect(patternText(pattern, seededRandom(seed))).toMatch(new RegExp(`^(?:${pattern})$`, 'u'));
  }
});
