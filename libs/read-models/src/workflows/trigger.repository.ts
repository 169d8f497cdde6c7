import { BackboneError, type TenantId } from '@chorda/kernel';
import type pg from 'pg';
import { AuditOutbox, type AuditActor } from '../access/audit-outbox.js';
import { inTransaction } from '../database/in-transaction.js';

export type TriggerKind = 'http' | 'event';

/** What starts a run when something happens. */
export interface WorkflowTrigger {
  readonly tenantId: TenantId;
  readonly triggerId: string;
  readonly kind: TriggerKind;
  readonly title: string | null;
  readonly workflowName: string;
  /** Null: the newest. */
  readonly workflowVersion: number | null;
  /** Of events. */
  readonly topics: readonly string[];
  /** CEL that is true for what starts a run; null: everything does. */
  readonly filter: string | null;
  /** CEL for what the run is given; null: what happened, as it is. */
  readonly input: string | null;
  readonly enabled: boolean;
  /** Standard Webhooks: `whsec_` and base64. */
  readonly signingSecret: string | null;
  readonly createdAt: Date;
  readonly createdBy: string;
}

export type NewTrigger = Omit<WorkflowTrigger, 'tenantId' | 'createdAt' | 'createdBy' | 'enabled'> & {
  /** Lower case hex SHA-256 of the secret part of the address. */
  readonly tokenHash: string | null;
};

export interface TriggerFires {
  readonly fires: number;
  readonly refusals: number;
  readonly lastFireAt: Date | null;
  readonly lastRunId: string | null;
  readonly lastErrorAt: Date | null;
  readonly lastErrorCode: string | null;
  readonly lastError: string | null;
}

export type CountedTrigger = WorkflowTrigger & TriggerFires;

export type TriggerCame = { readonly runId: string } | { readonly errorCode: string; readonly error: string };

/** The tenant has as many triggers as it may. */
export class TriggersFullError extends BackboneError {
  readonly code = 'TRIGGERS_FULL';
  readonly retriable = false;
}

export const triggersMax = 200;
/** Told whenever one is created, changed or deleted, and when runs may wait for other events than before. */
export const triggersChannel = 'workflow_triggers';

interface Row {
  readonly tenant_id: TenantId;
  readonly trigger_id: string;
  readonly kind: TriggerKind;
  readonly title: string | null;
  readonly workflow_name: string;
  readonly workflow_version: number | null;
  readonly topics: readonly string[];
  readonly filter: string | null;
  readonly input: string | null;
  readonly enabled: boolean;
  readonly signing_secret: string | null;
  readonly created_at: Date;
  readonly created_by: string;
  readonly fires: string | null;
  readonly refusals: string | null;
  readonly last_fire_at: Date | null;
  readonly last_run_id: string | null;
  readonly last_error_at: Date | null;
  readonly last_error_code: string | null;
  readonly last_error: string | null;
}

const own = `t.tenant_id, t.trigger_id, t.kind, t.title, t.workflow_name, t.workflow_version, t.topics, t.filter, t.input,
  t.enabled, t.signing_secret, t.created_at, t.created_by`;
const counted = `${own}, f.fires, f.refusals, f.last_fire_at, f.last_run_id, f.last_error_at, f.last_error_code, f.last_error`;
const joined = 'workflow_triggers AS t LEFT JOIN workflow_trigger_fires AS f USING (tenant_id, trigger_id)';

/** Triggers. Written and read with the owner's role: every statement names the tenant, or a secret that has only one. */
export class TriggerRepository {
  constructor(private readonly pool: pg.Pool) {}

