import { BackboneError } from '@chorda/kernel';
import type { TopicPartition } from '@chorda/messaging';
import type pg from 'pg';

/** Past any of these the fault is the projection's and not the events': it stops there (guarantee 4). */
export interface ParkBounds {
  /** Parked events of one aggregate. */
  readonly eventsMax: number;
  /** Parked aggregates of one projection version. */
  readonly aggregatesMax: number;
  /** Part of the last minute's events of a partition that failed, 0 to 1; counts from `faultsMin` failed ones on. */
  readonly shareMax: number;
  readonly faultsMin: number;
}

export const parkBoundsDefault: ParkBounds = { eventsMax: 10_000, aggregatesMax: 1_000, shareMax: 0.05, faultsMin: 50 };

/** A projection cannot go on in a partition. `count`: it can again when enough is settled; `share`: with mended code. */
export class ProjectionStoppedError extends BackboneError {
  readonly code = 'PROJECTION_STOPPED';
  readonly retriable = true;

  constructor(
    readonly projection: { readonly name: string; readonly version: number },
    readonly bound: 'count' | 'share',
    why: string,
  ) {
    super(`Projection ${projection.name} v${projection.version} stops: ${why}`);
  }
}

const windowSeconds = 60;

/** Events and faults of the last minute, by second. */
export class LastMinute {
  private readonly seconds = new Map<number, { events: number; faults: number }>();

  add(events: number, faults: number, nowMs = Date.now()): void {
    const second = Math.floor(nowMs / 1000);
    const counted = this.seconds.get(second);
    this.seconds.set(second, { events: (counted?.events ?? 0) + events, faults: (counted?.faults ?? 0) + faults });
    // Once a second: a projector of many partitions adds thousands of times.
    if (counted) return;
    for (const old of this.seconds.keys()) if (old <= second - windowSeconds) this.seconds.delete(old);
  }

  /** With what a transaction in hand would add. */
  isPast({ shareMax, faultsMin }: ParkBounds, events: number, faults: number, nowMs = Date.now()): boolean {
    const oldest = Math.floor(nowMs / 1000) - windowSeconds;
    let all = { events, faults };
    for (const [second, counted] of this.seconds) {
      if (second > oldest) all = { events: all.events + counted.events, faults: all.faults + counted.faults };
    }
    return all.faults > faultsMin && all.faults > all.events * shareMax;
  }
}

/** Whether so much was settled that a projection which stopped at a bound of counts may go on. */
export async function hasRoom(
  pool: pg.Pool,
  { projection, version }: { readonly projection: string; readonly version: number },
  { topic, partition }: TopicPartition,
  { aggregatesMax, eventsMax }: ParkBounds,
): Promise<boolean> {
  const { rows } = await pool.query<{ room: boolean }>(
    `SELECT count(*) < $5 AND coalesce(max(events) FILTER (WHERE topic = $3 AND partition = $4), 0) < $6 AS room
     FROM parked_sequences WHERE projection = $1 AND version = $2`,
    [projection, version, topic, partition, aggregatesMax, eventsMax],
  );
  return rows[0]?.room === true;
}
