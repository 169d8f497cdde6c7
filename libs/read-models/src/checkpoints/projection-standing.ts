import type { Checkpoint } from './checkpoint.repository.js';

/** Past any of these a projection is shown as lagging, and its projector is not ready. */
export const standingBounds = { lagEventsMax: 100_000, lagSecondsMax: 60, noProgressMsMax: 30_000 } as const;

export type ProjectionState = 'running' | 'lagging' | 'stopped';

/** Where a projection stands in one partition, as it is shown: offsets and counts of events are decimal text. */
export interface PartitionStanding {
  readonly topic: string;
  readonly partition: number;
  /** Everything before it is applied. */
  readonly next_offset: string;
  /** One past the last record of the log; null where the log could not be asked. */
  readonly end_offset: string | null;
  readonly lag_events: string | null;
  /** Age of the oldest event that is not applied; 0 where there is none, null where that could not be found out. */
  readonly lag_seconds: number | null;
  readonly oldest_unapplied: { readonly offset: string; readonly recorded_at: string } | null;
  /** How long events have waited without one being applied; 0 where none waits. */
  readonly no_progress_ms: number;
  /** Why it stands still; null while it moves. */
  readonly stopped_reason: string | null;
  readonly owner: string;
}

export interface ProjectionStanding {
  readonly name: string;
  readonly version: number;
  readonly state: ProjectionState;
  readonly partitions: readonly PartitionStanding[];
}

/** What the log holds from a place on. */
export interface LogBeyond {
  readonly topic: string;
  readonly partition: number;
  readonly from: bigint;
  readonly endOffset: bigint;
  readonly oldest: { readonly offset: bigint; readonly recordedMs: number } | undefined;
}

/** @param log Left out where the log could not be asked: then nobody can say how far behind a projection is. */
export function projectionStandings(
  checkpoints: readonly Checkpoint[],
  log: readonly LogBeyond[] | undefined,
  nowMs: number,
): readonly ProjectionStanding[] {
  const beyond = new Map(log?.map((each) => [placeOf(each.topic, each.partition, each.from), each]));
  const groups = Map.groupBy(checkpoints, ({ projection, version }) => `${projection} ${version}`);
  return [...groups.values()].flatMap((members) => {
    const [first] = members;
    if (first === undefined) return [];
    const partitions = members.map((member) => {
      const { topic, partition, nextOffset } = member;
      return partitionStanding(member, beyond.get(placeOf(topic, partition, nextOffset)), nowMs);
    });
    return [{ name: first.projection, version: first.version, state: stateOf(partitions), partitions }];
  });
}

/**
 * Where the log is to be asked what lies beyond. Projections of one topic mostly stand at the same place, and then it is
 * asked once.
 */
export function placesToAsk(checkpoints: readonly Checkpoint[]) {
  const places = checkpoints.map(({ topic, partition, nextOffset }) => ({ topic, partition, offset: nextOffset }));
  return [...new Map(places.map((place) => [placeOf(place.topic, place.partition, place.offset), place])).values()];
}

function placeOf(topic: string, partition: number, offset: bigint): string {
  return `${topic}/${partition}/${offset}`;
}

export function stateOf(partitions: readonly PartitionStanding[]): ProjectionState {
  if (partitions.some(({ stopped_reason }) => stopped_reason !== null)) return 'stopped';
  return partitions.some(isLagging) ? 'lagging' : 'running';
}

function isLagging({ lag_events, lag_seconds, no_progress_ms }: PartitionStanding): boolean {
  return (
    Number(lag_events ?? 0) > standingBounds.lagEventsMax ||
    (lag_seconds ?? 0) > standingBounds.lagSecondsMax ||
    no_progress_ms > standingBounds.noProgressMsMax
  );
}

function partitionStanding(checkpoint: Checkpoint, beyond: LogBeyond | undefined, nowMs: number): PartitionStanding {
  const { topic, partition, nextOffset, stoppedReason, owner } = checkpoint;
  const oldest = beyond?.oldest;
  return {
    topic,
    partition,
    next_offset: String(nextOffset),
    end_offset: beyond === undefined ? null : String(beyond.endOffset),
    // The log's end is asked after the checkpoint: a projection that moves looks a little behind, and never ahead.
    lag_events: beyond === undefined ? null : String(lagOf(beyond, nextOffset)),
    lag_seconds: lagSecondsOf(beyond, nextOffset, nowMs),
    oldest_unapplied: oldest
      ? { offset: String(oldest.offset), recorded_at: new Date(oldest.recordedMs).toISOString() }
      : null,
    no_progress_ms: noProgressMsOf(checkpoint, beyond, nowMs),
    stopped_reason: stoppedReason ?? null,
    owner,
  };
}

function lagOf({ endOffset }: LogBeyond, nextOffset: bigint): bigint {
  return endOffset > nextOffset ? endOffset - nextOffset : 0n;
}

function lagSecondsOf(beyond: LogBeyond | undefined, nextOffset: bigint, nowMs: number): number | null {
  if (beyond?.oldest !== undefined) return Math.max(0, nowMs - beyond.oldest.recordedMs) / 1_000;
  return beyond !== undefined && lagOf(beyond, nextOffset) === 0n ? 0 : null;
}

/** From when there was something to do and nothing was done: the later of the last advance and the oldest event's arrival. */
function noProgressMsOf({ advancedAt, nextOffset }: Checkpoint, beyond: LogBeyond | undefined, nowMs: number): number {
  if (beyond === undefined || lagOf(beyond, nextOffset) === 0n) return 0;
  const sinceMs = Math.max(advancedAt?.getTime() ?? 0, beyond.oldest?.recordedMs ?? 0);
  return sinceMs === 0 ? 0 : Math.max(0, nowMs - sinceMs);
}