  /**
   * @returns Undefined where there is one with this id.
   * @throws {@link TriggersFullError}
   */
  async create(tenantId: TenantId, given: NewTrigger, actor: AuditActor): Promise<WorkflowTrigger | undefined> {
    return inTransaction(this.pool, async (tx) => {
      await tx.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`triggers ${tenantId}`]);
      const { rows: others } = await tx.query<{ count: number }>(
        'SELECT count(*)::int AS count FROM workflow_triggers WHERE tenant_id = $1 AND deleted_at IS NULL',
        [tenantId],
      );
      if ((others[0]?.count ?? 0) >= triggersMax) {
        throw new TriggersFullError(`The tenant has ${triggersMax} triggers; no more may be`);
      }
      // One that was deleted leaves its id: what it started would otherwise be taken for runs of another.
      const { rows } = await tx.query<Row>(
        `INSERT INTO workflow_triggers AS t (tenant_id, trigger_id, kind, title, workflow_name, workflow_version, topics,
           filter, input, token_hash, signing_secret, created_by)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT DO NOTHING
         RETURNING ${own}`,
        [
          ...[tenantId, given.triggerId, given.kind, given.title, given.workflowName, given.workflowVersion],
          ...[given.topics, given.filter, given.input, given.tokenHash, given.signingSecret, actor.id],
        ],
      );
      const [row] = rows;
      if (row === undefined) return undefined;
      const { kind, workflowName, topics, filter } = given;
      await AuditOutbox.add(tx, {
        ...change(tenantId, actor, given.triggerId),
        action: 'trigger.created',
        after: { kind, workflow_name: workflowName, topics: [...topics], filter },
      });
      await tx.query(`NOTIFY ${triggersChannel}`);
      return triggerOf(row);
    });
  }

  async list(tenantId: TenantId): Promise<readonly CountedTrigger[]> {
    const { rows } = await this.pool.query<Row>(
      `SELECT ${counted} FROM ${joined} WHERE t.tenant_id = $1 AND t.deleted_at IS NULL ORDER BY t.trigger_id`,
      [tenantId],
    );
    return rows.map(countedOf);
  }

  async find(tenantId: TenantId, triggerId: string): Promise<CountedTrigger | undefined> {
    const { rows } = await this.pool.query<Row>(
      `SELECT ${counted} FROM ${joined} WHERE t.tenant_id = $1 AND t.trigger_id = $2 AND t.deleted_at IS NULL`,
      [tenantId, triggerId],
    );
    return rows.map(countedOf)[0];
  }

  /** Of a tenant that is not disabled. */
  async byToken(tokenHash: string): Promise<WorkflowTrigger | undefined> {
    const { rows } = await this.pool.query<Row>(
      `SELECT ${own} FROM workflow_triggers AS t JOIN tenants USING (tenant_id)
       WHERE t.token_hash = $1 AND t.deleted_at IS NULL AND tenants.disabled_at IS NULL`,
      [tokenHash],
    );
    return rows.map(triggerOf)[0];
  }

  /** @returns Whether there is one. */
  async enable(tenantId: TenantId, triggerId: string, enabled: boolean, actor: AuditActor): Promise<boolean> {
    return this.changed(tenantId, triggerId, `enabled = ${String(enabled)}`, actor, enabled ? 'resumed' : 'paused');
  }

  async delete(tenantId: TenantId, triggerId: string, actor: AuditActor): Promise<boolean> {
    const ended = 'enabled = false, deleted_at = now(), token_hash = NULL, signing_secret = NULL';
    return this.changed(tenantId, triggerId, ended, actor, 'deleted');
  }

  private changed(tenantId: TenantId, id: string, set: string, actor: AuditActor, verb: string): Promise<boolean> {
    return inTransaction(this.pool, async (tx) => {
      const { rowCount } = await tx.query(
        `UPDATE workflow_triggers SET ${set}, revision = nextval('workflow_trigger_revisions')
         WHERE tenant_id = $1 AND trigger_id = $2 AND deleted_at IS NULL`,
        [tenantId, id],
      );
      if (rowCount !== 1) return false;
      await AuditOutbox.add(tx, { ...change(tenantId, actor, id), action: `trigger.${verb}` });
      await tx.query(`NOTIFY ${triggersChannel}`);
      return true;
    });
  }

  /** Of all tenants: grows with each change. */
  async revision(): Promise<string> {
    const { rows } = await this.pool.query<{ revision: string; count: string }>(
      'SELECT coalesce(max(revision), 0) AS revision, count(*) AS count FROM workflow_triggers',
    );
    return `${rows[0]?.revision}/${rows[0]?.count}`;
  }

  /** Those of all tenants that wait for events. */
  async ofEvents(): Promise<readonly WorkflowTrigger[]> {
    const { rows } = await this.pool.query<Row>(
      `SELECT ${own} FROM workflow_triggers AS t JOIN tenants USING (tenant_id)
       WHERE t.kind = 'event' AND t.enabled AND tenants.disabled_at IS NULL`,
    );
    return rows.map(triggerOf);
  }

  async came(tenantId: TenantId, triggerId: string, came: TriggerCame): Promise<void> {
    const isRun = 'runId' in came;
    await this.pool.query(
      `INSERT INTO workflow_trigger_fires AS f
         (tenant_id, trigger_id, fires, refusals, last_fire_at, last_run_id, last_error_at, last_error_code, last_error)
       VALUES ($1, $2, $3::bigint, $4::bigint, CASE WHEN $3::bigint = 1 THEN now() END, $5, CASE WHEN $4::bigint = 1 THEN now() END,
         $6, $7)
       ON CONFLICT (tenant_id, trigger_id) DO UPDATE SET
         fires = f.fires + excluded.fires, refusals = f.refusals + excluded.refusals,
         last_fire_at = coalesce(excluded.last_fire_at, f.last_fire_at),
         last_run_id = coalesce(excluded.last_run_id, f.last_run_id),
         last_error_at = coalesce(excluded.last_error_at, f.last_error_at),
         last_error_code = coalesce(excluded.last_error_code, f.last_error_code),
         last_error = coalesce(excluded.last_error, f.last_error)`,
      [
        ...[tenantId, triggerId, isRun ? 1 : 0, isRun ? 0 : 1, isRun ? came.runId : null],
        ...[isRun ? null : came.errorCode, isRun ? null : came.error.slice(0, 2_000)],
      ],
    );
  }
}

function change(tenantId: TenantId, actor: AuditActor, id: string) {
  return { tenantId, actor, resourceType: 'trigger', resourceId: id };
}

function triggerOf(row: Row): WorkflowTrigger {
  return {
    tenantId: row.tenant_id,
    triggerId: row.trigger_id,
    kind: row.kind,
    title: row.title,
    workflowName: row.workflow_name,
    workflowVersion: row.workflow_version,
    topics: row.topics,
    filter: row.filter,
    input: row.input,
    enabled: row.enabled,
    signingSecret: row.signing_secret,
    createdAt: row.created_at,
    createdBy: row.created_by,
  };
}

function countedOf(row: Row): CountedTrigger {
  return {
    ...triggerOf(row),
    fires: Number(row.fires ?? 0),
    refusals: Number(row.refusals ?? 0),
    lastFireAt: row.last_fire_at,
    lastRunId: row.last_run_id,
    lastErrorAt: row.last_error_at,
    lastErrorCode: row.last_error_code,
    lastError: row.last_error,
  };
}
