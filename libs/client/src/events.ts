import type { EventType } from '@chorda/contracts';
import { UncheckedEvent, type OutgoingEvent, type ReceivedEvent } from './cloud-event.js';
import { ChordaError, InvalidCallError, ProblemError, UnexpectedAnswerError, type ProblemDocument } from './errors.js';
import { isObject, isProblem, type Http, type HttpRequest, type Query } from './http.js';
import { newId } from './new-id.js';
import { batches, chunks, type Prepared } from './request-batches.js';

/** What the gateway waits where nothing is said. */
const projectedWaitMs = 5_000;

export interface SendOptions {
  /** `projected`: answered once the journal can be queried for it. Default `logged`: once the brokers have it. */
  readonly ack?: 'logged' | 'projected';
  /** How long `projected` may take before the answer says `complete: false`. Default 5 s. */
  readonly waitMs?: number;
  readonly signal?: AbortSignal;
}

export interface SendAllOptions extends SendOptions {
  /**
   * `all`: a request sends nothing unless every event in it is valid, and then all of them are `refused` or
   * `not_attempted`. Default `each`.
   */
  readonly validate?: 'each' | 'all';
}

/** What would become of an event. */
export type CheckResult =
  | { readonly status: 'valid'; readonly id: string; readonly topic: string; readonly partition: number }
  | { readonly status: 'refused'; readonly error: ChordaError };

export interface SendOneOptions extends SendOptions {
  /**
   * Default: a new one. An event without id gets one that follows from this key, so a call that is repeated after a
   * crash has no second effect.
   */
  readonly idempotencyKey?: string;
}

/** The event is in the log. */
export interface Logged {
  readonly status: 'logged';
  readonly id: string;
  /** For `minPosition` of a query that must see it. */
  readonly position: string;
  /** With `ack: 'projected'`: whether the journal has it; `reason` says why not. */
  readonly complete?: boolean;
  readonly reason?: string;
}

/**
 * What became of one event.
 * - `logged`: all in-sync replicas have it.
 * - `refused`: it has no effect; the error says why.
 * - `unknown`: it may be in the log or may come; sending it again with the same id has no second effect.
 * - `not_attempted`: it was not sent, because of what happened before it.
 */
export type SendResult =
  | Logged
  | { readonly status: 'refused' | 'unknown' | 'not_attempted'; readonly id: string; readonly error: ChordaError };

/** What became of each event, in order. */
export interface SendResults extends ReadonlyArray<SendResult> {
  /** For `minPosition` of a query that must see every event that is logged: one for each request that was needed. */
  readonly positions: readonly string[];
}

/** A batch that could not be sent to its end. */
export class BatchFailedError extends ChordaError {
  readonly code: string;
  readonly retriable: boolean;
  constructor(
    override readonly cause: ChordaError,
    readonly results: SendResults,
  ) {
    const logged = results.filter(({ status }) => status === 'logged').length;
    super(`${cause.message} (${logged} of ${results.length} events are logged)`, { cause });
    this.code = cause.code;
    this.retriable = cause.retriable;
    const { status, requestId } = cause;
    Object.assign(this, { issues: cause.issues, ...(status && { status }), ...(requestId && { requestId }) });
  }
}

/** Which events; a member left out means all. */
export interface EventFilter<Type extends EventType = EventType> {
  readonly types?: readonly Type[];
  readonly subject?: string;
  readonly source?: string;
  readonly correlationId?: string;
  /** Not older than this. */
  readonly from?: Date | string;
  /** Older than this. */
  readonly to?: Date | string;
}

export interface ReadOptions {
  /**
   * What a write answered with, or the `positions` of `sendAll`: the read waits until it has passed all of them. At most
   * 64, and 12 thousand characters.
   */
  readonly minPosition?: string | readonly string[];
  /** How long it may wait. Default: the gateway's. */
  readonly waitMs?: number;
  readonly signal?: AbortSignal;
}

export interface SearchOptions extends ReadOptions {
  /** Events in one page. Default: the gateway's. */
  readonly limit?: number;
  /** Where an earlier page ended. */
  readonly cursor?: string;
}

export interface EventPage<Type extends EventType = EventType> {
  readonly events: readonly ReceivedEvent<Type>[];
  /** Undefined on the last page. */
  readonly nextCursor: string | undefined;
  /** False where `minPosition` was not reached in time; `reason` says why. */
  readonly complete: boolean;
  readonly reason: string | undefined;
}

