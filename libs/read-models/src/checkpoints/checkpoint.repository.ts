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

/** Why a projection has not applied what was asked for (guarantee 9). */
export type IncompleteReason = 'lagging' | 'parked' | 'dead_lettered' | 'stopped' | 'rebuilding';

export type WaitAnswer =
  | { readonly complete: true }
  | { readonly complete: false; readonly reason: IncompleteReason; readonly projection: string };

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
  readonly version: number | null;
}

/** How often waiters are shown the checkpoints, in case a notification was lost with its connection. */
const pollMs = 250;

/** Where projections stand, for whoever shows it or waits for it. Close it: it holds a connection of its own. */
export class CheckpointRepository {
  private readonly listener: CheckpointListener;
  private readonly waiters = new Set<Waiter>();
  private polling: Promise<void> | undefined;

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
    signal?.addEventListener('abort', waiter.stop, { once: true });
    try {
      const { pending, stopped, setAside } = await this.look(places, projections);
      if (pending.length === 0) return setAside ?? { complete: true };
      if (stopped !== undefined) return { complete: false, reason: 'stopped', projection: stopped };
      this.waiters.add(waiter);
      this.polling ??= this.poll();
      const answer = await waiter.end(pending, deadlineMs, signal);
      // Passed is not applied: what was set aside in passing is known only now. So is why nothing came.
      if (answer.complete) return (await this.look(places, projections)).setAside ?? answer;
      return answer.reason === 'lagging' ? ((await this.look(places, projections)).rebuilding ?? answer) : answer;
    } finally {
      this.waiters.delete(waiter);
      unsubscribe();
      signal?.removeEventListener('abort', waiter.stop);
    }
  }

  async close(): Promise<void> {
    await this.listener.close();
  }

  /** One look for all who wait, however many they are. */
  private async poll(): Promise<void> {
    while (this.waiters.size > 0) {
      await sleep(pollMs);
      // A failed look is followed by the next one; each waiter has its own end.
      const checkpoints = this.waiters.size === 0 ? [] : await this.ofProjection().catch(() => []);
      for (const waiter of this.waiters) waiter.see(checkpoints);
    }
    this.polling = undefined;
  }

  private async look(places: readonly PositionPlace[], projections: readonly string[]) {
    return withoutTenant(this.pool, async (tx) => {
      const { rows } = await tx.query<LookRow>(
        // A projection that nobody has started yet has everything before it.
        `SELECT wanted.name AS projection, p.live_version AS version, place.topic, place.partition, place."offset",
           c.stopped_reason, coalesce(c.next_offset > place."offset", false) AS passed,
           is_parked(p.name, p.live_version, place.topic, place.partition, place."offset") AS parked,
           EXISTS (SELECT FROM dead_lettered_records d WHERE d.topic = place.topic AND d.partition = place.partition
             AND d."offset" = place."offset") AS dead_lettered,
           -- A rebuild never passes live while somebody applies live: live waits for tables of newer code.
           EXISTS (SELECT FROM checkpoints f JOIN projection_generations g USING (projection, version)
             WHERE g.role = 'filling' AND f.projection = p.name AND f.topic = place.topic
               AND f.partition = place.partition AND f.next_offset > place."offset") AS rebuilding
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
        setAside: setAsideAmong(rows),
        rebuilding: rebuildingAmong(open),
      };
    });
  }
}

interface LookRow {
  readonly projection: string;
  /** Null where nobody has started it yet. */
  readonly version: number | null;
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
  readonly stopped_reason: string | null;
  readonly passed: boolean;
  readonly parked: boolean | null;
  readonly dead_lettered: boolean;
  readonly rebuilding: boolean;
}

function rebuildingAmong(open: readonly LookRow[]): WaitAnswer | undefined {
  const found = open.find(({ rebuilding }) => rebuilding);
  return found && { complete: false, reason: 'rebuilding', projection: found.projection };
}

function setAsideAmong(rows: readonly LookRow[]): WaitAnswer | undefined {
  const parked = rows.find((row) => row.parked === true);
  if (parked !== undefined) return { complete: false, reason: 'parked', projection: parked.projection };
  const dead = rows.find((row) => row.dead_lettered);
  return dead && { complete: false, reason: 'dead_lettered', projection: dead.projection };
}

/** Remembers what was heard and seen while somebody waits. */
class Waiter {
  private readonly passed = new Map<string, bigint>();
  private readonly stopped = new Set<string>();
  private woken = new AbortController();
  readonly stop = () => this.woken.abort();

  hear(advances: readonly CheckpointAdvance[]): void {
    for (const advance of advances) this.passed.set(keyOf(advance), advance.nextOffset);
    this.woken.abort();
  }

  see(checkpoints: readonly Checkpoint[]): void {
    for (const checkpoint of checkpoints) {
      // These are of the live version, whichever it was when the wait began.
      const key = keyOf({ ...checkpoint, version: null });
      const known = this.passed.get(key) ?? -1n;
      if (checkpoint.nextOffset > known) this.passed.set(key, checkpoint.nextOffset);
      if (checkpoint.stoppedReason === undefined) this.stopped.delete(key);
      else this.stopped.add(key);
    }
    this.woken.abort();
  }

  async end(pending: readonly Pending[], deadlineMs: number, signal: AbortSignal | undefined): Promise<WaitAnswer> {
    for (;;) {
      // What wakes from here on counts for the next round.
      this.woken = new AbortController();
      const open = pending.filter((place) => !this.isPassed(place));
      const [first] = open;
      if (first === undefined) return { complete: true };
      const stopped = open.find((place) => this.stopped.has(keyOf({ ...place, version: null })));
      if (stopped !== undefined) return { complete: false, reason: 'stopped', projection: stopped.projection };
      const leftMs = deadlineMs - Date.now();
      if (leftMs <= 0 || signal?.aborted) return { complete: false, reason: 'lagging', projection: first.projection };
      await sleep(leftMs, this.woken.signal);
    }
  }

  private isPassed(place: Pending): boolean {
    const heard = this.passed.get(keyOf(place)) ?? -1n;
    const seen = this.passed.get(keyOf({ ...place, version: null })) ?? -1n;
    return heard > place.offset || seen > place.offset;
  }
}

/** With the version: what a rebuild beside the live version has passed says nothing of the live one. */
function keyOf(place: {
  readonly projection: string;
  readonly version: number | null;
  readonly topic: string;
  readonly partition: number;
}): string {
  return `${place.projection} ${place.version} ${place.topic} ${place.partition}`;
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
