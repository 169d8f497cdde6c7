import { createHash } from 'node:crypto';
import type { TenantId } from '@chorda/kernel';
import type pg from 'pg';
import { triggersChannel } from './trigger.repository.js';

/** A type of events that definitions of a tenant wait for. */
export interface AwaitedEventType {
  readonly name: string;
  /** Makes the key of an event; null: its subject. */
  readonly by: { readonly language: 'cel' | 'jq'; readonly text: string } | null;
  /** How long an event is kept for whoever begins to wait later; null: no definition says. */
  readonly keptMs: number | null;
}

export interface AwaitedByTenant extends AwaitedEventType {
  readonly tenantId: TenantId;
  /** Events that came before are nobody's. */
  readonly since: Date;
}

/** Of one tenant: for each of its events, each expression that makes a key of its type is computed. */
export const awaitedEventsMax = 200;

interface Row {
  readonly tenant_id: TenantId;
  readonly name: string;
  readonly by_language: 'cel' | 'jq' | null;
  readonly by_text: string | null;
  readonly kept_ms: string | null;
  readonly since: Date;
}

/** Which events of producers runs may wait for. */
export class AwaitedEventsRepository {
  constructor(private readonly pool: pg.Pool) {}

  /**
   * Within the transaction that stores a definition, which holds the tenant's lock of definitions.
   *
   * @returns Whether all have room.
   */
  static async add(tx: pg.ClientBase, tenantId: TenantId, events: readonly AwaitedEventType[]): Promise<boolean> {
    if (events.length === 0) return true;
    await tx.query(
      `INSERT INTO workflow_awaited_events AS a (tenant_id, name_key, name, by_language, by_text, kept_ms)
       SELECT $1, k, n, l, t, m
       FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[]) AS given (k, n, l, t, m)
       ON CONFLICT (tenant_id, name_key) DO UPDATE SET kept_ms = greatest(a.kept_ms, excluded.kept_ms)`,
      [
        tenantId,
        events.map(({ name, by }) => keyOf(name, by)),
        events.map(({ name }) => name),
        events.map(({ by }) => by?.language ?? null),
        events.map(({ by }) => by?.text ?? null),
        events.map(({ keptMs }) => keptMs),
      ],
    );
    await tx.query(`NOTIFY ${triggersChannel}`);
    const { rows } = await tx.query<{ count: number }>(
      'SELECT count(*)::int AS count FROM workflow_awaited_events WHERE tenant_id = $1',
      [tenantId],
    );
    return (rows[0]?.count ?? 0) <= awaitedEventsMax;
  }

  /** Another text whenever something was added or is kept longer; nothing is ever taken away. */
  async revision(): Promise<string> {
    const { rows } = await this.pool.query<{ revision: string }>(
      "SELECT count(*) || '/' || coalesce(sum(kept_ms), 0) AS revision FROM workflow_awaited_events",
    );
    return rows[0]?.revision ?? '';
  }

  async all(): Promise<readonly AwaitedByTenant[]> {
    const { rows } = await this.pool.query<Row>(
      'SELECT tenant_id, name, by_language, by_text, kept_ms, since FROM workflow_awaited_events',
    );
    return rows.map(({ tenant_id: tenantId, name, by_language: language, by_text: text, kept_ms: kept, since }) => ({
      ...{ tenantId, name, since },
      by: language === null || text === null ? null : { language, text },
      keptMs: kept === null ? null : Number(kept),
    }));
  }
}

function keyOf(name: string, by: AwaitedEventType['by']): string {
  return createHash('sha256')
    .update(JSON.stringify([name, by?.language ?? null, by?.text ?? null]))
    .digest('base64');
}
