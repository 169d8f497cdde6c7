import { tenantId } from '@chorda/kernel';
import fc from 'fast-check';
import { allEventTypes, eventSchemaOf, subjectOf } from '../catalogue.js';
import type { EventMetadata } from '../event.js';
import type { AnyEvent, EventEnvelope, EventType } from '../event-type.js';
import { parseEventData } from '../payload/parse.js';
import { formatDecimal } from '../payload/decimal.js';
import { formatTimestamp, timestampMsMax, timestampMsMin } from '../payload/timestamp.js';
import type { FieldType, RecordShape } from '../schema/event-schema.js';

/** Any lawful JSON payload of a type, as a sender could post it. */
export function arbitraryJson(type: EventType): fc.Arbitrary<object> {
  const { shape, subject } = eventSchemaOf(type);
  return record(shape, new Set(subject));
}

/** Any lawful event of a type. */
export function arbitraryEvent(type: EventType): fc.Arbitrary<AnyEvent> {
  return arbitraryJson(type).map((json) => {
    const parsed = parseEventData(type, json);
    if (!parsed.ok) throw new Error(`${type}: ${JSON.stringify(parsed.issues)} in ${JSON.stringify(json)}`);
    return parsed.event;
  });
}

export function envelopeOf(event: AnyEvent, metadata: Partial<EventMetadata> = {}): EventEnvelope {
  const subject = subjectOf(event) ?? 'somebody';
  return { event, metadata: { ...plainMetadata, subject, ...metadata } };
}

export const plainMetadata: EventMetadata = {
  id: '0199e0a2-0000-7000-8000-000000000001',
  source: '/tests',
  subject: 'somebody',
  tenantId: tenantId('default'),
  timeMs: Date.UTC(2026, 10, 21, 12, 0, 0, 7),
  correlationId: 'request-1',
};

/** The first lawful event of a type: every nullable field null, every list empty. */
export function someEvent(type: EventType): AnyEvent {
  const [event] = fc.sample(arbitraryEvent(type), { numRuns: 1, seed: 7 });
  if (!event) throw new Error('fast-check gave no sample');
  return event;
}

export { allEventTypes };

// No U+0000, no lone surrogates: what `parseEventData` refuses.
const text = fc.string({ unit: 'grapheme', maxLength: 40 }).map((value) => value.replaceAll('\0', ''));
const id = fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 40 });

function record(shape: RecordShape, subject: ReadonlySet<string> = new Set()): fc.Arbitrary<object> {
  const fields = shape.fields.map((field) => {
    const bare = field.type.kind === 'nullable' ? field.type.of : field.type;
    if (!subject.has(field.name)) return [field.name, value(field.type)] as const;
    return [field.name, bare === field.type ? id : fc.option(id)] as const;
  });
  return fc.record(Object.fromEntries(fields));
}

function value(type: FieldType): fc.Arbitrary<unknown> {
  switch (type.kind) {
    case 'nullable':
      return fc.option(value(type.of));
    case 'boolean':
      return fc.boolean();
    case 'int':
      return fc.integer({ min: type.bounds.minimum ?? -(2 ** 31), max: type.bounds.maximum ?? 2 ** 31 - 1 });
    case 'long':
      return type.safe
        ? fc.integer({
            min: type.bounds.minimum ?? Number.MIN_SAFE_INTEGER,
            max: type.bounds.maximum ?? Number.MAX_SAFE_INTEGER,
          })
        : fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String);
    case 'float':
    case 'double':
      return fc
        .double({
          min: type.bounds.minimum ?? -1e300,
          max: type.bounds.maximum ?? 1e300,
          noNaN: true,
          noDefaultInfinity: true,
        })
        .map((number) => number || 0);
    case 'string':
      return type.brand ? id : text;
    case 'json':
      return fc.jsonValue({ maxDepth: 4 }).filter((json) => !JSON.stringify(json).includes('__proto__'));
    case 'uuid':
      return fc.uuid();
    case 'timestamp':
      return fc.integer({ min: timestampMsMin, max: timestampMsMax }).map(formatTimestamp);
    case 'decimal':
      return fc
        .bigInt({ min: -(10n ** BigInt(type.precision)) + 1n, max: 10n ** BigInt(type.precision) - 1n })
        .map((unscaled) => formatDecimal(unscaled, type.scale));
    case 'enum':
      return fc.constantFrom(...type.symbols.filter((symbol) => symbol !== 'unknown'));
    case 'array':
      return fc.array(value(type.items), { maxLength: 5 });
    case 'record':
      return record(type.record);
  }
}
