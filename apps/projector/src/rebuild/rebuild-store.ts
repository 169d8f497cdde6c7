import type { RebuildAction, RebuildReport, RebuildState } from '@chorda/read-models';
import type pg from 'pg';

/** A rebuild as the process that does it knows it. */
export interface RebuildRecord {
  readonly rebuildId: string;
  readonly projection: string;
  readonly fromVersion: number;
  readonly toVersion: number | undefined;
  readonly state: RebuildState;
  readonly wanted: RebuildAction | undefined;
  readonly swapWhenEqual: boolean;
  readonly rateMax: number | undefined;
  readonly connectionsMax: number | undefined;
  readonly leaseEpoch: bigint;
  /** Its swap back is kept open until then, and that is over. */
  readonly isKeepOver: boolean;
  readonly report: RebuildReport | undefined;
}

interface Row {
  readonly rebuild_id: string;
  readonly projection: string;
  readonly from_version: number;
  readonly to_version: number | null;
  readonly state: RebuildState;
  readonly wanted: RebuildAction | null;
  readonly swap_when_equal: boolean;
  readonly rate_max: number | null;
  readonly connections_max: number | null;
  readonly lease_epoch: string;
  readonly is_keep_over: boolean;
  readonly report: RebuildReport | null;
}

const returned = `rebuild_id, projection, from_version, to_version, state, wanted, swap_when_equal, rate_max,
  connections_max, lease_epoch, coalesce(keep_until < now(), false) AS is_keep_over, report`;
const leaseSeconds = 10;

/** What a rebuild's row may be set to beside its state. Left out: stays. */
export interface RebuildChange {
  readonly state: RebuildState;
  readonly toVersion?: number;
  readonly reason?: string | null;
  readonly report?: RebuildReport;
  readonly isStarted?: true;
  readonly isFilled?: true;
  readonly isSwapped?: true;
  readonly keepHours?: number;
}

export interface RebuildProgress {
  readonly done: bigint;
  readonly total: bigint;
  readonly perSecond: number;
  /** Below 1 it gives way to live; undefined: it does not fill. */
  readonly timeShare: number | undefined;
}

