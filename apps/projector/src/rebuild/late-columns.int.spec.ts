import { silentLogger } from '@chorda/kernel';
import { createPool, inTransaction, migrate } from '@chorda/read-models';
import { freshDatabase, type FreshDatabase } from '@chorda/testing';
import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { createTableStatements } from '../bulk/create-table.js';
import { defineTable, type Columns } from '../bulk/table.js';
import { checkpointTable } from '../runner/checkpoint-table.js';
import type { Projection } from '../runner/projection.js';
import { compareGenerations } from './compare-generations.js';
import { lateColumnsOf } from './late-columns.js';

const place = { topic: 'agent.events', partition: 0 } as const;
const base = { tenant_id: 'text', topic: 'text', partition: 'int', offset: 'bigint', note: 'text?' } as const;
const key = ['tenant_id', 'topic', 'partition', 'offset'] as const;

function code(columns: Columns = base): Projection {
  const table = defineTable({ name: 'notes_v1', key, columns: { ...base, ...columns } });
  return { name: 'notes', version: 1, topics: [place.topic], table, isHistory: true, apply: () => Promise.resolve(0) };
}
const before = code();
const after = code({ ...base, stream: 'text?', tries: 'count' });

const old = { projection: 'notes', version: 1, tableName: 'notes_v1' };
const made = { projection: 'notes', version: 1_001, tableName: 'notes_v1_r1001' };