/** What a search found: the events one by one, or page by page. Each loop asks anew. */
export interface EventSearch<Type extends EventType = EventType> extends AsyncIterable<ReceivedEvent<Type>> {
  pages(): AsyncIterable<EventPage<Type>>;
}

/** What is known of a batch so far. */
interface Answered {
  readonly results: Map<Prepared, SendResult>;
  readonly positions: string[];
}

/** `client.events`: sends events, and finds them again. */
export class EventsApi {
  readonly #http: Http;
  readonly #source: string;

  constructor(http: Http, source: string) {
    this.#http = http;
    this.#source = source;
  }

  /**
   * Sends one event. Tried again with the same id where another try may help.
   *
   * @throws {@link ChordaError} where it is not logged; `retriable` says whether it may be all the same.
   */
  async send(event: OutgoingEvent, options: SendOneOptions = {}): Promise<Logged> {
    const { idempotencyKey } = options;
    const { id, text } = this.prepare(event, idempotencyKey === undefined);
    const type = 'application/cloudevents+json';
    const body = await this.#http.json(postOf(text, type, idempotencyKey ?? newId(), options));
    const result = resultOf(body, id);
    if (result.status !== 'logged') throw result.error;
    return result;
  }

  /**
   * Sends events in order, in as many requests as they need, and answers one result for each, in order. What ended
   * `unknown` or `not_attempted` is tried again with its id before anything behind it is sent; where it stays so, the
   * rest is not sent.
   *
   * @throws {@link BatchFailedError} where a request failed as a whole; it holds the results too.
   */
  async sendAll(events: Iterable<OutgoingEvent>, options: SendAllOptions = {}): Promise<SendResults> {
    const prepared = Array.from(events, (event) => this.prepare(event, true));
    const positions: string[] = [];
    const results = Object.assign<SendResult[], { positions: readonly string[] }>([], { positions });
    const leaveOut = (error: ChordaError) => {
      for (const { id } of prepared.slice(results.length)) results.push({ status: 'not_attempted', id, error });
    };
    for (const batch of batches(prepared)) {
      try {
        results.push(...(await this.sendBatch(batch, positions, options)));
      } catch (error) {
        if (!(error instanceof ChordaError)) throw error;
        const status = error.retriable ? 'unknown' : 'refused';
        for (const { id } of batch) results.push({ status, id, error });
        leaveOut(error);
        throw new BatchFailedError(error, results);
      }
      const open = results.find((result) => isOpen(result));
      if (open === undefined || !('error' in open)) continue;
      leaveOut(open.error);
      return results;
    }
    return results;
  }

  /** Asks what would become of an event, and sends nothing. @throws {@link ChordaError} where nobody can say. */
  async check(event: OutgoingEvent, options: Pick<SendOptions, 'signal'> = {}): Promise<CheckResult> {
    const { text } = this.prepare(event, true);
    const request = postOf(text, 'application/cloudevents+json', newId(), options);
    try {
      const body = await this.#http.json({ ...request, query: { dry_run: 'true' } });
      const { id, topic, partition } = isObject(body) ? body : {};
      if (typeof id !== 'string' || typeof topic !== 'string' || typeof partition !== 'number') {
        throw new UnexpectedAnswerError('/v1/events', 200, 'no result of a dry run');
      }
      return { status: 'valid', id, topic, partition };
    } catch (error) {
      if (error instanceof ProblemError && [403, 413, 422].includes(error.status)) return { status: 'refused', error };
      throw error;
    }
  }

  /**
   * Sends events that come one after another, for as long as they come, as NDJSON: up to a thousand in one request. The
   * results come in the order of the events. Like `sendAll` it stops behind what stays open.
   *
   * @throws {@link ChordaError} where a request failed as a whole; what was answered before it has its result.
   */
  async *sendLines(
    events: AsyncIterable<OutgoingEvent> | Iterable<OutgoingEvent>,
    options: Pick<SendOptions, 'signal'> = {},
  ): AsyncGenerator<SendResult, void, undefined> {
    for await (const batch of chunks(events, (event) => this.prepare(event, true))) {
      const results = await this.sendBatch(batch, [], options, 'lines');
      yield* results;
      if (results.some((result) => isOpen(result))) return;
    }
  }

