import type { TenantId } from '@chorda/kernel';
import type pg from 'pg';
import { AuditOutbox, type AuditActor } from '../access/audit-outbox.js';
import { inTransaction } from '../database/in-transaction.js';

/** A tool that users' own processes offer. */
export interface AgentTool {
  readonly name: string;
  readonly description: string | null;
  /** The text of its JSON Schema. */
  readonly parameters: string;
  readonly idempotent: boolean;
  readonly timeoutMs: number;
}

export interface RegisteredTool extends AgentTool {
  readonly registeredBy: string;
  readonly registeredAt: Date;
  /** When a worker last asked for its calls; null: none has. */
  readonly polledAt: Date | null;
}

interface ToolRow {
  readonly name: string;
  readonly description: string | null;
  readonly parameters: string;
  readonly idempotent: boolean;
  readonly timeout_ms: number;
  readonly registered_by: string;
  readonly registered_at: Date;
  readonly polled_at: Date | null;
}

const columns = 'name, description, parameters, idempotent, timeout_ms, registered_by, registered_at, polled_at';

/** Tools by tenant. Written with the owner's role: every statement names the tenant. */
export class AgentToolRepository {
  constructor(private readonly pool: pg.Pool) {}

  /** What is registered under a name is what whoever came last says of it. @returns how many the tenant has then, none written where that is more than `toolsMax`. */
  async register(
    tenantId: TenantId,
    tools: readonly AgentTool[],
    { actor, toolsMax }: { readonly actor: AuditActor; readonly toolsMax: number },
  ): Promise<{ readonly registered: boolean; readonly count: number }> {
    return inTransaction(this.pool, async (tx) => {
      // Registrations of a tenant go one after another, so that two cannot both find room for the last one.
      await tx.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`agent_tools ${tenantId}`]);
      const names = tools.map(({ name }) => name);
      const { rows } = await tx.query<{ count: number }>(
        'SELECT count(*)::int AS count FROM agent_tools WHERE tenant_id = $1 AND name <> ALL($2)',
        [tenantId, names],
      );
      const count = (rows[0]?.count ?? 0) + names.length;
      if (count > toolsMax) return { registered: false, count };
      // Workers register what they offer whenever they start: most of it is there already.
      const { rows: changed } = await tx.query<ToolRow>(
        `INSERT INTO agent_tools AS kept (tenant_id, name, description, parameters, idempotent, timeout_ms, registered_by)
         SELECT $1, name, description, parameters, idempotent, timeout_ms, $7
         FROM unnest($2::text[], $3::text[], $4::text[], $5::bool[], $6::int[])
           AS tool (name, description, parameters, idempotent, timeout_ms)
         ORDER BY name
         ON CONFLICT (tenant_id, name) DO UPDATE SET description = excluded.description,
           parameters = excluded.parameters, idempotent = excluded.idempotent, timeout_ms = excluded.timeout_ms,
           registered_by = excluded.registered_by, registered_at = now()
         WHERE (kept.description, kept.parameters, kept.idempotent, kept.timeout_ms)
           IS DISTINCT FROM (excluded.description, excluded.parameters, excluded.idempotent, excluded.timeout_ms)
         RETURNING ${columns}`,
        [
          tenantId,
          names,
          tools.map(({ description }) => description),
          tools.map(({ parameters }) => parameters),
          tools.map(({ idempotent }) => idempotent),
          tools.map(({ timeoutMs }) => timeoutMs),
          actor.id,
        ],
      );
      for (const { name, description, idempotent, timeout_ms } of changed) {
        const after = { description, idempotent, timeout_ms };
        await AuditOutbox.add(tx, { ...toolChange(tenantId, actor, name), action: 'tool.registered', after });
      }
      return { registered: true, count };
    });
  }

  /** By name; `names` left out: all that the tenant has. */
  async find(tenantId: TenantId, names?: readonly string[]): Promise<readonly RegisteredTool[]> {
    const { rows } = await this.pool.query<ToolRow>(
      `SELECT ${columns} FROM agent_tools
       WHERE tenant_id = $1 AND ($2::text[] IS NULL OR name = ANY($2)) ORDER BY name`,
      [tenantId, names ?? null],
    );
    return rows.map((row) => ({
      name: row.name,
      description: row.description,
      parameters: row.parameters,
      idempotent: row.idempotent,
      timeoutMs: row.timeout_ms,
      registeredBy: row.registered_by,
      registeredAt: row.registered_at,
      polledAt: row.polled_at,
    }));
  }

  /** A worker asks for their calls. Written at most every ten seconds. */
  async polled(tenantId: TenantId, names: readonly string[]): Promise<void> {
    await this.pool.query(
      `UPDATE agent_tools SET polled_at = now()
       WHERE tenant_id = $1 AND name = ANY($2) AND (polled_at IS NULL OR polled_at < now() - interval '10 seconds')`,
      [tenantId, names],
    );
  }

  /** @returns Whether it was there. */
  async remove(tenantId: TenantId, name: string, actor: AuditActor): Promise<boolean> {
    return inTransaction(this.pool, async (tx) => {
      const { rowCount } = await tx.query('DELETE FROM agent_tools WHERE tenant_id = $1 AND name = $2', [
        tenantId,
        name,
      ]);
      if (rowCount !== 1) return false;
      await AuditOutbox.add(tx, { ...toolChange(tenantId, actor, name), action: 'tool.removed' });
      return true;
    });
  }
}

function toolChange(tenantId: TenantId, actor: AuditActor, name: string) {
  return { tenantId, actor, resourceType: 'tool', resourceId: name };
}
