import type { TenantId } from '@chorda/kernel';
import type pg from 'pg';

/** Which request: a key stands for one request of one operation of one tenant. */
export interface IdempotencyScope {
  readonly tenantId: TenantId;
  /** The route, `POST /v1/events`. */
  readonly operation: string;
  readonly key: string;
}

export interface Claim extends IdempotencyScope {
  /** SHA-256 of what was sent. */
  readonly fingerprint: Buffer;
  /** A UUID of this claim alone. */
  readonly token: string;
}

export interface KeptAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** As the caller of `save` gave it: compressed or not is its own affair. */
  readonly body: Buffer;
}

/**
 * What a claim came to. `claimed`: the request is the caller's to answer. `answered`: by an earlier request.
 * `in_flight`: somebody answers it now. `other_request`: the key stands for a request that was not this one.
 */
export type ClaimOutcome =
  | { readonly kind: 'claimed' }
  | { readonly kind: 'answered'; readonly answer: KeptAnswer; readonly expiresInMs: number }
  | { readonly kind: 'in_flight'; readonly leaseMs: number }
  | { readonly kind: 'other_request' };

interface KeptRow {
  readonly fingerprint: Buffer;
  readonly status: number | null;
  readonly headers: Readonly<Record<string, string>> | null;
  readonly body: Buffer | null;
  readonly lease_ms: string | null;
  readonly expires_ms: string;
}

/** Rows that one statement of `prune` deletes, so that it holds its locks for a moment only. */
const pruneRowsMax = 1_000;

/** Answers at rest, written with the owner's role: every statement names the tenant of every row that it touches. */
export class IdempotentAnswerRepository {
  constructor(private readonly pool: pg.Pool) {}

  /**
   * One outcome for each claim, in order; all in one statement where nothing was claimed before. No two claims may have
   * the same scope. An expired answer makes room; an expired lease is taken over by the same request alone.
   */
  async claim(claims: readonly Claim[], leaseMs: number, keepMs: number): Promise<readonly ClaimOutcome[]> {
    const { rows } = await this.pool.query<{ token: string }>(
      // Sorted, so that two gateways which claim the same keys wait for each other and do not deadlock.
      `INSERT INTO idempotent_answers AS kept
         (tenant_id, operation, key, fingerprint, token, lease_until, expires_at)
       SELECT tenant_id, operation, key, fingerprint, token,
         now() + $6 * interval '1 millisecond', now() + $7 * interval '1 millisecond'
       FROM unnest($1::text[], $2::text[], $3::text[], $4::bytea[], $5::uuid[])
         AS claim (tenant_id, operation, key, fingerprint, token)
       ORDER BY 1, 2, 3
       ON CONFLICT (tenant_id, operation, key) DO UPDATE SET
         fingerprint = excluded.fingerprint, token = excluded.token, lease_until = excluded.lease_until,
         expires_at = excluded.expires_at, status = NULL, headers = NULL, body = NULL
       WHERE (kept.expires_at <= now() AND (kept.status IS NOT NULL OR kept.lease_until <= now()))
         OR (kept.status IS NULL AND kept.lease_until <= now() AND kept.fingerprint = excluded.fingerprint)
       RETURNING token`,
      [
        ...scopeColumns(claims),
        claims.map((claim) => claim.fingerprint),
        claims.map(({ token }) => token),
        leaseMs,
        keepMs,
      ],
    );
    const mine = new Set(rows.map(({ token }) => token));
    return Promise.all(
      claims.map(async (claim) => (mine.has(claim.token) ? { kind: 'claimed' as const } : this.standing(claim))),
    );
  }

  /**
   * Keeps answers. The tokens of those that were kept: the others had lost their claim, and what they were to be
   * answered is to be asked for anew.
   */
  async save(
    answers: readonly (Claim & { readonly answer: KeptAnswer })[],
    keepMs: number,
  ): Promise<ReadonlySet<string>> {
    const { rows } = await this.pool.query<{ token: string }>(
      `UPDATE idempotent_answers AS kept SET status = saved.status, headers = saved.headers, body = saved.body,
         lease_until = NULL, expires_at = now() + $8 * interval '1 millisecond'
       FROM unnest($1::text[], $2::text[], $3::text[], $4::uuid[], $5::smallint[], $6::jsonb[], $7::bytea[])
         AS saved (tenant_id, operation, key, token, status, headers, body)
       WHERE (kept.tenant_id, kept.operation, kept.key) = (saved.tenant_id, saved.operation, saved.key)
         AND kept.token = saved.token AND kept.status IS NULL
       RETURNING kept.token`,
      [
        ...scopeColumns(answers),
        answers.map(({ token }) => token),
        answers.map(({ answer }) => answer.status),
        answers.map(({ answer }) => JSON.stringify(answer.headers)),
        answers.map(({ answer }) => answer.body),
        keepMs,
      ],
    );
    return new Set(rows.map(({ token }) => token));
  }

