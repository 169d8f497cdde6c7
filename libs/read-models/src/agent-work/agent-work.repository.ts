import type { TenantId } from '@chorda/kernel';
import type pg from 'pg';

/** Told when work waits for workers; the payload is the tenant. */
export const workReadyChannel = 'agent_work_ready';
/** Told when an answer waits for its command to be sent. */
export const workAnsweredChannel = 'agent_work_answered';
/** The same for steps of workflows. */
export const stepReadyChannel = 'workflow_work_ready';
export const stepAnsweredChannel = 'workflow_work_answered';
export const stepRevokedChannel = 'workflow_work_revoked';

/** Told when tries are given up; the payload is their ids, separated by commas. */
export const workRevokedChannel = 'agent_work_revoked';

export interface NewWork {
  readonly tenantId: TenantId;
  /** The engine's attempt token: one row, and one execution, for each. */
  readonly workId: string;
  readonly queue: string;
  readonly toolName: string | null;
  /** Whether it may be begun again when nobody knows what became of it. */
  readonly repeatable: boolean;
  readonly work: string;
  readonly metadata: string;
  readonly leaseMs: number;
  readonly deadlineMs: number;
}

export interface LeasedWork {
  readonly tenantId: TenantId;
  readonly workId: string;
  readonly queue: string;
  readonly toolName: string | null;
  /** Whether it may be begun again when nobody knows what became of it. */
  readonly repeatable: boolean;
  readonly work: string;
  readonly metadata: string;
  readonly leaseMs: number;
  readonly leaseToken: string;
  /** How often it was given to somebody, this time included. */
  readonly deliveries: number;
  /** What is left until the engine gives the try up, by the clock of the database. */
  readonly leftMs: number;
}

export interface WorkAnswer {
  readonly tenantId: TenantId;
  readonly workId: string;
  readonly leaseToken: string;
  readonly outcome: string;
}

export interface AnsweredWork {
  readonly tenantId: TenantId;
  readonly workId: string;
  readonly work: string;
  readonly metadata: string;
  readonly outcome: string;
}

export interface ExpiredLeases {
  /** Given back to be begun again. */
  readonly repeated: number;
  /** Not to be repeated, and answered as lost. */
  readonly lost: number;
}

interface LeasedRow {
  readonly tenant_id: TenantId;
  readonly work_id: string;
  readonly queue: string;
  readonly tool_name: string | null;
  readonly repeatable: boolean;
  readonly work: string;
  readonly metadata: string;
  readonly lease_ms: number;
  readonly lease_token: string;
  readonly deliveries: number;
  readonly left_ms: number;
}

const leasedColumns = `tenant_id, work_id, queue, tool_name, repeatable, work, metadata, lease_ms, lease_token, deliveries,
  (extract(epoch FROM deadline_at - now()) * 1000)::float8 AS left_ms`;
const lease = `state = 'leased', lease_token = gen_random_uuid(), owner = $1, updated_at = now(),
  lease_until = now() + lease_ms * interval '1 millisecond', deliveries = deliveries + 1`;

/**
 * The rows of these leases, as far as they hold, locked in one order: executors whose heartbeats and answers met in
 * another order each waited for the other, and a whole group of answers was lost.
 */
const heldRows = (table: string) => `held AS (
  SELECT leased.tenant_id, leased.work_id, leased.lease_token
  FROM unnest($1::text[], $2::text[], $3::uuid[]) AS given (tenant_id, work_id, lease_token)
  JOIN ${table} AS leased USING (tenant_id, work_id, lease_token)
  WHERE leased.state = 'leased'
  ORDER BY leased.tenant_id, leased.work_id FOR UPDATE OF leased
)`;

/** The inbox of executors and workers. Written with the owner's role: every statement names the tenants of its rows, or serves all of them. */
export class AgentWorkRepository {
  /** @param table Of the same columns: works of agents and works of workflows lie apart, each looked after by its own executors. */
  constructor(
    private readonly pool: pg.Pool,
    private readonly table: 'agent_work' | 'workflow_work' = 'agent_work',
  ) {}

