import { createWriteStream } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type pg from 'pg';
import { backupFormat, BackupSeal, backupVersion } from './backup-file.js';
import { keptHereAlone } from './table-standing.js';

export interface BackedUpTable {
  readonly table: string;
  readonly rows: number;
}

const rowsARead = 1_000;

/**
 * Writes what only this database knows to a file that the owner alone may read: it holds hashes of API keys. All tables
 * are read as of one moment. The file appears when it is whole and on the disk.
 */
export async function createBackup(pool: pg.Pool, path: string): Promise<readonly BackedUpTable[]> {
  const partial = `${path}.partial`;
  const counts: BackedUpTable[] = [];
  const client = await pool.connect();
  try {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    const file = createWriteStream(partial, { mode: 0o600 });
    await pipeline(Readable.from(lines(client, counts)), createGzip(), file);
    await client.query('COMMIT');
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  } finally {
    client.release(true);
  }
  await onDisk(partial);
  await rename(partial, path);
  return counts;
}

async function* lines(client: pg.PoolClient, counts: BackedUpTable[]): AsyncGenerator<string> {
  const seal = new BackupSeal();
  const sealed = (line: string) => {
    seal.add(line);
    return `${line}\n`;
  };
  yield sealed(JSON.stringify({ format: backupFormat, version: backupVersion, created_at: new Date().toISOString() }));
  for (const table of keptHereAlone) {
    yield sealed(JSON.stringify({ table, columns: await columnsOf(client, table) }));
    let count = 0;
    for await (const rows of rowsOf(client, table)) {
      count += rows.length;
      for (const row of rows) yield sealed(row);
    }
    counts.push({ table, rows: count });
  }
  yield `${seal.endLine}\n`;
}

/** In the order of the table, without what Postgres makes by itself. */
export async function columnsOf(client: pg.ClientBase, table: string): Promise<readonly string[]> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT attname AS name FROM pg_attribute
     WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum`,
    [table],
  );
  return rows.map(({ name }) => name);
}

async function* rowsOf(client: pg.ClientBase, table: string): AsyncGenerator<readonly string[]> {
  // Not jsonb: a registered schema is found by its text, blanks included.
  await client.query(
    `DECLARE backup_rows NO SCROLL CURSOR FOR SELECT to_json(row_to_json(t)::text)::text AS line FROM ${table} t`,
  );
  for (;;) {
    const { rows } = await client.query<{ line: string }>(`FETCH ${rowsARead} FROM backup_rows`);
    if (rows.length === 0) break;
    yield rows.map(({ line }) => line);
  }
  await client.query('CLOSE backup_rows');
}

async function onDisk(path: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