  /** A request that had no effect leaves nothing behind: its key may be used for another one. */
  async forget(claims: readonly Claim[]): Promise<void> {
    await this.pool.query(
      `DELETE FROM idempotent_answers AS kept
       USING unnest($1::text[], $2::text[], $3::text[], $4::uuid[]) AS gone (tenant_id, operation, key, token)
       WHERE (kept.tenant_id, kept.operation, kept.key) = (gone.tenant_id, gone.operation, gone.key)
         AND kept.token = gone.token AND kept.status IS NULL`,
      [...scopeColumns(claims), claims.map(({ token }) => token)],
    );
  }

  /** Moves the end of leases: to let go of a request whose outcome is uncertain (0), or to keep one that takes long. */
  async lease(claims: readonly Claim[], leaseMs: number): Promise<void> {
    await this.pool.query(
      `UPDATE idempotent_answers AS kept SET lease_until = now() + $5 * interval '1 millisecond'
       FROM unnest($1::text[], $2::text[], $3::text[], $4::uuid[]) AS mine (tenant_id, operation, key, token)
       WHERE (kept.tenant_id, kept.operation, kept.key) = (mine.tenant_id, mine.operation, mine.key)
         AND kept.token = mine.token AND kept.status IS NULL`,
      [...scopeColumns(claims), claims.map(({ token }) => token), leaseMs],
    );
  }

  /** How it stands with a key that the caller does not hold. */
  async standing(claim: Omit<Claim, 'token'>): Promise<ClaimOutcome> {
    const { rows } = await this.pool.query<KeptRow>(
      `SELECT fingerprint, status, headers, body, ceil(extract(epoch FROM lease_until - now()) * 1000) AS lease_ms,
         ceil(extract(epoch FROM expires_at - now()) * 1000) AS expires_ms
       FROM idempotent_answers WHERE tenant_id = $1 AND operation = $2 AND key = $3`,
      [claim.tenantId, claim.operation, claim.key],
    );
    const [row] = rows;
    // It was there a moment ago and is not any more: the same request will find a way when it comes again.
    if (row === undefined) return { kind: 'in_flight', leaseMs: 1 };
    if (!row.fingerprint.equals(claim.fingerprint)) return { kind: 'other_request' };
    const { status, headers, body } = row;
    if (status === null || headers === null || body === null) {
      return { kind: 'in_flight', leaseMs: Math.max(1, Number(row.lease_ms ?? 1)) };
    }
    return { kind: 'answered', answer: { status, headers, body }, expiresInMs: Number(row.expires_ms) };
  }

  /** Deletes expired answers, a thousand at most; how many. Any number of gateways may do it at once. */
  async prune(): Promise<number> {
    const { rowCount } = await this.pool.query(
      `DELETE FROM idempotent_answers WHERE ctid = ANY (ARRAY(
         SELECT ctid FROM idempotent_answers
         WHERE expires_at <= now() AND (status IS NOT NULL OR lease_until <= now())
         ORDER BY expires_at LIMIT ${pruneRowsMax} FOR UPDATE SKIP LOCKED))`,
    );
    return rowCount ?? 0;
  }

  /** About how many answers are kept, as the server's own statistics have it: counting them would read them all. */
  async kept(): Promise<number> {
    const { rows } = await this.pool.query<{ rows: string }>(
      `SELECT n_live_tup AS rows FROM pg_stat_user_tables WHERE relid = 'idempotent_answers'::regclass`,
    );
    return Number(rows[0]?.rows ?? 0);
  }
}

function scopeColumns(scopes: readonly IdempotencyScope[]): readonly [string[], string[], string[]] {
  return [
    scopes.map(({ tenantId }) => tenantId),
    scopes.map(({ operation }) => operation),
    scopes.map(({ key }) => key),
  ];
}
