import type { RebuildReport, RowDifference, TenantDifference } from '@chorda/read-models';
import type pg from 'pg';
import { quoted } from '../bulk/table.js';

const listedMax = 20;

export interface Compared {
  readonly old: string;
  readonly new: string;
  readonly key: readonly string[];
  /** Both tables are of the same code: rows are compared. Else they are counted. */
  readonly byRow: boolean;
  /** Tables cut by day: what is older is past its retention, and one of them may have dropped it already. */
  readonly keptFromMs: number | undefined;
}

interface TenantRow {
  readonly tenant: string;
  readonly rows_old: string;
  readonly rows_new: string;
  readonly same: boolean;
}

/**
 * Compares two tables in the snapshot of `tx`: rows and a sum of their 64-bit hashes by tenant, one pass over each, and
 * for the tenants that differ the first keys. `hashtextextended` over the text of a whole row: two tables whose sums agree
 * by chance in 64 bits are not to be expected.
 */
export async function compareGenerations(tx: pg.ClientBase, compared: Compared): Promise<RebuildReport> {
  const kept = await keptRows(tx, compared);
  const sums = await tx.query<TenantRow>(
    `SELECT coalesce(o.tenant_id, n.tenant_id) AS tenant, coalesce(o.rows, 0)::text AS rows_old,
       coalesce(n.rows, 0)::text AS rows_new,
       (o.rows, o.hash) IS NOT DISTINCT FROM (n.rows, n.hash) AS same
     FROM (${sumOf(compared.old, compared, kept)}) o FULL JOIN (${sumOf(compared.new, compared, kept)}) n USING (tenant_id)
     ORDER BY 1`,
  );
  const differing = sums.rows.filter(({ same }) => !same);
  const rows: RowDifference[] = [];
  for (const { tenant } of compared.byRow ? differing : []) {
    if (rows.length >= listedMax) break;
    rows.push(...(await rowsThatDiffer(tx, compared, kept, tenant, listedMax - rows.length)));
  }
  const total = (side: 'rows_old' | 'rows_new') => String(sums.rows.reduce((sum, row) => sum + BigInt(row[side]), 0n));
  return {
    by_row: compared.byRow,
    equal: differing.length === 0,
    rows_old: total('rows_old'),
    rows_new: total('rows_new'),
    tenants: sums.rows.length,
    tenants_that_differ: differing
      .slice(0, listedMax)
      .map(({ tenant, rows_old, rows_new }): TenantDifference => ({ tenant, rows_old, rows_new })),
    rows_that_differ: rows,
    compared_at: new Date().toISOString(),
  };
}

function sumOf(table: string, { byRow }: Compared, kept: string): string {
  const hash = byRow ? 'sum(hashtextextended(r::text, 0)::numeric)' : '0';
  return `SELECT tenant_id, count(*) AS rows, ${hash} AS hash FROM ${quoted(table)} r WHERE ${kept} GROUP BY tenant_id`;
}

async function rowsThatDiffer(
  tx: pg.ClientBase,
  { old, new: made, key }: Compared,
  kept: string,
  tenant: string,
  limit: number,
): Promise<readonly RowDifference[]> {
  const keys = key.map(quoted).join(', ');
  const side = (table: string) => `(SELECT r, ${keys} FROM ${quoted(table)} r WHERE ${kept} AND tenant_id = $1)`;
  const { rows } = await tx.query<{ key: Record<string, string | null>; found: RowDifference['found'] }>(
    `SELECT json_build_object(${key.map((name) => `'${name}', ${quoted(name)}::text`).join(', ')}) AS key,
       CASE WHEN n.r IS NULL THEN 'only_old' WHEN o.r IS NULL THEN 'only_new' ELSE 'different' END AS found
     FROM ${side(old)} o FULL JOIN ${side(made)} n USING (${keys})
     WHERE o.r::text IS DISTINCT FROM n.r::text ORDER BY ${keys} LIMIT $2`,
    [tenant, limit],
  );
  return rows.map((row) => ({ tenant, key: row.key, found: row.found }));
}

async function keptRows(tx: pg.ClientBase, { old, keptFromMs }: Compared): Promise<string> {
  if (keptFromMs === undefined || !Number.isFinite(keptFromMs)) return 'true';
  const { rows } = await tx.query<{ cut: string | null }>('SELECT pg_get_partkeydef($1::regclass) AS cut', [
    quoted(old),
  ]);
  const column = /^RANGE \("?([a-z_]+)"?\)$/.exec(rows[0]?.cut ?? '')?.[1];
  return column === undefined ? 'true' : `${quoted(column)} >= '${new Date(keptFromMs).toISOString()}'`;
}