/** A migration gives a table that is in use another column: its rows from before lack what a rebuild finds in the log. */
describe('a column that came later than the rows', () => {
  let database: FreshDatabase;
  let pool: pg.Pool;

  beforeAll(async () => {
    database = await freshDatabase(inject('stack'));
    await migrate(database.url);
    pool = createPool(database.url);
  }, 60_000);

  afterAll(async () => {
    await pool?.end();
    await database?.drop();
  });

  beforeEach(async () => {
    for (const table of ['checkpoints', 'filled_columns']) await pool.query(`DELETE FROM ${table}`);
    await pool.query('DROP TABLE IF EXISTS notes_v1, notes_v1_r1001');
    for (const statement of createTableStatements(before.table)) await pool.query(statement);
  });

  const claim = (projection: Projection) =>
    checkpointTable.claim(pool, place, [projection], 'spec', undefined, silentLogger);
  const moveTo = (offset: number) => pool.query('UPDATE checkpoints SET next_offset = $1', [offset]);
  const addColumns = () =>
    pool.query('ALTER TABLE notes_v1 ADD COLUMN stream text, ADD COLUMN tries bigint NOT NULL DEFAULT 7');
  const borders = async () => {
    const late = await inTransaction(pool, (tx) => lateColumnsOf(tx, old));
    return late.map(({ name, until }) => [name, ...until.map(({ offset }) => Number(offset))]);
  };

  /** Offsets 0 to 9 by the code of before, 10 to 19 by the code that knows the columns; the log knows all of them. */
  async function givenAnUpgrade(): Promise<void> {
    const rows = (from: number) => `SELECT CASE WHEN at % 2 = 0 THEN 'one' ELSE 'two' END, '${place.topic}', 0, at,
      'note ' || at FROM generate_series(${from}, ${from + 9}) AS at`;
    await claim(before);
    await pool.query(`INSERT INTO notes_v1 ${rows(0)}`);
    await moveTo(10);
    await addColumns();
    await claim(after);
    await pool.query(`INSERT INTO notes_v1 SELECT *, 'stream of ' || at, at FROM (${rows(10)}) AS r (a, b, c, at, d)`);
    await moveTo(20);
    await pool.query('CREATE TABLE notes_v1_r1001 (LIKE notes_v1 INCLUDING ALL)');
    await pool.query(`INSERT INTO notes_v1_r1001 SELECT tenant_id, topic, partition, "offset", note,
      CASE WHEN "offset" <> 4 THEN 'stream of ' || "offset" END, "offset" FROM notes_v1`);
  }

  const compared = (hasPlaces = true) =>
    inTransaction(pool, (tx) =>
      compareGenerations(tx, { old, new: made, key, byRow: true, hasPlaces, keptFromMs: undefined }),
    );

  it('is no difference, and the report says how many rows have it now', async () => {
    await givenAnUpgrade();
    expect(await compared()).toMatchObject({
      equal: true,
      rows_old: '20',
      rows_new: '20',
      rows_that_differ: [],
      // One row's event has no stream, another's number of tries is the default.
      columns_filled: [
        { column: 'stream', rows: '9' },
        { column: 'tries', rows: '9' },
      ],
    });
  });

  it.each([
    ['a value is missing in a row that came after the column', 'notes_v1 SET stream = NULL', 12, 'one'],
    ['the new row lacks what the old one has', 'notes_v1_r1001 SET stream = NULL', 13, 'two'],
    ['an old row has another value in the column after all', `notes_v1 SET stream = 'mine'`, 3, 'two'],
    ['an old row has a value where the log has none', `notes_v1 SET stream = 'mine'`, 4, 'one'],
    ['another column of an old row differs', `notes_v1 SET note = 'mine'`, 3, 'two'],
  ])('is a difference where %s', async (_, change, offset, tenant) => {
    await givenAnUpgrade();
    await pool.query(`UPDATE ${change} WHERE "offset" = $1`, [offset]);
    expect(await compared()).toMatchObject({
      equal: false,
      tenants_that_differ: [{ tenant, rows_old: '10', rows_new: '10' }],
      rows_that_differ: [{ tenant, found: 'different', key: { offset: String(offset) } }],
    });
  });

  it('hides no row that is missing, and none too many', async () => {
    await givenAnUpgrade();
    await pool.query(`DELETE FROM notes_v1 WHERE "offset" = 2`);
    await pool.query(`DELETE FROM notes_v1_r1001 WHERE "offset" = 5`);
    expect((await compared()).rows_that_differ).toMatchObject([
      { tenant: 'one', found: 'only_new', key: { offset: '2' } },
      { tenant: 'two', found: 'only_old', key: { offset: '5' } },
    ]);
  });

  it('of a table whose rows are made of several events may be empty in any of them, and is compared where it is not', async () => {
    await givenAnUpgrade();
    await pool.query('UPDATE notes_v1 SET stream = NULL WHERE "offset" = 15');
    expect(await compared(false)).toMatchObject({ equal: true });
    await pool.query(`UPDATE notes_v1 SET stream = 'mine' WHERE "offset" = 16`);
    expect((await compared(false)).rows_that_differ).toMatchObject([{ found: 'different', key: { offset: '16' } }]);
  });

  it('counts from the claim of the first code that fills it, also after a claim of the same code', async () => {
    await claim(before);
    await moveTo(10);
    expect(await borders()).toEqual([]);
    await addColumns();
    await claim(after);
    await moveTo(30);
    await claim(after);
    expect(await borders()).toEqual([
      ['stream', 10],
      ['tries', 10],
    ]);
  });

  it('counts anew when code without it had the partition in between, as in a rolling upgrade', async () => {
    await claim(before);
    await moveTo(10);
    await addColumns();
    await claim(after);
    await moveTo(20);
    await claim(before);
    await moveTo(30);
    await claim(after);
    expect(await borders()).toEqual([
      ['stream', 30],
      ['tries', 30],
    ]);
    // Code of before this was kept tells nothing but a higher epoch.
    await pool.query('UPDATE checkpoints SET owner_epoch = owner_epoch + 1, next_offset = 40');
    await claim(after);
    expect(await borders()).toEqual([
      ['stream', 40],
      ['tries', 40],
    ]);
  });

  it('is none in a table that was begun with it', async () => {
    await addColumns();
    await claim(after);
    await moveTo(10);
    await claim(after);
    expect(await borders()).toEqual([]);
  });

  it('is known of the journal in a database that was upgraded before this was written down', async () => {
    await pool.query(`INSERT INTO checkpoints VALUES
      ('journal', 1, 'agent.events', 0, 50, 3, 'spec', NULL, now()), ('journal', 1, 'agent.events', 1, 0, 1, 'spec', NULL, now())`);
    await pool.query(`INSERT INTO projections VALUES ('journal', 1, '{agent.events}') ON CONFLICT DO NOTHING`);
    await pool.query(`INSERT INTO projection_generations (projection, version, code_version, table_name, made_by, role)
      VALUES ('journal', 1, 1, 'journal_v1', 'migration', 'serving')`);
    await pool.query('DROP TABLE filled_columns');
    await pool.query(`DELETE FROM chorda_migrations WHERE id = '0017'`);
    expect(await migrate(database.url)).toEqual(['0017']);
    const journal = { projection: 'journal', version: 1, tableName: 'journal_v1' };
    expect(await inTransaction(pool, (tx) => lateColumnsOf(tx, journal))).toEqual([
      { name: 'stream', empty: 'NULL', until: [{ topic: 'agent.events', partition: 0, offset: 50n }] },
    ]);
  });
});
