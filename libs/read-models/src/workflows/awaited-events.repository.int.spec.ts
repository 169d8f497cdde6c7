import { defaultTenant, tenantId, type TenantId } from '@chorda/kernel';
import { freshDatabase } from '@chorda/testing';
import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { createPool } from '../database/pool.js';
import { migrate } from '../migrations/migrate.js';
import { archivedForMinutes, AwaitedEventsRepository, awaitedEventsMax } from './awaited-events.repository.js';
import { WorkflowDefinitionRepository, WorkflowsFullError } from './workflow-definition.repository.js';

const other = tenantId('other');
const actor = { id: 'spec', type: 'service' } as const;
let pool: pg.Pool;
let drop: () => Promise<void>;

beforeAll(async () => {
  const database = await freshDatabase(inject('stack'));
  drop = () => database.drop();
  await migrate(database.url);
  pool = createPool(database.url, { applicationName: 'spec', connectionsMax: 2, transactionTimeoutMs: 5_000 });
  await pool.query('INSERT INTO tenants (tenant_id, name) VALUES ($1, $1), ($2, $2) ON CONFLICT DO NOTHING', [
    defaultTenant,
    other,
  ]);
}, 60_000);
afterAll(async () => {
  await pool?.end();
  await drop?.();
});
beforeEach(async () => {
  await pool.query(`DELETE FROM workflow_awaited_events; DELETE FROM workflow_versions; DELETE FROM workflows;
    DELETE FROM runs_v2; DELETE FROM decision_partitions; DELETE FROM checkpoints; DELETE FROM projections`);
});

const waitsFor = (...names: readonly string[]) => names.map((name) => ({ name, by: null, keptMs: null }));
const many = (count: number, prefix = 'external.e') =>
  waitsFor(...Array.from({ length: count }, (_, index) => `${prefix}${index}`));

function store(name: string, awaits: ReturnType<typeof waitsFor>, tenant: TenantId = defaultTenant) {
  return new WorkflowDefinitionRepository(pool).store(
    tenant,
    {
      name,
      hash: 'a'.repeat(64),
      title: null,
      authorVersion: '1',
      form: '{}',
      source: '',
      sourceFormat: 'chorda',
      awaits,
    },
    actor,
  );
}

async function archived(name: string, minutes = archivedForMinutes, tenant: TenantId = defaultTenant): Promise<void> {
  await new WorkflowDefinitionRepository(pool).archive(tenant, name, actor);
  await pool.query(
    `UPDATE workflows SET archived_at = now() - make_interval(mins => $3, secs => 1) WHERE tenant_id = $1 AND name = $2`,
    [tenant, name, minutes],
  );
}

async function run(status: string): Promise<void> {
  await pool.query(
    `INSERT INTO runs_v2 (tenant_id, workflow_id, workflow_name, status, correlation_id, started_at, steps_scheduled,
       steps_completed, steps_failed, steps_compensated, tasks_opened, tasks_closed, signals_received, timers_set,
       timers_fired, last_active)
     VALUES ('default', 'run-1', 'old', $1, 'spec', now(), 0, 0, 0, 0, 0, 0, 0, 0, 0, now())
     ON CONFLICT (tenant_id, workflow_id) DO UPDATE SET status = excluded.status`,
    [status],
  );
}

const names = async (tenant: TenantId = defaultTenant) => {
  const all = await new AwaitedEventsRepository(pool).all();
  return all.flatMap((one) => (one.tenantId === tenant ? [one.name] : [])).toSorted();
};

describe('events that archived workflows alone wait for', () => {
  it('make room for others, and for no other tenant', async () => {
    await store('old', many(awaitedEventsMax));
    await store('theirs', many(awaitedEventsMax), other);
    await archived('old');
    await archived('theirs', archivedForMinutes, other);
    const stored = new AwaitedEventsRepository(pool);
    const before = await stored.revision();
    await store('new', waitsFor('external.paid'));
    expect(await names()).toEqual(['external.paid']);
    expect(await names(other)).toHaveLength(awaitedEventsMax);
    expect(await stored.revision()).not.toBe(before);
  });

  it('stay where somebody else waits for them, or nobody knows who does', async () => {
    await store('old', many(awaitedEventsMax));
    await store('too', waitsFor('external.e7'));
    await pool.query("UPDATE workflow_awaited_events SET workflows = NULL WHERE name = 'external.e8'");
    await store('late', waitsFor('external.e8'));
    await archived('old');
    await archived('late');
    await store('new', waitsFor('external.paid'));
    expect(await names()).toEqual(['external.e7', 'external.e8', 'external.paid']);
  });

  it('stay until nobody can start a run of them any more, and while there is one', async () => {
    await store('old', many(awaitedEventsMax));
    const next = () => store('new', waitsFor('external.paid'));
    await expect(next()).rejects.toThrow(WorkflowsFullError);
    await archived('old', 1);
    await expect(next()).rejects.toThrow(WorkflowsFullError);
    await archived('old');
    await run('paused');
    await expect(next()).rejects.toThrow(/while runs of them go on/);
    expect(await names()).toHaveLength(awaitedEventsMax);
    await run('completed');
    await next();
    expect(await names()).toEqual(['external.paid']);
  });

  it('stay while the read model of runs is behind', async () => {
    await store('old', many(awaitedEventsMax));
    await archived('old');
    await pool.query(
      `INSERT INTO decision_partitions (kind, partition, epoch, owner, next_command_offset, next_partition_seq,
         published_seq, published_offset, claimed_at, updated_at) VALUES ('workflow', 3, 1, 'o', 0, 1, 0, 9, now(), now())`,
    );
    await pool.query(`INSERT INTO projections (name, live_version, topics) VALUES ('runs', 2, '{workflow.events}')`);
    await pool.query(
      `INSERT INTO checkpoints (projection, version, topic, partition, next_offset, owner_epoch, owner, updated_at)
       VALUES ('runs', 2, 'workflow.events', 3, 8, 1, 'o', now())`,
    );
    const next = () => store('new', waitsFor('external.paid'));
    await expect(next()).rejects.toThrow(WorkflowsFullError);
    await pool.query('UPDATE checkpoints SET next_offset = 9');
    await next();
    expect(await names()).toEqual(['external.paid']);
  });

  it('of a workflow that is stored again are waited for again', async () => {
    await store('old', many(awaitedEventsMax));
    await archived('old');
    await store('new', waitsFor('external.paid'));
    await archived('new');
    expect((await store('old', many(awaitedEventsMax))).outcome).toBe('restored');
    expect(await names()).toHaveLength(awaitedEventsMax);
  });
});
