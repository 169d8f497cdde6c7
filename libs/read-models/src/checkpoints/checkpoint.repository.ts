import { decodePosition, type PositionPlace } from '@chorda/contracts';
import { silentLogger, sleep, type Logger } from '@chorda/kernel';
import type pg from 'pg';
import { withoutTenant } from '../database/with-tenant.js';
import { CheckpointListener, type CheckpointAdvance } from './checkpoint-listener.js';

/** How far a projection's own table is complete in one partition. */
export interface Checkpoint {
  readonly projection: string;
  readonly version: number;
  readonly topic: string;
  readonly partition: number;
  readonly nextOffset: bigint;
  readonly owner: string;
  readonly ownerEpoch: bigint;
  readonly updatedAt: Date;
  /** When events last moved it; undefined where none ever did. */
  readonly advancedAt: Date | undefined;
  /** Why the partition stands still; undefined while it moves. */
  readonly stoppedReason: string | undefined;
}

export type WaitAnswer =
  | { readonly complete: true }
  | { readonly complete: false; readonly reason: 'lagging' | 'stopped'; readonly projection: string };

interface CheckpointRow {
  readonly projection: string;
  readonly version: number;
  readonly topic: string;
  readonly partition: number;
  readonly next_offset: string;
  readonly owner: string;
  readonly owner_epoch: string;
  readonly updated_at: Date;
  readonly advanced_at: Date | null;
  readonly stopped_reason: string | null;
}

interface Pending extends PositionPlace {
  readonly projection: string;
}

/** How often a waiter looks by itself, in case a notification was lost with its connection. */
const pollMs = 250;

/** Where projections stand, for whoever shows it or waits for it. Close it: it holds a connection of its own. */
export class CheckpointRepository {
  private readonly listener: CheckpointListener;

  constructor(
    private readonly pool: pg.Pool,
    databaseUrl: string,
    logger: Logger = silentLogger,
  ) {
    this.listener = new CheckpointListener(databaseUrl, logger);
  }

  /** Checkpoints of the live version of one projection, or of all. */
  async ofProjection(name?: string): Promise<readonly Checkpoint[]> {
    return withoutTenant(this.pool, async (tx) => {
      const { rows } = await tx.query<CheckpointRow>(
        `SELECT c.projection, c.version, c.topic, c.partition, c.next_offset, c.owner, c.owner_epoch, c.updated_at,
           c.advanced_at, c.stopped_reason
         FROM checkpoints c JOIN projections p ON p.name = c.projection AND p.live_version = c.version
         WHERE $1::text IS NULL OR c.projection = $1
         ORDER BY c.projection, c.topic, c.partition`,
        [name ?? null],
      );
      return rows.map(toCheckpoint);
    });
  }

  /** Calls `listener` once for each committed batch of a projector. @returns Ends it. */
  onAdvance(listener: (advances: readonly CheckpointAdvance[]) => void): () => void {
    return this.listener.subscribe(listener);
  }

  /**
   * Waits until every projection named has applied everything up to `position`. A projection that does not read a
   * topic of the position has nothing to wait for there.
   *
   * @throws {@link InvalidInputError} when the position is not one.
   */
  async waitUntil(
    position: string,
    projections: readonly string[],
    timeoutMs: number,
    signal?: AbortSignal,
  ): Promise<WaitAnswer> {
    const places = decodePosition(position);
    const deadlineMs = Date.now() + timeoutMs;
    const waiter = new Waiter();
    // Heard from before the first look: an advance between the two is not missed.
    const unsubscribe = this.listener.subscribe((advances) => waiter.hear(advances));
    try {
      for (;;) {
        const { pending, stopped } = await this.look(places, projections);
        if (pending.length === 0) return { complete: true };
        if (stopped !== undefined) return { complete: false, reason: 'stopped', projection: stopped };
        const leftMs = deadlineMs - Date.now();
        if (leftMs <= 0 || signal?.aborted) {
          return { complete: false, reason: 'lagging', projection: pending[0]?.projection ?? '' };
        }
        if (await waiter.passed(pending, Math.min(leftMs, pollMs))) return { complete: true };
      }
    } finally {
      unsubscribe();
    }
  }

  async close(): Promise<void> {
    await this.listener.close();
  }

  private async look(places: readonly PositionPlace[], projections: readonly string[]) {
    return withoutTenant(this.pool, async (tx) => {
      const { rows } = await tx.query<CheckpointRow & { readonly offset: string; readonly passed: boolean }>(
        // A projection that nobody has started yet has everything before it.
        `SELECT wanted.name AS projection, place.topic, place.partition, place."offset", c.stopped_reason,
           coalesce(c.next_offset > place."offset", false) AS passed
         FROM unnest($1::text[]) AS wanted (name)
         CROSS JOIN unnest($2::text[], $3::int[], $4::bigint[]) AS place (topic, partition, "offset")
         LEFT JOIN projections p ON p.name = wanted.name
         LEFT JOIN checkpoints c ON c.projection = p.name AND c.version = p.live_version
           AND c.topic = place.topic AND c.partition = place.partition
         WHERE p.name IS NULL OR place.topic = ANY (p.topics)`,
        [
          projections,
          places.map(({ topic }) => topic),
          places.map(({ partition }) => partition),
          places.map(({ offset }) => offset),
        ],
      );
      const open = rows.filter((row) => !row.passed);
      return {
        pending: open.map((row): Pending => ({ ...row, offset: BigInt(row.offset) })),
        stopped: open.find((row) => row.stopped_reason !== null)?.projection,
      };
    });
  }
}

/** Remembers what was heard while somebody waits. */
class Waiter {
  private readonly heard = new Map<string, bigint>();
  private wake: (() => void) | undefined;

  hear(advances: readonly CheckpointAdvance[]): void {
    for (const advance of advances) this.heard.set(keyOf(advance), advance.nextOffset);
    this.wake?.();
  }

  /** Whether all of `pending` was heard to be passed within the time. */
  async passed(pending: readonly Pending[], timeoutMs: number): Promise<boolean> {
    const deadlineMs = Date.now() + timeoutMs;
    const isPassed = () => pending.every((place) => (this.heard.get(keyOf(place)) ?? -1n) > place.offset);
    while (!isPassed()) {
      const leftMs = deadlineMs - Date.now();
      if (leftMs <= 0) return false;
      const woken = new AbortController();
      this.wake = () => woken.abort();
      await sleep(leftMs, woken.signal);
    }
    return true;
  }
}

function keyOf(place: { readonly projection: string; readonly topic: string; readonly partition: number }): string {
  return `${place.projection} ${place.topic} ${place.partition}`;
}

function toCheckpoint(row: CheckpointRow): Checkpoint {
  return {
    projection: row.projection,
    version: row.version,
    topic: row.topic,
    partition: row.partition,
    nextOffset: BigInt(row.next_offset),
    owner: row.owner,
    ownerEpoch: BigInt(row.owner_epoch),
    updatedAt: row.updated_at,
    advancedAt: row.advanced_at ?? undefined,
    stoppedReason: row.stopped_reason ?? undefined,
  };
}
