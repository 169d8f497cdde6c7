import { readFileSync } from 'node:fs';
import { defaultTenant, tenantId } from '@chorda/kernel';
import { freshDatabase, type FreshDatabase } from '@chorda/testing';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { migrate } from '../migrations/migrate.js';
import { dayOf, ensureDayPartitions, partitionDays } from '../partitions/day-partitions.js';
import { journalEntity } from '../typeorm/read-model-entities.js';
import { readModelsDataSource, withTenantManager } from '../typeorm/tenant-manager.js';
import { createPool } from './pool.js';
import { withoutTenant, withTenant } from './with-tenant.js';

const other = tenantId('other');
const nobody = tenantId('nobody');
const now = Date.UTC(2026, 10, 21, 12);

/** A value of each column type; a row of them stands in every table, for two tenants. */
const samples: Readonly<Record<string, unknown>> = {
  text: 'sample',
  'text[]': ['a', 'b'],
  integer: 7,
  bigint: '42',
  numeric: '0.000000001',
  'double precision': 0.5,
  boolean: true,
  'timestamp with time zone': new Date(now),
  bytea: Buffer.from('x'),
};

/**
 * Guarantee 11, for whatever views there are: nothing here names one, so a read model that is added tomorrow is checked
 * without a line.
 */
describe('every view', () => {
  let database: FreshDatabase;
  let pool: pg.Pool;
  let views: readonly string[] = [];

  beforeAll(async () => {
    database = await freshDatabase(inject('stack'));
    await migrate(database.url);
    pool = createPool(database.url, { connectionsMax: 2 });
    const { rows } = await pool.query<{ name: string }>(
      `SELECT relname AS name FROM pg_class WHERE relkind = 'v' AND relnamespace = 'public'::regnamespace ORDER BY 1`,
    );
    views = rows.map(({ name }) => name);
    for (const table of await readModelTables(pool)) {
      for (const tenant of [defaultTenant, other]) await insertSample(pool, table, tenant);
    }
  });

  afterAll(async () => {
    await pool.end();
    await database.drop();
  });

  const tenantsIn = (view: string) => `SELECT tenant_id FROM ${view}`;

  it('shows a tenant its own rows and no other, whatever the query forgets to say', async () => {
    expect(views).toEqual(expect.arrayContaining(['agents', 'executions', 'runs', 'steps', 'tasks', 'dead_letters']));
    for (const view of views) {
      for (const tenant of [defaultTenant, other]) {
        const { rows } = await withTenant(pool, tenant, (tx) => tx.query(tenantsIn(view)));
        expect(rows, view).toEqual([{ tenant_id: tenant }]);
      }
    }
  });

  it('shows nothing to a tenant without rows, nothing of another by name, and nothing where none is set', async () => {
    for (const view of views) {
      const read = await withTenant(pool, nobody, (tx) => tx.query(tenantsIn(view)));
      const named = await withTenant(pool, nobody, (tx) => tx.query(`${tenantsIn(view)} WHERE tenant_id = 'other'`));
      const unset = await withoutTenant(pool, (tx) => tx.query(tenantsIn(view)));
      expect([read.rowCount, named.rowCount, unset.rowCount], view).toEqual([0, 0, 0]);
    }
  });

  it('asks with the rights of who reads it, and can be read by the reader role alone', async () => {
    const { rows } = await pool.query<{ name: string; invoker: boolean; readable: boolean; writable: boolean }>(
      `SELECT relname AS name, coalesce('security_invoker=true' = ANY (reloptions), false) AS invoker,
         has_table_privilege('chorda_reader', oid, 'SELECT') AS readable,
         has_table_privilege('chorda_reader', oid, 'INSERT, UPDATE, DELETE, TRUNCATE') AS writable
       FROM pg_class WHERE relkind = 'v' AND relnamespace = 'public'::regnamespace ORDER BY 1`,
    );
    expect(rows).toEqual(views.map((name) => ({ name, invoker: true, readable: true, writable: false })));
  });

  it('has an entity with its columns and their types', async () => {
    const dataSource = await readModelsDataSource(database.url, 1).initialize();
    try {
      const shown = new Set(dataSource.entityMetadatas.map(({ tableName }) => tableName));
      // These show what `usage_per_hour` and `rates_per_minute` sum up.
      expect(views.filter((view) => !shown.has(view))).toEqual(['rates', 'usage']);
      for (const { tableName, columns } of dataSource.entityMetadatas) {
        const said = columns.map(({ databaseName, type, isArray }) => ({
          name: databaseName,
          type: `${sqlNames[String(type)] ?? String(type)}${isArray ? '[]' : ''}`,
        }));
        const found = await columnsOf(pool, tableName);
        // The health history leaves out what only tells its rows apart.
        if (tableName === 'service_health') expect(found, tableName).toEqual(expect.arrayContaining(said));
        else expect(said.sort(byName), tableName).toEqual([...found].sort(byName));
      }
      const entries = await withTenantManager(dataSource, other, (manager) => manager.find(journalEntity));
      expect(entries).toMatchObject([{ tenant_id: 'other', offset: '42', record_time: new Date(now) }]);
    } finally {
      await dataSource.destroy();
    }
  });

  it('is described in the reference, column by column', async () => {
    const page = readFileSync(new URL('../../../../docs/reference/read-models.md', import.meta.url), 'utf8');
    const sections = new Map(page.split('\n## ').map((section) => [section.slice(0, section.indexOf('\n')), section]));
    // What both add up to is described, and the registry of services stands with its route.
    const described = views.filter((view) => !['rates', 'usage', 'services', 'service_health'].includes(view));
    for (const view of described) {
      const rows = [...(sections.get(view) ?? '').matchAll(/^\| `(\w+)` \| ([\w ]+)\?? \|/gm)];
      const found = await columnsOf(pool, view);
      expect(
        rows.map(([, name, type]) => ({ name, type })),
        view,
      ).toEqual(
        found.map(({ name, type }) => ({ name, type: expect.toBeOneOf(pageTypes[type] ?? [type]) as unknown })),
      );
    }
  });
});

