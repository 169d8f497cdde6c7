import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { freshDatabase, type FreshDatabase } from '@chorda/testing';
import pg from 'pg';
import { binaryArray } from './binary-array.js';

const itself = <Value>(value: Value): Value => value;

describe('arrays sent in binary are what Postgres reads', () => {
  let database: FreshDatabase;
  let client: pg.Client;
  beforeAll(async () => {
    database = await freshDatabase(inject('stack'));
    client = new pg.Client({ connectionString: database.url });
    await client.connect();
  });
  afterAll(async () => {
    await client.end();
    await database.drop();
  });
  const readTyped = async (text: string, type: string, array: Buffer) =>
    (
      await client.query<{ item: string }>(`SELECT ${text} AS item FROM unnest($1::${type}[]) AS given (value)`, [
        array,
      ])
    ).rows.map(({ item }) => item);

  it('texts, with what Postgres cannot keep replaced', async () => {
    const array = binaryArray('text', ['', 'a "quoted", {one}', 'é 😀', 'NULL', 'a\0b'], itself);
    expect(await readTyped('value', 'text', array)).toEqual(['', 'a "quoted", {one}', 'é 😀', 'NULL', 'a\uFFFDb']);
  });

  it('bigints to both ends of 64 bits', async () => {
    const values = [0n, -1n, 2n ** 63n - 1n, -(2n ** 63n)];
    expect(await readTyped('value::text', 'bigint', binaryArray('bigint', values, itself))).toEqual(values.map(String));
  });

  it('times from the year 1 to the year 9999, to the millisecond', async () => {
    const values = [-62_135_596_800_000, -1, 0, 946_684_799_999, 1_790_000_000_123, 253_402_300_799_999];
    const array = binaryArray('timestamp', values, itself);
    const milliseconds = await readTyped(`(extract(epoch FROM value) * 1000)::bigint::text`, 'timestamptz', array);
    expect(milliseconds).toEqual(values.map(String));
  });

  it('identities as 32 hex digits', async () => {
    const values = ['00000000000000000000000000000000', '0190f1c2d3e4f5a6b7c8d9e0f1a2b3c4'];
    const array = binaryArray('uuid', values, itself);
    expect(await readTyped(`replace(value::text, '-', '')`, 'uuid', array)).toEqual(values);
  });

  it('none at all', async () => {
    expect(await readTyped('value::text', 'uuid', binaryArray('uuid', [], itself))).toEqual([]);
  });
});
