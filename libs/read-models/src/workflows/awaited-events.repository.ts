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
/** A run that was asked for just before its workflow was archived is in the read model of runs by then. */
export const archivedForMinutes = 5;

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
   * Within the transaction that stores a definition, which holds the tenant's lock of definitions. Where there is no room,
   * what archived workflows waited for makes some.
   *
   * @returns Whether all have room.
   */
  static async add(
    tx: pg.ClientBase,
    tenantId: TenantId,
    workflow: string,
    events: readonly AwaitedEventType[],
  ): Promise<boolean> {
    if (events.length === 0) return true;
    await tx.query(
      `INSERT INTO workflow_awaited_events AS a (tenant_id, name_key, name, by_language, by_text, kept_ms, workflows)
       SELECT $1, k, n, l, t, m, ARRAY[$7::text]
       FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[]) AS given (k, n, l, t, m)
       ON CONFLICT (tenant_id, name_key) DO UPDATE SET kept_ms = greatest(a.kept_ms, excluded.kept_ms),
         workflows = CASE WHEN a.workflows IS NULL OR $7 = ANY (a.workflows) THEN a.workflows
           ELSE a.workflows || $7::text END`,
      [
        tenantId,
        events.map(({ name, by }) => keyOf(name, by)),
        events.map(({ name }) => name),
        events.map(({ by }) => by?.language ?? null),
        events.map(({ by }) => by?.text ?? null),
        events.map(({ keptMs }) => keptMs),
        workflow,
      ],
    );
    await tx.query(`NOTIFY ${triggersChannel}`);
    if (await hasRoom(tx, tenantId)) return true;
    await forgetArchived(tx, tenantId, workflow);
    return hasRoom(tx, tenantId);
  }

  /** Another text whenever something was added, is kept longer, or was taken away. */
  async revision(): Promise<string> {
    const { rows } = await this.pool.query<{ revision: string }>(
      `SELECT concat_ws('/', count(*), sum(kept_ms), sum(hashtextextended(tenant_id || ' ' || name_key, 0)::numeric))
         AS revision FROM workflow_awaited_events`,
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

async function hasRoom(tx: pg.ClientBase, tenantId: TenantId): Promise<boolean> {
  const { rows } = await tx.query<{ count: number }>(
    'SELECT count(*)::int AS count FROM workflow_awaited_events WHERE tenant_id = $1',
    [tenantId],
  );
  return (rows[0]?.count ?? 0) <= awaitedEventsMax;
}

/**
 * What is waited for by archived workflows alone, none of which has a run that goes on. Those are known by their read
 * model: while it is behind what was published, nothing is forgotten.
 *
 * @param workflow Is being stored: archived or unknown as yet.
 */
async function forgetArchived(tx: pg.ClientBase, tenantId: TenantId, workflow: string): Promise<void> {
  await tx.query(
    `WITH live AS MATERIALIZED (
       SELECT DISTINCT workflow_name FROM runs
       WHERE tenant_id = $1 AND status = ANY ('{unknown,running,paused,cancelling,compensating}')
     )
     DELETE FROM workflow_awaited_events AS a
     WHERE a.tenant_id = $1 AND a.workflows IS NOT NULL AND NOT $2 = ANY (a.workflows)
       AND NOT EXISTS (SELECT 1 FROM workflows AS w WHERE w.tenant_id = $1 AND w.name = ANY (a.workflows)
         AND (w.archived_at IS NULL OR w.archived_at > now() - make_interval(mins => $3)))
       AND NOT EXISTS (SELECT 1 FROM live WHERE live.workflow_name = ANY (a.workflows))
       AND NOT EXISTS (SELECT 1 FROM decision_partitions AS d
         LEFT JOIN projections AS p ON p.name = 'runs'
         LEFT JOIN checkpoints AS c ON c.projection = p.name AND c.version = p.live_version
           AND c.topic = 'workflow.events' AND c.partition = d.partition
         WHERE d.kind = 'workflow' AND d.published_offset > coalesce(c.next_offset, 0))`,
    [tenantId, workflow, archivedForMinutes],
  );
}

function keyOf(name: string, by: AwaitedEventType['by']): string {
  return createHash('sha256')
    .update(JSON.stringify([name, by?.language ?? null, by?.text ?? null]))
    .digest('base64');
}
