import { defaultTenant, tenantId } from '@chorda/kernel';
import { freshDatabase, type FreshDatabase } from '@chorda/testing';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { ApiKeyRepository } from '../access/api-key.repository.js';
import { JournalRepository } from '../journal/journal.repository.js';
import { migrate } from '../migrations/migrate.js';
import { dayOf, ensureDayPartitions } from '../partitions/day-partitions.js';
import { createPool } from './pool.js';
import { withoutTenant, withTenant } from './with-tenant.js';

const other = tenantId('other');

/** Guarantee 11: tenants never see each other, whatever the query forgets to say. */
describe('tenants', () => {
  let database: FreshDatabase;
  let pool: pg.Pool;

  beforeAll(async () => {
    database = await freshDatabase(inject('stack'));
    await migrate(database.url);
    // One connection: what a transaction leaves behind, the next one would find.
    pool = createPool(database.url, { connectionsMax: 1 });
    await ensureDayPartitions(pool, 'journal_v1', [dayOf(Date.now())]);
    for (const tenant of [defaultTenant, other]) await insertEntry(pool, tenant);
  });

  afterAll(async () => {
    await pool.end();
    await database.drop();
  });

  it('see their own rows without asking for them', async () => {
    const seen = await withTenant(pool, other, (tx) => tx.query('SELECT tenant_id FROM journal'));
    expect(seen.rows).toEqual([{ tenant_id: 'other' }]);
  });

  it('see nothing of another tenant, even by name', async () => {
    const seen = await withTenant(pool, other, (tx) => tx.query(`SELECT FROM journal WHERE tenant_id = 'default'`));
    expect(seen.rowCount).toBe(0);
    expect(await new JournalRepository(pool).byId(other, 'event-of-default')).toEqual({ kind: 'absent' });
  });

  it('see no rows at all where none is set', async () => {
    const seen = await withoutTenant(pool, (tx) => tx.query('SELECT FROM journal'));
    expect(seen.rowCount).toBe(0);
  });

  it.each(['journal_v1', 'services_v1', 'service_health_v1', 'event_repeats'])(
    '%s shows no rows without tenant',
    async (table) => {
      const seen = await withoutTenant(pool, (tx) => tx.query(`SELECT FROM ${table}`));
      expect(seen.rowCount).toBe(0);
    },
  );

  it('are read by a role that neither owns the tables nor bypasses their policies', async () => {
    const { rows } = await withTenant(pool, other, (tx) =>
      tx.query(`SELECT current_user, rolsuper OR rolbypassrls AS unsafe FROM pg_roles WHERE rolname = current_user`),
    );
    expect(rows).toEqual([{ current_user: 'chorda_reader', unsafe: false }]);
  });

  it('cannot be got around by a partition, a hash of a key, or a write', async () => {
    const partition = `journal_v1_p${new Date().toISOString().slice(0, 10).replaceAll('-', '')}`;
    const read = (statement: string) => withTenant(pool, other, (tx) => tx.query(statement));
    await expect(read(`SELECT FROM ${partition}`)).rejects.toThrow(/permission denied/);
    await expect(read('SELECT secret_hash FROM api_keys')).rejects.toThrow(/permission denied/);
    await expect(read('SELECT FROM event_identities')).rejects.toThrow(/permission denied/);
    await expect(read('DELETE FROM journal')).rejects.toThrow(/permission denied|read-only/);
  });

  it('leave neither role nor tenant on the connection, also after an error', async () => {
    await expect(withTenant(pool, other, (tx) => tx.query('SELECT 1/0'))).rejects.toThrow(/division by zero/);
    const { rows } = await pool.query(
      `SELECT current_user = session_user AS own_role, current_setting('chorda.tenant_id', true) AS tenant`,
    );
    expect(rows).toEqual([{ own_role: true, tenant: '' }]);
  });

  it('have a policy and a leading tenant_id in every key and index of their tables', async () => {
    const { rows } = await pool.query<{ name: string; rls: boolean; indexes: string[] }>(
      `SELECT relname AS name, relrowsecurity AS rls,
         (SELECT coalesce(array_agg(pg_get_indexdef(indexrelid)), '{}') FROM pg_index WHERE indrelid = c.oid) AS indexes
       FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id'
       WHERE relkind IN ('r', 'p') AND NOT relispartition AND relnamespace = 'public'::regnamespace`,
    );
    expect(rows.length).toBeGreaterThanOrEqual(6);
    expect(rows.filter(({ rls }) => !rls)).toEqual([]);
    const strangers = rows.flatMap(({ indexes }) => indexes).filter((index) => !index.includes('(tenant_id'));
    // Found before the tenant is known, by who owns a place of the log, or by upkeep that is for all tenants.
    expect(strangers.map((index) => index.split(' ON ')[0]).sort()).toEqual([
      'CREATE INDEX agent_work_answered',
      'CREATE INDEX agent_work_deadline',
      'CREATE INDEX agent_work_leased',
      'CREATE INDEX agent_work_ready',
      'CREATE INDEX decision_events_passing',
      'CREATE INDEX decision_outcomes_decided_at',
      'CREATE INDEX decision_timers_due',
      'CREATE INDEX event_identities_record_time',
      'CREATE INDEX event_repeats_place',
      'CREATE INDEX idempotent_answers_expiry',
      'CREATE INDEX inference_outcomes_decided',
      'CREATE INDEX parked_discards_place',
      'CREATE INDEX parked_discards_unannounced',
      'CREATE INDEX parked_events_place',
      'CREATE INDEX parked_sequences_place',
      'CREATE INDEX parked_sequences_requested',
      'CREATE INDEX run_jobs_running',
      'CREATE INDEX workflow_event_waits_expires',
      'CREATE INDEX workflow_events_kept_expires',
      'CREATE INDEX workflow_events_taken_expires',
      'CREATE INDEX workflow_triggers_revision',
      'CREATE INDEX workflow_work_answered',
      'CREATE INDEX workflow_work_deadline',
      'CREATE INDEX workflow_work_leased',
      'CREATE INDEX workflow_work_ready',
      'CREATE INDEX workflow_work_untold',
      'CREATE UNIQUE INDEX api_keys_key_id_key',
      'CREATE UNIQUE INDEX decision_events_pkey',
      'CREATE UNIQUE INDEX external_types_type_key',
      'CREATE UNIQUE INDEX workflow_triggers_token',
    ]);
  });
});