/** A bigint is exact text or a number, and a text may be one of JSON: what it is in code is said by its entity. */
const pageTypes: Readonly<Record<string, readonly string[]>> = {
  'text[]': ['list of text'],
  text: ['text', 'json'],
  bigint: ['count', 'long'],
  numeric: ['decimal'],
  'timestamp with time zone': ['timestamp'],
  bytea: ['bytes'],
};

const sqlNames: Readonly<Record<string, string>> = {
  int: 'integer',
  timestamptz: 'timestamp with time zone',
};

interface ColumnOf {
  readonly name: string;
  readonly type: string;
}

function byName(one: ColumnOf, another: ColumnOf): number {
  return one.name < another.name ? -1 : 1;
}

async function columnsOf(pool: pg.Pool, relation: string): Promise<readonly ColumnOf[]> {
  const { rows } = await pool.query<ColumnOf>(
    `SELECT attname AS name, format_type(atttypid, NULL) AS type FROM pg_attribute
     WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
    [relation],
  );
  return rows;
}

/** The tables behind the views. */
async function readModelTables(pool: pg.Pool): Promise<readonly string[]> {
  const { rows } = await pool.query<{ name: string }>(
    `SELECT DISTINCT base.relname AS name
     FROM pg_class view
     JOIN pg_rewrite ON ev_class = view.oid
     JOIN pg_depend ON pg_depend.objid = pg_rewrite.oid AND classid = 'pg_rewrite'::regclass
     JOIN pg_class base ON base.oid = refobjid AND base.relkind IN ('r', 'p')
     WHERE view.relkind = 'v' AND view.relnamespace = 'public'::regnamespace`,
  );
  return rows.map(({ name }) => name);
}

async function insertSample(pool: pg.Pool, table: string, tenant: string): Promise<void> {
  const { rows } = await pool.query(`SELECT FROM pg_class WHERE oid = $1::regclass AND relkind = 'p'`, [table]);
  if (rows.length > 0 && !(await partitionDays(pool, table)).includes(dayOf(now))) {
    await ensureDayPartitions(pool, table, [dayOf(now)]);
  }
  const columns = await columnsOf(pool, table);
  const values = columns.map(({ name, type }) => (name === 'tenant_id' ? tenant : samples[type]));
  const unknown = columns.filter(({ type }) => !(type in samples));
  if (unknown.length > 0) throw new TypeError(`${table}: no sample for ${JSON.stringify(unknown)}`);
  const names = columns.map(({ name }) => `"${name}"`).join(', ');
  await pool.query(
    `INSERT INTO ${table} (${names}) VALUES (${columns.map((_, at) => `$${at + 1}`).join(', ')})`,
    values,
  );
}
