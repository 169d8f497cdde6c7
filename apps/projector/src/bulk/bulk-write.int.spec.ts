import { createPool } from '@chorda/read-models';
import { freshDatabase, type FreshDatabase } from '@chorda/testing';
import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { copyRows, loadRows, unnestRows, upsertRows } from './bulk-write.js';
import { defineTable, type RowOf } from './table.js';

const table = defineTable({
  name: 'everything',
  key: ['tenant_id', 'offset'],
  columns: {
    tenant_id: 'text',
    offset: 'bigint',
    list: 'text[]',
    small: 'int',
    bytes_count: 'count?',
    share: 'double?',
    amount: 'decimal?',
    flag: 'boolean',
    at: 'timestamp',
    data: 'bytes?',
    note: 'text?',
  },
});
type Row = RowOf<typeof table.columns>;

function row(offset: bigint, more: Partial<Row> = {}): Row {
  return {
    tenant_id: 'default',
    offset,
    list: ['a', '', '"quoted" \\ {braces}, comma', 'ünï \u{1F600}'],
    small: -7,
    bytes_count: 2 ** 53 - 1,
    share: 0.1,
    amount: '-12345678901234567890.000500001',
    flag: true,
    at: Date.UTC(2026, 10, 21, 12, 0, 0, 123),
    data: Buffer.from([0, 255, 10, 92]),
    note: 'line\nbreak\ttab',
    ...more,
  };
}

const odd = [
  row(1n),
  row(2n ** 63n - 1n, { list: [], bytes_count: null, share: null, amount: null, data: null, note: null, flag: false }),
  row(-1n, { at: Date.UTC(1969, 6, 20), small: 2 ** 31 - 1, data: Buffer.alloc(100_000, 7), note: '' }),
];

describe('rows', () => {
  let database: FreshDatabase;
  let pool: pg.Pool;
  let client: pg.PoolClient;

  beforeAll(async () => {
    database = await freshDatabase(inject('stack'));
    pool = createPool(database.url);
    client = await pool.connect();
    await client.query(`CREATE TABLE everything (tenant_id text, "offset" bigint, list text[], small integer,
      bytes_count bigint, share double precision, amount numeric, flag boolean, at timestamptz, data bytea, note text,
      PRIMARY KEY (tenant_id, "offset"))`);
  });

  beforeEach(() => client.query('TRUNCATE everything'));

  afterAll(async () => {
    client.release();
    await pool.end();
    await database.drop();
  });

  const read = async () => {
    const found = await loadRows(client, table, odd);
    return odd.map(({ offset }) => found.find((one) => one.offset === offset));
  };

  it.each([
    ['COPY', copyRows],
    ['UNNEST', unnestRows],
    ['an upsert', upsertRows],
  ])('come back from %s as they were', async (_, write) => {
    await write(client, table, odd);
    expect(await read()).toEqual(odd);
  });

  it('are replaced whole by an upsert', async () => {
    await copyRows(client, table, odd);
    const changed = odd.map((one) => ({ ...one, note: 'changed', list: ['x'] }));
    await upsertRows(client, table, changed);
    expect(await read()).toEqual(changed);
  });

  it.each([
    ['COPY', copyRows],
    ['UNNEST', unnestRows],
  ])('with a NUL in a text are kept by %s, the NUL replaced', async (_, write) => {
    await write(client, table, [row(1n, { note: 'a\0b', list: ['c\0'] })]);
    expect((await read())[0]).toMatchObject({ note: 'a\uFFFDb', list: ['c\uFFFD'] });
  });

  it.each(['0', '0.5', '1', '10000', '100000000', '0.000000001', '-0.00010203', '9999.9999', '123456.7890'])(
    'keep the amount %s exactly, by COPY and by UNNEST',
    async (amount) => {
      await copyRows(client, table, [row(1n, { amount })]);
      await unnestRows(client, table, [row(2n ** 63n - 1n, { amount })]);
      expect((await loadRows(client, table, odd)).map((one) => one.amount)).toEqual([amount, amount]);
    },
  );

  it('that are there already make COPY fail whole', async () => {
    await copyRows(client, table, odd.slice(0, 1));
    await expect(copyRows(client, table, odd)).rejects.toThrow(/duplicate key/);
  });

  it.each([
    ['refuses one of the first of many', 20_000, 1n, /duplicate key/],
    ['is sent a value that the column does not take', 1_500, undefined, /Column offset takes a bigint/],
  ])('leave the session usable where the server %s', async (_, count, repeated, why) => {
    const rows = Array.from({ length: count }, (_each, index) => row(BigInt(index), { data: Buffer.alloc(1_000) }));
    const bad = { ...row(0n), offset: (repeated ?? 'none') as bigint };
    rows[repeated === undefined ? 1_200 : 2] = bad;
    await client.query('BEGIN');
    await expect(copyRows(client, table, rows)).rejects.toThrow(why);
    await client.query('ROLLBACK');
    expect((await client.query('SELECT FROM everything')).rowCount).toBe(0);
  });
});
