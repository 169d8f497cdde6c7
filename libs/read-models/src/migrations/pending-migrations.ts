import pg from 'pg';
import { connectTimeoutMs, migrations } from './migrate.js';

/** Ids of the migrations that this version has and the database has not; changes nothing. */
export async function pendingMigrations(databaseUrl: string): Promise<readonly string[]> {
  const client = new pg.Client({
    connectionString: databaseUrl,
    application_name: 'chorda doctor',
    connectionTimeoutMillis: connectTimeoutMs,
  });
  await client.connect();
  try {
    const { rows: tables } = await client.query<{ there: boolean }>(
      `SELECT to_regclass('chorda_migrations') IS NOT NULL AS there`,
    );
    if (tables[0]?.there !== true) return migrations.map(({ id }) => id);
    const { rows } = await client.query<{ id: string }>('SELECT id FROM chorda_migrations');
    const applied = new Set(rows.map(({ id }) => id));
    return migrations.filter(({ id }) => !applied.has(id)).map(({ id }) => id);
  } finally {
    await client.end();
  }
}
