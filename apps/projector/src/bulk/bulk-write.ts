import type { Writable } from 'node:stream';
import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { binaryColumn } from './binary-array.js';
import { binaryCopyParts } from './binary-copy.js';
import {
  columnsOf,
  quoted,
  sqlTypeOf,
  type Column,
  type Columns,
  type ReadModelTable,
  type RowOf,
  type TableShape,
} from './table.js';

type Row = Readonly<Record<string, unknown>>;

/** From how many rows on COPY beats UNNEST; `docs/decisions/0006-bulk-writes.md` has the figures. */
export const copyRowsMin = 50;

/** Adds rows by the way that is faster for their number. None of them may be there already. */
export async function insertRows<C extends Columns>(
  tx: pg.ClientBase,
  table: ReadModelTable<C>,
  rows: readonly RowOf<C>[],
): Promise<void> {
  if (rows.length === 0) return;
  // A transaction whose statements do not wait for each other takes no COPY, which is a conversation.
  const canCopy = !('pipeline' in tx && tx.pipeline === true);
  if (canCopy && rows.length >= copyRowsMin) await copyRows(tx, table, rows);
  else await unnestRows(tx, table, rows);
}

export async function copyRows<C extends Columns>(
  tx: pg.ClientBase,
  table: ReadModelTable<C>,
  rows: readonly RowOf<C>[],
): Promise<void> {
  const names = columnsOf(table).map(({ name }) => quoted(name));
  const stream = tx.query(copyFrom(`COPY ${quoted(table.name)} (${names.join(', ')}) FROM STDIN WITH (FORMAT binary)`));
  await new Promise<void>((resolve, reject) => {
    stream.once('finish', resolve);
    stream.once('error', (error) => {
      // The stream has let go of the session by then, and would fail at it with what is still to be sent.
      stream.destroy();
      reject(error);
    });
    sendAll(stream, binaryCopyParts(table, rows)).catch((error: Error) => {
      // The server waits for more, and takes no ROLLBACK before it is told that nothing comes.
      stream.destroy(error);
      reject(error);
    });
  });
}

/** Others have their turn between two parts, and the server begins with the first while the next one is made. */
async function sendAll(stream: Writable, parts: Iterable<Buffer>): Promise<void> {
  let previous: Buffer | undefined;
  for (const part of parts) {
    if (previous) {
      stream.write(previous);
      await new Promise((resolve) => setImmediate(resolve));
    }
    if (stream.destroyed) return;
    previous = part;
  }
  stream.end(previous);
}

export async function unnestRows<C extends Columns>(
  tx: pg.ClientBase,
  table: ReadModelTable<C>,
  rows: readonly RowOf<C>[],
): Promise<void> {
  const columns = columnsOf(table);
  await tx.query({ name: `insert ${table.name}`, text: insertStatement(table), values: arraysOf(columns, rows) });
}

/** Writes whole rows by key: new ones are added, those that are there replaced. Each key may occur once. */
export async function upsertRows<C extends Columns>(
  tx: pg.ClientBase,
  table: ReadModelTable<C>,
  rows: readonly RowOf<C>[],
): Promise<void> {
  if (rows.length === 0) return;
  const columns = columnsOf(table);
  const assigned = columns.map(({ name }) => name).filter((name) => !table.key.includes(name));
  const text = `${insertStatement(table)} ON CONFLICT (${table.key.map(quoted).join(', ')}) DO UPDATE SET
    ${assigned.map((name) => `${quoted(name)} = excluded.${quoted(name)}`).join(', ')}`;
  await tx.query({ name: `upsert ${table.name}`, text, values: arraysOf(columns, rows) });
}

/** The rows of these keys; keys without a row are left out. */
export async function loadRows<C extends Columns>(
  tx: pg.ClientBase,
  table: ReadModelTable<C>,
  keys: readonly Row[],
): Promise<readonly RowOf<C>[]> {
  const columns = columnsOf(table);
  const keyColumns = columns.filter(({ name }) => table.key.includes(name));
  const keyNames = keyColumns.map(({ name }) => quoted(name)).join(', ');
  const arrays = keyColumns.map(({ type }, index) => `$${index + 1}::${sqlTypeOf(type)}[]`).join(', ');
  const { rows } = await tx.query<Record<string, unknown>>({
    name: `load ${table.name}`,
    text: `SELECT ${columns.map(({ name }) => quoted(name)).join(', ')} FROM ${quoted(table.name)}
      JOIN unnest(${arrays}) AS wanted (${keyNames}) USING (${keyNames})`,
    values: arraysOf(keyColumns, keys),
  });
  return rows.map((row) => readRow<C>(columns, row));
}

/**
 * The rows of these keys, locked until the transaction ends; a key without a row is given the one in hand, since what is
 * not there cannot be locked. For rows that transactions of several partitions fold: without it two would read the same
 * row, and the later write would undo the earlier one. In the order of the key, so that none waits in a ring.
 */
export async function lockRows<C extends Columns>(
  tx: pg.ClientBase,
  table: ReadModelTable<C>,
  rows: readonly RowOf<C>[],
): Promise<readonly RowOf<C>[]> {
  const columns = columnsOf(table);
  const key = table.key.map(quoted).join(', ');
  // Setting a column to what it is locks the row, and shows it as the transaction that was waited for has left it.
  const text = `${insertStatement(table)} ORDER BY ${key}
    ON CONFLICT (${key}) DO UPDATE SET ${quoted(table.key[0] ?? '')} = excluded.${quoted(table.key[0] ?? '')}
    RETURNING ${columns.map(({ name }) => `${quoted(table.name)}.${quoted(name)}`).join(', ')}`;
  const values = arraysOf(columns, rows);
  const found = await tx.query<Record<string, unknown>>({ name: `lock ${table.name}`, text, values });
  return found.rows.map((row) => readRow<C>(columns, row));
}

function insertStatement(table: TableShape): string {
  const columns = columnsOf(table);
  // UNNEST would flatten a list of lists, so a list column travels as the texts of its lists.
  const selected = columns.map(({ name, type }) => (type === 'text[]' ? `${quoted(name)}::text[]` : quoted(name)));
  const arrays = columns.map(({ type }, index) => `$${index + 1}::${type === 'text[]' ? 'text' : sqlTypeOf(type)}[]`);
  const names = columns.map(({ name }) => quoted(name)).join(', ');
  return `INSERT INTO ${quoted(table.name)} (${names})
    SELECT ${selected.join(', ')} FROM unnest(${arrays.join(', ')}) AS given (${names})`;
}

function arraysOf(columns: readonly Column[], rows: readonly Row[]): Buffer[] {
  return columns.map((column) => binaryColumn(column, rows));
}

/** A row as the driver gives it, in the values that code holds. */
export function readRow<C extends Columns>(columns: readonly Column[], row: Record<string, unknown>): RowOf<C> {
  for (const { name, type } of columns) {
    const value = row[name];
    if (value === null) continue;
    if (type === 'bigint') row[name] = BigInt(String(value));
    else if (type === 'count') row[name] = Number(value);
    else if (type === 'timestamp' && value instanceof Date) row[name] = value.getTime();
  }
  return row as RowOf<C>;
}