  /**
   * Takes in work; what is there already, or is past its deadline, is left out. The first `leasesMax` are leased to
   * `owner` at once, which saves a write each; the others are ready for whoever asks.
   */
  async take(items: readonly NewWork[], owner: string, leasesMax: number): Promise<readonly LeasedWork[]> {
    const { rows } = await this.pool.query<LeasedRow & { readonly state: string }>(
      `INSERT INTO ${this.table} (tenant_id, work_id, queue, tool_name, repeatable, work, metadata, lease_ms, deadline_at,
         state, owner, lease_token, lease_until, deliveries)
       SELECT tenant_id, work_id, queue, tool_name, repeatable, work, metadata, lease_ms,
         to_timestamp(deadline_ms / 1000.0), CASE WHEN mine THEN 'leased' ELSE 'ready' END,
         CASE WHEN mine THEN $1 END, CASE WHEN mine THEN gen_random_uuid() END,
         CASE WHEN mine THEN now() + lease_ms * interval '1 millisecond' END, CASE WHEN mine THEN 1 ELSE 0 END
       FROM (
         SELECT *, place <= $2 AS mine
         FROM unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::bool[], $8::text[], $9::text[], $10::int[],
           $11::float8[]) WITH ORDINALITY
           AS item (tenant_id, work_id, queue, tool_name, repeatable, work, metadata, lease_ms, deadline_ms, place)
       ) AS item
       WHERE to_timestamp(deadline_ms / 1000.0) > now()
       ORDER BY tenant_id, work_id
       ON CONFLICT DO NOTHING
       RETURNING state, ${leasedColumns}`,
      [
        owner,
        leasesMax,
        items.map(({ tenantId }) => tenantId),
        items.map(({ workId }) => workId),
        items.map(({ queue }) => queue),
        items.map(({ toolName }) => toolName),
        items.map(({ repeatable }) => repeatable),
        items.map(({ work }) => work),
        items.map(({ metadata }) => metadata),
        items.map(({ leaseMs }) => leaseMs),
        items.map(({ deadlineMs }) => deadlineMs),
      ],
    );
    return rows.filter(({ state }) => state === 'leased').map(toLeased);
  }

  /** Leases the oldest ready work of these queues, of whatever tenant. */
  async claim(queues: readonly string[], owner: string, max: number): Promise<readonly LeasedWork[]> {
    const { rows } = await this.pool.query<LeasedRow>(
      `UPDATE ${this.table} SET ${lease}
       WHERE (tenant_id, work_id) IN (
         SELECT tenant_id, work_id FROM ${this.table}
         WHERE state = 'ready' AND queue = ANY($2) AND deadline_at > now()
         ORDER BY created_at LIMIT $3 FOR UPDATE SKIP LOCKED
       ) RETURNING ${leasedColumns}`,
      [owner, queues, max],
    );
    return rows.map(toLeased);
  }

  /** Leases the oldest ready calls of these tools of a tenant. */
  async claimCalls(
    call: { readonly tenantId: TenantId; readonly queue: string; readonly tools: readonly string[] },
    owner: string,
    max: number,
  ): Promise<readonly LeasedWork[]> {
    const { rows } = await this.pool.query<LeasedRow>(
      `UPDATE ${this.table} SET ${lease}
       WHERE (tenant_id, work_id) IN (
         SELECT tenant_id, work_id FROM ${this.table}
         WHERE state = 'ready' AND tenant_id = $2 AND queue = $3 AND tool_name = ANY($4) AND deadline_at > now()
         ORDER BY created_at LIMIT $5 FOR UPDATE SKIP LOCKED
       ) RETURNING ${leasedColumns}`,
      [owner, call.tenantId, call.queue, call.tools, max],
    );
    return rows.map(toLeased);
  }

  /** Lengthens leases. The tokens of those that hold: the others are somebody else's by now, or nobody's. */
  async beat(leases: readonly Omit<WorkAnswer, 'outcome'>[]): Promise<ReadonlySet<string>> {
    const { rows } = await this.pool.query<{ lease_token: string }>(
      `WITH ${heldRows(this.table)}
       UPDATE ${this.table} AS kept
       SET lease_until = now() + lease_ms * interval '1 millisecond', updated_at = now()
       FROM held WHERE (kept.tenant_id, kept.work_id) = (held.tenant_id, held.work_id) AND kept.deadline_at > now()
       RETURNING kept.lease_token`,
      leaseColumns(leases),
    );
    return new Set(rows.map(({ lease_token }) => lease_token));
  }

  /**
   * Keeps how far a step has come with it, for whoever is given it when this lease ends: the engine hears of it too, and
   * tells its next try alone.
   */
  async keepCheckpoint(
    { tenantId, workId, leaseToken }: Omit<WorkAnswer, 'outcome'>,
    { n, value }: { readonly n: number; readonly value: string },
  ): Promise<void> {
    await this.pool.query(
      `UPDATE ${this.table} SET work = jsonb_set(
         jsonb_set(work::jsonb, '{data,checkpoint}', to_jsonb($4::int)), '{data,checkpoint_value}', to_jsonb($5::text)
       )::text
       WHERE tenant_id = $1 AND work_id = $2 AND lease_token = $3 AND state = 'leased'
         AND coalesce((work::jsonb #>> '{data,checkpoint}')::int, 0) < $4`,
      [tenantId, workId, leaseToken, n, value],
    );
  }

