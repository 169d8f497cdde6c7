/**
 * - `requested`: waits for a projector.
 * - `filling`: the new tables are filled from the start of the log, beside the live ones.
 * - `catching_up`: they are near the end and follow the live ones.
 * - `comparing`: both stand at the same offsets, and are compared in one snapshot.
 * - `ready`: equal, or not comparable; a person may swap.
 * - `mismatch`: they differ, see the report; a person may swap all the same, or cancel.
 * - `swapped`: readers see the new tables; the old ones are kept up for a swap back until `keep_until`.
 * - `swapped_back`: readers see the old tables again; the new ones are kept up.
 * - `done`: the tables that are not live are gone. `cancelled`: the new tables are gone.
 * - `failed`: see `reason`; it can be resumed where it stands, or cancelled.
 */
export const rebuildStates = [
  'requested',
  'filling',
  'catching_up',
  'comparing',
  'ready',
  'mismatch',
  'swapped',
  'swapped_back',
  'done',
  'cancelled',
  'failed',
] as const;
export type RebuildState = (typeof rebuildStates)[number];

export type RebuildAction = 'cancel' | 'resume' | 'swap' | 'swap_back' | 'drop_old';

/** In which states a person may ask for what. */
export const rebuildActions: Readonly<Record<RebuildAction, readonly RebuildState[]>> = {
  cancel: ['requested', 'filling', 'catching_up', 'comparing', 'ready', 'mismatch', 'failed'],
  resume: ['failed'],
  swap: ['ready', 'mismatch', 'swapped_back'],
  swap_back: ['swapped'],
  drop_old: ['swapped', 'swapped_back'],
};

export interface TenantDifference {
  readonly tenant: string;
  /** Decimal. */
  readonly rows_old: string;
  readonly rows_new: string;
}

export interface RowDifference {
  readonly tenant: string;
  /** The columns of the key, as text. */
  readonly key: Readonly<Record<string, string | null>>;
  readonly found: 'only_old' | 'only_new' | 'different';
}

/** The old rows were written before the column existed, and the new ones have it: no difference, but said. */
export interface FilledColumn {
  readonly column: string;
  /** How many rows have a value in it now that had none. Decimal. */
  readonly rows: string;
}

export interface RebuildReport {
  /** Rows were compared one by one, by their hashes: both tables are of the same code. Else only counted. */
  readonly by_row: boolean;
  readonly equal: boolean;
  readonly rows_old: string;
  readonly rows_new: string;
  readonly tenants: number;
  /** At most 20. */
  readonly tenants_that_differ: readonly TenantDifference[];
  /** The first ones, at most 20. */
  readonly rows_that_differ: readonly RowDifference[];
  /** Columns that a migration has added while the old table was in use, where its rows from before lack a value. */
  readonly columns_filled: readonly FilledColumn[];
  readonly compared_at: string;
}

export interface RebuildPartition {
  readonly topic: string;
  readonly partition: number;
  readonly next_offset: string;
}

/** A rebuild as it is shown. Counts of events are decimal text, times RFC 3339. */
export interface RebuildStanding {
  readonly rebuild_id: string;
  readonly projection: string;
  readonly state: RebuildState;
  /** What was asked for and is not done yet. */
  readonly wanted: RebuildAction | null;
  readonly from_version: number;
  /** Null until the tables are made. */
  readonly to_version: number | null;
  readonly swap: 'when_equal' | 'manual';
  readonly events_per_second_max: number | null;
  readonly connections_max: number | null;
  readonly events_done: string;
  readonly events_total: string;
  readonly events_per_second: number;
  /** Which part of its time it works; below 1 it gives way to the live projections. Null: it does not fill. */
  readonly time_share: number | null;
  /** Null where nothing moves. */
  readonly seconds_left: number | null;
  readonly reason: string | null;
  readonly report: RebuildReport | null;
  readonly owner: string | null;
  readonly requested_by: string;
  readonly requested_at: string;
  readonly started_at: string | null;
  readonly filled_at: string | null;
  readonly swapped_at: string | null;
  readonly keep_until: string | null;
  readonly ended_at: string | null;
  readonly partitions: readonly RebuildPartition[];
}
