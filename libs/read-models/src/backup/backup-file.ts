import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { BackupNotReadableError } from './backup-errors.js';

/**
 * A backup is gzipped lines of JSON: a head; for each table an object with its name and columns, followed by a string a
 * row; and an end that counts the rows and hashes all lines before it. What is in a row's string is the text that
 * Postgres made of it, and is never parsed on the way, so that numbers, bytes and schemas come back as they were.
 */
export const backupFormat = 'chorda-backup';
export const backupVersion = 1;

export interface TableHead {
  readonly table: string;
  readonly columns: readonly string[];
}

/** A table, and below it its rows: each the JSON string as it stands in the file. */
export type BackupPart = TableHead | { readonly row: string };

/** Tables of a backup hold keys and schemas and no payloads: a line this long is damage. */
const lineCharactersMax = 64 * 1_048_576;

/** Counts and hashes lines as they are written or read. */
export class BackupSeal {
  private readonly hash = createHash('sha256');
  private rows = 0;

  add(line: string): void {
    this.hash.update(line).update('\n');
    if (isRow(line)) this.rows += 1;
  }

  get endLine(): string {
    return JSON.stringify({ end: { rows: this.rows, sha256: this.hash.copy().digest('hex') } });
  }
}

/**
 * The parts of a backup in the order of the file.
 *
 * @throws {@link BackupNotReadableError} where it is cut short or changed: what came before is then not to be kept.
 */
export async function* readBackup(path: string): AsyncGenerator<BackupPart> {
  const seal = new BackupSeal();
  let standing: 'before' | 'inside' | 'ended' = 'before';
  for await (const line of linesOf(path)) {
    if (standing === 'ended') throw new BackupNotReadableError(`${path} goes on behind its end`);
    if (standing === 'before') {
      requireHead(path, line);
      standing = 'inside';
    } else if (isRow(line)) {
      yield { row: line };
    } else if (isTableHead(parsed(path, line))) {
      yield JSON.parse(line) as TableHead;
    } else {
      if (line !== seal.endLine) {
        throw new BackupNotReadableError(`${path} was changed: its lines do not have the hash that it ends with`);
      }
      standing = 'ended';
      continue;
    }
    seal.add(line);
  }
  if (standing !== 'ended') throw new BackupNotReadableError(`${path} is cut short: it has no end`);
}

/** Not by readline: it also ends lines at U+2028, which may stand in a name. */
async function* linesOf(path: string): AsyncGenerator<string> {
  const file = createReadStream(path);
  const text = file.pipe(createGunzip()).setEncoding('utf8');
  file.on('error', (error) => text.destroy(error));
  let rest = '';
  try {
    for await (const part of text as AsyncIterable<string>) {
      const lines = (rest + part).split('\n');
      rest = lines.pop() ?? '';
      if (rest.length > lineCharactersMax) throw new BackupNotReadableError(`${path} has a line that is too long`);
      yield* lines;
    }
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && String(error.code).startsWith('Z_'))) throw error;
    throw new BackupNotReadableError(`${path} is no gzip file, or is cut short`, { cause: error });
  } finally {
    file.destroy();
  }
  if (rest !== '') yield rest;
}

function isRow(line: string): boolean {
  return line.startsWith('"');
}

function parsed(path: string, line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    throw new BackupNotReadableError(`${path} has a line that is no JSON`, { cause: error });
  }
}

function requireHead(path: string, line: string): void {
  const head = parsed(path, line);
  if (typeof head !== 'object' || head === null || !('format' in head) || head.format !== backupFormat) {
    throw new BackupNotReadableError(`${path} is no backup of Chorda`);
  }
  const version = 'version' in head ? head.version : undefined;
  if (version !== backupVersion) {
    throw new BackupNotReadableError(
      `${path} has version ${JSON.stringify(version)}; this build reads version ${backupVersion}`,
    );
  }
}

function isTableHead(value: unknown): value is TableHead {
  return typeof value === 'object' && value !== null && 'table' in value && 'columns' in value;
}