  /** Keeps answers of those who hold the lease. The tokens of those that were kept: the others come too late. */
  async answer(answers: readonly WorkAnswer[]): Promise<ReadonlySet<string>> {
    const { rows } = await this.pool.query<{ lease_token: string }>(
      `WITH ${heldRows(this.table)}
       UPDATE ${this.table} AS kept
       SET state = 'answered', outcome = given.outcome, lease_until = NULL, updated_at = now()
       FROM held JOIN unnest($3::uuid[], $4::text[]) AS given (lease_token, outcome) USING (lease_token)
       WHERE (kept.tenant_id, kept.work_id) = (held.tenant_id, held.work_id)
       RETURNING kept.lease_token`,
      [...leaseColumns(answers), answers.map(({ outcome }) => outcome)],
    );
    return new Set(rows.map(({ lease_token }) => lease_token));
  }

  /** Whether the answer that is kept was given under this lease. */
  async isAnswered({ tenantId, workId, leaseToken }: Omit<WorkAnswer, 'outcome'>): Promise<boolean> {
    const { rows } = await this.pool.query(
      `SELECT 1 FROM ${this.table}
       WHERE tenant_id = $1 AND work_id = $2 AND lease_token = $3 AND state IN ('answered', 'done')`,
      [tenantId, workId, leaseToken],
    );
    return rows.length === 1;
  }

  /** Gives back what was not begun. */
  async release(leases: readonly Omit<WorkAnswer, 'outcome'>[]): Promise<void> {
    await this.pool.query(
      `WITH ${heldRows(this.table)}
       UPDATE ${this.table} AS kept
       SET state = 'ready', lease_token = NULL, lease_until = NULL, owner = NULL, updated_at = now()
       FROM held WHERE (kept.tenant_id, kept.work_id) = (held.tenant_id, held.work_id)`,
      leaseColumns(leases),
    );
  }

  /**
   * Ends tries that nobody waits for: what was not begun never is, and a lease holds no more. What is answered already
   * stays so. @returns The tries that somebody was at.
   */
  async revoke(works: readonly { readonly tenantId: TenantId; readonly workId: string }[]): Promise<readonly string[]> {
    const { rows } = await this.pool.query<{ work_id: string; state: string }>(
      `WITH given AS (
         SELECT kept.tenant_id, kept.work_id, kept.state
         FROM unnest($1::text[], $2::text[]) AS given (tenant_id, work_id)
         JOIN ${this.table} AS kept USING (tenant_id, work_id)
         WHERE kept.state IN ('ready', 'leased')
         ORDER BY kept.tenant_id, kept.work_id FOR UPDATE OF kept
       )
       UPDATE ${this.table} AS kept
       SET state = 'done', work = NULL, metadata = NULL, lease_token = NULL, lease_until = NULL, updated_at = now()
       FROM given WHERE (kept.tenant_id, kept.work_id) = (given.tenant_id, given.work_id)
       RETURNING kept.work_id, given.state`,
      [works.map(({ tenantId }) => tenantId), works.map(({ workId }) => workId)],
    );
    return rows.filter(({ state }) => state === 'leased').map(({ work_id: workId }) => workId);
  }

  /**
   * Answers whose command nobody has sent for `idleMs`; whoever is given one has as long before another is. Several may
   * send the same one: the command's id tells that it is the same.
   */
  async unsent(idleMs: number, max: number): Promise<readonly AnsweredWork[]> {
    const { rows } = await this.pool.query<{
      tenant_id: TenantId;
      work_id: string;
      work: string;
      metadata: string;
      outcome: string;
    }>(
      `UPDATE ${this.table} SET updated_at = now()
       WHERE (tenant_id, work_id) IN (
         SELECT tenant_id, work_id FROM ${this.table}
         WHERE state = 'answered' AND updated_at <= now() - $1 * interval '1 millisecond'
         ORDER BY updated_at LIMIT $2 FOR UPDATE SKIP LOCKED
       ) RETURNING tenant_id, work_id, work, metadata, outcome`,
      [idleMs, max],
    );
    return rows.map(({ tenant_id, work_id, ...rest }) => ({ tenantId: tenant_id, workId: work_id, ...rest }));
  }

