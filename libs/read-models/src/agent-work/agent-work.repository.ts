import type { TenantId } from '@chorda/kernel';
import type pg from 'pg';
import {
  toAnswered,
  toBegun,
  toLeased,
  type AnsweredRow,
  type AnsweredWork,
  type BegunRow,
  type BegunWork,
  type CallsWanted,
  type ExpiredLeases,
  type LeasedRow,
  type LeasedWork,
  type NewWork,
  type WorkAnswer,
} from './work-rows.js';

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

const leasedColumnsOf = (row: string) => `${row}.tenant_id, ${row}.work_id, ${row}.queue, ${row}.tool_name,
  ${row}.repeatable, ${row}.work, ${row}.metadata, ${row}.lease_ms, ${row}.lease_token, ${row}.deliveries,
  (extract(epoch FROM ${row}.deadline_at - now()) * 1000)::float8 AS left_ms`;
const begunColumnsOf = (row: string) => `${row}.tenant_id, ${row}.work_id, ${row}.work, ${row}.metadata, ${row}.owner,
  (extract(epoch FROM ${row}.begun_at) * 1000)::float8 AS begun_ms`;
const leaseTo = (owner: string) => `state = 'leased', lease_token = gen_random_uuid(), owner = ${owner},
  updated_at = now(), lease_until = now() + lease_ms * interval '1 millisecond', deliveries = deliveries + 1,
  begun_at = coalesce(begun_at, now())`;

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
   * `owner` at once, which saves a write each; the others are ready for whoever asks, and `readyChannel` hears of their
   * tenants with the same commit.
   */
  async take(
    items: readonly NewWork[],
    owner: string,
    leasesMax: number,
    readyChannel: string | null = null,
  ): Promise<readonly LeasedWork[]> {
    const { rows } = await this.pool.query<LeasedRow & { readonly state: string }>({
      name: `${this.table}: take`,
      text: this.takeText,
      values: [
        owner,
        leasesMax,
        readyChannel,
        items.map(({ tenantId }) => tenantId),
        items.map(({ workId }) => workId),
        items.map(({ queue }) => queue),
        items.map(({ toolName }) => toolName),
        items.map(({ repeatable }) => repeatable),
        items.map(({ work }) => work),
        items.map(({ metadata }) => metadata),
        items.map(({ leaseMs }) => leaseMs),
        items.map(({ deadlineMs }) => deadlineMs),
        items.map(({ isTold }) => isTold ?? true),
      ],
    });
    return rows.filter(({ state }) => state === 'leased').map(toLeased);
  }

  private get takeText(): string {
    return `WITH taken AS (
       INSERT INTO ${this.table} (tenant_id, work_id, queue, tool_name, repeatable, work, metadata, lease_ms, deadline_at,
         is_told, state, owner, lease_token, lease_until, begun_at, deliveries)
       SELECT tenant_id, work_id, queue, tool_name, repeatable, work, metadata, lease_ms,
         to_timestamp(deadline_ms / 1000.0), is_told, CASE WHEN mine THEN 'leased' ELSE 'ready' END,
         CASE WHEN mine THEN $1 END, CASE WHEN mine THEN gen_random_uuid() END,
         CASE WHEN mine THEN now() + lease_ms * interval '1 millisecond' END, CASE WHEN mine THEN now() END,
         CASE WHEN mine THEN 1 ELSE 0 END
       FROM (
         SELECT *, place <= $2 AS mine
         FROM unnest($4::text[], $5::text[], $6::text[], $7::text[], $8::bool[], $9::text[], $10::text[], $11::int[],
           $12::float8[], $13::bool[]) WITH ORDINALITY
           AS item (tenant_id, work_id, queue, tool_name, repeatable, work, metadata, lease_ms, deadline_ms, is_told, place)
       ) AS item
       WHERE to_timestamp(deadline_ms / 1000.0) > now()
       ORDER BY tenant_id, work_id
       ON CONFLICT DO NOTHING
       RETURNING *
     ), told AS MATERIALIZED (
       SELECT pg_notify($3, tenant_id) FROM (SELECT DISTINCT tenant_id FROM taken WHERE state = 'ready') AS ready
       WHERE $3::text IS NOT NULL
     )
     SELECT taken.state, ${leasedColumnsOf('taken')}, (SELECT count(*) FROM told) AS told FROM taken`;
  }

  /** Leases the oldest ready work of these queues, of whatever tenant. */
  async claim(queues: readonly string[], owner: string, max: number): Promise<readonly LeasedWork[]> {
    const { rows } = await this.pool.query<LeasedRow>(
      `UPDATE ${this.table} AS kept SET ${leaseTo('$1')}
       WHERE (tenant_id, work_id) IN (
         SELECT tenant_id, work_id FROM ${this.table}
         WHERE state = 'ready' AND queue = ANY($2) AND deadline_at > now()
         ORDER BY created_at LIMIT $3 FOR UPDATE SKIP LOCKED
       ) RETURNING ${leasedColumnsOf('kept')}`,
      [owner, queues, max],
    );
    return rows.map(toLeased);
  }

  /** Leases the oldest ready calls of these tools of a tenant. */
  async claimCalls(
    call: Pick<CallsWanted, 'tenantId' | 'queue' | 'tools'>,
    owner: string,
    max: number,
  ): Promise<readonly LeasedWork[]> {
    const [claimed = []] = await this.claimForAll([{ ...call, owner, max }]);
    return claimed;
  }

  /**
   * The same for many workers in one statement, each answered in its place. What several ask for is given to the first of
   * them; who got less than there was for its tools asks again.
   */
  async claimForAll(wanted: readonly CallsWanted[]): Promise<readonly (readonly LeasedWork[])[]> {
    const { rows } = await this.pool.query<LeasedRow & { readonly place: number }>({
      name: `${this.table}: claim for all`,
      text: `WITH found AS MATERIALIZED (
           SELECT wanted.place, wanted.owner, oldest.tenant_id, oldest.work_id
           FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::int[]) WITH ORDINALITY
             AS wanted (tenant_id, queue, tools, owner, max, place)
           CROSS JOIN LATERAL (
             SELECT ready.tenant_id, ready.work_id FROM ${this.table} AS ready
             WHERE ready.state = 'ready' AND ready.tenant_id = wanted.tenant_id AND ready.queue = wanted.queue
               AND ready.tool_name = ANY (string_to_array(wanted.tools, ',')) AND ready.deadline_at > now()
             ORDER BY ready.created_at LIMIT wanted.max FOR UPDATE SKIP LOCKED
           ) AS oldest
         ), given AS (
           SELECT DISTINCT ON (tenant_id, work_id) place, owner, tenant_id, work_id
           FROM found ORDER BY tenant_id, work_id, place
         )
         UPDATE ${this.table} AS kept SET ${leaseTo('given.owner')}
         FROM given WHERE (kept.tenant_id, kept.work_id) = (given.tenant_id, given.work_id)
         RETURNING given.place::int AS place, ${leasedColumnsOf('kept')}`,
      values: [
        wanted.map(({ tenantId }) => tenantId),
        wanted.map(({ queue }) => queue),
        wanted.map(({ tools }) => tools.join(',')),
        wanted.map(({ owner }) => owner),
        wanted.map(({ max }) => max),
      ],
    });
    const claimed: LeasedWork[][] = wanted.map(() => []);
    for (const row of rows) claimed[row.place - 1]?.push(toLeased(row));
    return claimed;
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
    return new Set((await this.answerAll(answers)).keys());
  }

  /** The same. @returns What was kept, by its lease token, with what its command needs. */
  async answerAll(answers: readonly WorkAnswer[]): Promise<ReadonlyMap<string, AnsweredWork>> {
    const { rows } = await this.pool.query<AnsweredRow & { readonly lease_token: string }>({
      name: `${this.table}: answer`,
      text: `WITH ${heldRows(this.table)}
         UPDATE ${this.table} AS kept
         SET state = 'answered', outcome = given.outcome, lease_until = NULL, updated_at = now()
         FROM held JOIN unnest($3::uuid[], $4::text[]) AS given (lease_token, outcome) USING (lease_token)
         WHERE (kept.tenant_id, kept.work_id) = (held.tenant_id, held.work_id)
         RETURNING kept.lease_token, kept.outcome, ${begunColumnsOf('kept')}`,
      values: [...leaseColumns(answers), answers.map(({ outcome }) => outcome)],
    });
    return new Map(rows.map((row) => [row.lease_token, toAnswered(row)]));
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
    const { rows } = await this.pool.query<AnsweredRow>(
      `UPDATE ${this.table} AS kept SET updated_at = now()
       WHERE (tenant_id, work_id) IN (
         SELECT tenant_id, work_id FROM ${this.table}
         WHERE state = 'answered' AND updated_at <= now() - $1 * interval '1 millisecond'
         ORDER BY updated_at LIMIT $2 FOR UPDATE SKIP LOCKED
       ) RETURNING kept.outcome, ${begunColumnsOf('kept')}`,
      [idleMs, max],
    );
    return rows.map(toAnswered);
  }

  /** What somebody has had for longer than `heldMs`, and of whose start its engine has not heard. */
  async untold(heldMs: number, max: number): Promise<readonly BegunWork[]> {
    const { rows } = await this.pool.query<BegunRow>(
      `SELECT ${begunColumnsOf('begun')} FROM ${this.table} AS begun
       WHERE state = 'leased' AND NOT is_told AND begun_at <= now() - $1 * interval '1 millisecond'
       ORDER BY begun_at LIMIT $2`,
      [heldMs, max],
    );
    return rows.map(toBegun);
  }

  async told(works: readonly { readonly tenantId: TenantId; readonly workId: string }[]): Promise<void> {
    await this.pool.query(
      `WITH begun AS (
         SELECT kept.tenant_id, kept.work_id
         FROM unnest($1::text[], $2::text[]) AS given (tenant_id, work_id)
         JOIN ${this.table} AS kept USING (tenant_id, work_id)
         WHERE NOT kept.is_told
         ORDER BY kept.tenant_id, kept.work_id FOR UPDATE OF kept
       )
       UPDATE ${this.table} AS kept SET is_told = true
       FROM begun WHERE (kept.tenant_id, kept.work_id) = (begun.tenant_id, begun.work_id)`,
      [works.map(({ tenantId }) => tenantId), works.map(({ workId }) => workId)],
    );
  }

  /** The command is acknowledged: of the row stays what tells a repeat. */
  async done(works: readonly { readonly tenantId: TenantId; readonly workId: string }[]): Promise<void> {
    await this.pool.query({
      name: `${this.table}: done`,
      text: `WITH sent AS (
           SELECT answered.tenant_id, answered.work_id
           FROM unnest($1::text[], $2::text[]) AS given (tenant_id, work_id)
           JOIN ${this.table} AS answered USING (tenant_id, work_id)
           WHERE answered.state = 'answered'
           ORDER BY answered.tenant_id, answered.work_id FOR UPDATE OF answered
         )
         UPDATE ${this.table} AS kept
         SET state = 'done', work = NULL, metadata = NULL, outcome = NULL, updated_at = now()
         FROM sent WHERE (kept.tenant_id, kept.work_id) = (sent.tenant_id, sent.work_id)`,
      values: [works.map(({ tenantId }) => tenantId), works.map(({ workId }) => workId)],
    });
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
           lease_token = NULL, lease_until = NULL, owner = CASE WHEN repeatable THEN NULL ELSE owner END
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
