import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { InvalidInputError, type Issue } from '@chorda/kernel';
import type { AvroJson } from '../schema/avro.js';
import { schemaFingerprint } from '../schema/canonical.js';
import { readEventSchema, type EventSchema } from '../schema/event-schema.js';

/** A released version: what an event in the log may have been written with. */
export interface ReleasedSchema {
  readonly record: string;
  /** Counts the released versions of the record, from 1. */
  readonly version: number;
  readonly avro: AvroJson;
  readonly fingerprint: string;
  readonly path: string;
}

export interface SchemaFile {
  readonly path: string;
  readonly schema: EventSchema;
  readonly fingerprint: string;
  /** Oldest first. */
  readonly released: readonly ReleasedSchema[];
}

/** `workflow/step-completed` for record `workflow.StepCompleted`. */
export function schemaFileStem(record: string): string {
  const [area = '', name = ''] = record.split('.');
  return `${area}/${name.replace(/(?<!^)([A-Z])/g, '-$1').toLowerCase()}`;
}

/** `workflow/step-completed.2.avsc`, inside `schemas/released`. */
export function releasedFile(record: string, version: number): string {
  return `${schemaFileStem(record)}.${version}.avsc`;
}

/**
 * Reads every schema under `schemas/`, in the order of their types.
 *
 * @throws {@link InvalidInputError} with every broken rule of every file.
 */
export function readSchemaFiles(root: string): readonly SchemaFile[] {
  const folder = join(root, 'schemas');
  const released = readReleased(folder);
  const issues: Issue[] = [];
  const files: SchemaFile[] = [];
  for (const path of avroFiles(folder, ['released'])) {
    try {
      files.push(readSchemaFile(folder, path, released));
    } catch (error) {
      if (!(error instanceof InvalidInputError)) throw error;
      issues.push(...error.issues.map((issue) => ({ ...issue, pointer: `schemas/${path}#${issue.pointer}` })));
    }
  }
  if (issues.length > 0) throw new InvalidInputError('Schemas', issues);
  return files.sort((a, b) => (a.schema.type < b.schema.type ? -1 : 1));
}

function readSchemaFile(folder: string, path: string, released: readonly ReleasedSchema[]): SchemaFile {
  const avro = readJson(join(folder, path));
  const schema = readEventSchema(avro);
  if (path !== `${schemaFileStem(schema.record)}.avsc`) {
    const detail = `must lie in ${schemaFileStem(schema.record)}.avsc, as its record is ${schema.record}`;
    throw new InvalidInputError('Schema', [{ pointer: '', detail }]);
  }
  const versions = released.filter((version) => version.record === schema.record);
  return { path, schema, fingerprint: schemaFingerprint(avro), released: versions };
}

/** Every released version of every record, oldest first. */
export function readReleased(schemasFolder: string): readonly ReleasedSchema[] {
  const folder = join(schemasFolder, 'released');
  return avroFiles(folder, [])
    .map((path) => {
      const match = /^([a-z_]+)\/([a-z0-9-]+)\.([1-9]\d*)\.avsc$/.exec(path);
      if (!match) throw new TypeError(`schemas/released/${path} is not named <area>/<record>.<version>.avsc`);
      const avro = readJson(join(folder, path));
      return {
        record: readEventSchema(avro, `schemas/released/${path}`).record,
        version: Number(match[3]),
        avro,
        fingerprint: schemaFingerprint(avro),
        path,
      };
    })
    .sort((a, b) => (a.record === b.record ? a.version - b.version : a.record < b.record ? -1 : 1));
}

function avroFiles(folder: string, without: readonly string[]): readonly string[] {
  let entries;
  try {
    entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
  return entries
    .filter((entry) => entry.isFile() && entry.name.endsWith('.avsc'))
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .filter((path) => !without.some((top) => path.startsWith(`${top}/`)))
    .sort();
}

function readJson(path: string): AvroJson {
  const json: AvroJson = JSON.parse(readFileSync(path, 'utf8'));
  return json;
}
