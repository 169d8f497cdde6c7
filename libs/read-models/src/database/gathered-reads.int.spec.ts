import { defaultTenant, tenantId } from '@chorda/kernel';
import { freshDatabase, type FreshDatabase } from '@chorda/testing';
import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import { migrate } from '../migrations/migrate.js';
import { GatheredReads } from './gathered-reads.js';
import { createPool } from './pool.js';

const other = tenantId('other');
const services = 'SELECT tenant_id, service FROM services WHERE service = ANY ($1::text[]) ORDER BY service';

/** Guarantees 11 and 12, where reads of several tenants leave in one write. */
describe('reads that leave together', () => {
  let database: FreshDatabase;
  let pool: pg.Pool;
  let reads: GatheredReads;
  let leavings: { mock: { calls: unknown[] } };

  beforeAll(async () => {
    database = await freshDatabase(inject('stack'));
    await migrate(database.url);
    pool = createPool(database.url, { connectionsMax: 8 });
    for (const tenant of [defaultTenant, other]) {
      for (const service of ['one', 'two']) {
        await pool.query(
          `INSERT INTO services_v1 (tenant_id, service, instance, status, last_seen) VALUES ($1, $2, 'i', 'healthy', now())`,
          [tenant, service],
        );
      }
    }
  });

  beforeEach(() => {
    reads = new GatheredReads(pool);
    leavings = vi.spyOn(pool, 'connect');
    leavings.mock.calls.length = 0;
  });

  afterAll(async () => {
    await pool.end();
    await database.drop();
  });

  const read = (tenant: typeof other, names: readonly string[], text = services) =>
    reads.read(tenant, { text, parameters: [names], hasOnePlan: true }, { statementTimeoutMs: 1_500 });

  it('show each the rows of its own tenant, in one write, whatever the others found', async () => {
    const found = await Promise.all([
      read(other, ['one', 'two']),
      read(defaultTenant, ['two']),
      read(tenantId('nobody'), ['one']),
      read(other, ['none']),
      read(defaultTenant, ['one']),
    ]);

    expect(found).toEqual([
      [
        { tenant_id: 'other', service: 'one' },
        { tenant_id: 'other', service: 'two' },
      ],
      [{ tenant_id: 'default', service: 'two' }],
      [],
      [],
      [{ tenant_id: 'default', service: 'one' }],
    ]);
    expect(leavings.mock.calls).toHaveLength(1);
  });

  it('ask once for those who want the same and are the same tenant', async () => {
    const [one, same, others] = await Promise.all([
      read(defaultTenant, ['one']),
      read(defaultTenant, ['one']),
      read(other, ['one']),
    ]);

    expect(same).toBe(one);
    expect(others).toEqual([{ tenant_id: 'other', service: 'one' }]);
    expect(await read(defaultTenant, ['one'])).not.toBe(one);
  });

  it('fail alone', async () => {
    const slow = 'SELECT pg_sleep(5) FROM services WHERE service = ANY ($1::text[])';
    const wrong = 'SELECT 1 / (count(*) - count(*)) FROM services WHERE service = ANY ($1::text[])';
    const [late, ok, broken, fine] = await Promise.allSettled([
      read(other, ['one'], slow),
      read(other, ['one']),
      read(other, ['one'], wrong),
      read(defaultTenant, ['two']),
    ]);

    expect(late).toMatchObject({ status: 'rejected', reason: { code: '57014' } });
    expect(broken).toMatchObject({ status: 'rejected', reason: { code: '22012' } });
    expect(ok).toEqual({ status: 'fulfilled', value: [{ tenant_id: 'other', service: 'one' }] });
    expect(fine).toEqual({ status: 'fulfilled', value: [{ tenant_id: 'default', service: 'two' }] });
  });

  it('are at most eight, and six such groups at once', async () => {
    const held = 'SELECT pg_sleep(0.02), tenant_id FROM services WHERE service = ANY ($1::text[])';
    let most = 0;
    const watching = setInterval(() => (most = Math.max(most, pool.totalCount - pool.idleCount)), 1);

    const found = await Promise.all(Array.from({ length: 100 }, (_, index) => read(other, ['one', `${index}`], held)));

    clearInterval(watching);
    expect(found.every((rows) => rows.length === 1)).toBe(true);
    expect(leavings.mock.calls).toHaveLength(Math.ceil(100 / 8));
    expect(most).toBeLessThanOrEqual(6);
  });

  it('all fail where the connection is lost, and the next are served', async () => {
    const waiting = [
      read(other, ['one'], 'SELECT pg_sleep(5) FROM services WHERE service = ANY ($1)'),
      read(other, []),
    ];
    const ended = Promise.allSettled(waiting);
    await vi.waitFor(
      async () => {
        const { rows } = await pool.query(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(5)%' AND datname = current_database()`,
        );
        expect(rows).toHaveLength(1);
      },
      { timeout: 20_000, interval: 20 },
    );

    for (const each of await ended) expect(each.status).toBe('rejected');
    expect(await read(other, ['one'])).toHaveLength(1);
  });
});
