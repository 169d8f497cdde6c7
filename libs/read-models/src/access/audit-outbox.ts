import { newId, tenantId, type JsonValue, type TenantId } from '@chorda/kernel';
import type pg from 'pg';
import { inTransaction } from '../database/in-transaction.js';

export type ActorType = 'user' | 'api_key' | 'service' | 'anonymous';

/** Who changed something, and from where. */
export interface AuditActor {
  readonly id: string;
  readonly type: ActorType;
  readonly ipAddress?: string | undefined;
  readonly userAgent?: string | undefined;
}

/** A change as `audit.changed` tells it. */
export interface AuditEntry {
  readonly tenantId: TenantId;
  readonly actor: AuditActor;
  /** `<resource>.<verb>`, e.g. `key.revoked`. */
  readonly action: string;
  readonly resourceType: string;
  readonly resourceId: string | null;
  readonly before?: JsonValue;
  readonly after?: JsonValue;
  readonly reason?: string | undefined;
  readonly correlationId?: string | undefined;
}

/** The entry as it waits for the log; `data` has the fields of `audit.changed`. */
export interface WaitingAuditEvent {
  readonly tenantId: TenantId;
  readonly eventId: string;
  readonly changedAtMs: number;
  readonly correlationId: string;
  readonly data: JsonValue;
}

interface OutboxRow {
  readonly tenant_id: string;
  readonly event_id: string;
  readonly changed_at: Date;
  readonly correlation_id: string;
  readonly data: JsonValue;
}

/** `audit.changed` events between the transaction of their change and the log. */
export class AuditOutbox {
  constructor(private readonly pool: pg.Pool) {}

  /** Writes the entry through the transaction of the change. */
  static async add(tx: pg.ClientBase, entry: AuditEntry): Promise<void> {
    const { actor } = entry;
    const data = {
      actor_id: actor.id,
      actor_type: actor.type,
      action: entry.action,
      resource_type: entry.resourceType,
      resource_id: entry.resourceId,
      before: entry.before ?? null,
      after: entry.after ?? null,
      reason: entry.reason ?? null,
      ip_address: actor.ipAddress ?? null,
      user_agent: actor.userAgent?.slice(0, 500) ?? null,
    };
    await tx.query(
      `INSERT INTO audit_outbox (tenant_id, event_id, changed_at, correlation_id, data) VALUES ($1, $2, now(), $3, $4)`,
      [entry.tenantId, newId(), entry.correlationId ?? newId(), JSON.stringify(data)],
    );
  }

  /** For a change that is made elsewhere than in this database, once it is made. */
  async record(entry: AuditEntry): Promise<void> {
    await inTransaction(this.pool, (tx) => AuditOutbox.add(tx, entry));
  }

  /**
   * Hands the oldest waiting entries to `publish` and deletes them when it resolves. What fails in between is published
   * again under the same id. Several publishers share the entries; none waits for another.
   *
   * @returns How many were published.
   */
  async publish(limit: number, publish: (events: readonly WaitingAuditEvent[]) => Promise<void>): Promise<number> {
    return inTransaction(this.pool, async (tx) => {
      const { rows } = await tx.query<OutboxRow>(
        `DELETE FROM audit_outbox WHERE (tenant_id, event_id) IN (
           SELECT tenant_id, event_id FROM audit_outbox ORDER BY changed_at, event_id LIMIT $1 FOR UPDATE SKIP LOCKED
         ) RETURNING tenant_id, event_id, changed_at, correlation_id, data`,
        [limit],
      );
      const inOrder = rows.toSorted((a, b) => a.changed_at.getTime() - b.changed_at.getTime());
      if (inOrder.length > 0) await publish(inOrder.map(toWaiting));
      return inOrder.length;
    });
  }

  /** How many wait, counted up to `bound`. */
  async waiting(bound = 10_000): Promise<number> {
    const { rows } = await this.pool.query<{ count: number }>(
      'SELECT count(*)::int AS count FROM (SELECT FROM audit_outbox LIMIT $1) AS waiting',
      [bound],
    );
    return rows[0]?.count ?? 0;
  }
}

function toWaiting(row: OutboxRow): WaitingAuditEvent {
  return {
    tenantId: tenantId(row.tenant_id),
    eventId: row.event_id,
    changedAtMs: row.changed_at.getTime(),
    correlationId: row.correlation_id,
    data: row.data,
  };
}