  /** Finds events in the journal, newest first. */
  search<Type extends EventType = EventType>(
    filter: EventFilter<Type> = {},
    options: SearchOptions = {},
  ): EventSearch<Type> {
    const pages = () => this.pages(filter, options);
    return {
      pages,
      async *[Symbol.asyncIterator]() {
        for await (const page of pages()) yield* page.events;
      },
    };
  }

  /**
   * One event by its id.
   *
   * @param options `source`: who sent it, where two senders used the same id.
   * @throws {@link ProblemError} `NOT_FOUND` where there is none, `AMBIGUOUS_EVENT_ID` where `source` is needed.
   */
  async get(id: string, options: ReadOptions & { readonly source?: string } = {}): Promise<ReceivedEvent> {
    const body = await this.#http.json({
      method: 'GET',
      path: `/v1/events/${encodeURIComponent(id)}`,
      query: { source: options.source, ...waiting(options) },
      signal: options.signal,
      waitMs: options.waitMs ?? projectedWaitMs,
    });
    return body as ReceivedEvent;
  }

  private prepare(outgoing: OutgoingEvent, withId: boolean): Prepared {
    const event = outgoing instanceof UncheckedEvent ? outgoing.event : outgoing;
    const id = event.id ?? (withId ? newId() : undefined);
    const time = event.time ?? new Date();
    const whole = { specversion: '1.0', ...event, id, source: event.source ?? this.#source, time };
    try {
      return { id: id ?? '', text: JSON.stringify(whole, longsAsText) };
    } catch (error) {
      throw new InvalidCallError(`The event of type ${event.type} is no JSON: ${String(error)}`, { cause: error });
    }
  }

  /** One request, and more for what it leaves open. */
  private async sendBatch(
    batch: readonly Prepared[],
    positions: string[],
    options: SendAllOptions,
    form: 'batch' | 'lines' = 'batch',
  ): Promise<readonly SendResult[]> {
    const results = new Map<Prepared, SendResult>();
    let open = batch;
    let key = newId();
    for (let attempt = 1; ; attempt += 1) {
      try {
        if (form === 'lines') await this.postLines(open, results, options.signal);
        else await this.postBatch(open, key, { results, positions }, options);
        return [...results.values()];
      } catch (error) {
        const left = open.filter((event) => isOpen(results.get(event)));
        // A key stands for one body, and what is left of a batch is another one.
        if (left.length < open.length) key = newId();
        open = left;
        try {
          await this.#http.beforeRetry(error, attempt, options.signal);
        } catch (final) {
          // Each event has an answer of its own, which says more than the last request's failure.
          if (final instanceof ChordaError && results.size === batch.length) return [...results.values()];
          throw final;
        }
      }
    }
  }

  /** @throws {@link ChordaError} while an event is still open, whose result may be set all the same. */
  private async postBatch(
    batch: readonly Prepared[],
    key: string,
    { results, positions }: Answered,
    options: SendAllOptions,
  ): Promise<void> {
    const text = `[${batch.map((event) => event.text).join(',')}]`;
    const take = (items: readonly unknown[]) =>
      batch.forEach((event, index) => results.set(event, resultOf(items[index], event.id, index)));
    try {
      const body = await this.#http.jsonOnce(postOf(text, 'application/cloudevents-batch+json', key, options));
      take(itemsOf(body) ?? []);
      if (isObject(body) && typeof body['position'] === 'string') positions.push(body['position']);
    } catch (error) {
      // None of the batch is logged: the problem holds what became of each.
      const items = error instanceof ProblemError ? itemsOf(error.problem) : undefined;
      if (items === undefined) throw error;
      take(items);
      if (error instanceof ProblemError && error.retriable) throw error;
    }
    for (const result of results.values()) if (isOpen(result) && 'error' in result) throw result.error;
  }

  /**
   * Without an Idempotency-Key, for which the gateway would have to read all of it first: the ids are enough.
   *
   * @throws {@link ChordaError} while an event is still open, whose result may be set all the same.
   */
  private async postLines(
    batch: readonly Prepared[],
    results: Map<Prepared, SendResult>,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const path = '/v1/events';
    const body = batch.map(({ text }) => `${text}\n`).join('');
    const headers = { 'content-type': 'application/x-ndjson', accept: 'application/x-ndjson' };
    const lines = await this.#http.lines({ method: 'POST', path, headers, body, signal });
    const last = lines.at(-1);
    for (const line of lines) {
      const index = isObject(line) ? line['index'] : undefined;
      const event = typeof index === 'number' ? batch[index] : undefined;
      if (event !== undefined) results.set(event, resultOf(line, event.id));
    }
    if (isObject(last) && last['status'] === 'stopped' && isProblem(last['problem'])) {
      throw new ProblemError(last['problem'].status ?? 503, last['problem']);
    }
    if (!isObject(last) || last['status'] !== 'end')
      throw new UnexpectedAnswerError(path, 200, 'results that are cut off');
    for (const result of results.values()) if (isOpen(result) && 'error' in result) throw result.error;
  }

  private async *pages<Type extends EventType>(
    filter: EventFilter<Type>,
    options: SearchOptions,
  ): AsyncGenerator<EventPage<Type>, void, undefined> {
    let cursor = options.cursor;
    do {
      const query: Query = { ...filterQuery(filter), limit: options.limit, cursor, ...waiting(options) };
      const { signal, waitMs = projectedWaitMs } = options;
      const body = await this.#http.json({ method: 'GET', path: '/v1/events', query, signal, waitMs });
      const page = pageOf<Type>(body);
      yield page;
      cursor = page.nextCursor;
    } while (cursor !== undefined);
  }
}

