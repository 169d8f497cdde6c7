import type { FieldType, RecordShape } from '../schema/event-schema.js';

/** The pointer of the first JSON field whose text is no JSON; undefined where all are sound. */
export type FindBadJson = (data: unknown) => string | undefined;

/**
 * Avro cannot say that a text must be JSON, and one that is not would break every query that shows the event. Compiled
 * once a type; types without JSON fields cost nothing.
 */
export function compileBadJson(shape: RecordShape): FindBadJson {
  return recordOf(shape) ?? (() => undefined);
}

function recordOf(shape: RecordShape): FindBadJson | undefined {
  const fields = shape.fields.flatMap((field) => {
    const find = fieldOf(field.type);
    return find ? [[field.name, find] as const] : [];
  });
  if (fields.length === 0) return undefined;
  return (data) => {
    const record = Object(data);
    for (const [name, find] of fields) {
      const bad = find(record[name]);
      if (bad !== undefined) return `/${name}${bad}`;
    }
    return undefined;
  };
}

function fieldOf(type: FieldType): FindBadJson | undefined {
  switch (type.kind) {
    case 'json':
      return (value) => (isJson(value) ? undefined : '');
    case 'record':
      return recordOf(type.record);
    case 'nullable': {
      const find = fieldOf(type.of);
      return find && ((value) => (value === null ? undefined : find(value)));
    }
    case 'array': {
      const find = fieldOf(type.items);
      return find && ((value) => firstBad(Array.isArray(value) ? value : [], find));
    }
    default:
      return undefined;
  }
}

function firstBad(items: readonly unknown[], find: FindBadJson): string | undefined {
  for (const [index, item] of items.entries()) {
    const bad = find(item);
    if (bad !== undefined) return `/${index}${bad}`;
  }
  return undefined;
}

function isJson(text: unknown): boolean {
  try {
    JSON.parse(String(text));
    return true;
  } catch {
    return false;
  }
}
