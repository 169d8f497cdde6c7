import { setTimeout as delay } from 'node:timers/promises';
import type { DemoEvent } from './demo-event.js';

/** What the door said of one event. */
export type DoorAnswer =
  | { readonly kind: 'acknowledged'; readonly position: string }
  | { readonly kind: 'refused'; readonly reason: string }
  /** No answer, or one that leaves it open: the event may be in the log. */
  | { readonly kind: 'unknown'; readonly reason: string };

export interface Door {
  /**
   * One answer an event, in order. A throw counts as `unknown` for all of them.
   *
   * @throws {@link DoorClosedError} when no event will ever get through: sending ends.
   */
  send(events: readonly DemoEvent[]): Promise<readonly DoorAnswer[]>;
}

/** The door lets nobody like us in: a wrong key, a missing scope, an address that is no gateway. */
export class DoorClosedError extends Error {
  override readonly name = 'DoorClosedError';
}

export interface SenderOptions {
  /** Events a second, whatever the answers take; 0: as fast as they are acknowledged. */
  readonly ratePerSecond: number;
  readonly batchEventsMax: number;
  readonly requestsInFlightMax: number;
  /** Gives up when nothing at all was acknowledged for so long. */
  readonly patienceMs: number;
  readonly signal: AbortSignal;
  readonly onAcknowledged?: (event: DemoEvent, position: string) => void;
  readonly onProgress?: (progress: Progress) => void;
}

export interface Progress {
  readonly sent: number;
  readonly acknowledged: number;
  readonly refused: number;
  /** Events that were sent again because their outcome was unknown. */
  readonly repeated: number;
  /** Up to three different reasons of refusals. */
  readonly refusals: readonly string[];
  readonly lastUnknown: string | undefined;
  readonly end: 'running' | 'done' | 'interrupted' | 'gave_up';
}

/** Admitted and not yet settled, at most: bounds memory while a gateway is away. */
const waitingMax = 20_000;
const tickMs = 50;
const backoffMsMin = 200;
const backoffMsMax = 5_000;

/**
 * Sends a day at its own pace: an event is due when the rate says so, not when the last one was answered, so a slow
 * gateway is seen as waiting and not as a lower rate.
 *
 * Of each key one event is in flight at a time. An event whose outcome is unknown is sent again, with its id, before
 * any later event of its key: so the first occurrences on the log are in order, whatever fails in between.
 */
export class DemoSender {
  /** By key: the head is ready or in flight, the rest waits behind it. */
  private readonly lanes = new Map<string, DemoEvent[]>();
  private ready: DemoEvent[] = [];
  private waiting = 0;
  private inFlight = 0;
  private admitted = 0;
  private lastAcknowledgedMs = 0;
  private exhausted = false;
  private wake: () => void = () => undefined;
  private closed: DoorClosedError | undefined;
  private readonly refusals = new Set<string>();
  private readonly attempts = new Map<string, number>();
  private progress = {
    sent: 0,
    acknowledged: 0,
    refused: 0,
    repeated: 0,
    lastUnknown: undefined as string | undefined,
  };

  constructor(
    private readonly events: Iterator<DemoEvent>,
    private readonly door: Door,
    private readonly options: SenderOptions,
  ) {}

  /** @throws the `cause` of a {@link DoorClosedError}. */
  async run(): Promise<Progress> {
    const startMs = performance.now();
    this.lastAcknowledgedMs = startMs;
    let end: Progress['end'] = 'running';
    while (end === 'running') {
      this.admit(performance.now() - startMs);
      this.dispatch();
      this.options.onProgress?.(this.report('running'));
      end = this.endNow();
      if (this.closed !== undefined) throw this.closed.cause;
      if (end === 'running') await this.nextTurn();
    }
    return this.report(end);
  }

  private endNow(): Progress['end'] {
    if (this.options.signal.aborted) return 'interrupted';
    if (this.exhausted && this.waiting === 0) return 'done';
    const silentMs = performance.now() - this.lastAcknowledgedMs;
    return this.waiting > 0 && silentMs > this.options.patienceMs ? 'gave_up' : 'running';
  }

