import type { TenantId } from '@chorda/kernel';
import type pg from 'pg';
import { alive, beginStatement } from './begin-statement.js';
import { settleStatement } from './settle-statement.js';

/** A call of a model that is about to be made. */
export interface NewAttempt {
  readonly tenantId: TenantId;
  readonly requestId: string;
  /** What whoever has to account for the call needs to know when its worker is gone. */
  readonly usage: string;
  /** Left out: no budget counts it. */
  readonly reserve?: Reserve;
}

/** What a call may cost at most, and whose budgets it is set against. */
export interface Reserve {
  /** UTC, `YYYY-MM-DD`. */
  readonly day: string;
  readonly agentId: string | undefined;
  /** Exact decimal. */
  readonly costUsd: string;
  readonly tokens: number;
  readonly tenantLimit: BudgetLimit | undefined;
  readonly agentLimit: BudgetLimit | undefined;
}

/** Of one day; left out: without limit. */
export interface BudgetLimit {
  readonly costUsd?: string | undefined;
  readonly tokens?: number | undefined;
}

export type BegunAttempt =
  /** The number is the request's next, whoever made the others. */
  | { readonly kind: 'begun'; readonly attempt: number }
  /** The request has its outcome: there is nothing to call a model for. */
  | { readonly kind: 'over' }
  /** Another worker that is alive has an attempt under way: its outcome is waited for, and not paid for twice. */
  | { readonly kind: 'taken' }
  | { readonly kind: 'over budget'; readonly of: 'tenant' | 'agent' };

/** An outcome as it is published. */
export interface ClaimedOutcome {
  readonly type: string;
  readonly eventId: string;
  readonly value: Buffer;
  /** JSON. */
  readonly headers: string;
}

export interface OutboxRecord {
  /** The event's id. */
  readonly recordId: string;
  /** `usage`: written only where the attempt was still open. */
  readonly kind: 'outcome' | 'usage';
  readonly topic: string;
  readonly key: Buffer;
  readonly value: Buffer;
  /** JSON. */
  readonly headers: string;
}

export interface Settlement {
  readonly tenantId: TenantId;
  readonly requestId: string;
  /** The one that ends with it; undefined: none was made. */
  readonly attempt: number | undefined;
  /** Undefined: the request goes on, or has its outcome from somebody else. */
  readonly outcome: ClaimedOutcome | undefined;
  readonly records: readonly OutboxRecord[];
  readonly costUsd: string;
  readonly tokens: number;
}

export interface SettledRequest {
  /** False: nothing of the settlement was written. Somebody else had decided, or the attempt is closed. */
  readonly isClaimed: boolean;
  /** Somebody has accounted its attempt, who took this worker for gone: whether there is an outcome is not said. */
  readonly isClosed: boolean;
  /** Records that were written, and are now to be published. */
  readonly recordIds: ReadonlySet<string>;
}

export interface OpenAttempt {
  readonly tenantId: TenantId;
  readonly requestId: string;
  readonly attempt: number;
  readonly usage: string;
  readonly beganMs: number;
}

export interface UnpublishedRecord {
  readonly tenantId: TenantId;
  readonly recordId: string;
  readonly topic: string;
  readonly key: Buffer;
  readonly value: Buffer;
  readonly headers: string;
}

/** Where inference workers agree on what became of a request. Written with the owner's role: each row names its tenant. */
export class InferenceOutcomeRepository {
  constructor(
    private readonly pool: pg.Pool,
    private readonly worker: string,
  ) {}

  /** Begins attempts at requests that have no outcome, in one statement. Items of one call are of different requests. */
  async begin(attempts: readonly NewAttempt[]): Promise<readonly BegunAttempt[]> {
    const { rows } = await this.pool.query<{ place: string; attempt: number | null; is_over: boolean }>({
      name: 'inference: begin attempts',
      text: beginStatement,
      values: [
        this.worker,
        attempts.map(({ tenantId }) => tenantId),
        attempts.map(({ requestId }) => requestId),
        attempts.map(({ usage }) => usage),
      ],
    });
    const answers = new Map(rows.map((row) => [Number(row.place), row]));
    return attempts.map((_, index) => {
      const row = answers.get(index + 1);
      if (typeof row?.attempt === 'number') return { kind: 'begun', attempt: row.attempt };
      return row?.is_over ? { kind: 'over' } : { kind: 'taken' };
    });
  }

  /**
   * Begins an attempt that budgets count: what it may cost is set aside in the transaction that begins it, or it is not
   * begun. The rows of a budget are locked one after the other, so that two workers never promise the same money.
   */
  async beginReserved(attempt: NewAttempt & { readonly reserve: Reserve }): Promise<BegunAttempt> {
    const { reserve, tenantId } = attempt;
    const client = await this.pool.connect();
    try {
      await client.query('BEGIN');
      const limits = [
        ['tenant', '', reserve.tenantLimit],
        ['agent', reserve.agentId ?? '', reserve.agentId === undefined ? undefined : reserve.agentLimit],
      ] as const;
      for (const [of, agentId, limit] of limits) {
        if (limit === undefined || (await reserveOf(client, tenantId, agentId, reserve, limit))) continue;
        await client.query('ROLLBACK');
        return { kind: 'over budget', of };
      }
      const begun = await beginOne(client, this.worker, attempt);
      await client.query(begun.kind === 'begun' ? 'COMMIT' : 'ROLLBACK');
      return begun;
    } catch (error) {
      await client.query('ROLLBACK').catch(() => undefined);
      throw error;
    } finally {
      client.release();
    }
  }

