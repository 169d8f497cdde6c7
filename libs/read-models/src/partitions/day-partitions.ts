import type pg from 'pg';

export const dayMs = 86_400_000;

/** Start of the UTC day. */
export function dayOf(ms: number): number {
  return Math.floor(ms / dayMs) * dayMs;
}

/** The first moments of the days that tables like `pattern` (`journal_v1`, or `journal_v%` for all versions) have. */
export async function partitionDays(client: pg.ClientBase | pg.Pool, pattern: string): Promise<readonly number[]> {
  const { rows } = await client.query<{ day: string }>(
    `SELECT DISTINCT right(child.relname, 8) AS day
     FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid JOIN pg_class parent ON parent.oid = inhparent
     WHERE parent.relname LIKE $1 AND parent.relkind = 'p' AND child.relkind = 'r'
       AND parent.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())`,
    [pattern],
  );
  return rows.map(({ day }) => Date.UTC(Number(day.slice(0, 4)), Number(day.slice(4, 6)) - 1, Number(day.slice(6))));
}

/**
 * Makes the day partitions of `table` that are missing. In a transaction of its own and by ATTACH, whose lock lets
 * readers and writers of the other days go on; CREATE ... PARTITION OF would stop them all. Two processes that want
 * the same day queue behind an advisory lock of that table.
 */
export async function ensureDayPartitions(pool: pg.Pool, table: string, days: readonly number[]): Promise<void> {
  const client = await pool.connect();
  let broken = true;
  try {
    await client.query('BEGIN');
    await client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 4600469002))', [`partitions of ${table}`]);
    const known = new Set(await partitionDays(client, table));
    for (const day of new Set(days)) if (!known.has(day)) await attachDay(client, table, day);
    await client.query('COMMIT');
    broken = false;
  } finally {
    client.release(broken);
  }
}

async function attachDay(client: pg.PoolClient, table: string, day: number): Promise<void> {
  const partition = partitionName(table, day);
  const bounds = [day, day + dayMs].map((ms) => `'${new Date(ms).toISOString()}'`);
  await client.query(`CREATE TABLE ${partition} (LIKE ${table} INCLUDING DEFAULTS INCLUDING CONSTRAINTS)`);
  await client.query(`ALTER TABLE ${table} ATTACH PARTITION ${partition} FOR VALUES FROM (${bounds.join(') TO (')})`);
}

/**
 * Drops the days that ended before `beforeMs`, oldest first, at most `daysMax` of them. A reader that holds the table
 * for long makes this throw after two seconds (55P03) rather than make all others queue behind the drop.
 *
 * @returns The days that were dropped.
 */
export async function dropDayPartitions(
  pool: pg.Pool,
  table: string,
  beforeMs: number,
  daysMax = 7,
): Promise<readonly number[]> {
  const days = [...(await partitionDays(pool, table))].sort((a, b) => a - b);
  const expired = days.filter((day) => day + dayMs <= beforeMs).slice(0, daysMax);
  for (const day of expired) {
    const client = await pool.connect();
    let broken = true;
    try {
      await client.query(
        `BEGIN; SET LOCAL lock_timeout = '2s'; DROP TABLE IF EXISTS ${partitionName(table, day)}; COMMIT`,
      );
      broken = false;
    } finally {
      client.release(broken);
    }
  }
  return expired;
}

function partitionName(table: string, day: number): string {
  // Names cannot be parameters; this keeps anything else out of the statement.
  if (!/^[a-z_0-9]+$/.test(table)) throw new TypeError(`Not a table of ours: ${table}`);
  const [date = ''] = new Date(day).toISOString().split('T');
  return `${table}_p${date.replaceAll('-', '')}`;
}