  private admit(elapsedMs: number): void {
    const { ratePerSecond } = this.options;
    const due = ratePerSecond === 0 ? Infinity : Math.floor((elapsedMs / 1_000) * ratePerSecond);
    while (this.admitted < due && this.waiting < waitingMax && !this.exhausted) {
      const { value, done } = this.events.next();
      if (done === true) {
        this.exhausted = true;
        return;
      }
      if (this.waiting === 0) this.lastAcknowledgedMs = performance.now();
      this.admitted += 1;
      this.waiting += 1;
      const lane = this.lanes.get(value.subject);
      if (lane !== undefined) lane.push(value);
      else {
        this.lanes.set(value.subject, [value]);
        this.ready.push(value);
      }
    }
  }

  private dispatch(): void {
    const { batchEventsMax, requestsInFlightMax } = this.options;
    while (this.ready.length > 0 && this.inFlight < requestsInFlightMax) {
      const batch = this.ready.slice(0, batchEventsMax);
      this.ready = this.ready.slice(batchEventsMax);
      this.inFlight += 1;
      void this.sendBatch(batch);
    }
  }

  private async sendBatch(batch: readonly DemoEvent[]): Promise<void> {
    this.progress.sent += batch.filter((event) => !this.attempts.has(event.id)).length;
    const answers = await this.door.send(batch).catch((error: unknown): DoorAnswer[] => {
      if (error instanceof DoorClosedError) this.closed = error;
      const reason = error instanceof Error ? error.message : String(error);
      return batch.map(() => ({ kind: 'unknown', reason }));
    });
    this.inFlight -= 1;
    const unknown = batch.filter((event, index) => {
      const answer = answers[index] ?? { kind: 'unknown', reason: 'The answer leaves it out.' };
      if (answer.kind === 'unknown') this.progress.lastUnknown = answer.reason;
      else this.settle(event, answer);
      return answer.kind === 'unknown';
    });
    if (unknown.length > 0) void this.sendAgain(unknown);
    this.wake();
  }

  private settle(event: DemoEvent, answer: Exclude<DoorAnswer, { kind: 'unknown' }>): void {
    this.waiting -= 1;
    this.attempts.delete(event.id);
    if (answer.kind === 'acknowledged') {
      this.progress.acknowledged += 1;
      this.lastAcknowledgedMs = performance.now();
      this.options.onAcknowledged?.(event, answer.position);
    } else {
      this.progress.refused += 1;
      if (this.refusals.size < 3) this.refusals.add(`${event.type}: ${answer.reason}`);
    }
    const lane = this.lanes.get(event.subject) ?? [];
    lane.shift();
    const next = lane[0];
    if (next === undefined) this.lanes.delete(event.subject);
    else this.ready.push(next);
  }

  /** They are the heads of their lanes: nothing of their keys can pass them meanwhile. */
  private async sendAgain(events: readonly DemoEvent[]): Promise<void> {
    const attempts = Math.max(...events.map((event) => this.attempts.get(event.id) ?? 0)) + 1;
    for (const event of events) this.attempts.set(event.id, attempts);
    const backoffMs = Math.min(backoffMsMax, backoffMsMin * 2 ** (attempts - 1)) * (0.5 + Math.random() / 2);
    await delay(backoffMs, undefined, { signal: this.options.signal }).catch(() => undefined);
    this.progress.repeated += events.length;
    this.ready.push(...events);
    this.wake();
  }

  private async nextTurn(): Promise<void> {
    // At full speed an answer is what makes room; at a chosen rate, time is.
    const answered = new Promise<void>((resolve) => (this.wake = resolve));
    const turn = new AbortController();
    await Promise.race([answered, delay(tickMs, undefined, { signal: turn.signal }).catch(() => undefined)]);
    turn.abort();
    // Answers that come one by one are taken together: a batch for each would hold one event.
    if (this.options.ratePerSecond > 0) await delay(10);
  }

  private report(end: Progress['end']): Progress {
    return { ...this.progress, refusals: [...this.refusals], end };
  }
}
