import { createHash } from 'node:crypto';
import type { JsonValue } from '@chorda/kernel';
import { fullName, isAvroObject, isList, isPrimitive, namespaceOf, type AvroJson } from './avro.js';

/**
 * Everything that decides which bytes a schema stands for, and nothing else: Avro's Parsing Canonical Form with the
 * logical types kept, since a decimal of another scale has the same bytes and another meaning. Docs, defaults and marks
 * are left out, so mending a sentence gives no new schema.
 */
export function canonicalSchema(schema: AvroJson): AvroJson {
  return canonical(schema, undefined);
}

/** Lower case hex SHA-256 of the canonical form. */
export function schemaFingerprint(schema: AvroJson): string {
  return createHash('sha256')
    .update(JSON.stringify(canonicalSchema(schema)))
    .digest('hex');
}

/** What `ce_dataschema` says: the record and the fingerprint of the schema that wrote it. */
export function dataSchemaUrn(record: string, fingerprint: string): string {
  return `urn:chorda:schema:${record}:${fingerprint}`;
}

function canonical(schema: AvroJson, namespace: string | undefined): AvroJson {
  if (typeof schema === 'string') return isPrimitive(schema) ? schema : fullName(schema, namespace);
  if (isList(schema)) return schema.map((branch) => canonical(branch, namespace));
  if (!isAvroObject(schema)) throw new TypeError(`Not an Avro schema: ${JSON.stringify(schema)}`);
  const inner = typeof schema['name'] === 'string' ? namespaceOf(schema, namespace) : namespace;
  const form: Record<string, JsonValue> = {};
  if (typeof schema['name'] === 'string') form['name'] = fullName(schema['name'], inner);
  form['type'] =
    isAvroObject(schema['type']) || isList(schema['type'])
      ? canonical(schema['type'], namespace)
      : typeName(schema['type'], namespace);
  if (isList(schema['fields'])) form['fields'] = schema['fields'].map((field) => canonicalField(field, inner));
  for (const key of ['symbols', 'size', 'logicalType', 'precision', 'scale']) {
    const value = schema[key];
    if (value !== undefined) form[key] = value;
  }
  for (const key of ['items', 'values']) {
    const value = schema[key];
    if (value !== undefined) form[key] = canonical(value, inner);
  }
  // {"type": "string"} is "string": a mark that was taken off leaves no trace.
  return Object.keys(form).length === 1 && form['type'] !== undefined ? form['type'] : form;
}

function typeName(type: JsonValue | undefined, namespace: string | undefined): string {
  if (typeof type !== 'string') throw new TypeError(`Not an Avro type name: ${JSON.stringify(type)}`);
  const complex = ['record', 'error', 'enum', 'fixed', 'array', 'map'];
  return isPrimitive(type) || complex.includes(type) ? type : fullName(type, namespace);
}

function canonicalField(field: JsonValue, namespace: string | undefined): JsonValue {
  if (!isAvroObject(field) || field['type'] === undefined || field['name'] === undefined) {
    throw new TypeError(`Not a field of an Avro record: ${JSON.stringify(field)}`);
  }
  return { name: field['name'], type: canonical(field['type'], namespace) };
}