/** JSON has no 64-bit integers: they go as decimal text. */
function longsAsText(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}

/** No answer yet, or one that another try may change. */
function isOpen(result: SendResult | undefined): boolean {
  return result === undefined || ('error' in result && result.status !== 'refused');
}

function postOf(body: string, contentType: string, idempotencyKey: string, options: SendAllOptions): HttpRequest {
  const { ack, waitMs, validate, signal } = options;
  return {
    method: 'POST',
    path: '/v1/events',
    query: { ack, wait: waitMs, validate },
    headers: { 'content-type': contentType, 'idempotency-key': idempotencyKey },
    body,
    signal,
    waitMs: ack === 'projected' ? (waitMs ?? projectedWaitMs) : 0,
  };
}

function itemsOf(body: unknown): readonly unknown[] | undefined {
  return isObject(body) && Array.isArray(body['items']) ? body['items'] : undefined;
}

const missing: ProblemDocument = { code: 'NO_RESULT', status: 502, detail: 'The answer has no result for this event' };

/** `index`: where the event stood in a batch, which pointers into that batch begin with. */
function resultOf(item: unknown, knownId: string, index?: number): SendResult {
  const { status, id: answeredId, position, problem, complete, reason } = isObject(item) ? item : {};
  const id = typeof answeredId === 'string' ? answeredId : knownId;
  if (status === 'logged' && typeof position === 'string') {
    return {
      status,
      id,
      position,
      ...(typeof complete === 'boolean' && { complete }),
      ...(typeof reason === 'string' && { reason }),
    };
  }
  const document = isProblem(problem) ? withOwnPointers(problem, index) : missing;
  const error = new ProblemError(document.status ?? 500, document);
  return { status: status === 'refused' || status === 'not_attempted' ? status : 'unknown', id, error };
}

/** Pointers into the batch become pointers into the event: the caller has not seen how events were put together. */
function withOwnPointers(problem: ProblemDocument, index: number | undefined): ProblemDocument {
  const prefix = `/${index}`;
  const errors = problem.errors?.map((issue) =>
    issue.pointer === prefix || issue.pointer.startsWith(`${prefix}/`)
      ? { ...issue, pointer: issue.pointer.slice(prefix.length) }
      : issue,
  );
  return errors === undefined ? problem : { ...problem, errors };
}

function filterQuery(filter: EventFilter): Query {
  return {
    type: filter.types?.join(','),
    subject: filter.subject,
    source: filter.source,
    correlation_id: filter.correlationId,
    from: timeText(filter.from),
    to: timeText(filter.to),
  };
}

function timeText(time: Date | string | undefined): string | undefined {
  return time instanceof Date ? time.toISOString() : time;
}

function waiting({ minPosition, waitMs }: ReadOptions): Query {
  return { min_position: minPosition, wait: waitMs };
}

function pageOf<Type extends EventType>(body: unknown): EventPage<Type> {
  if (!isObject(body) || !Array.isArray(body['items'])) {
    throw new UnexpectedAnswerError('/v1/events', 200, 'no list of events');
  }
  const { next_cursor: next, complete, reason } = body;
  return {
    events: body['items'] as readonly ReceivedEvent<Type>[],
    nextCursor: typeof next === 'string' ? next : undefined,
    complete: complete !== false,
    reason: typeof reason === 'string' ? reason : undefined,
  };
}