/** All statements on `projection_rebuilds` of the projector. Whoever lost the lease changes nothing. */
export const rebuildStore = {
  /** Takes open rebuilds that nobody looks after. A process that was stopped for longer than the lease is not their owner any more. */
  async take(pool: pg.Pool, owner: string, mine: readonly string[]): Promise<readonly RebuildRecord[]> {
    const { rows } = await pool.query<Row>(
      `UPDATE projection_rebuilds SET owner = $1, lease_epoch = lease_epoch + 1,
         lease_until = now() + make_interval(secs => $2)
       WHERE rebuild_id IN (
         SELECT rebuild_id FROM projection_rebuilds
         WHERE state NOT IN ('done', 'cancelled') AND (lease_until IS NULL OR lease_until < now())
           AND NOT rebuild_id = ANY ($3::uuid[])
         FOR UPDATE SKIP LOCKED)
       RETURNING ${returned}`,
      [owner, leaseSeconds, mine],
    );
    return rows.map(toRecord);
  },

  /** Keeps the lease and tells what is wanted. Undefined: it is lost. */
  async renew(pool: pg.Pool, record: RebuildRecord, progress?: RebuildProgress): Promise<RebuildRecord | undefined> {
    const { rows } = await pool.query<Row>(
      `UPDATE projection_rebuilds SET lease_until = now() + make_interval(secs => $3), updated_at = now(),
         events_done = coalesce($4, events_done), events_total = coalesce($5, events_total),
         events_per_second = coalesce($6, events_per_second), time_share = $7
       WHERE rebuild_id = $1 AND lease_epoch = $2 AND state NOT IN ('done', 'cancelled') RETURNING ${returned}`,
      [
        record.rebuildId,
        record.leaseEpoch,
        leaseSeconds,
        progress?.done ?? null,
        progress?.total ?? null,
        progress?.perSecond ?? null,
        progress?.timeShare ?? null,
      ],
    );
    return rows[0] && toRecord(rows[0]);
  },

  /** Gives it to whoever comes next, at once. */
  async release(pool: pg.Pool, record: RebuildRecord): Promise<void> {
    await pool.query('UPDATE projection_rebuilds SET lease_until = NULL WHERE rebuild_id = $1 AND lease_epoch = $2', [
      record.rebuildId,
      record.leaseEpoch,
    ]);
  },

  /**
   * @param done A wish that this fulfils; one that came since stays.
   * @throws {@link RebuildLeaseLostError}
   */
  async change(
    client: pg.ClientBase | pg.Pool,
    record: RebuildRecord,
    change: RebuildChange,
    done?: RebuildAction,
  ): Promise<RebuildRecord> {
    const isEnd = change.state === 'done' || change.state === 'cancelled';
    const { rows } = await client.query<Row>(
      `UPDATE projection_rebuilds SET state = $3, updated_at = now(),
         wanted = CASE WHEN $14 OR wanted = $4 THEN NULL ELSE wanted END,
         to_version = coalesce($5, to_version),
         reason = CASE WHEN $6 THEN $7 ELSE reason END,
         report = coalesce($8::jsonb, report),
         started_at = CASE WHEN $9 THEN coalesce(started_at, now()) ELSE started_at END,
         filled_at = CASE WHEN $10 THEN coalesce(filled_at, now()) ELSE filled_at END,
         swapped_at = CASE WHEN $11 THEN now() ELSE swapped_at END,
         keep_until = coalesce(now() + make_interval(secs => $12 * 3600), keep_until),
         events_per_second = CASE WHEN $13 THEN 0 ELSE events_per_second END, time_share = NULL,
         ended_at = CASE WHEN $14 THEN now() ELSE ended_at END,
         lease_until = CASE WHEN $14 THEN NULL ELSE lease_until END
       WHERE rebuild_id = $1 AND lease_epoch = $2 RETURNING ${returned}`,
      [
        record.rebuildId,
        record.leaseEpoch,
        change.state,
        done ?? null,
        change.toVersion ?? null,
        change.reason !== undefined,
        change.reason?.slice(0, 1_000) ?? null,
        change.report === undefined ? null : JSON.stringify(change.report),
        change.isStarted === true,
        change.isFilled === true,
        change.isSwapped === true,
        change.keepHours ?? null,
        change.state !== 'filling' && change.state !== 'catching_up',
        isEnd,
      ],
    );
    if (rows[0] === undefined) throw new RebuildLeaseLostError(record.projection);
    return toRecord(rows[0]);
  },

  /** A wish that nothing can be done about. */
  async refuse(pool: pg.Pool, record: RebuildRecord, action: RebuildAction, reason: string): Promise<void> {
    await pool.query(
      `UPDATE projection_rebuilds SET wanted = CASE WHEN wanted = $3 THEN NULL ELSE wanted END, reason = $4
       WHERE rebuild_id = $1 AND lease_epoch = $2`,
      [record.rebuildId, record.leaseEpoch, action, reason.slice(0, 1_000)],
    );
  },

  /** Asks for the rebuild of a version that the code has and nobody fills yet. */
  async requestUpgrade(pool: pg.Pool, projection: string): Promise<boolean> {
    const { rowCount } = await pool.query(
      `INSERT INTO projection_rebuilds (rebuild_id, projection, from_version, state, swap_when_equal, requested_by)
       SELECT gen_random_uuid(), name, live_version, 'requested', true, 'upgrade' FROM projections WHERE name = $1
         AND NOT EXISTS (SELECT FROM projection_rebuilds r WHERE r.projection = name
           AND r.requested_by = 'upgrade' AND r.state = 'cancelled' AND r.requested_at > now() - interval '1 hour')
       ON CONFLICT DO NOTHING`,
      [projection],
    );
    return rowCount === 1;
  },
};

/** Another process looks after the rebuild now. */
export class RebuildLeaseLostError extends Error {
  constructor(projection: string) {
    super(`The rebuild of ${projection} is another process's now`);
  }
}

function toRecord(row: Row): RebuildRecord {
  return {
    rebuildId: row.rebuild_id,
    projection: row.projection,
    fromVersion: row.from_version,
    toVersion: row.to_version ?? undefined,
    state: row.state,
    wanted: row.wanted ?? undefined,
    swapWhenEqual: row.swap_when_equal,
    rateMax: row.rate_max ?? undefined,
    connectionsMax: row.connections_max ?? undefined,
    leaseEpoch: BigInt(row.lease_epoch),
    isKeepOver: row.is_keep_over,
    report: row.report ?? undefined,
  };
}
