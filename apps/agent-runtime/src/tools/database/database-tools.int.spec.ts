import { freshDatabase, type FreshDatabase } from '@chorda/testing';
import { defaultTenant, tenantId, type JsonValue } from '@chorda/kernel';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { ToolCatalogue } from '../tool-catalogue.js';
import { databaseTools, type DatabaseToolOptions } from './database-tools.js';

let database: FreshDatabase;
let admin: pg.Client;
let role: string;
let options: DatabaseToolOptions;
let catalogue: ToolCatalogue;

beforeAll(async () => {
  database = await freshDatabase(inject('stack'));
  const { url } = database;
  admin = new pg.Client({ connectionString: url });
  await admin.connect();
  role = `tool_${Date.now().toString(36)}`;
  await admin.query(`CREATE ROLE ${role} LOGIN PASSWORD 'tool'`);
  await admin.query(
    `CREATE TABLE orders (id bigint PRIMARY KEY, note text, total numeric, seen timestamptz, doc jsonb)`,
  );
  await admin.query(`INSERT INTO orders SELECT n, 'note ' || n, n * 0.1, '2026-11-21T10:00:00Z', jsonb_build_object('n', n)
    FROM generate_series(1, 500) n`);
  await admin.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON orders TO ${role}`);
  await admin.query('CREATE SEQUENCE counter');
  await admin.query(`GRANT ALL ON SEQUENCE counter TO ${role}`);
  const asRole = new URL(url);
  asRole.username = role;
  asRole.password = 'tool';
  options = {
    connections: {
      sales: { url: asRole.href, tenants: ['default'], writable: false },
      books: { url: asRole.href, tenants: ['default'], writable: true },
      theirs: { url: asRole.href, tenants: ['acme'], writable: true },
      root: { url, tenants: ['default'], writable: true },
      away: { url: 'postgres://nobody@127.0.0.1:1/none', tenants: ['default'], writable: true },
    },
    rowsMax: 100,
    bytesMax: 20_000,
    timeoutMs: 3_000,
  };
  catalogue = new ToolCatalogue(databaseTools(options));
});
afterAll(async () => {
  await admin.query(`DROP OWNED BY ${role}`);
  await admin.query(`DROP ROLE ${role}`);
  await admin.end();
  await database.drop();
});

const call = { tenantId: defaultTenant, key: 'call-1', signal: new AbortController().signal };
const query = async (sql: string, parameters: JsonValue[] = [], connection = 'sales') =>
  (await catalogue.run('database_query', { connection, sql, parameters }, call)).value;
const execute = async (sql: string, parameters: JsonValue[] = [], connection = 'books') =>
  (await catalogue.run('database_execute', { connection, sql, parameters }, call)).value;
const count = async () => (await admin.query<{ n: string }>('SELECT count(*) AS n FROM orders')).rows[0]?.n;

describe('database_query', () => {
  it('answers columns and rows, exact and with their types', async () => {
    const sql = 'SELECT id, note, total, seen, doc, id > 1 AS more, NULL AS none FROM orders WHERE id = $1';
    expect(await query(sql, [2])).toEqual({
      columns: ['id', 'note', 'total', 'seen', 'doc', 'more', 'none'],
      rows: [['2', 'note 2', '0.2', expect.stringMatching(/^2026-11-21/), { n: 2 }, true, null]],
      truncated: false,
      rows_affected: null,
    });
    expect(await query('SELECT doc FROM orders WHERE doc = $1::jsonb', [{ n: 7 }])).toMatchObject({
      rows: [[{ n: 7 }]],
    });
    expect(await query("SELECT 'NaN'::float8, 1.5::float8, 9007199254740993::int8")).toMatchObject({
      rows: [['NaN', 1.5, '9007199254740993']],
    });
  });

  it('takes parameters as values, whatever they hold', async () => {
    const evil = "x'; DELETE FROM orders; --";
    expect(await query('SELECT $1::text', [evil])).toMatchObject({ rows: [[evil]] });
    expect(await count()).toBe('500');
  });

  it.each([
    ['INSERT INTO orders (id) VALUES (9999)', 'STATEMENT_NOT_ALLOWED'],
    ['/* a /* nested */ comment */ -- and a line\n DELETE FROM orders', 'STATEMENT_NOT_ALLOWED'],
    ['((delete from orders))', 'STATEMENT_NOT_ALLOWED'],
    ['COMMIT', 'STATEMENT_NOT_ALLOWED'],
    ['SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE', 'STATEMENT_NOT_ALLOWED'],
    ['COPY orders TO STDOUT', 'STATEMENT_NOT_ALLOWED'],
    ["DO 'BEGIN DELETE FROM orders; END'", 'STATEMENT_NOT_ALLOWED'],
    ['', 'ARGUMENTS_NOT_VALID'],
    [' -- nothing', 'STATEMENT_NOT_ALLOWED'],
    ['WITH gone AS (DELETE FROM orders RETURNING *) SELECT * FROM gone', 'STATEMENT_FAILED'],
    ['SELECT 1; DELETE FROM orders', 'STATEMENT_FAILED'],
    ['SELECT 1; COMMIT; DELETE FROM orders', 'STATEMENT_FAILED'],
    ["SELECT nextval('counter')", 'STATEMENT_FAILED'],
    ['EXPLAIN ANALYZE DELETE FROM orders', 'STATEMENT_FAILED'],
    ["SELECT set_config('transaction_read_only', 'off', false), nextval('counter')", 'STATEMENT_FAILED'],
    ["SELECT pg_read_file('/etc/passwd')", 'STATEMENT_FAILED'],
    ['SELECT * FROM pg_authid', 'STATEMENT_FAILED'],
  ])('refuses %s', async (sql, code) => {
    await expect(query(sql)).rejects.toMatchObject({ code, effect: 'none' });
    expect(await count()).toBe('500');
  });

  it('leaves nothing of its session behind', async () => {
    await query("SELECT pg_advisory_lock(42), set_config('statement_timeout', '0', false)");
    expect((await admin.query("SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objid = 42")).rows).toEqual([]);
    await expect(query('SELECT pg_sleep(30)')).rejects.toMatchObject({ code: 'STATEMENT_TIMED_OUT', effect: 'none' });
  });

  it('stops at its bounds of rows and bytes, and says so', async () => {
    const rows = await query('SELECT id FROM orders ORDER BY id');
    expect(rows).toMatchObject({ truncated: true });
    expect(rows).toHaveProperty('rows.length', 100);
    expect(await query('SELECT id FROM orders LIMIT 100')).toMatchObject({ truncated: false });
    const wide = await query("SELECT repeat('x', 1000) FROM orders");
    expect(wide).toMatchObject({ truncated: true });
    expect(Buffer.byteLength(JSON.stringify(wide))).toBeLessThan(21_000);
    // One value of 20 MB: stopped while it arrives.
    await expect(query("SELECT repeat('x', 20000000)")).rejects.toMatchObject({ code: 'RESULT_TOO_LARGE' });
    await expect(query('SELECT generate_series(1, 1000000000)')).resolves.toMatchObject({ truncated: true });
  });

  it('ends in the database when the call is stopped', async () => {
    const stopping = new AbortController();
    const asked = catalogue.run(
      'database_query',
      { connection: 'sales', sql: "SELECT pg_sleep(2.9), 'stopped here'" },
      { ...call, signal: stopping.signal },
    );
    setTimeout(() => stopping.abort(), 200);
    await expect(asked).rejects.toMatchObject({ code: 'TOOL_ABORTED', effect: 'none' });
  });

  it('is for tenants and roles that the operator has let in', async () => {
    await expect(query('SELECT 1', [], 'theirs')).rejects.toMatchObject({ code: 'CONNECTION_UNKNOWN' });
    await expect(query('SELECT 1', [], '__proto__')).rejects.toMatchObject({ code: 'CONNECTION_UNKNOWN' });
    await expect(query('SELECT 1', [], 'root')).rejects.toMatchObject({ code: 'ROLE_TOO_POWERFUL' });
    await expect(query('SELECT 1', [], 'away')).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE', effect: 'none' });
    const acme = { ...call, tenantId: tenantId('acme') };
    const asked = catalogue.run('database_query', { connection: 'theirs', sql: 'SELECT 1' }, acme);
    await expect(asked).resolves.toMatchObject({ value: { rows: [[1]] } });
  });
});

describe('database_execute', () => {
  it('changes what it is granted, and says how much', async () => {
    expect(await execute('INSERT INTO orders (id, note) VALUES ($1, $2), ($3, $2)', [1001, 'new', 1002])).toMatchObject(
      {
        rows_affected: 2,
      },
    );
    expect(await execute('DELETE FROM orders WHERE note = $1 RETURNING id', ['new'])).toMatchObject({
      rows: [['1001'], ['1002']],
      rows_affected: 2,
    });
  });

  it.each([
    ['DROP TABLE orders', 'books', 'STATEMENT_NOT_ALLOWED'],
    ['COMMIT', 'books', 'STATEMENT_NOT_ALLOWED'],
    ['DELETE FROM orders', 'sales', 'WRITE_NOT_GRANTED'],
    ['DELETE FROM orders; COMMIT', 'books', 'STATEMENT_FAILED'],
    ['INSERT INTO orders (id) VALUES (1)', 'books', 'STATEMENT_FAILED'],
  ])('refuses %s by %s', async (sql, connection, code) => {
    await expect(execute(sql, [], connection)).rejects.toMatchObject({ code, effect: 'none' });
    expect(await count()).toBe('500');
  });
});
