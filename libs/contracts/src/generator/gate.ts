import { join } from 'node:path';
import type { Issue } from '@chorda/kernel';
import { breakingChanges } from '../schema/compatibility.js';
import { readReleased, readSchemaFiles, type SchemaFile } from './schema-files.js';

/** Every change since any released version that breaks a reader, and every released record that is gone. */
export function gateIssues(root: string): readonly Issue[] {
  const files = readSchemaFiles(root);
  return [...files.flatMap(changesOf), ...lostRecords(root, files)];
}

function changesOf(file: SchemaFile): readonly Issue[] {
  return file.released.flatMap((version) =>
    breakingChanges(version.avro, file.schema.avro).map(({ field, rule }) => ({
      pointer: `schemas/${file.path}#${field || file.schema.record}`,
      detail: `${rule} (since released version ${version.version})`,
    })),
  );
}

function lostRecords(root: string, files: readonly SchemaFile[]): readonly Issue[] {
  const known = new Set(files.map((file) => file.schema.record));
  return readReleased(join(root, 'schemas'))
    .filter((version) => !known.has(version.record))
    .map((version) => ({
      pointer: `schemas/released/${version.path}`,
      detail: `${version.record} was released and has no schema any more: its events are in the log`,
    }));
}
