import { randomBytes } from 'node:crypto';
import pg from 'pg';
import type { StackAddresses } from './stack.js';

export interface FreshDatabase {
  /** Superuser, on the new database. */
  readonly url: string;
  /** Ends whatever still uses it. */
  drop(): Promise<void>;
}

/** An empty database of a spec's own. */
export async function freshDatabase(stack: Pick<StackAddresses, 'databaseUrl'>): Promise<FreshDatabase> {
  const name = `t${randomBytes(6).toString('hex')}`;
  await administer(stack.databaseUrl, `CREATE DATABASE ${name}`);
  const url = new URL(stack.databaseUrl);
  url.pathname = `/${name}`;
  return {
    url: url.toString(),
    drop: () => administer(stack.databaseUrl, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
  };
}

/** The table of the generation that a view shows. */
export async function shownTable(pool: pg.Pool, view: string): Promise<string> {
  const { rows } = await pool.query<{ table_name: string }>(
    "SELECT table_name FROM information_schema.view_table_usage WHERE view_name = $1 AND table_name LIKE view_name || '\\_v%'",
    [view],
  );
  return rows[0]?.table_name ?? `${view}_v1`;
}

async function administer(databaseUrl: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
