import type { JsonValue } from '@chorda/kernel';
import { eventSchemaOf } from '../catalogue.js';
import type { AnyEvent, EventType } from '../event-type.js';
import type { FieldType, RecordShape } from '../schema/event-schema.js';
import { formatTimestamp } from './timestamp.js';

type ToJson = (value: unknown) => JsonValue;

const converters = new Map<EventType, ToJson>();

/** The payload as HTTP shows it: bigint as decimal text, timestamps as RFC 3339, JSON texts as the values they say. */
export function eventDataToJson(event: AnyEvent): JsonValue {
  let convert = converters.get(event.type);
  if (!convert) {
    convert = recordToJson(eventSchemaOf(event.type).shape);
    converters.set(event.type, convert);
  }
  return convert(event.data);
}

function recordToJson(shape: RecordShape): ToJson {
  const fields = shape.fields.map((field) => [field.name, toJson(field.type)] as const);
  return (value) => {
    const record = Object(value);
    return Object.fromEntries(fields.map(([name, convert]) => [name, convert(record[name])]));
  };
}

function toJson(type: FieldType): ToJson {
  switch (type.kind) {
    case 'nullable': {
      const convert = toJson(type.of);
      return (value) => (value === null || value === undefined ? null : convert(value));
    }
    case 'array': {
      const convert = toJson(type.items);
      return (value) => (Array.isArray(value) ? value.map(convert) : []);
    }
    case 'record':
      return recordToJson(type.record);
    case 'json':
      return (value) => JSON.parse(String(value));
    case 'timestamp':
      return (value) => formatTimestamp(Number(value));
    case 'long':
      return type.safe ? Number : String;
    case 'boolean':
      return Boolean;
    case 'int':
    case 'float':
    case 'double':
      return Number;
    case 'string':
    case 'uuid':
    case 'decimal':
    case 'enum':
      return String;
  }
}
