import type { Rebuild } from './rebuilds.js';

/** Where a projection stands in one partition. Offsets and counts of events are decimal text, times RFC 3339. */
export interface ProjectionPartition {
  readonly topic: string;
  readonly partition: number;
  /** Everything before it is applied. */
  readonly next_offset: string;
  /** One past the last record of the log. Null, as both lags are, where the gateway could not ask the brokers. */
  readonly end_offset: string | null;
  readonly lag_events: string | null;
  /** Age of the oldest event that is not applied; 0 where there is none. */
  readonly lag_seconds: number | null;
  readonly oldest_unapplied: { readonly offset: string; readonly recorded_at: string } | null;
  /** How long events have waited without one being applied. */
  readonly no_progress_ms: number;
  readonly stopped_reason: string | null;
  /** The instance that writes it. */
  readonly owner: string;
}

export interface ProjectionState {
  readonly name: string;
  readonly version: number;
  readonly state: 'running' | 'lagging' | 'stopped';
  /** The open rebuild; null: there is none. */
  readonly rebuild: Pick<Rebuild, 'state' | 'to_version' | 'events_done' | 'events_total' | 'seconds_left'> | null;
  readonly partitions: readonly ProjectionPartition[];
}

export interface ProjectionStates {
  readonly projections: readonly ProjectionState[];
}
