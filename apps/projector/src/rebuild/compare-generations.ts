import type { RebuildReport, RowDifference, TenantDifference } from '@chorda/read-models';
import type pg from 'pg';
import { quoted } from '../bulk/table.js';
import { lateColumnsOf, lenientRows, type LenientRows } from './late-columns.js';

const listedMax = 20;

export interface Compared {
  readonly old: ComparedTable;
  readonly new: ComparedTable;
  readonly key: readonly string[];
  /** Both tables are of the same code: rows are compared. Else they are counted. */
  readonly byRow: boolean;
  /** Each row is one event, and says where the log has it. */
  readonly hasPlaces: boolean;
  /** Tables cut by day: what is older is past its retention, and one of them may have dropped it already. */
  readonly keptFromMs: number | undefined;
}

/** A generation and its table. */
export interface ComparedTable {
  readonly projection: string;
  readonly version: number;
  readonly tableName: string;
}

/** What both tables are looked at through: the same expressions, so that the same row has the same text in either. */
interface Look extends Compared, LenientRows {
  /** Which rows are looked at. */
  readonly where: string;
}

interface TenantRow {
  readonly tenant: string;
  readonly rows_old: string;
  readonly rows_new: string;
  readonly same: boolean;
  readonly filled: readonly string[];
}

/**
 * Compares two tables in the snapshot of `tx`: rows and a sum of their 64-bit hashes by tenant, one pass over each, and
 * for the tenants that differ the first keys. `hashtextextended` over the text of a whole row: two tables whose sums agree
 * by chance in 64 bits are not to be expected.
 *
 * Rows that were written before a column existed have nothing in it, and the new ones have: that alone is no difference.
 * It is told apart by what the claims have written down of the old table, row by row where rows have places. Everything
 * else of such a row is compared, and a value that the old row has after all must be the new one's too.
 */
export async function compareGenerations(tx: pg.ClientBase, compared: Compared): Promise<RebuildReport> {
  const late = compared.byRow ? await lateColumnsOf(tx, compared.old) : [];
  const columns = late.length === 0 ? [] : await columnNames(tx, compared.old.tableName);
  const lenient = lenientRows(columns, late, compared.hasPlaces);
  const look: Look = { ...compared, ...lenient, where: await keptRows(tx, compared) };
  const sums = await tx.query<TenantRow>(
    `SELECT coalesce(o.tenant_id, n.tenant_id) AS tenant, coalesce(o.rows, 0)::text AS rows_old,
       coalesce(n.rows, 0)::text AS rows_new,
       (o.rows, o.hash) IS NOT DISTINCT FROM (n.rows, n.hash) AS same,
       ARRAY[${late.map((_, index) => `(coalesce(n.kept_${index}, 0) - coalesce(o.kept_${index}, 0))::text`).join(', ')}]::text[] AS filled
     FROM (${sumOf(look, look.old)}) o FULL JOIN (${sumOf(look, look.new)}) n USING (tenant_id)
     ORDER BY 1`,
  );
  const overwritten = await tenantsOverwritten(tx, look);
  const differing = sums.rows.filter(({ tenant, same }) => !same || overwritten.has(tenant));
  const rows: RowDifference[] = [];
  for (const { tenant } of compared.byRow ? differing : []) {
    if (rows.length >= listedMax) break;
    rows.push(...(await rowsThatDiffer(tx, look, tenant, listedMax - rows.length)));
  }
  const total = (of: (row: TenantRow) => string) => sums.rows.reduce((sum, row) => sum + BigInt(of(row)), 0n);
  return {
    by_row: compared.byRow,
    equal: differing.length === 0,
    rows_old: String(total(({ rows_old }) => rows_old)),
    rows_new: String(total(({ rows_new }) => rows_new)),
    tenants: sums.rows.length,
    tenants_that_differ: differing
      .slice(0, listedMax)
      .map(({ tenant, rows_old, rows_new }): TenantDifference => ({ tenant, rows_old, rows_new })),
    rows_that_differ: rows,
    columns_filled: late
      .map(({ name }, index) => ({ column: name, rows: String(total(({ filled }) => filled[index] ?? '0')) }))
      .filter(({ rows }) => rows !== '0'),
    compared_at: new Date().toISOString(),
  };
}