  /**
   * Ends attempts and requests, in one statement: claims of outcomes, what attempts cost, the records that say so. Nothing
   * of a settlement is written where its outcome was claimed by somebody else.
   */
  async settle(settlements: readonly Settlement[]): Promise<readonly SettledRequest[]> {
    const { rows } = await this.pool.query<SettledRow>({
      name: 'inference: settle',
      text: settleStatement,
      values: [this.worker, ...settlementColumns(settlements), ...recordColumns(settlements)],
    });
    const placesOf = (isClosed: boolean) =>
      new Set(rows.filter((row) => row.place !== null && row.is_closed === isClosed).map(({ place }) => Number(place)));
    const [counted, closed] = [placesOf(false), placesOf(true)];
    // Ids are derived from the tenant too: no two settlements have the same.
    const written = new Set(rows.map(({ record_id: recordId }) => recordId));
    return settlements.map(({ records }, index) => {
      const ids = records.map(({ recordId }) => recordId).filter((id) => written.has(id));
      return { isClaimed: counted.has(index + 1), isClosed: closed.has(index + 1), recordIds: new Set(ids) };
    });
  }

  /** The brokers have acknowledged them. */
  async published(records: readonly Pick<UnpublishedRecord, 'tenantId' | 'recordId'>[]): Promise<void> {
    await this.pool.query({
      name: 'inference: published',
      text: `DELETE FROM inference_outbox o USING unnest($1::text[], $2::text[]) AS p (tenant_id, record_id)
        WHERE o.tenant_id = p.tenant_id AND o.record_id = p.record_id`,
      values: [records.map(({ tenantId }) => tenantId), records.map(({ recordId }) => recordId)],
    });
  }

  /** Records that nobody has published for so long, the oldest first; others leave them alone for as long again. */
  async unpublished(idleMs: number, max: number): Promise<readonly UnpublishedRecord[]> {
    const { rows } = await this.pool.query<UnpublishedRow>(
      `UPDATE inference_outbox SET created_at = clock_timestamp() WHERE (tenant_id, record_id) IN (
         SELECT tenant_id, record_id FROM inference_outbox
         WHERE created_at < clock_timestamp() - $1 * interval '1 millisecond'
         ORDER BY created_at LIMIT $2 FOR UPDATE SKIP LOCKED
       ) RETURNING tenant_id, record_id, topic, key, value, headers`,
      [idleMs, max],
    );
    return rows.map(({ tenant_id: tenantId, record_id: recordId, ...rest }) => ({ tenantId, recordId, ...rest }));
  }

  /** This worker is alive. */
  async beat(): Promise<void> {
    await this.pool.query(
      `INSERT INTO inference_workers (worker, beat_at) VALUES ($1, now())
       ON CONFLICT (worker) DO UPDATE SET beat_at = excluded.beat_at`,
      [this.worker],
    );
  }

  /** This worker has no attempt left, and makes none any more. */
  async leave(): Promise<void> {
    await this.pool.query('DELETE FROM inference_workers WHERE worker = $1', [this.worker]);
  }

  /** Open attempts of workers that nothing was heard of for so long. */
  async lostAttempts(silentMs: number, max: number): Promise<readonly OpenAttempt[]> {
    const { rows } = await this.pool.query<OpenAttemptRow>(
      `SELECT a.tenant_id, a.request_id, a.attempt, a.usage, extract(epoch FROM a.begun_at) * 1000 AS began_ms
       FROM inference_attempts a LEFT JOIN inference_workers w USING (worker)
       WHERE a.settled_at IS NULL AND a.worker <> $3
         AND coalesce(w.beat_at, a.begun_at) < now() - $1 * interval '1 millisecond'
         AND a.begun_at < now() - $1 * interval '1 millisecond'
       LIMIT $2`,
      [silentMs, max, this.worker],
    );
    return rows.map((row) => ({
      tenantId: row.tenant_id,
      requestId: row.request_id,
      attempt: row.attempt,
      usage: row.usage,
      beganMs: Math.round(Number(row.began_ms)),
    }));
  }

  /** Takes out what is older than any request that can still come from the log. @returns How many outcomes. */
  async prune(keepMs: number, max: number): Promise<number> {
    const { rowCount } = await this.pool.query(
      `DELETE FROM inference_outcomes WHERE (tenant_id, request_id) IN (SELECT tenant_id, request_id
         FROM inference_outcomes WHERE decided_at < now() - $1 * interval '1 millisecond' ORDER BY decided_at LIMIT $2)`,
      [keepMs, max],
    );
    const old = `begun_at < now() - $1 * interval '1 millisecond'`;
    await this.pool.query(
      `DELETE FROM inference_attempts WHERE (tenant_id, request_id, attempt) IN (SELECT tenant_id, request_id, attempt
         FROM inference_attempts WHERE settled_at IS NOT NULL AND ${old} ORDER BY begun_at LIMIT $2)`,
      [keepMs, max],
    );
    await this.pool.query("DELETE FROM inference_workers WHERE beat_at < now() - interval '1 day'");
    await this.pool.query("DELETE FROM inference_models WHERE seen_at < now() - interval '1 day'");
    await this.pool.query('DELETE FROM inference_budgets WHERE day < current_date - 400');
    return rowCount ?? 0;
  }
}

