import { RecentSet } from './recent-set.js';
import { isFor, type TailEvent, type TailFilter } from './tail-event.js';
import { TailPosition } from './tail-position.js';
import type { TailRing } from './tail-ring.js';

export interface NextPlace {
  readonly topic: string;
  readonly partition: number;
  readonly nextOffset: bigint;
}

/** What lies behind the ring: the journal, and the log's own ends. */
export interface TailHistory {
  /** Whether the journal holds everything before these places, after waiting at most `timeoutMs`. */
  reaches(places: readonly NextPlace[], timeoutMs: number): Promise<boolean>;
  /**
   * Events of the tenant from these places on, at most `limit`, in offset order within a partition. Fewer than `limit`:
   * there are no more.
   */
  after(
    tenantId: string,
    places: readonly NextPlace[],
    filter: TailFilter,
    limit: number,
  ): Promise<readonly TailEvent[]>;
  /** What was recorded before this time is not in the journal any more. */
  oldestMs(): Promise<number>;
  /** Whether a place is behind the end of its partition: of another log than this one. */
  isBeyondEnd(place: NextPlace): Promise<boolean>;
}

/**
 * What a session says, in order. `resync`: what came between the client's place and the present is not to be had any
 * more; the stream goes on from the present. `dropped` and `reconnect` are the last word: the client comes again with
 * the id that stands beside them and misses nothing.
 */
export type TailSignal =
  | { readonly kind: 'open' | 'heartbeat' }
  | { readonly kind: 'event'; readonly event: TailEvent }
  | { readonly kind: 'resync' | 'dropped' | 'reconnect'; readonly reason: string };

export interface TailSink {
  /** Puts it into the outgoing buffer. */
  push(signal: TailSignal, position: TailPosition): void;
  /** Resolves when the client has taken the buffer; false when it took too long or went away. */
  flush(): Promise<boolean>;
  /** Bytes pushed since the last flush. */
  readonly pending: number;
}

export interface TailSessionOptions {
  readonly ring: TailRing;
  readonly history: TailHistory;
  readonly sink: TailSink;
  readonly tenantId: string;
  readonly filter: TailFilter;
  /** Undefined: from the present on. */
  readonly from: TailPosition | undefined;
  readonly signal: AbortSignal;
  readonly onEnd?: (reason: string) => void;
}

const pageEventsMax = 500;
const flushBytes = 64 * 1024;
const journalWaitMs = 10_000;
/** Events read from the journal whose repeats in the ring are still recognised. */
const seamIdentitiesMax = 10_000;

/**
 * One client of the tail.
 *
 * Modes: catching up, in which it reads the journal until the ring covers its place in every partition; live, entered
 * from there, in which it walks the ring. Live goes back to catching up when the ring's oldest event passed it by. The
 * seam needs no lock: the client's own place in each partition decides what of either source it has seen already.
 */
export class TailSession {
  private position: TailPosition;
  private sequence: number;
  private readonly seen = new RecentSet(seamIdentitiesMax);

  constructor(private readonly options: TailSessionOptions) {
    const { ring, from } = options;
    this.position = this.present();
    this.sequence = ring.nextSequence;
    if (from === undefined) return;
    this.sequence = ring.firstSequence;
    this.position = from.copy();
    for (const { topic, partition } of ring.partitions()) {
      if (from.nextOffset(topic, partition) !== undefined) continue;
      this.position.moveTo(topic, partition, from.isWhole ? 0n : (ring.headOf(topic, partition) ?? 0n));
    }
  }

  get place(): TailPosition {
    return this.position;
  }

  /** Resolves when the client went away, was too slow, or the tail was closed; it has been told by then. */
  async run(): Promise<void> {
    const { ring, signal, sink } = this.options;
    await this.resyncIfAhead();
    this.say({ kind: 'open' });
    while (!signal.aborted) {
      if (ring.closed) return this.lastWord({ kind: 'reconnect', reason: 'stopping' });
      if (this.behind().length > 0) {
        if (!(await this.catchUp())) return;
        continue;
      }
      this.takeFromRing();
      if (sink.pending > 0 && !(await sink.flush())) return this.lastWord({ kind: 'dropped', reason: 'slow' });
      if (this.sequence >= ring.nextSequence) await this.untilMore();
    }
  }

