import type { JsonValue } from '@chorda/kernel';
import { eventSchemaOf } from '../catalogue.js';
import type { AnyEvent } from '../event-type.js';
import type { FieldType, RecordShape } from '../schema/event-schema.js';
import { formatTimestamp } from './timestamp.js';

type ToText = (value: unknown) => string;

/** By the shape and not by the name: a registered type gets another when it evolves. */
const writers = new WeakMap<RecordShape, ToText>();

/**
 * The payload as HTTP shows it, as JSON on one line: bigint as decimal text, timestamps as RFC 3339, JSON texts as the
 * values they say. Those are put in as they are in the log, so numbers that no double holds stay exact.
 */
export function eventDataToJsonText(event: AnyEvent): string {
  const { shape } = eventSchemaOf(event.type);
  let write = writers.get(shape);
  if (!write) writers.set(shape, (write = recordWriter(shape)));
  return write(event.data);
}

/** The same as values. Numbers that no double holds are rounded here, as `JSON.parse` does. */
export function eventDataToJson(event: AnyEvent): JsonValue {
  const value: JsonValue = JSON.parse(eventDataToJsonText(event));
  return value;
}

function recordWriter(shape: RecordShape): ToText {
  const fields = shape.fields.map(({ name, type }, index) => {
    return { name, start: `${index === 0 ? '{' : ','}${JSON.stringify(name)}:`, write: writerOf(type) };
  });
  if (fields.length === 0) return () => '{}';
  return (value) => {
    const record = Object(value);
    let text = '';
    for (const { name, start, write } of fields) text += start + write(record[name]);
    return `${text}}`;
  };
}

function writerOf(type: FieldType): ToText {
  switch (type.kind) {
    case 'nullable': {
      const write = writerOf(type.of);
      return (value) => (value === null || value === undefined ? 'null' : write(value));
    }
    case 'array': {
      const write = writerOf(type.items);
      return (value) => `[${(Array.isArray(value) ? value.map(write) : []).join(',')}]`;
    }
    case 'record':
      return recordWriter(type.record);
    case 'json':
      return oneLine;
    case 'timestamp':
      return (value) => JSON.stringify(formatTimestamp(Number(value)));
    case 'long':
      return type.safe ? numberText : (value) => `"${String(value)}"`;
    case 'boolean':
      return (value) => (value ? 'true' : 'false');
    case 'int':
    case 'float':
    case 'double':
      return numberText;
    case 'string':
    case 'uuid':
    case 'decimal':
    case 'enum':
      return (value) => JSON.stringify(String(value));
  }
}

/** Line breaks in JSON stand between tokens alone, where a blank says the same. */
function oneLine(value: unknown): string {
  const text = String(value);
  return /[\r\n]/.test(text) ? text.replaceAll(/[\r\n]/g, ' ') : text;
}

function numberText(value: unknown): string {
  return JSON.stringify(Number(value));
}
