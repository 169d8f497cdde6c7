import type { JsonValue } from '@chorda/kernel';
import { canonicalSchema, dataSchemaUrn } from '../schema/canonical.js';
import type { SchemaFile } from './schema-files.js';
import { generatedLine } from './typescript.js';

/** What gateway, engine and projector need to know of each type at run time. */
export function eventTypesModule(path: string, files: readonly SchemaFile[]): string {
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
  const imports = `import type { EventType, EventTypeInfo } from '../event-type.js';\n`;
  const table = `export const eventTypes: Readonly<Record<EventType, EventTypeInfo>> = {\n${entries.join('\n')}\n};\n`;
  return `${generatedLine(path)}${imports}\n/** Every event type, by name. */\n${table}`;
}

/** The schemas themselves, so that the log can be read without a registry. */
export function schemasModule(path: string, files: readonly SchemaFile[]): string {
  const current = files.map(({ schema }) => `  '${schema.type}': ${quoted(schema.avro)},`);
  const released = files.flatMap(({ schema, released: versions }) =>
    versions.map(
      (version) =>
        `  { type: '${schema.type}', version: ${version.version}, avro: ${quoted(canonicalSchema(version.avro))} },`,
    ),
  );
  return [
    generatedLine(path) + `import type { EventType } from '../event-type.js';\n`,
    `/** Avro schemas as JSON text: what this build writes and reads with. */`,
    `export const currentSchemas: Readonly<Record<EventType, string>> = {\n${current.join('\n')}\n};\n`,
    `/** Canonical forms of every released version: what events in the log may have been written with. */`,
    `export const releasedSchemas: readonly { readonly type: EventType; readonly version: number; readonly avro: string }[] = [`,
    `${released.join('\n')}\n];\n`,
  ].join('\n');
}

export function jsonModule(path: string, name: string, doc: string, value: JsonValue): string {
  const json = JSON.stringify(value, null, 1);
  return `${generatedLine(path)}import type { JsonValue } from '@chorda/kernel';\n\n/** ${doc} */\nexport const ${name}: JsonValue = ${json};\n`;
}

function quoted(value: JsonValue): string {
  return JSON.stringify(JSON.stringify(value));
}
