import { readerRole } from '@chorda/read-models';
import type pg from 'pg';
import { quoted } from '../bulk/table.js';

/**
 * Makes a table of the same shape: columns, defaults, keys and indexes, the cut by day without any day, row-level
 * security with the policies of the model, and what the reader may read.
 */
export async function makeTableLike(tx: pg.ClientBase, model: string, name: string): Promise<void> {
  const { rows } = await tx.query<{ cut: string | null; readable: boolean; secured: boolean }>(
    `SELECT pg_get_partkeydef(oid) AS cut, has_table_privilege($2, oid, 'SELECT') AS readable, relrowsecurity AS secured
     FROM pg_class WHERE oid = $1::regclass`,
    [quoted(model), readerRole],
  );
  const [shape] = rows;
  if (shape === undefined) throw new TypeError(`There is no table ${model}`);
  const cut = shape.cut === null ? '' : ` PARTITION BY ${shape.cut}`;
  await tx.query(`CREATE TABLE ${quoted(name)} (LIKE ${quoted(model)} INCLUDING ALL)${cut}`);
  if (shape.secured) await tx.query(`ALTER TABLE ${quoted(name)} ENABLE ROW LEVEL SECURITY`);
  const policies = await tx.query<{ policyname: string; qual: string }>(
    `SELECT policyname, qual FROM pg_policies WHERE schemaname = current_schema() AND tablename = $1 AND qual IS NOT NULL`,
    [model],
  );
  for (const { policyname, qual } of policies.rows) {
    await tx.query(`CREATE POLICY ${quoted(policyname)} ON ${quoted(name)} USING (${qual})`);
  }
  if (shape.readable) await tx.query(`GRANT SELECT ON ${quoted(name)} TO ${readerRole}`);
}

/** Rows and days go; the table itself stays, because migrations name it. */
export async function emptyTable(tx: pg.ClientBase, name: string): Promise<void> {
  const { rows } = await tx.query<{ child: string }>(
    'SELECT inhrelid::regclass::text AS child FROM pg_inherits WHERE inhparent = $1::regclass',
    [quoted(name)],
  );
  for (const { child } of rows) await tx.query(`DROP TABLE ${child}`);
  if (rows.length === 0) await tx.query(`TRUNCATE ${quoted(name)}`);
}

export async function dropTable(tx: pg.ClientBase, name: string): Promise<void> {
  await tx.query(`DROP TABLE IF EXISTS ${quoted(name)}`);
}

/** The view of a projection: the name of its migration's table without the version. */
export function viewOf(tableName: string): string {
  return tableName.replace(/_v\d+(_r\d+)?$/, '');
}

const columnsDiffer = '42P16';

/**
 * Lets the view show another table. Columns that came at the end, or none, keep the view and all that stands on it; other
 * columns need a new view, which is refused by Postgres where another view stands on the old one.
 */
export async function showInView(tx: pg.ClientBase, view: string, table: string): Promise<void> {
  const definition = `VIEW ${quoted(view)} WITH (security_invoker = true) AS SELECT * FROM ${quoted(table)}`;
  await tx.query('SAVEPOINT view');
  try {
    await tx.query(`CREATE OR REPLACE ${definition}`);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === columnsDiffer)) throw error;
    await tx.query('ROLLBACK TO SAVEPOINT view');
    await tx.query(`DROP VIEW ${quoted(view)}`);
    await tx.query(`CREATE ${definition}`);
  }
  await tx.query(`GRANT SELECT ON ${quoted(view)} TO ${readerRole}`);
}
