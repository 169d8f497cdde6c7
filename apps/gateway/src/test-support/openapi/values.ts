import fc from 'fast-check';
import type { JsonSchema, OpenApiDocument, OpenApiMedia } from './document.js';

/** An array or text longer than this finds nothing that a shorter one does not, and takes longer to send. */
const lengthMax = 40;
const itemsMax = 4;

/** Words that have broken other servers. */
const hostileText = fc.constantFrom(
  "'; DROP TABLE journal_v1; --",
  '__proto__',
  'constructor',
  '../../etc/passwd',
  '\u0000',
  'a\r\nb: c',
  '%00%2f',
  '((((((((((a+)+)+)+)+$',
  '9'.repeat(40),
  '-1',
  '\u{1f9ea}\u202e',
);

/** Values as a schema allows them; its examples among them, for what words alone say of the value. */
export function valuesOf(document: OpenApiDocument, schema: JsonSchema = {}): fc.Arbitrary<unknown> {
  const values = (inner: JsonSchema | undefined) => valuesOf(document, inner);
  if (schema.$ref !== undefined) return values(resolved(document, schema.$ref));
  const examples = examplesOf(schema);
  const made = madeOf(schema, values);
  return examples.length === 0 ? made : fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...examples) }, made);
}

function examplesOf({ example, examples = [], default: usual }: JsonSchema): readonly unknown[] {
  return [...examples, example, usual].filter((value) => value !== undefined);
}

function resolved(document: OpenApiDocument, reference: string): JsonSchema {
  const found = document.components.schemas[reference.replace('#/components/schemas/', '')];
  if (found === undefined) throw new TypeError(`${reference} is not in the document`);
  return found;
}

type Inner = (schema: JsonSchema | undefined) => fc.Arbitrary<unknown>;

function madeOf(schema: JsonSchema, values: Inner): fc.Arbitrary<unknown> {
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  const choices = schema.oneOf ?? schema.anyOf;
  if (choices !== undefined) return fc.oneof(...choices.map(values));
  const types = typeof schema.type === 'string' ? [schema.type] : (schema.type ?? []);
  if (types.length === 0)
    return schema.properties === undefined ? fc.jsonValue({ maxDepth: 2 }) : objects(schema, values);
  return fc.oneof(...types.map((type) => ofType(type, schema, values)));
}

function ofType(type: string, schema: JsonSchema, values: Inner): fc.Arbitrary<unknown> {
  switch (type) {
    case 'null':
      return fc.constant(null);
    case 'boolean':
      return fc.boolean();
    case 'integer':
      return fc.integer({ min: schema.minimum ?? -10, max: Math.min(schema.maximum ?? 1_000, 2 ** 31 - 1) });
    case 'number':
      return fc.double({ min: schema.minimum ?? -10, max: schema.maximum ?? 1_000, noNaN: true });
    case 'array': {
      const maxLength = Math.min(schema.maxItems ?? itemsMax, itemsMax);
      return fc.array(values(schema.items), { minLength: schema.minItems ?? 0, maxLength });
    }
    case 'object':
      return objects(schema, values);
    default:
      return texts(schema);
  }
}

function texts({ pattern, format, minLength = 0, maxLength = lengthMax }: JsonSchema): fc.Arbitrary<string> {
  if (format === 'date-time') {
    const bounds = { min: new Date('2020-01-01'), max: new Date('2030-01-01'), noInvalidDate: true };
    return fc.date(bounds).map((date) => date.toISOString());
  }
  if (pattern !== undefined) return fc.stringMatching(new RegExp(pattern), { maxLength: lengthMax });
  const bounds = { minLength, maxLength: Math.max(minLength, Math.min(maxLength, lengthMax)) };
  const fits = (text: string) => text.length >= minLength && text.length <= maxLength;
  return fc.oneof(
    { weight: 3, arbitrary: fc.string({ ...bounds, unit: 'grapheme-ascii' }) },
    { weight: 1, arbitrary: fc.string({ ...bounds, unit: 'grapheme' }) },
    { weight: 1, arbitrary: hostileText.filter(fits) },
  );
}

function objects({ properties = {}, required = [] }: JsonSchema, values: Inner): fc.Arbitrary<unknown> {
  if (Object.keys(properties).length === 0)
    return fc.dictionary(fc.string({ maxLength: 8 }), fc.jsonValue({ maxDepth: 1 }), { maxKeys: 3 });
  const optional = Object.keys(properties).filter((name) => !required.includes(name));
  // Few at a time: of many, one is nearly always wrong together with another, and nothing is ever accepted.
  return fc
    .subarray(optional, { maxLength: Math.min(2, optional.length) })
    .chain((chosen) =>
      fc.record(Object.fromEntries([...required, ...chosen].map((name) => [name, values(properties[name])]))),
    );
}

/** Bodies of one media type: as its schema allows them, as its example has them, and the example with a part changed. */
export function bodiesOf(document: OpenApiDocument, media: OpenApiMedia): fc.Arbitrary<unknown> {
  const examples = [media.example, ...Object.values(media.examples ?? {}).map(({ value }) => value)].filter(
    (value) => value !== undefined,
  );
  const made = valuesOf(document, media.schema);
  if (examples.length === 0) return made;
  const example = fc.constantFrom(...examples);
  const changed = fc
    .tuple(example, made)
    .map(([whole, part]) => (isPlain(whole) && isPlain(part) ? { ...whole, ...part } : whole));
  return fc.oneof({ weight: 2, arbitrary: example }, { weight: 2, arbitrary: changed }, { weight: 1, arbitrary: made });
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