interface SettledRow {
  readonly place: string | null;
  readonly record_id: string | null;
  readonly is_closed: boolean;
}

interface UnpublishedRow extends Omit<UnpublishedRecord, 'tenantId' | 'recordId'> {
  readonly tenant_id: TenantId;
  readonly record_id: string;
}

interface OpenAttemptRow {
  readonly tenant_id: TenantId;
  readonly request_id: string;
  readonly attempt: number;
  readonly usage: string;
  readonly began_ms: string;
}

async function reserveOf(
  client: pg.ClientBase,
  tenantId: TenantId,
  agentId: string,
  { day, costUsd, tokens }: Reserve,
  limit: BudgetLimit,
): Promise<boolean> {
  const { rowCount } = await client.query(
    `INSERT INTO inference_budgets AS b (tenant_id, agent_id, day, reserved_usd, reserved_tokens)
     SELECT $1, $2, $3::date, $4::numeric, $5::bigint
     WHERE ($6::numeric IS NULL OR $4::numeric <= $6) AND ($7::bigint IS NULL OR $5::bigint <= $7)
     ON CONFLICT (tenant_id, agent_id, day) DO UPDATE SET reserved_usd = b.reserved_usd + excluded.reserved_usd,
       reserved_tokens = b.reserved_tokens + excluded.reserved_tokens
     WHERE ($6::numeric IS NULL OR b.cost_usd + b.reserved_usd + $4::numeric <= $6)
       AND ($7::bigint IS NULL OR b.tokens + b.reserved_tokens + $5::bigint <= $7)`,
    [tenantId, agentId, day, costUsd, tokens, limit.costUsd ?? null, limit.tokens ?? null],
  );
  return rowCount === 1;
}

async function beginOne(
  client: pg.ClientBase,
  worker: string,
  { tenantId, requestId, usage, reserve }: NewAttempt & { readonly reserve: Reserve },
): Promise<BegunAttempt> {
  const { rows } = await client.query<{ attempt: number }>(
    `INSERT INTO inference_attempts (tenant_id, request_id, attempt, worker, usage, agent_id, day, reserved_usd,
       reserved_tokens)
     SELECT $1, $2, coalesce((SELECT max(attempt) FROM inference_attempts WHERE tenant_id = $1 AND request_id = $2), 0) + 1,
       $3, $4, $5, $6::date, $7::numeric, $8::bigint
     WHERE NOT EXISTS (SELECT FROM inference_outcomes WHERE tenant_id = $1 AND request_id = $2)
       AND NOT EXISTS (SELECT FROM inference_attempts t JOIN inference_workers w USING (worker)
         WHERE t.tenant_id = $1 AND t.request_id = $2 AND t.worker <> $3 AND t.settled_at IS NULL
           AND w.beat_at > now() - ${alive})
     ON CONFLICT DO NOTHING RETURNING attempt`,
    [tenantId, requestId, worker, usage, reserve.agentId ?? null, reserve.day, reserve.costUsd, reserve.tokens],
  );
  if (rows[0]) return { kind: 'begun', attempt: rows[0].attempt };
  const { rowCount } = await client.query('SELECT FROM inference_outcomes WHERE tenant_id = $1 AND request_id = $2', [
    tenantId,
    requestId,
  ]);
  return rowCount === 1 ? { kind: 'over' } : { kind: 'taken' };
}

function settlementColumns(settlements: readonly Settlement[]): readonly unknown[] {
  return [
    settlements.map(({ tenantId }) => tenantId),
    settlements.map(({ requestId }) => requestId),
    settlements.map(({ attempt }) => attempt ?? null),
    settlements.map(({ outcome }) => outcome?.type ?? null),
    settlements.map(({ outcome }) => outcome?.eventId ?? null),
    settlements.map(({ outcome }) => outcome?.value ?? null),
    settlements.map(({ outcome }) => outcome?.headers ?? null),
    settlements.map(({ costUsd }) => costUsd),
    settlements.map(({ tokens }) => tokens),
  ];
}

function recordColumns(settlements: readonly Settlement[]): readonly unknown[] {
  const records = settlements.flatMap((settlement, index) =>
    settlement.records.map((record) => ({ ...record, place: index + 1 })),
  );
  return [
    records.map(({ place }) => place),
    records.map(({ recordId }) => recordId),
    records.map(({ kind }) => kind),
    records.map(({ topic }) => topic),
    records.map(({ key }) => key),
    records.map(({ value }) => value),
    records.map(({ headers }) => headers),
  ];
}
