import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { withoutTenant } from '../database/with-tenant.js';
import {
  rebuildActions,
  type RebuildAction,
  type RebuildPartition,
  type RebuildReport,
  type RebuildStanding,
  type RebuildState,
} from './rebuild.js';

export interface RebuildRequest {
  readonly projection: string;
  readonly swap: 'when_equal' | 'manual';
  readonly eventsPerSecondMax?: number | undefined;
  readonly connectionsMax?: number | undefined;
  readonly requestedBy: string;
}

export type RequestAnswer =
  | { readonly kind: 'requested'; readonly rebuild: RebuildStanding }
  | { readonly kind: 'unknown_projection' }
  /** One is open already. */
  | { readonly kind: 'open'; readonly rebuild: RebuildStanding };

export type ActionAnswer =
  | { readonly kind: 'asked'; readonly rebuild: RebuildStanding }
  | { readonly kind: 'none' }
  | { readonly kind: 'not_in_this_state'; readonly rebuild: RebuildStanding };

interface RebuildRow {
  readonly rebuild_id: string;
  readonly projection: string;
  readonly state: RebuildState;
  readonly wanted: RebuildAction | null;
  readonly from_version: number;
  readonly to_version: number | null;
  readonly swap_when_equal: boolean;
  readonly rate_max: number | null;
  readonly connections_max: number | null;
  readonly events_done: string;
  readonly events_total: string;
  readonly events_per_second: number;
  readonly time_share: number | null;
  readonly reason: string | null;
  readonly report: RebuildReport | null;
  readonly owner: string | null;
  readonly requested_by: string;
  readonly requested_at: Date;
  readonly started_at: Date | null;
  readonly filled_at: Date | null;
  readonly swapped_at: Date | null;
  readonly keep_until: Date | null;
  readonly ended_at: Date | null;
  readonly partitions: readonly RebuildPartition[] | null;
}

const columns = `rebuild_id, projection, state, wanted, from_version, to_version, swap_when_equal, rate_max, connections_max,
  events_done, events_total, events_per_second, time_share, reason, report, owner, requested_by, requested_at, started_at, filled_at,
  swapped_at, keep_until, ended_at,
  (SELECT json_agg(json_build_object('topic', c.topic, 'partition', c.partition, 'next_offset', c.next_offset::text)
     ORDER BY c.topic, c.partition)
   FROM checkpoints c WHERE c.projection = r.projection AND c.version = r.to_version) AS partitions`;

/** Asks a projector for rebuilds and shows them. What is asked is a row: the projector takes it up within a second. */
export class RebuildRepository {
  constructor(private readonly pool: pg.Pool) {}

  async request(request: RebuildRequest): Promise<RequestAnswer> {
    const { projection, swap, eventsPerSecondMax = null, connectionsMax = null, requestedBy } = request;
    const { rowCount } = await this.pool.query(
      `INSERT INTO projection_rebuilds
         (rebuild_id, projection, from_version, state, swap_when_equal, rate_max, connections_max, requested_by)
       SELECT $1, name, live_version, 'requested', $3, $4, $5, $6 FROM projections WHERE name = $2
       ON CONFLICT DO NOTHING`,
      [randomUUID(), projection, swap === 'when_equal', eventsPerSecondMax, connectionsMax, requestedBy],
    );
    const rebuild = await this.latest(projection);
    if (rebuild === undefined) return { kind: 'unknown_projection' };
    return { kind: rowCount === 1 ? 'requested' : 'open', rebuild };
  }

  /** The newest rebuild of a projection. */
  async latest(projection: string): Promise<RebuildStanding | undefined> {
    const [rebuild] = await this.read('WHERE projection = $1 ORDER BY requested_at DESC LIMIT 1', [projection]);
    return rebuild;
  }

  /** Those that are not done and not cancelled. */
  async open(): Promise<readonly RebuildStanding[]> {
    return this.read(`WHERE state NOT IN ('done', 'cancelled') ORDER BY projection`, []);
  }

  /**
   * Asks the projector for an action on the open rebuild. A second wish takes the place of the first where that was not
   * taken up yet.
   */
  async ask(projection: string, action: RebuildAction): Promise<ActionAnswer> {
    const { rowCount } = await this.pool.query(
      `UPDATE projection_rebuilds SET wanted = $2, updated_at = now()
       WHERE projection = $1 AND state NOT IN ('done', 'cancelled') AND state = ANY ($3)`,
      [projection, action, rebuildActions[action]],
    );
    const rebuild = await this.latest(projection);
    if (rebuild === undefined) return { kind: 'none' };
    return { kind: rowCount === 1 ? 'asked' : 'not_in_this_state', rebuild };
  }

  private async read(condition: string, parameters: unknown[]): Promise<readonly RebuildStanding[]> {
    return withoutTenant(this.pool, async (tx) => {
      const { rows } = await tx.query<RebuildRow>(
        `SELECT ${columns} FROM projection_rebuilds r ${condition}`,
        parameters,
      );
      return rows.map(toStanding);
    });
  }
}

function toStanding(row: RebuildRow): RebuildStanding {
  const left = Number(BigInt(row.events_total) - BigInt(row.events_done));
  const isMoving = row.events_per_second > 0 && (row.state === 'filling' || row.state === 'catching_up');
  return {
    rebuild_id: row.rebuild_id,
    projection: row.projection,
    state: row.state,
    wanted: row.wanted,
    from_version: row.from_version,
    to_version: row.to_version,
    swap: row.swap_when_equal ? 'when_equal' : 'manual',
    events_per_second_max: row.rate_max,
    connections_max: row.connections_max,
    events_done: row.events_done,
    events_total: row.events_total,
    events_per_second: Math.round(row.events_per_second),
    seconds_left: isMoving ? Math.max(0, Math.round(left / row.events_per_second)) : null,
    time_share: row.time_share,
    reason: row.reason,
    report: row.report,
    owner: row.owner,
    requested_by: row.requested_by,
    requested_at: row.requested_at.toISOString(),
    started_at: timeOf(row.started_at),
    filled_at: timeOf(row.filled_at),
    swapped_at: timeOf(row.swapped_at),
    keep_until: timeOf(row.keep_until),
    ended_at: timeOf(row.ended_at),
    partitions: row.partitions ?? [],
  };
}

function timeOf(time: Date | null): string | null {
  return time === null ? null : time.toISOString();
}
