import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { InvalidInputError } from '@chorda/kernel';
import { gateIssues } from './gate.js';
import { readSchemaFiles, releasedFile, type SchemaFile } from './schema-files.js';

export interface Release {
  readonly record: string;
  readonly version: number;
  /** From the repository's root. */
  readonly path: string;
}

export interface ReleaseOptions {
  /**
   * Drops the released versions that the current schema breaks and releases it as version 1. Events that were written
   * with them can then no longer be read: only before the first public version.
   */
  readonly replace?: boolean;
}

/**
 * Copies every current schema that is not released yet into `schemas/released/`; from then on the gate holds it.
 *
 * @throws {@link InvalidInputError} naming each breaking change, unless `replace` is set.
 */
export function releaseSchemas(root: string, options: ReleaseOptions = {}): readonly Release[] {
  const issues = options.replace ? [] : gateIssues(root);
  if (issues.length > 0) throw new InvalidInputError('Schemas', issues);
  const broken = options.replace ? new Set(gateIssues(root).map((issue) => issue.pointer.split('#')[0])) : new Set();
  return readSchemaFiles(root).flatMap((file) => {
    const replace = broken.has(`schemas/${file.path}`);
    if (replace) for (const version of file.released) rmSync(join(root, 'schemas/released', version.path));
    return releaseOne(root, file, replace ? 0 : (file.released.at(-1)?.version ?? 0));
  });
}

function releaseOne(root: string, file: SchemaFile, latest: number): readonly Release[] {
  const text = readFileSync(join(root, 'schemas', file.path), 'utf8');
  // A mended sentence or a raised maximum is no new way of writing: the bytes mean what they meant.
  if (latest > 0 && file.released.some((version) => version.fingerprint === file.fingerprint)) return [];
  const version = latest + 1;
  const path = `schemas/released/${releasedFile(file.schema.record, version)}`;
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
  return [{ record: file.schema.record, version, path }];
}
