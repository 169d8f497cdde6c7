import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { defaultTenant, tenantId, type TenantId } from '@chorda/kernel';
import { freshDatabase, type FreshDatabase } from '@chorda/testing';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { journalList } from '../lists/journal.list.js';
import { ListReader } from '../lists/list-reader.js';
import { migrate } from '../migrations/migrate.js';
import { dayOf, ensureDayPartitions } from '../partitions/day-partitions.js';
import { createPool } from './pool.js';
import { readAllAsTenant, readAsTenant } from './tenant-read.js';

const other = tenantId('other');

/** Guarantee 11, where a read takes one round trip: nothing of a tenant stays on the connection that it was read by. */
describe('a read as a tenant', () => {
  let database: FreshDatabase;
  let pool: pg.Pool;
  let server: Server;
  let writes = 0;

  beforeAll(async () => {
    database = await freshDatabase(inject('stack'));
    await migrate(database.url);
    server = createServer((client) => {
      const url = new URL(database.url);
      const postgres = connect(Number(url.port), url.hostname);
      client.on('data', () => (writes += 1));
      client.on('error', () => undefined).pipe(postgres);
      postgres.on('error', () => undefined).pipe(client);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const through = new URL(database.url);
    through.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    // One connection: what a read leaves behind, the next one would find.
    pool = createPool(through.href, { connectionsMax: 1 });
    for (const tenant of [defaultTenant, other]) await insertService(pool, tenant);
  });

  afterAll(async () => {
    await pool.end();
    server.close();
    await database.drop();
  });

  const read = <Row extends object>(text: string, parameters: readonly unknown[] = [], tenant: TenantId = other) =>
    readAsTenant<Row>(pool, tenant, { text, parameters }, { statementTimeoutMs: 1_500 });
  const left = async () =>
    (
      await pool.query(
        `SELECT current_user = session_user AS own_role, coalesce(current_setting('chorda.tenant_id', true), '') AS tenant,
           current_setting('transaction_read_only') AS read_only, current_setting('statement_timeout') AS timeout`,
      )
    ).rows[0];
  const nothing = { own_role: true, tenant: '', read_only: 'off', timeout: '10s' };

  it('shows rows of that tenant alone, each time another one asks the same', async () => {
    for (const tenant of [other, defaultTenant, other, tenantId('nobody'), defaultTenant]) {
      const rows = await read('SELECT tenant_id FROM services', [], tenant);
      expect(rows).toEqual(tenant === 'nobody' ? [] : [{ tenant_id: tenant }]);
    }
    expect(await read(`SELECT FROM services WHERE tenant_id = $1`, ['default'])).toEqual([]);
  });

  it('is done by the reader role, read-only and within its time', async () => {
    const [seen] = await read(
      `SELECT current_user AS role, current_setting('transaction_read_only') AS read_only,
         current_setting('statement_timeout') AS timeout`,
    );
    expect(seen).toEqual({ role: 'chorda_reader', read_only: 'on', timeout: '1500ms' });
    await expect(read('SELECT secret_hash FROM api_keys')).rejects.toThrow(/permission denied/);
    await expect(read('DELETE FROM services')).rejects.toThrow(/permission denied|read-only/);
    await expect(read('SELECT pg_sleep(5)')).rejects.toMatchObject({ code: '57014' });
  });

  it.each([
    ['that found something', 'SELECT tenant_id FROM services'],
    ['that failed', 'SELECT 1 / (count(*) - count(*)) FROM services'],
    ['that is no statement', 'SELEKT'],
    ['that took too long', 'SELECT pg_sleep(5)'],
    ['that the role may not do', 'SELECT secret_hash FROM api_keys'],
  ])('leaves neither role nor tenant behind where it is one %s', async (_, text) => {
    const client = pool.totalCount;
    await read(text).catch(() => undefined);
    expect(await left()).toEqual(nothing);
    // On the same connection, which stays open.
    expect(pool.totalCount).toBe(client);
    expect(await read('SELECT tenant_id FROM services')).toEqual([{ tenant_id: 'other' }]);
  });

  it('leaves nothing behind where its parameters cannot be sent, and sends nothing', async () => {
    await expect(read('SELECT $1::text', [{}])).rejects.toThrow(TypeError);
    expect(await left()).toEqual(nothing);
  });

  it('takes one round trip', async () => {
    await read('SELECT tenant_id FROM services');
    writes = 0;
    for (let count = 0; count < 5; count += 1) await read('SELECT tenant_id FROM services');
    expect(writes).toBe(5);
  });

  it('is all that the newest page of the journal takes, although its days ahead are empty', async () => {
    const dayMs = 86_400_000;
    const days = [-1, 0, 1, 2].map((day) => dayOf(Date.now() + day * dayMs));
    await ensureDayPartitions(pool, 'journal_v1', days);
    await pool.query(
      `INSERT INTO journal_v1 (tenant_id, topic, partition, "offset", record_time, event_id, type, source, subject,
         event_time, correlation_id, schema_fingerprint, payload)
       SELECT 'other', 'system.events', 0, n, now(), n, 'system.performance', '/t', 's', now(), 'c', '', ''
       FROM generate_series(1, 3) n`,
    );
    const reader = new ListReader(pool);
    const page = () => reader.page(other, journalList, { conditions: [], limit: 2 });
    expect((await page()).rows.map(({ offset }) => offset)).toEqual(['3', '2']);
    writes = 0;
    await page();
    expect(writes).toBe(1);
  });

  it('of several statements answers each, in one round trip, and none where one of them fails', async () => {
    const [none, own, two] = ['SELECT FROM services WHERE false', 'SELECT tenant_id FROM services', 'SELECT 2 AS two'];
    const all = (...texts: readonly string[]) => {
      const statements = texts.map((text) => ({ text, parameters: [] }));
      return readAllAsTenant(pool, other, statements);
    };
    expect(await all(none, own, two)).toEqual([[], [{ tenant_id: 'other' }], [{ two: 2 }]]);
    writes = 0;
    await all(none, own, two);
    expect(writes).toBe(1);
    await expect(all(own, 'SELECT 1 / 0', two)).rejects.toThrow(/division by zero/);
    expect(await left()).toEqual(nothing);
  });

  it('takes every kind of parameter, and answers as pg does', async () => {
    const texts = ['a', '"', '\\', '{x}', ',', 'NULL', '', 'ı', `'`];
    const at = new Date('2026-11-21T12:00:00.123Z');
    const parameters = [texts, 7, 9_007_199_254_740_993n, true, at, Buffer.from([0, 255]), null];
    const text = `SELECT $1::text[] AS texts, $2::int AS number, $3::bigint AS large, $4::boolean AS truth,
      $5::timestamptz AS at, $6::bytea AS bytes, $7::text AS absent`;
    const { rows } = await pool.query(text, parameters);
    expect(await read(text, parameters)).toEqual(rows);
    expect(rows[0]).toMatchObject({ texts, at });
  });

  it('keeps the exact text of a value where that is asked for', async () => {
    const text = `SELECT '2026-11-21 12:00:00.123456+00'::timestamptz AS at, 1 AS one`;
    const rows = await readAsTenant(pool, other, { text, parameters: [], exactFields: ['at'] });
    expect(rows).toEqual([
      { at: new Date('2026-11-21T12:00:00.123Z'), '~at': '2026-11-21 12:00:00.123456+00', one: 1 },
    ]);
  });

  it('has at most 64 statements prepared on a connection', async () => {
    for (let count = 0; count < 200; count += 1) await read(`SELECT ${count} AS count`);
    const { rows } = await pool.query<{ count: number }>('SELECT count(*)::int AS count FROM pg_prepared_statements');
    expect(rows[0]?.count).toBeLessThanOrEqual(64);
  });

  it('goes on where the columns of what it reads were replaced', async () => {
    const text = 'SELECT * FROM replaced';
    await pool.query('CREATE VIEW replaced AS SELECT 1 AS one; GRANT SELECT ON replaced TO chorda_reader');
    expect(await read(text)).toEqual([{ one: 1 }]);
    await pool.query(
      `DROP VIEW replaced; CREATE VIEW replaced AS SELECT 'x' AS one, 2 AS two; GRANT SELECT ON replaced TO chorda_reader`,
    );
    expect(await read(text)).toEqual([{ one: 'x', two: 2 }]);
  });

  it('opens another connection where its own was cut', async () => {
    const { rows } = await pool.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    const killer = createPool(database.url, { connectionsMax: 1 });
    const reading = readAsTenant(pool, other, { text: 'SELECT pg_sleep(5)', parameters: [] });
    const outcome = reading.then(() => 'done', String);
    const kill = `SELECT pg_terminate_backend(pid) AS ended FROM pg_stat_activity
      WHERE pid = $1 AND state = 'active' AND query LIKE '%pg_sleep%'`;
    await expect.poll(async () => (await killer.query(kill, [rows[0]?.pid])).rows).toEqual([{ ended: true }]);
    expect(await outcome).toMatch(/terminat/);
    expect(await read('SELECT tenant_id FROM services')).toEqual([{ tenant_id: 'other' }]);
    await killer.end();
  });
});

async function insertService(pool: pg.Pool, tenant: string): Promise<void> {
  await pool.query(
    `INSERT INTO services_v1 (tenant_id, service, instance, status, last_seen) VALUES ($1, 's', 'i', 'healthy', now())`,
    [tenant],
  );
}
