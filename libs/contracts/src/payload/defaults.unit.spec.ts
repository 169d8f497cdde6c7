import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allEventTypes, eventSchemaOf } from '../catalogue.js';
import type { FieldType, RecordShape } from '../schema/event-schema.js';
import { arbitraryEvent } from '../testing/arbitrary-event.js';
import { parseEventData } from './parse.js';
import { eventDataToJson } from './to-json.js';

/** The payload without every field that has a default, and the same with the defaults in their places. */
function withoutDefaults(shape: RecordShape, data: unknown): { readonly sparse: object; readonly filled: object } {
  const record: Readonly<Record<string, unknown>> = Object(data);
  const sparse: Record<string, unknown> = {};
  const filled: Record<string, unknown> = {};
  for (const field of shape.fields) {
    if (field.default !== undefined) {
      filled[field.name] = field.default;
      continue;
    }
    const value = within(field.type, record[field.name]);
    sparse[field.name] = value.sparse;
    filled[field.name] = value.filled;
  }
  return { sparse, filled };
}

function within(type: FieldType, value: unknown): { readonly sparse: unknown; readonly filled: unknown } {
  if (type.kind === 'record') return withoutDefaults(type.record, value);
  if (type.kind === 'nullable' && value !== null) return within(type.of, value);
  if (type.kind !== 'array' || !Array.isArray(value)) return { sparse: value, filled: value };
  const items = value.map((item) => within(type.items, item));
  return { sparse: items.map(({ sparse }) => sparse), filled: items.map(({ filled }) => filled) };
}

describe('a field with a default', () => {
  it.each(allEventTypes)('may be left out of %s, and is filled in', (type) => {
    fc.assert(
      fc.property(arbitraryEvent(type), (event) => {
        const { sparse, filled } = withoutDefaults(eventSchemaOf(type).shape, eventDataToJson(event));
        const parsed = parseEventData(type, sparse);
        expect(parsed.ok ? [] : parsed.issues).toEqual([]);
        expect(parsed.ok && eventDataToJson(parsed.event)).toEqual(filled);
      }),
      { numRuns: 10 },
    );
  });
});
