import { createHash } from 'node:crypto';
import type pg from 'pg';
import { readRow } from '../bulk/bulk-write.js';
import { columnsOf, quoted, type TableShape } from '../bulk/table.js';

export type TableRow = Readonly<Record<string, unknown>>;

/** All rows of a read model, of every tenant, in the order of the key, in the values that code holds. */
export async function readTable(pool: pg.Pool, table: TableShape): Promise<readonly TableRow[]> {
  const columns = columnsOf(table);
  const { rows } = await pool.query<Record<string, unknown>>(
    `SELECT ${columns.map(({ name }) => quoted(name)).join(', ')} FROM ${quoted(table.name)}
     ORDER BY ${table.key.map(quoted).join(', ')}`,
  );
  return rows.map((row): TableRow => readRow(columns, row));
}

/** SHA-256 over all rows in the order of the key: two tables with one hash hold the same. */
export async function hashTable(pool: pg.Pool, table: TableShape): Promise<string> {
  const hash = createHash('sha256');
  for (const row of await readTable(pool, table)) hash.update(`${textOf(row)}\n`);
  return hash.digest('hex');
}

/** A row as text: bigints and bytes included, columns in their order. */
export function textOf(row: TableRow): string {
  const plain = Object.entries(row).map(([name, value]) => [
    name,
    Buffer.isBuffer(value) ? value.toString('hex') : typeof value === 'bigint' ? `${value}n` : value,
  ]);
  return JSON.stringify(Object.fromEntries(plain));
}

/** One line for each row that only one side has, and for each column that differs. */
export function differencesOf(
  { key }: TableShape,
  expected: readonly TableRow[],
  actual: readonly TableRow[],
): readonly string[] {
  const keyOf = (row: TableRow) => textOf(Object.fromEntries(key.map((name) => [name, row[name]])));
  const found = new Map(actual.map((row) => [keyOf(row), row]));
  const lines = expected.flatMap((row) => {
    const other = found.get(keyOf(row));
    found.delete(keyOf(row));
    if (other === undefined) return [`- ${textOf(row)} is missing`];
    return Object.keys(row)
      .filter((name) => textOf({ value: row[name] }) !== textOf({ value: other[name] }))
      .map((name) => `  ${keyOf(row)}: ${name} is ${valueText(other[name])}, not ${valueText(row[name])}`);
  });
  return [...lines, ...[...found.values()].map((row) => `+ ${textOf(row)} should not be there`)];
}

function valueText(value: unknown): string {
  return textOf({ value }).slice('{"value":'.length, -1);
}
