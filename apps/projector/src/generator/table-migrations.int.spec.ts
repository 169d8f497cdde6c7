import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPool, migrate } from '@chorda/read-models';
import { freshDatabase, type FreshDatabase } from '@chorda/testing';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { createTableStatements, nullableColumns } from '../bulk/create-table.js';
import { columnsOf, defineTable, sqlTypeOf, type TableShape } from '../bulk/table.js';
import { userDays } from '../examples/user-days.projection.js';
import { allProjections } from '../projections.js';
import { generateTableMigrations } from './table-migrations.js';

const projections = allProjections({ journalDays: Infinity, healthDays: Infinity, ratesDays: Infinity });

describe('a generated migration', () => {
  it('is written once for a table that has none, and added to the history', () => {
    const root = mkdtempSync(join(tmpdir(), 'chorda-generate-'));
    const folder = join(root, 'libs', 'read-models', 'src', 'migrations');
    mkdirSync(folder, { recursive: true });
    const real = new URL('../../../../libs/read-models/src/migrations/', import.meta.url).pathname;
    for (const name of readdirSync(real)) writeFileSync(join(folder, name), readFileSync(join(real, name)));
    const before = readdirSync(folder).length;

    const [file = ''] = generateTableMigrations(root, [...projections, userDays]);
    const [id = ''] = /\d{4}(?=-user-days-v1\.ts$)/.exec(file) ?? [];
    expect(readdirSync(folder)).toHaveLength(before + 1);
    const source = readFileSync(file, 'utf8');
    expect(source).toContain(`id: '${id}'`);
    for (const statement of createTableStatements(userDays.table, { view: 'user_days' })) {
      expect(source.replaceAll(/\s+/g, ' ')).toContain(statement.replaceAll(/\s+/g, ' '));
    }
    const history = readFileSync(join(folder, 'migrate.ts'), 'utf8');
    expect(history).toContain(`import { userDaysV1 } from './${id}-user-days-v1.js';`);
    expect(history).toMatch(/migrations: readonly Migration\[\] = \[[^\]]*userDaysV1,?\s*\]/);

    expect(generateTableMigrations(root, [...projections, userDays])).toEqual([]);
    rmSync(root, { recursive: true });
  });

  it.each([
    ['no tenant', { name: 'x_v1', key: ['user_id'], columns: { user_id: 'text' } }, 'the key begins with tenant_id'],
    ['an unknown column', { name: 'x_v1', key: ['tenant_id', 'day'], columns: { tenant_id: 'text' } }, 'is no column'],
    [
      'a column that may be null',
      { name: 'x_v1', key: ['tenant_id', 'day'], columns: { tenant_id: 'text', day: 'timestamp?' } },
      'cannot be null',
    ],
  ] as const)('is refused for a key with %s', (_, table, message) => {
    expect(() => createTableStatements(table)).toThrow(message);
  });
});

describe('the table of', () => {
  let database: FreshDatabase;
  let pool: pg.Pool;

  beforeAll(async () => {
    database = await freshDatabase(inject('stack'));
    await migrate(database.url);
    pool = createPool(database.url);
    for (const statement of createTableStatements(userDays.table, { view: 'user_days' })) await pool.query(statement);
  });

  afterAll(async () => {
    await pool.end();
    await database.drop();
  });

  // What a definition says and what its migration made must not drift apart: `npm run projections:generate` makes one.
  it.each([...projections, userDays].map(({ name, table }) => ({ name, table })))(
    '$name is what its definition says, apart by tenant, and readable by the reader role alone',
    async ({ table }) => {
      expect(await columnsIn(table.name)).toEqual(columnsSaid(table));
      expect(await keyIn(table.name)).toEqual(table.key);
      const { rows } = await pool.query(
        `SELECT relrowsecurity, has_table_privilege('chorda_reader', oid, 'SELECT') AS readable,
           has_table_privilege('chorda_reader', oid, 'INSERT, UPDATE, DELETE') AS writable,
           (SELECT count(*)::int FROM pg_policy WHERE polrelid = c.oid) AS policies
         FROM pg_class c WHERE oid = $1::regclass`,
        [table.name],
      );
      expect(rows).toEqual([{ relrowsecurity: true, readable: true, writable: false, policies: 1 }]);
    },
  );

  it('a history by day is cut by record time', async () => {
    const table = defineTable({
      name: 'moments_v1',
      key: ['tenant_id', 'record_time', 'offset'],
      columns: { tenant_id: 'text', record_time: 'timestamp', offset: 'bigint' },
    });
    for (const statement of createTableStatements(table, { byDay: true })) await pool.query(statement);
    const { rows } = await pool.query(`SELECT relkind FROM pg_class WHERE relname = 'moments_v1'`);
    expect(rows).toEqual([{ relkind: 'p' }]);
  });

  async function columnsIn(table: string) {
    const { rows } = await pool.query<{ name: string; type: string; nullable: boolean }>(
      `SELECT attname AS name, format_type(atttypid, NULL) AS type, NOT attnotnull AS nullable
       FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped`,
      [table],
    );
    return byName(rows);
  }

  async function keyIn(table: string): Promise<readonly string[]> {
    const { rows } = await pool.query<{ name: string }>(
      `SELECT attname AS name FROM pg_index, unnest(indkey) WITH ORDINALITY AS k (attnum, place)
       JOIN pg_attribute a ON a.attnum = k.attnum
       WHERE indrelid = $1::regclass AND indisprimary AND attrelid = indrelid ORDER BY place`,
      [table],
    );
    return rows.map(({ name }) => name);
  }
});

function columnsSaid(table: TableShape) {
  const nullable = nullableColumns(table);
  return byName(
    columnsOf(table).map(({ name, type }) => ({
      name,
      type: sqlTypeOf(type).replace('timestamptz', 'timestamp with time zone'),
      nullable: nullable.has(name),
    })),
  );
}

function byName<Column extends { readonly name: string }>(columns: readonly Column[]): readonly Column[] {
  return [...columns].sort((one, other) => (one.name < other.name ? -1 : 1));
}