function sumOf({ byRow, row, kept, joins, where }: Look, { tableName }: ComparedTable): string {
  const hash = byRow ? `sum(hashtextextended(${row}, 0)::numeric)` : '0';
  const counts = kept.map((value, index) => `, count(${value}) AS kept_${index}`).join('');
  return `SELECT r.tenant_id, count(*) AS rows, ${hash} AS hash${counts} FROM ${quoted(tableName)} r ${joins}
    WHERE ${where} GROUP BY r.tenant_id`;
}

/** Rows one by one, with the columns of the key. */
function rowsOf({ key, row, kept, joins, where }: Look, { tableName }: ComparedTable): string {
  const columns = [...key.map((name) => `r.${quoted(name)}`), `${row} AS row_text`];
  const values = kept.map((value, index) => `${value} AS kept_${index}`);
  return `(SELECT ${[...columns, ...values].join(', ')} FROM ${quoted(tableName)} r ${joins} WHERE ${where})`;
}

/** A row of before a column has a value in it all the same, and the new one has another. */
function isOverwritten({ kept }: Look): string {
  const each = kept.map((_, at) => `(o.kept_${at} IS NOT NULL AND o.kept_${at} IS DISTINCT FROM n.kept_${at})`);
  return each.length === 0 ? 'false' : each.join(' OR ');
}

async function tenantsOverwritten(tx: pg.ClientBase, look: Look): Promise<ReadonlySet<string>> {
  if (look.kept.length === 0) return new Set();
  const { rows } = await tx.query<{ tenant: string }>(
    `SELECT DISTINCT tenant_id AS tenant FROM ${rowsOf(look, look.old)} o JOIN ${rowsOf(look, look.new)} n
       USING (${look.key.map(quoted).join(', ')}) WHERE ${isOverwritten(look)}`,
  );
  return new Set(rows.map(({ tenant }) => tenant));
}

async function rowsThatDiffer(
  tx: pg.ClientBase,
  look: Look,
  tenant: string,
  limit: number,
): Promise<readonly RowDifference[]> {
  const keys = look.key.map(quoted).join(', ');
  const own = { ...look, where: `${look.where} AND r.tenant_id = $1` };
  const { rows } = await tx.query<{ key: Record<string, string | null>; found: RowDifference['found'] }>(
    `SELECT json_build_object(${look.key.map((name) => `'${name}', ${quoted(name)}::text`).join(', ')}) AS key,
       CASE WHEN n.row_text IS NULL THEN 'only_old' WHEN o.row_text IS NULL THEN 'only_new' ELSE 'different' END AS found
     FROM ${rowsOf(own, look.old)} o FULL JOIN ${rowsOf(own, look.new)} n USING (${keys})
     WHERE o.row_text IS DISTINCT FROM n.row_text OR ${isOverwritten(look)} ORDER BY ${keys} LIMIT $2`,
    [tenant, limit],
  );
  return rows.map((row) => ({ tenant, key: row.key, found: row.found }));
}

async function columnNames(tx: pg.ClientBase, table: string): Promise<readonly string[]> {
  const { rows } = await tx.query<{ name: string }>(
    `SELECT attname AS name FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped
     ORDER BY attnum`,
    [quoted(table)],
  );
  return rows.map(({ name }) => name);
}

async function keptRows(tx: pg.ClientBase, { old, keptFromMs }: Compared): Promise<string> {
  if (keptFromMs === undefined || !Number.isFinite(keptFromMs)) return 'true';
  const { rows } = await tx.query<{ cut: string | null }>('SELECT pg_get_partkeydef($1::regclass) AS cut', [
    quoted(old.tableName),
  ]);
  const column = /^RANGE \("?([a-z_]+)"?\)$/.exec(rows[0]?.cut ?? '')?.[1];
  return column === undefined ? 'true' : `r.${quoted(column)} >= '${new Date(keptFromMs).toISOString()}'`;
}
