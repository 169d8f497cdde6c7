import type { JsonValue } from '@chorda/kernel';
import { canonicalSchema, dataSchemaUrn } from '../schema/canonical.js';
import type { SchemaFile } from './schema-files.js';
import { generatedLine } from './typescript.js';

/** What gateway, engine and projector need to know of each type at run time. */
export function eventTypesModule(path: string, files: readonly SchemaFile[]): string {
  const imports = `import type { EventType, EventTypeInfo } from '../event-type.js';\n`;
  const table = `export const eventTypes: Readonly<Record<EventType, EventTypeInfo>> = {\n${infoEntries(files)}\n};\n`;
  return `${generatedLine(path)}${imports}\n/** Every event type, by name. */\n${table}`;
}

/** The kinds that are no events, each with tables of its own. */
export const separateKinds = ['command', 'work', 'delta'] as const;
export type SeparateKind = (typeof separateKinds)[number];

const typeNames = { command: 'CommandType', work: 'WorkType', delta: 'DeltaType' } as const;
const plurals = { command: 'commands', work: 'work', delta: 'deltas' } as const;

/** The same of what is no event. */
export function messageTypesModule(path: string, files: readonly SchemaFile[]): string {
  const tables = separateKinds.map((kind) => {
    const own = files.filter((file) => file.schema.kind === kind);
    const type = typeNames[kind];
    return `/** Every type of ${kind}, by name. */\nexport const ${kind}Types: Readonly<Record<${type}, ${type}Info>> = {\n${infoEntries(own)}\n};\n`;
  });
  const names = separateKinds.flatMap((kind) => [typeNames[kind], `${typeNames[kind]}Info`]).sort();
  const imports = `import type { ${names.join(', ')} } from '../message-types.js';\n`;
  return [`${generatedLine(path)}${imports}`, ...tables].join('\n');
}

function infoEntries(files: readonly SchemaFile[]): string {
  const entries = files.map(({ schema, fingerprint }) => {
    const info = {
      type: schema.type,
      record: schema.record,
      kind: schema.kind,
      topic: schema.topic,
      ...(schema.command ? { command: schema.command } : {}),
      subject: schema.subject,
      schemaFingerprint: fingerprint,
      dataSchema: dataSchemaUrn(schema.record, fingerprint),
      doc: schema.shape.doc,
    };
    return `  '${schema.type}': ${JSON.stringify(info)},`;
  });
  return entries.join('\n');
}

/** The schemas themselves, so that the log can be read without a registry. */
export function schemasModule(path: string, files: readonly SchemaFile[]): string {
  return [
    generatedLine(path) + `import type { EventType } from '../event-type.js';\n`,
    `/** Avro schemas as JSON text: what this build writes and reads with. */`,
    `export const currentSchemas: Readonly<Record<EventType, string>> = {\n${currentEntries(files)}\n};\n`,
    `/** Canonical forms of every released version: what events in the log may have been written with. */`,
    `export const releasedSchemas: readonly { readonly type: EventType; readonly version: number; readonly avro: string }[] = [`,
    `${releasedEntries(files)}\n];\n`,
  ].join('\n');
}

/** The same of what is no event. */
export function messageSchemasModule(path: string, files: readonly SchemaFile[]): string {
  const tables = separateKinds.flatMap((kind) => {
    const own = files.filter((file) => file.schema.kind === kind);
    const type = typeNames[kind];
    const released = `released${type.replace('Type', 'Schemas')}`;
    return [
      `/** Avro schemas of ${plurals[kind]} as JSON text. */`,
      `export const ${kind}Schemas: Readonly<Record<${type}, string>> = {\n${currentEntries(own)}\n};\n`,
      `/** Canonical forms of every released version. */`,
      `export const ${released}: readonly { readonly type: ${type}; readonly version: number; readonly avro: string }[] = [`,
      `${releasedEntries(own)}\n];\n`,
    ];
  });
  const names = separateKinds.map((kind) => typeNames[kind]).sort();
  const imports = `import type { ${names.join(', ')} } from '../message-types.js';\n`;
  return [`${generatedLine(path)}${imports}`, ...tables].join('\n');
}

function currentEntries(files: readonly SchemaFile[]): string {
  return files.map(({ schema }) => `  '${schema.type}': ${quoted(schema.avro)},`).join('\n');
}

function releasedEntries(files: readonly SchemaFile[]): string {
  const entries = files.flatMap(({ schema, released: versions }) =>
    versions.map(
      (version) =>
        `  { type: '${schema.type}', version: ${version.version}, avro: ${quoted(canonicalSchema(version.avro))} },`,
    ),
  );
  return entries.join('\n');
}

export function jsonModule(path: string, name: string, doc: string, value: JsonValue): string {
  const json = JSON.stringify(value, null, 1);
  return `${generatedLine(path)}import type { JsonValue } from '@chorda/kernel';\n\n/** ${doc} */\nexport const ${name}: JsonValue = ${json};\n`;
}

function quoted(value: JsonValue): string {
  return JSON.stringify(JSON.stringify(value));
}
