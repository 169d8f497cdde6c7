import type { Http } from './http.js';

/** Events of one aggregate that a projection could not apply, in order; the error is that of the first. */
export interface ParkedSequence {
  readonly id: string;
  readonly projection: string;
  readonly version: number;
  readonly topic: string;
  readonly partition: number;
  /** `<tenant>/<subject>`. */
  readonly aggregate_key: string;
  readonly events: number;
  readonly bytes: number;
  /** Offsets are decimal text. */
  readonly first_offset: string;
  readonly last_offset: string;
  readonly reason: 'apply' | 'data' | 'undecodable' | 'gap';
  /** The same for faults of one cause. */
  readonly fingerprint: string;
  readonly error_class: string;
  readonly error_code: string | null;
  readonly error_message: string;
  readonly event_type: string | null;
  readonly parked_at: string;
  readonly updated_at: string;
  readonly retries: number;
  readonly retried_at: string | null;
  readonly retry_requested_at: string | null;
}

export interface ParkedGroup {
  readonly fingerprint: string;
  readonly reason: ParkedSequence['reason'];
  readonly error_class: string;
  readonly error_code: string | null;
  readonly error_message: string;
  readonly event_type: string | null;
  readonly sequences: number;
  readonly events: number;
  readonly oldest_at: string;
  readonly newest_at: string;
}

export interface ParkedPage {
  readonly items: readonly ParkedSequence[];
  readonly next_cursor: string | null;
  /** All of the projection, by cause. */
  readonly groups: readonly ParkedGroup[];
}

export interface ParkedEvent {
  readonly offset: string;
  readonly stream_version: string | null;
  readonly recorded_at: string;
  readonly parked_at: string;
  readonly event_id: string | null;
  readonly event_type: string | null;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly key_base64: string | null;
  readonly value_base64: string | null;
  /** As every read shows it; null where it cannot be decoded, and `undecodable` says why. */
  readonly event: Readonly<Record<string, unknown>> | null;
  readonly undecodable?: string;
}

export interface ParkedWhole extends ParkedSequence {
  readonly waiting: readonly ParkedEvent[];
  readonly next_cursor: string | null;
}

export interface ParkedRetry {
  readonly id: string;
  /** `settled`: nothing of it waits any more; `stuck`: the next event fails; `requested`: not served yet. */
  readonly status: 'requested' | 'settled' | 'stuck';
  /** Where it is stuck. */
  readonly sequence?: ParkedSequence;
}

export interface ParkedDiscard {
  readonly id: string;
  /** Of the `system.parked_discarded` that tells of it. */
  readonly event_id: string;
  readonly discarded: number;
  readonly left: number;
  readonly first_offset: string;
  readonly last_offset: string;
  readonly reason: string;
  readonly discarded_by: string;
  readonly discarded_at: string;
}

interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

/** What projections could not apply: `client.parked`. */
export class ParkedApi {
  readonly #http: Http;

  constructor(http: Http) {
    this.#http = http;
  }

  async list(
    projection: string,
    options: CallOptions & {
      readonly fingerprint?: string | undefined;
      readonly cursor?: string | undefined;
      readonly limit?: number | undefined;
    } = {},
  ): Promise<ParkedPage> {
    const { signal, fingerprint, cursor, limit } = options;
    const path = pathOf(projection);
    return (await this.#http.json({
      method: 'GET',
      path,
      query: { fingerprint, cursor, limit },
      signal,
    })) as ParkedPage;
  }

  async get(
    projection: string,
    id: string,
    options: CallOptions & { readonly cursor?: string | undefined; readonly limit?: number | undefined } = {},
  ): Promise<ParkedWhole> {
    const { signal, cursor, limit } = options;
    const path = pathOf(projection, id);
    return (await this.#http.json({ method: 'GET', path, query: { cursor, limit }, signal })) as ParkedWhole;
  }

  /** @param options `waitMs`: how long to wait for its end, at most 30 s; left out, it is asked for and no more. */
  async retry(
    projection: string,
    id: string,
    options: CallOptions & { readonly waitMs?: number } = {},
  ): Promise<ParkedRetry> {
    const { signal, waitMs = 0 } = options;
    const path = pathOf(projection, id, 'retry');
    const request = { method: 'POST', path, query: { wait: waitMs }, signal, waitMs } as const;
    return (await this.#http.json(request)) as ParkedRetry;
  }

  /** Every sequence of the projection, or those of one cause. */
  async retryAll(
    projection: string,
    options: CallOptions & { readonly fingerprint?: string | undefined } = {},
  ): Promise<{ readonly requested: number }> {
    const { signal, fingerprint } = options;
    return (await this.#http.json({
      method: 'POST',
      path: pathOf(projection, 'retry'),
      ...jsonBody({ fingerprint }),
      signal,
    })) as { readonly requested: number };
  }

  /**
   * Gives events up for good, from the first of the sequence on.
   *
   * @param wish `throughOffset`: up to this event, else all that wait; `gap`: the missing versions, and no event.
   */
  async discard(
    projection: string,
    id: string,
    wish: { readonly reason: string; readonly throughOffset?: string | undefined; readonly gap?: boolean },
    options: CallOptions = {},
  ): Promise<ParkedDiscard> {
    const { reason, throughOffset, gap } = wish;
    return (await this.#http.json({
      method: 'POST',
      path: pathOf(projection, id, 'discard'),
      ...jsonBody({ reason, through_offset: throughOffset, gap }),
      signal: options.signal,
    })) as ParkedDiscard;
  }
}

function pathOf(projection: string, ...rest: readonly string[]): string {
  return ['/v1/projections', projection, 'parked', ...rest]
    .map((part, index) => (index === 0 ? part : encodeURIComponent(part)))
    .join('/');
}

function jsonBody(value: unknown) {
  return { headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) };
}
