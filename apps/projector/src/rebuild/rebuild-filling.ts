import { topicsAndPartitionsOf, type Bounds } from './rebuild-bounds.js';
import { loadParkedKeys, ParkedKeys } from '../parking/parked-keys.js';
import { checkpointTable } from '../runner/checkpoint-table.js';
import { PartitionFencedError } from '../runner/errors.js';
import type { Projection } from '../runner/projection.js';
import { carryOver, type CarryOver } from './carry-over.js';
import { fillPartition, type FillParts } from './fill-partition.js';
import { atFullSpeed, besideLive, type Pacing } from './pacing.js';
import { RateLimit } from './rate-limit.js';
import type { RebuildParts } from './rebuild-parts.js';
import { rebuildPlaces, type ClaimedPlace } from './rebuild-place.js';

/** `beside live`: it gives way to live. `full speed`: live, or those who read, wait for it. */
export type Haste = 'beside live' | 'full speed';

/** Before the name of the process in `checkpoints.owner`: the live runner has not claimed it yet. */
export const rebuildOwner = 'rebuild:';

export interface FillingOptions {
  readonly connections: number;
  readonly rateMax: number | undefined;
  /** Where the log has lost its beginning, and the old table has it. */
  readonly carry: CarryOver | undefined;
}

/** The partitions of one generation that this process has claimed and fills. */
export class RebuildFilling {
  private readonly fill: Omit<FillParts, 'pacing'>;
  private readonly besideLive: Pacing;

  private constructor(
    private readonly parts: RebuildParts,
    readonly projection: Projection,
    private readonly options: FillingOptions,
    readonly places: readonly ClaimedPlace[],
  ) {
    const { pool, reader, metrics, settings, pace } = parts;
    this.besideLive = besideLive(pace, metrics, projection.name, options.connections);
    this.fill = {
      pool,
      projection,
      reader,
      limit: new RateLimit(options.rateMax),
      bounds: settings.bounds,
      onFilled: (result, events) => metrics.events.inc({ projection: projection.name, result }, events),
    };
  }

  /**
   * Claims what is to be filled: whoever filled it before is fenced. What the live runner holds already is left to it.
   */
  static async claim(parts: RebuildParts, projection: Projection, options: FillingOptions): Promise<RebuildFilling> {
    const { pool, admin, group, owner } = parts;
    const found = await rebuildPlaces(admin, projection.topics, group);
    const handedOver = await placesOfRunner(parts, projection);
    const places: ClaimedPlace[] = [];
    const topicIds = new Map<string, string | undefined>();
    for (const place of found) {
      if (handedOver.has(`${place.topic}/${place.partition}`)) continue;
      if (!topicIds.has(place.topic)) topicIds.set(place.topic, await parts.topicId(place.topic));
      const topicId = topicIds.get(place.topic);
      const name = `${rebuildOwner}${owner}`;
      const { claims, recreated } = await checkpointTable.claim(pool, place, [projection], name, topicId, parts.logger);
      if (recreated) throw new Error(`${place.topic} was deleted and made anew: cancel this rebuild and begin another`);
      const [claim] = claims;
      const parked = new ParkedKeys();
      if (claim === undefined) continue;
      if (place.lane.kind === 'source') {
        await loadParkedKeys(pool, place.topic, [place.partition], [{ claim, parked, revision: 0n }]);
      }
      places.push({ ...place, claim, parked, isHandedOver: false });
    }
    return new RebuildFilling(parts, projection, options, places);
  }

  behind(bounds: Bounds): readonly ClaimedPlace[] {
    return this.places.filter((place) => !place.isHandedOver && place.claim.nextOffset < bounds.of(place));
  }

  /** Fills everything up to the bounds: sources first, then what was redriven from them. */
  async fillUpTo(bounds: Bounds, signal: AbortSignal, haste: Haste): Promise<void> {
    const pacing = haste === 'full speed' ? atFullSpeed : this.besideLive;
    const behind = this.behind(bounds);
    const isSource = (place: ClaimedPlace) => place.lane.kind === 'source';
    await this.fillAll(behind.filter(isSource), bounds, signal, pacing);
    await this.fillAll(
      behind.filter((place) => !isSource(place)),
      bounds,
      signal,
      pacing,
    );
  }

  progress(bounds: Bounds): { readonly done: bigint; readonly total: bigint } {
    let [done, total] = [0n, 0n];
    for (const place of this.places) {
      const bound = bounds.of(place);
      const start = place.startOffset;
      if (bound <= start) continue;
      total += bound - start;
      const next = place.isHandedOver || place.claim.nextOffset > bound ? bound : place.claim.nextOffset;
      if (next > start) done += next - start;
    }
    return { done, total };
  }

  private async fillAll(
    places: readonly ClaimedPlace[],
    bounds: Bounds,
    signal: AbortSignal,
    pacing: Pacing,
  ): Promise<void> {
    const waiting = [...places];
    const failed = new AbortController();
    const either = AbortSignal.any([signal, failed.signal]);
    const work = async () => {
      for (let place = waiting.shift(); place && !either.aborted; place = waiting.shift()) {
        await this.fillOne(place, bounds, either, pacing);
      }
    };
    const workers = Array.from({ length: Math.min(this.options.connections, waiting.length) }, () =>
      work().catch((error: unknown) => {
        failed.abort();
        throw error;
      }),
    );
    const ends = await Promise.allSettled(workers);
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
  }

  private async fillOne(place: ClaimedPlace, bounds: Bounds, signal: AbortSignal, pacing: Pacing): Promise<void> {
    try {
      const { carry } = this.options;
      if (carry && place.claim.nextOffset < place.startOffset) await carryOver(this.parts.pool, place, carry);
      await fillPartition({ ...this.fill, pacing }, place, bounds.of(place), signal);
    } catch (error) {
      if (!(error instanceof PartitionFencedError)) throw error;
      const taken = await placesOfRunner(this.parts, this.projection);
      if (!taken.has(`${place.topic}/${place.partition}`)) throw error;
      place.isHandedOver = true;
    }
  }
}

/** Partitions of this generation that a live runner has claimed. */
async function placesOfRunner({ pool }: RebuildParts, { name, version }: Projection): Promise<ReadonlySet<string>> {
  const { rows } = await pool.query<{ topic: string; partition: number }>(
    `SELECT topic, partition FROM checkpoints WHERE projection = $1 AND version = $2 AND NOT starts_with(owner, $3)`,
    [name, version, rebuildOwner],
  );
  return topicsAndPartitionsOf(rows);
}
