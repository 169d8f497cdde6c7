import type { JsonValue } from '@chorda/kernel';

/** An Avro schema as parsed JSON, before anything is known of it. */
export type AvroJson = JsonValue;

export type AvroObject = { readonly [key: string]: JsonValue };

export function isAvroObject(schema: JsonValue | undefined): schema is AvroObject {
  return typeof schema === 'object' && schema !== null && !isList(schema);
}

/** `Array.isArray` does not narrow readonly arrays away. */
export function isList(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}

const primitives: ReadonlySet<string> = new Set([
  'null',
  'boolean',
  'int',
  'long',
  'float',
  'double',
  'bytes',
  'string',
]);

export function isPrimitive(name: string): boolean {
  return primitives.has(name);
}

/** `workflow.StepCompleted` for `StepCompleted` inside namespace `workflow`. */
export function fullName(name: string, namespace: string | undefined): string {
  return name.includes('.') || !namespace ? name : `${namespace}.${name}`;
}

/** The namespace in which names inside a named schema are resolved. */
export function namespaceOf(schema: AvroObject, outer: string | undefined): string | undefined {
  const name = String(schema['name']);
  if (name.includes('.')) return name.slice(0, name.lastIndexOf('.'));
  return typeof schema['namespace'] === 'string' ? schema['namespace'] : outer;
}