  /** A place behind the end of the log is of a log that is gone: nothing says what lies between. */
  private async resyncIfAhead(): Promise<void> {
    const { ring, history } = this.options;
    for (const place of this.position.places()) {
      const head = ring.headOf(place.topic, place.partition);
      if (head !== undefined && place.nextOffset <= head) continue;
      if (head !== undefined && !(await history.isBeyondEnd(place))) continue;
      return this.resync('position_unknown');
    }
  }

  private resync(reason: string): void {
    this.position = this.present();
    this.sequence = this.options.ring.nextSequence;
    this.say({ kind: 'resync', reason });
  }

  private present(): TailPosition {
    const head = this.options.ring.head();
    head.reachedAt(Date.now());
    return head;
  }

  /** Partitions of which the ring no longer holds the next record of this client. */
  private behind(): readonly NextPlace[] {
    const { ring } = this.options;
    return this.position.places().filter(({ topic, partition, nextOffset }) => {
      const start = ring.startOf(topic, partition);
      return start !== undefined && nextOffset < start;
    });
  }

  /** False when the session is over. */
  private async catchUp(): Promise<boolean> {
    const { history, ring, filter, tenantId, sink, signal } = this.options;
    if (this.position.atMs !== undefined && this.position.atMs < (await history.oldestMs())) {
      this.resync('history_gone');
      return true;
    }
    const places = this.behind();
    // The starts of now: what leaves the ring from here on is the next round's matter.
    const goals = places.map((place) => ({ ...place, nextOffset: ring.startOf(place.topic, place.partition) ?? 0n }));
    if (!(await history.reaches(goals, journalWaitMs))) {
      await this.lastWord({ kind: 'reconnect', reason: 'journal_lagging' });
      return false;
    }
    for (;;) {
      if (signal.aborted) return false;
      const from = places.map((place) => ({ ...place, nextOffset: this.nextOffsetOf(place) }));
      const page = await history.after(tenantId, from, filter, pageEventsMax);
      for (const event of page) this.take(event, true);
      if (sink.pending > 0 && !(await sink.flush())) {
        await this.lastWord({ kind: 'dropped', reason: 'slow' });
        return false;
      }
      if (page.length < pageEventsMax) break;
    }
    for (const goal of goals) {
      if (this.nextOffsetOf(goal) < goal.nextOffset) this.position.moveTo(goal.topic, goal.partition, goal.nextOffset);
    }
    this.sequence = ring.firstSequence;
    return true;
  }

  private takeFromRing(): void {
    const { ring, sink } = this.options;
    // What has left the ring by now is behind this client, or `behind` would have sent it to the journal.
    this.sequence = Math.max(this.sequence, ring.firstSequence);
    while (this.sequence < ring.nextSequence && sink.pending < flushBytes) {
      const event = ring.at(this.sequence);
      this.sequence += 1;
      if (event !== undefined) this.take(event, false);
    }
    if (this.sequence >= ring.nextSequence) this.passWhatIsNoEvent();
  }

  /** At the end of the ring, records that were no events are behind this client too. */
  private passWhatIsNoEvent(): void {
    for (const { topic, partition, nextOffset } of this.options.ring.head().places()) {
      if (nextOffset > (this.position.nextOffset(topic, partition) ?? -1n)) {
        this.position.moveTo(topic, partition, nextOffset);
      }
    }
    this.position.reachedAt(Date.now());
  }

  private take(event: TailEvent, fromJournal: boolean): void {
    const { tenantId, filter } = this.options;
    const { topic, partition, offset } = event.place;
    if (offset < this.nextOffsetOf(event.place)) return;
    this.position.moveTo(topic, partition, offset + 1n);
    if (!isFor(event, tenantId, filter)) return;
    if (fromJournal) this.seen.add(event.identity);
    else if (this.seen.has(event.identity)) return;
    this.say({ kind: 'event', event });
  }

  private nextOffsetOf({ topic, partition }: { readonly topic: string; readonly partition: number }): bigint {
    return this.position.nextOffset(topic, partition) ?? 0n;
  }

  private say(signal: TailSignal): void {
    this.options.sink.push(signal, this.position);
  }

  private async lastWord(signal: Extract<TailSignal, { reason: string }>): Promise<void> {
    this.options.onEnd?.(signal.reason);
    this.say(signal);
    await this.options.sink.flush();
  }

  private untilMore(): Promise<void> {
    const { ring, signal } = this.options;
    return new Promise((resolve) => {
      const done = () => {
        forget();
        signal.removeEventListener('abort', done);
        resolve();
      };
      const forget = ring.onWake(done);
      signal.addEventListener('abort', done, { once: true });
      if (signal.aborted || ring.closed) done();
    });
  }
}
