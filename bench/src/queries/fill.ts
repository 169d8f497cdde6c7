import type { ListDefinition } from '@chorda/read-models';
import { dayMs, dayOf, ensureDayPartitions } from '@chorda/read-models';
import { shownTable } from '@chorda/testing';
import type pg from 'pg';

export const tenantCount = 50;
/** The largest is `t1`; the n-th has a share of 1/n. */
export const tenantName = (rank: number) => `t${rank}`;

const daysOfRows = 14;

/** How many values a text has; those that are not here have twenty. Keys tell every row apart. */
const valuesOf: Readonly<Record<string, number>> = {
  type: 40,
  topic: 4,
  subject: 20_000,
  source: 25,
  agent_id: 5_000,
  workflow_id: 20_000,
  parent_workflow_id: 20_000,
  session_id: 20_000,
  user_id: 2_000,
  status: 5,
};

interface Column {
  readonly column_name: string;
  readonly data_type: string;
}

/** Fills a table with rows of the right shape, by the server itself, and makes its indexes after it. */
export async function fill(pool: pg.Pool, definition: ListDefinition, rows: number): Promise<void> {
  const table = await shownTable(pool, definition.from);
  if (definition.dayPartitions) {
    const days = Array.from({ length: daysOfRows + 2 }, (_, day) => dayOf(Date.now() - (day - 1) * dayMs));
    await ensureDayPartitions(pool, table, days);
  }
  const { rows: columns } = await pool.query<Column>(
    'SELECT column_name, data_type FROM information_schema.columns WHERE table_name = $1 ORDER BY ordinal_position',
    [table],
  );
  const { rows: indexes } = await pool.query<{ indexname: string; indexdef: string }>(
    `SELECT indexname, indexdef FROM pg_indexes WHERE tablename = $1 AND indexname NOT LIKE '%_pkey'`,
    [table],
  );
  for (const { indexname } of indexes) await pool.query(`DROP INDEX ${indexname}`);
  const shares = Array.from({ length: tenantCount }, (_, index) => 1 / (index + 1));
  const total = shares.reduce((sum, share) => sum + share, 0);
  let reached = 0;
  const bounds = shares.map((share) => (reached += share / total)).slice(0, -1);
  const expressions = columns.map((column) => expressionOf(definition, column, rows));
  await pool.query(
    `INSERT INTO ${table} (${columns.map(({ column_name }) => `"${column_name}"`).join(', ')})
     SELECT ${expressions.join(', ')}
     FROM (SELECT n, 't' || (width_bucket(random(), $1::float8[]) + 1) AS tenant FROM generate_series(1, $2::bigint) n) AS row`,
    [bounds, rows],
  );
  for (const { indexdef } of indexes) await pool.query(indexdef.replace(' ON ONLY ', ' ON '));
  await pool.query(`VACUUM ANALYZE ${table}`);
}

function expressionOf({ key, fields }: ListDefinition, { column_name: name, data_type: type }: Column, rows: number) {
  if (name === 'tenant_id') return 'tenant';
  switch (type) {
    case 'text': {
      if (name === 'correlation_id') return `'correlation-' || (n / 8)`;
      if (name === 'event_id') return `'01a1fecc-0000-7000-8000-' || lpad(n::text, 12, '0')`;
      if (key.includes(name) && fields[name]?.filter === undefined && name !== 'topic') return `'${name}-' || n`;
      return `'${name}-' || (hashint8(n + ${name.length}) & 2147483647) % ${valuesOf[name] ?? 20}`;
    }
    case 'timestamp with time zone':
      return `now() - (n::float8 / ${rows}) * interval '${daysOfRows} days'`;
    case 'boolean':
      return 'n % 2 = 0';
    case 'numeric':
      return '0.000125';
    case 'ARRAY':
      return `ARRAY['member-' || n % 5]`;
    case 'bytea':
      return name === 'payload' ? `decode(repeat(md5(n::text), 8), 'hex')` : `decode(repeat(md5('schema'), 2), 'hex')`;
    default:
      return name === 'offset' ? 'n' : name === 'partition' ? 'n % 12' : 'n % 1000';
  }
}
