import { InvalidInputError, type Issue, type JsonValue } from '@chorda/kernel';
import { eventSchemas } from '../catalogue.js';
import type { EventType, EventTypeInfo } from '../event-type.js';
import { eventTypes } from '../generated/event-types.js';
import { currentSchemas } from '../generated/schemas.js';
import { isAvroObject, isList, type AvroJson, type AvroObject } from '../schema/avro.js';
import { dataSchemaUrn, schemaFingerprint } from '../schema/canonical.js';
import { breakingChanges } from '../schema/compatibility.js';
import { readEventSchema, type EventSchema } from '../schema/event-schema.js';

/** A type that another team registered, with every version that its events may have been written with. */
export interface RegisteredType {
  readonly type: string;
  /** As `registeredSchema` gave them, oldest first; the last one is written. */
  readonly versions: readonly AvroJson[];
}

/** `external.order_placed`, `external.order_placed_v2`. */
export const registeredTypePattern = /^external\.[a-z][a-z0-9]*(_[a-z0-9]+)*$/;
const typeNameMax = 100;
const schemaBytesMax = 64 * 1024;

const registered = new Map<string, RegisteredType>();
const builtIn: ReadonlySet<string> = new Set(Object.keys(eventTypes));

/**
 * Makes types known to this process, as if they had been built in: a process serves one deployment, and a deployment
 * has one catalogue. A type that is known already gets the versions that are new. What was built in is left alone.
 *
 * @returns Which of them changed. Codecs take part in it by `EventCodec.adoptRegisteredTypes`.
 */
export function addRegisteredTypes(types: readonly RegisteredType[]): readonly EventType[] {
  const changed: string[] = [];
  for (const type of types) {
    const known = registered.get(type.type);
    if (builtIn.has(type.type) || (known && known.versions.length >= type.versions.length)) continue;
    const current = type.versions.at(-1);
    if (current === undefined) continue;
    catalogue(readEventSchema(current, type.type));
    registered.set(type.type, type);
    changed.push(type.type);
  }
  return changed.filter(isRegisteredType);
}

/** By name. */
export function registeredTypes(): readonly EventType[] {
  return [...registered.keys()].sort().filter(isRegisteredType);
}

export function isRegisteredType(type: string): type is EventType {
  return registered.has(type);
}

/** Its versions, oldest first; none for what is no registered type. */
export function registeredVersions(type: string): readonly AvroJson[] {
  return registered.get(type)?.versions ?? [];
}

/**
 * An Avro record of another team as an event schema of ours: named after its type, a fact on a topic of its own, and
 * keyed by `user_id` where it has such a field.
 *
 * @param before Its versions so far, oldest first.
 * @throws {@link InvalidInputError} with a JSON pointer into the schema for every rule that is broken, and the field and
 *   the rule of every change that would make events unreadable.
 */
export function registeredSchema(type: string, avro: AvroJson, before: readonly AvroJson[] = []): EventSchema {
  checkTypeName(type);
  if (JSON.stringify(avro).length > schemaBytesMax) {
    throw new InvalidInputError('Schema', [{ pointer: '', detail: `must be at most ${schemaBytesMax} bytes of JSON` }]);
  }
  if (!isAvroObject(avro) || avro['type'] !== 'record') {
    throw new InvalidInputError('Schema', [{ pointer: '/type', detail: 'must be "record"' }]);
  }
  const schema = readEventSchema(asEventSchema(type, avro), 'Schema');
  const issues = before.flatMap((version, index) =>
    breakingChanges(version, schema.avro).map(({ field, rule }): Issue => ({
      pointer: field === '' ? '' : `/${field.replaceAll('.', '/')}`,
      detail: `${rule} (since version ${index + 1})`,
    })),
  );
  if (issues.length > 0) throw new IncompatibleSchemaError(type, issues);
  return schema;
}

/** A new version that would make events of earlier ones unreadable, or earlier readers blind for new ones. */
export class IncompatibleSchemaError extends InvalidInputError {
  constructor(type: string, issues: readonly Issue[]) {
    super(`A new version of ${type}`, issues);
  }
}

function checkTypeName(type: string): void {
  const refuse = (detail: string): never => {
    throw new InvalidInputError('Event type', [{ pointer: '/type', detail }]);
  };
  if (!registeredTypePattern.test(type)) refuse('must be external.<name>, the name in snake_case');
  if (type.length > typeNameMax) refuse(`must have at most ${typeNameMax} characters`);
  if (builtIn.has(type)) refuse('is a type of Chorda itself');
  // Their topics would be taken for retries and dead letters of others.
  if (/\.(retry|dead)/.test(type)) refuse('must not be named like a topic of retries or dead letters');
}

/** Names, kind, topic and subject are ours to say; docs may be left out, since no tool of ours needs them here. */
function asEventSchema(type: string, avro: AvroObject): AvroObject {
  const fields = isList(avro['fields']) ? avro['fields'].map(documented) : [];
  const given = isList(avro['subject']) ? avro['subject'] : undefined;
  return {
    type: 'record',
    name: recordName(type.slice('external.'.length)),
    namespace: 'external',
    doc: docOf(avro, `Events of type ${type}.`),
    kind: 'fact',
    topic: type,
    subject: given ?? (fields.some((field) => isAvroObject(field) && field['name'] === 'user_id') ? ['user_id'] : []),
    fields,
  };
}

function documented(field: JsonValue): JsonValue {
  if (!isAvroObject(field) || field['type'] === undefined) return field;
  return { ...field, doc: docOf(field, `The field ${String(field['name'])}.`), type: documentedType(field['type']) };
}

function documentedType(type: JsonValue): JsonValue {
  if (isList(type)) return type.map(documentedType);
  if (!isAvroObject(type)) return type;
  switch (type['type']) {
    case 'array':
      return { ...type, items: documentedType(type['items'] ?? null) };
    case 'record':
      return {
        ...type,
        doc: docOf(type, 'Part of an event.'),
        fields: isList(type['fields']) ? type['fields'].map(documented) : [],
      };
    case 'enum':
      return { ...type, doc: docOf(type, 'One of several.') };
    default:
      return type;
  }
}

function docOf({ doc }: AvroObject, otherwise: string): string {
  return typeof doc === 'string' && doc.trim() !== '' ? doc : otherwise;
}

/** `form_1099` is `Form_1099`: without the line `eventTypeName` could not tell it from `form1099`. */
function recordName(name: string): string {
  return name
    .split('_')
    .map((word) => (/^[0-9]/.test(word) ? `_${word}` : word.charAt(0).toUpperCase() + word.slice(1)))
    .join('');
}

/** The tables of the catalogue are written at build time; this is the one place that adds to them afterwards. */
function catalogue(schema: EventSchema): void {
  const fingerprint = schemaFingerprint(schema.avro);
  const info = {
    type: schema.type,
    record: schema.record,
    kind: 'fact' as const,
    topic: schema.topic,
    subject: schema.subject,
    schemaFingerprint: fingerprint,
    dataSchema: dataSchemaUrn(schema.record, fingerprint),
    doc: schema.shape.doc,
  };
  const infos: Record<string, Omit<EventTypeInfo, 'type'> & { readonly type: string }> = eventTypes;
  const texts: Record<string, string> = currentSchemas;
  const read: Map<string, EventSchema> = eventSchemas;
  infos[schema.type] = info;
  texts[schema.type] = JSON.stringify(schema.avro);
  read.set(schema.type, schema);
}
