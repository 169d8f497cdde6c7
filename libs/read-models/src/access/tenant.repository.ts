import { tenantId, type TenantId } from '@chorda/kernel';
import type pg from 'pg';
import { inTransaction } from '../database/in-transaction.js';
import { withoutTenant } from '../database/with-tenant.js';
import { AuditOutbox, type AuditActor } from './audit-outbox.js';

/** What a tenant or key may use; undefined: as the gateway's settings say. */
export interface Limits {
  readonly requestsPerMinute: number | undefined;
  readonly eventsPerMinute: number | undefined;
  readonly eventsPerDay: number | undefined;
}

export interface TenantRecord extends Limits {
  readonly tenantId: TenantId;
  readonly name: string;
  readonly createdAt: Date;
  /** From then on none of its credentials is taken. Its events are kept. */
  readonly disabledAt: Date | undefined;
}

export interface TenantRow {
  readonly tenant_id: string;
  readonly name: string;
  readonly created_at: Date;
  readonly disabled_at: Date | null;
  readonly requests_per_minute: number | null;
  readonly events_per_minute: number | null;
  readonly events_per_day: string | null;
}

/** Null takes a limit away; what is left out stays. */
export interface TenantChange {
  readonly name?: string | undefined;
  readonly disabled?: boolean | undefined;
  readonly requestsPerMinute?: number | null | undefined;
  readonly eventsPerMinute?: number | null | undefined;
  readonly eventsPerDay?: number | null | undefined;
}

const columns = 'tenant_id, name, created_at, disabled_at, requests_per_minute, events_per_minute, events_per_day';
const tenantsMax = 10_000;

/** The tenants of the deployment. Every change leaves an `audit.changed` event, in its own transaction. */
export class TenantRepository {
  constructor(private readonly pool: pg.Pool) {}

  /** Before a request's tenant is known to be one. */
  async find(id: string): Promise<TenantRecord | undefined> {
    return withoutTenant(this.pool, async (tx) => {
      const { rows } = await tx.query<TenantRow>(`SELECT ${columns} FROM find_tenant($1)`, [id]);
      return rows[0] && toTenant(rows[0]);
    });
  }

  /** All of them, by id, at most 10000. For who may act for the deployment alone. */
  async list(): Promise<readonly TenantRecord[]> {
    const { rows } = await this.pool.query<TenantRow>(
      `SELECT ${columns} FROM tenants ORDER BY tenant_id LIMIT ${tenantsMax}`,
    );
    return rows.map(toTenant);
  }

  /** @returns The new tenant; undefined when there is one with this id. */
  async create(id: TenantId, change: TenantChange & { readonly name: string }, actor: AuditActor) {
    return inTransaction(this.pool, async (tx) => {
      const { rows } = await tx.query<TenantRow>(
        `INSERT INTO tenants (tenant_id, name, disabled_at, requests_per_minute, events_per_minute, events_per_day)
         VALUES ($1, $2, CASE WHEN $3 THEN now() END, $4, $5, $6) ON CONFLICT DO NOTHING RETURNING ${columns}`,
        [
          id,
          change.name,
          change.disabled ?? false,
          change.requestsPerMinute ?? null,
          change.eventsPerMinute ?? null,
          change.eventsPerDay ?? null,
        ],
      );
      const tenant = rows[0] && toTenant(rows[0]);
      if (tenant) await audit(tx, actor, 'tenant.created', undefined, tenant);
      return tenant;
    });
  }

  /** @returns The tenant as it is then; undefined when there is none. */
  async change(id: TenantId, change: TenantChange, actor: AuditActor): Promise<TenantRecord | undefined> {
    return inTransaction(this.pool, async (tx) => {
      const { rows: found } = await tx.query<TenantRow>(
        `SELECT ${columns} FROM tenants WHERE tenant_id = $1 FOR UPDATE`,
        [id],
      );
      const before = found[0] && toTenant(found[0]);
      if (before === undefined) return undefined;
      const { rows } = await tx.query<TenantRow>(
        `UPDATE tenants SET name = $2, requests_per_minute = $3, events_per_minute = $4, events_per_day = $5,
           disabled_at = CASE WHEN $6 THEN coalesce(disabled_at, now()) END
         WHERE tenant_id = $1 RETURNING ${columns}`,
        [
          id,
          change.name ?? before.name,
          chosen(change.requestsPerMinute, before.requestsPerMinute),
          chosen(change.eventsPerMinute, before.eventsPerMinute),
          chosen(change.eventsPerDay, before.eventsPerDay),
          change.disabled ?? before.disabledAt !== undefined,
        ],
      );
      const after = rows[0] && toTenant(rows[0]);
      if (after) await audit(tx, actor, 'tenant.changed', before, after);
      return after;
    });
  }
}

/** Of a row of the table, also one that came with a key. */
export function toTenant(row: TenantRow): TenantRecord {
  return {
    tenantId: tenantId(row.tenant_id),
    name: row.name,
    createdAt: row.created_at,
    disabledAt: row.disabled_at ?? undefined,
    requestsPerMinute: row.requests_per_minute ?? undefined,
    eventsPerMinute: row.events_per_minute ?? undefined,
    eventsPerDay: row.events_per_day === null ? undefined : Number(row.events_per_day),
  };
}

function chosen(wanted: number | null | undefined, before: number | undefined): number | null {
  return wanted === undefined ? (before ?? null) : wanted;
}

async function audit(
  tx: pg.ClientBase,
  actor: AuditActor,
  action: string,
  before: TenantRecord | undefined,
  after: TenantRecord,
): Promise<void> {
  const resource = { resourceType: 'tenant', resourceId: after.tenantId };
  await AuditOutbox.add(tx, {
    tenantId: after.tenantId,
    actor,
    action,
    ...resource,
    ...(before && { before: shown(before) }),
    after: shown(after),
  });
}

function shown(tenant: TenantRecord) {
  return {
    name: tenant.name,
    disabled_at: tenant.disabledAt?.toISOString() ?? null,
    requests_per_minute: tenant.requestsPerMinute ?? null,
    events_per_minute: tenant.eventsPerMinute ?? null,
    events_per_day: tenant.eventsPerDay ?? null,
  };
}