  /** The command is acknowledged: of the row stays what tells a repeat. */
  async done(works: readonly { readonly tenantId: TenantId; readonly workId: string }[]): Promise<void> {
    await this.pool.query(
      `WITH sent AS (
         SELECT answered.tenant_id, answered.work_id
         FROM unnest($1::text[], $2::text[]) AS given (tenant_id, work_id)
         JOIN ${this.table} AS answered USING (tenant_id, work_id)
         WHERE answered.state = 'answered'
         ORDER BY answered.tenant_id, answered.work_id FOR UPDATE OF answered
       )
       UPDATE ${this.table} AS kept
       SET state = 'done', work = NULL, metadata = NULL, outcome = NULL, updated_at = now()
       FROM sent WHERE (kept.tenant_id, kept.work_id) = (sent.tenant_id, sent.work_id)`,
      [works.map(({ tenantId }) => tenantId), works.map(({ workId }) => workId)],
    );
  }

  /** Ends leases that nobody has lengthened. `lostOutcome` is the answer of those that must not be repeated. */
  async expireLeases(lostOutcome: string, max: number): Promise<ExpiredLeases> {
    const { rows } = await this.pool.query<{ state: string; count: number }>(
      `WITH expired AS (
         UPDATE ${this.table} SET
           state = CASE WHEN repeatable THEN 'ready' ELSE 'answered' END,
           outcome = CASE WHEN repeatable THEN NULL ELSE $1 END,
           -- An answer that nobody has in hand is sent at once.
           updated_at = CASE WHEN repeatable THEN now() ELSE to_timestamp(0) END,
           lease_token = NULL, lease_until = NULL, owner = NULL
         WHERE (tenant_id, work_id) IN (
           SELECT tenant_id, work_id FROM ${this.table}
           WHERE state = 'leased' AND lease_until <= now()
           ORDER BY lease_until LIMIT $2 FOR UPDATE SKIP LOCKED
         ) RETURNING state
       ) SELECT state, count(*)::int AS count FROM expired GROUP BY state`,
      [lostOutcome, max],
    );
    const countOf = (state: string) => rows.find((row) => row.state === state)?.count ?? 0;
    return { repeated: countOf('ready'), lost: countOf('answered') };
  }

  /** Deletes what is over: work that was never begun by its deadline, and what is done, some time after it. */
  async prune(keepMs: number, max: number): Promise<{ readonly expired: number; readonly done: number }> {
    const { rows } = await this.pool.query<{ state: string; count: number }>(
      `WITH gone AS (
         DELETE FROM ${this.table} WHERE (tenant_id, work_id) IN (
           SELECT tenant_id, work_id FROM ${this.table}
           WHERE (state = 'done' AND deadline_at <= now() - $1 * interval '1 millisecond')
              OR (state = 'ready' AND deadline_at <= now() - $1 * interval '1 millisecond')
           ORDER BY deadline_at LIMIT $2 FOR UPDATE SKIP LOCKED
         ) RETURNING state
       ) SELECT state, count(*)::int AS count FROM gone GROUP BY state`,
      [keepMs, max],
    );
    const countOf = (state: string) => rows.find((row) => row.state === state)?.count ?? 0;
    return { expired: countOf('ready'), done: countOf('done') };
  }

  /** Rows by queue and state, for gauges. */
  async counts(): Promise<readonly { readonly queue: string; readonly state: string; readonly count: number }[]> {
    const { rows } = await this.pool.query<{ queue: string; state: string; count: number }>(
      `SELECT queue, state, count(*)::int AS count FROM ${this.table} WHERE state <> 'done' GROUP BY queue, state`,
    );
    return rows;
  }

  /** Wakes whoever waits at `channel`, in this and every other process. */
  async notify(channel: string, payload: string): Promise<void> {
    await this.pool.query('SELECT pg_notify($1, $2)', [channel, payload]);
  }
}

function leaseColumns(leases: readonly Omit<WorkAnswer, 'outcome'>[]): unknown[] {
  return [
    leases.map(({ tenantId }) => tenantId),
    leases.map(({ workId }) => workId),
    leases.map(({ leaseToken }) => leaseToken),
  ];
}

function toLeased(row: LeasedRow): LeasedWork {
  return {
    tenantId: row.tenant_id,
    workId: row.work_id,
    queue: row.queue,
    toolName: row.tool_name,
    repeatable: row.repeatable,
    work: row.work,
    metadata: row.metadata,
    leaseMs: row.lease_ms,
    leaseToken: row.lease_token,
    deliveries: row.deliveries,
    leftMs: row.left_ms,
  };
}