describe('API keys at rest', () => {
  let database: FreshDatabase;
  let pool: pg.Pool;
  let keys: ApiKeyRepository;
  const key = { tenantId: other, keyId: 'k1', name: 'one', secretHash: Buffer.alloc(32, 7), scopes: ['events:write'] };

  beforeAll(async () => {
    database = await freshDatabase(inject('stack'));
    await migrate(database.url);
    pool = createPool(database.url);
    keys = new ApiKeyRepository(pool);
    await keys.issue(key);
  });

  afterAll(async () => {
    await pool.end();
    await database.drop();
  });

  it('are found by their id before the tenant is known', async () => {
    expect(await keys.find('k1')).toMatchObject({ tenantId: 'other', scopes: ['events:write'], revokedAt: undefined });
    expect(await keys.find('k2')).toBeUndefined();
  });

  it('are listed for their tenant alone, without hashes', async () => {
    expect(await keys.list(defaultTenant)).toEqual([]);
    const [listed] = await keys.list(other);
    expect(listed).toMatchObject({ keyId: 'k1', name: 'one' });
    expect(listed).not.toHaveProperty('secretHash');
  });

  it('are revoked once, by their tenant', async () => {
    expect(await keys.revoke(defaultTenant, 'k1')).toBe(false);
    expect(await keys.revoke(other, 'k1')).toBe(true);
    expect(await keys.revoke(other, 'k1')).toBe(false);
    expect((await keys.find('k1'))?.revokedAt).toBeInstanceOf(Date);
  });
});

async function insertEntry(pool: pg.Pool, tenant: string): Promise<void> {
  await pool.query(
    `INSERT INTO journal_v1 (tenant_id, topic, partition, "offset", record_time, event_id, type, source, subject,
       event_time, correlation_id, schema_fingerprint, payload)
     VALUES ($1, 'system.events', 0, 0, now(), 'event-of-' || $1, 'system.performance', '/t', 's', now(), 'c', '', '')`,
    [tenant],
  );
}
