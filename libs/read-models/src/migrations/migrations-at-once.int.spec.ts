import { freshDatabase, type FreshDatabase } from '@chorda/testing';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { migrate, migrations } from './migrate.js';

/** Guarantee: every app applies migrations when it starts, and any number of them may start at once. */
describe('migrations', () => {
  const databases: FreshDatabase[] = [];

  beforeAll(async () => {
    databases.push(await freshDatabase(inject('stack')), await freshDatabase(inject('stack')));
  });

  afterAll(async () => {
    for (const database of databases) await database.drop();
  });

  it('are applied once by twenty starts at once, in two databases of one server', async () => {
    const starts = Array.from({ length: 20 }, (_, index) => databases[index % 2]?.url ?? '');
    const applied = await Promise.all(starts.map((url) => migrate(url)));
    expect(applied.flat().toSorted()).toEqual(migrations.flatMap(({ id }) => [id, id]).toSorted());
  });

  it('find nothing left to do later', async () => {
    expect(await migrate(databases[0]?.url ?? '')).toEqual([]);
  });

  it('refuse a database whose history says something else', async () => {
    const client = new pg.Client({ connectionString: databases[1]?.url });
    await client.connect();
    await client.query(`UPDATE chorda_migrations SET checksum = 'other' WHERE id = '0001'`);
    await client.end();
    await expect(migrate(databases[1]?.url ?? '')).rejects.toThrow(/0001-journal-and-services was applied with other/);
  });
});
