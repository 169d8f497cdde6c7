import type { Http } from './http.js';

export type RebuildState =
  | 'requested'
  | 'filling'
  | 'catching_up'
  | 'comparing'
  | 'ready'
  | 'mismatch'
  | 'swapped'
  | 'swapped_back'
  | 'done'
  | 'cancelled'
  | 'failed';

export type RebuildAction = 'cancel' | 'resume' | 'swap' | 'swap-back' | 'drop-old';

/** What comparing the new tables with the live ones found. Counts of rows are decimal text. */
export interface RebuildReport {
  /** Else they were counted only: the tables are of different code. */
  readonly by_row: boolean;
  readonly equal: boolean;
  readonly rows_old: string;
  readonly rows_new: string;
  readonly tenants: number;
  readonly tenants_that_differ: readonly {
    readonly tenant: string;
    readonly rows_old: string;
    readonly rows_new: string;
  }[];
  readonly rows_that_differ: readonly {
    readonly tenant: string;
    readonly key: Readonly<Record<string, string | null>>;
    readonly found: 'only_old' | 'only_new' | 'different';
  }[];
  /** Columns that old rows lack because they are older than the column, and how many rows have them now: no difference. */
  readonly columns_filled?: readonly { readonly column: string; readonly rows: string }[];
  readonly compared_at: string;
}

/** New tables of a projection, filled beside the live ones. Counts of events are decimal text, times RFC 3339. */
export interface Rebuild {
  readonly rebuild_id: string;
  readonly projection: string;
  readonly state: RebuildState;
  /** What was asked for and is not done yet. */
  readonly wanted: string | null;
  readonly from_version: number;
  readonly to_version: number | null;
  readonly swap: 'when_equal' | 'manual';
  readonly events_per_second_max: number | null;
  readonly connections_max: number | null;
  readonly events_done: string;
  readonly events_total: string;
  readonly events_per_second: number;
  /** Which part of its time it works; below 1 it gives way to the live projections. Null: it does not fill. */
  readonly time_share: number | null;
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
  readonly partitions: readonly { readonly topic: string; readonly partition: number; readonly next_offset: string }[];
}

export interface RebuildOptions {
  /** Default `when_equal`: readers see the new tables as soon as both hold the same rows at the same offsets. */
  readonly swap?: 'when_equal' | 'manual';
  readonly eventsPerSecondMax?: number;
  readonly connectionsMax?: number;
  readonly signal?: AbortSignal;
}

/** Rebuilds of projections. They concern every tenant: a key needs the scope `deployment:operate`. */
export class RebuildsApi {
  readonly #http: Http;

  constructor(http: Http) {
    this.#http = http;
  }

  /** Asks for one. A projector takes it up within a second. At most one of a projection is open. */
  async start(projection: string, options: RebuildOptions = {}): Promise<Rebuild> {
    const { swap, eventsPerSecondMax, connectionsMax, signal } = options;
    const body = { swap, events_per_second_max: eventsPerSecondMax, connections_max: connectionsMax };
    // Once: a repeat of what was accepted would be answered that one is open.
    return (await this.#http.jsonOnce({
      method: 'POST',
      path: pathOf(projection),
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal,
    })) as Rebuild;
  }

  /** The newest one of a projection. */
  async get(projection: string, options: { readonly signal?: AbortSignal } = {}): Promise<Rebuild> {
    return (await this.#http.json({ method: 'GET', path: pathOf(projection), signal: options.signal })) as Rebuild;
  }

  /** Cancel, resume, swap, swap back, or drop the tables that are not shown. */
  async act(
    projection: string,
    action: RebuildAction,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<Rebuild> {
    const path = `${pathOf(projection)}/${action}`;
    return (await this.#http.json({ method: 'POST', path, signal: options.signal })) as Rebuild;
  }
}

function pathOf(projection: string): string {
  return `/v1/projections/${encodeURIComponent(projection)}/rebuild`;
}
