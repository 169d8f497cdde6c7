import { sleep } from '@chorda/kernel';
import { RecentSet } from './recent-set.js';
import type { PlacedEvent, TailEncoding } from './tail-encoding.js';
import type { TailEvent, TailFilter } from './tail-event.js';
import type { FilterEnd, LiveSubscriber, TailHub } from './tail-hub.js';
import { TailPosition } from './tail-position.js';

export interface NextPlace {
  readonly topic: string;
  readonly partition: number;
  readonly nextOffset: bigint;
}

/** Neither the journal nor the log has what lies between a client and the ring. */
export class HistoryGoneError extends Error {}

/** What lies behind the ring: the journal, the log itself where the journal lags, and the log's own ends. */
export interface TailHistory {
  /** How far the journal reaches in these partitions, after waiting at most `timeoutMs` for it to reach these places. */
  reach(places: readonly NextPlace[], timeoutMs: number): Promise<readonly NextPlace[]>;
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
  /**
   * The same from the log, in pieces: for what the journal does not have yet. `nextOffset` of a piece is behind what it
   * covers. Undefined where too many read it at the moment.
   *
   * @throws {@link HistoryGoneError} where the log begins behind the place.
   */
  fromLog(
    tenantId: string,
    place: NextPlace,
    before: bigint,
    filter: TailFilter,
    signal: AbortSignal,
  ): AsyncIterable<{ readonly events: readonly TailEvent[]; readonly nextOffset: bigint }> | undefined;
  /** What was recorded before this time is not in the journal any more. */
  oldestMs(): Promise<number>;
  /** Where to begin to see everything of the tenant that was recorded at or after this time. */
  since(tenantId: string, sinceMs: number): Promise<TailPosition>;
  /** Whether a place is behind the end of its partition: of another log than this one. */
  isBeyondEnd(place: NextPlace): Promise<boolean>;
}

/** Why a subscription ends. `slow`: it left its bytes lying for too long. */
export type DropReason = 'slow' | FilterEnd;

/**
 * What a session says, in order. `resync`: what came between the client's place and the present is not to be had any
 * more; the stream goes on from the present. `dropped` and `reconnect` are the last word: the client comes again with
 * the position that stands beside them and misses nothing, but for the one event that a `filter_cost` was about.
 */
export type TailSignal =
  | { readonly kind: 'open' | 'heartbeat' }
  | { readonly kind: 'resync'; readonly reason: 'position_unknown' | 'history_gone' }
  | { readonly kind: 'dropped'; readonly reason: DropReason }
  | { readonly kind: 'reconnect'; readonly reason: 'stopping' | 'journal_lagging' | 'unavailable' };

export interface TailSink {
  readonly encoding: TailEncoding;
  write(bytes: Buffer): void;
  /** Bytes that wait for the client. */
  readonly queuedBytes: number;
  /** Resolves when it has taken them; false when it went away, or took nothing for too long. */
  drained(): Promise<boolean>;
}

export interface TailSessionOptions {
  readonly hub: TailHub;
  readonly history: TailHistory;
  readonly sink: TailSink;
  readonly tenantId: string;
  readonly filter: TailFilter;
  /** Undefined: from the present on. */
  readonly from: TailPosition | undefined;
  readonly signal: AbortSignal;
  /** Bytes that may wait for a client while it is given what is new. */
  readonly queuedBytesMax: number;
  readonly onDelivered?: (events: number) => void;
  readonly onResync?: (reason: string) => void;
  readonly onEnd?: (reason: string) => void;
  readonly onFault?: (error: unknown) => void;
}

const pageEventsMax = 500;
const flushBytes = 64 * 1024;
/** How long a journal that lags is waited for, before the log itself is read. */
const journalWaitMs = 500;
/** Events read from the journal whose repeats in the ring are still recognised, and for how many events of the ring. */
const seamIdentitiesMax = 10_000;
const stopping: TailSignal = { kind: 'reconnect', reason: 'stopping' };

/**
 * One client of the tail.
 *
 * Modes: catching up, in which it reads the journal, and the log where the journal lags, until the ring covers its place
 * in every partition; walking the ring, until it is level with it; live, in which the hub gives it what comes. A client that does not take its
 * bytes goes from live to walking, and from walking to catching up when the ring's oldest event passed it by. The seams
 * need no lock: the client's own place in each partition decides what of either source it has seen already.
 */
export class TailSession implements LiveSubscriber {
  private position: TailPosition;
  private sequence: number;
  private seen: RecentSet | undefined;
  private seenUntil = 0;
  private isLive = false;
  private stopLive: ((end: FilterEnd | 'behind' | 'over') => void) | undefined;

  constructor(private readonly options: TailSessionOptions) {
    const { from } = options;
    const { ring } = options.hub;
    this.position = this.present();
    this.sequence = ring.nextSequence;
    if (from === undefined) return;
    this.sequence = ring.firstSequence;
    this.position = from.copy(ring.log);
    for (const { topic, partition } of ring.partitions()) {
      if (from.nextOffset(topic, partition) !== undefined) continue;
      this.position.moveTo(topic, partition, from.isWhole ? 0n : (ring.headOf(topic, partition) ?? 0n));
    }
  }

  get tenantId(): string {
    return this.options.tenantId;
  }

  get filter(): TailFilter {
    return this.options.filter;
  }

  get encoding(): TailEncoding {
    return this.options.sink.encoding;
  }

  /** Where the client has come to. While it is live, that is where the ring is. */
  get place(): TailPosition {
    return this.isLive ? this.options.hub.ring.position : this.position;
  }

  get hadBefore(): ((event: TailEvent) => boolean) | undefined {
    if (this.seen === undefined) return undefined;
    if (this.options.hub.ring.nextSequence > this.seenUntil) this.seen = undefined;
    return this.seen && ((event) => this.wasSeen(event));
  }

  deliver(bytes: Buffer, events: number): void {
    const { sink, queuedBytesMax, onDelivered } = this.options;
    sink.write(bytes);
    onDelivered?.(events);
    if (sink.queuedBytes > queuedBytesMax) this.stopLive?.('behind');
  }

  end(reason: FilterEnd): void {
    this.stopLive?.(reason);
  }

  /**
   * Resolves when the client went away, was dropped, or the tail was closed; it has been told by then. Rejects never:
   * where journal and log are away, it is told to come back.
   */
  async run(): Promise<void> {
    try {
      await this.serve();
    } catch (error) {
      this.options.onFault?.(error);
      this.lastWord({ kind: 'reconnect', reason: 'unavailable' });
    }
  }

  private async serve(): Promise<void> {
    const { hub, signal, sink } = this.options;
    await this.resyncIfAhead();
    this.say({ kind: 'open' });
    while (!signal.aborted) {
      if (hub.ring.closed) return this.lastWord(stopping);
      if (this.behind().length > 0) {
        const end = await this.catchUp();
        if (end !== undefined) return this.lastWord(end);
        continue;
      }
      const end = this.walkRing();
      if (end !== undefined) return this.lastWord({ kind: 'dropped', reason: end });
      await this.keepToBudget();
      if (sink.queuedBytes > 0 && !(await sink.drained())) return this.lastWord({ kind: 'dropped', reason: 'slow' });
      if (this.sequence < hub.ring.nextSequence || hub.ring.closed || signal.aborted) continue;
      if (this.isAhead) {
        await hub.more(signal);
        continue;
      }
      const left = await this.live();
      if (left === 'filter_cost' || left === 'filter_budget') return this.lastWord({ kind: 'dropped', reason: left });
    }
  }

  /** A place behind the end of the log is of a log that is gone: nothing says what lies between. */
  private async resyncIfAhead(): Promise<void> {
    const { hub, history, from } = this.options;
    if (from?.isOfOther(hub.ring.log)) return this.resync('position_unknown');
    for (const place of this.position.places()) {
      const head = hub.ring.headOf(place.topic, place.partition);
      if (head !== undefined && place.nextOffset <= head) continue;
      if (head !== undefined && !(await history.isBeyondEnd(place))) continue;
      return this.resync('position_unknown');
    }
  }

  private resync(reason: 'position_unknown' | 'history_gone'): void {
    this.position = this.present();
    this.sequence = this.options.hub.ring.nextSequence;
    this.options.onResync?.(reason);
    this.say({ kind: 'resync', reason });
  }

  private present(): TailPosition {
    const head = this.options.hub.ring.head();
    head.reachedAt(Date.now());
    return head;
  }

  /** Partitions of which the ring no longer holds the next record of this client. */
  private behind(): readonly NextPlace[] {
    const { ring } = this.options.hub;
    return this.position.places().filter(({ topic, partition, nextOffset }) => {
      const start = ring.startOf(topic, partition);
      return start !== undefined && nextOffset < start;
    });
  }

  /**
   * It comes from a gateway that had read further. Live, its place would be that of this ring, and go back; so it walks
   * the ring until that has come as far.
   */
  private get isAhead(): boolean {
    const { ring } = this.options.hub;
    return this.position
      .places()
      .some(({ topic, partition, nextOffset }) => nextOffset > (ring.headOf(topic, partition) ?? nextOffset));
  }

  /** The last word, when there is one. */
  private async catchUp(): Promise<TailSignal | undefined> {
    const { history, hub } = this.options;
    if (this.position.atMs !== undefined && this.position.atMs < (await history.oldestMs())) {
      this.resync('history_gone');
      return undefined;
    }
    const places = this.behind();
    // The starts of now: what leaves the ring from here on is the next round's matter.
    const goals = places.map((place) => ({
      ...place,
      nextOffset: hub.ring.startOf(place.topic, place.partition) ?? 0n,
    }));
    const reached = await history.reach(goals, journalWaitMs);
    const end = await this.readJournal(places);
    if (end !== undefined) return end;
    // Asked before the journal was read, so everything before it has been seen.
    for (const place of reached) this.moveUpTo(place, goals);
    const missing = goals.filter((goal) => this.nextOffsetOf(goal) < goal.nextOffset);
    try {
      const endOfLog = await this.readLog(missing);
      if (endOfLog !== undefined) return endOfLog;
    } catch (error) {
      if (!(error instanceof HistoryGoneError)) throw error;
      this.resync('history_gone');
      return undefined;
    }
    for (const goal of goals) {
      if (this.nextOffsetOf(goal) < goal.nextOffset) this.position.moveTo(goal.topic, goal.partition, goal.nextOffset);
    }
    this.sequence = hub.ring.firstSequence;
    return undefined;
  }

  private moveUpTo({ topic, partition, nextOffset }: NextPlace, goals: readonly NextPlace[]): void {
    const goal = goals.find((each) => each.topic === topic && each.partition === partition);
    if (goal === undefined) return;
    const upTo = nextOffset < goal.nextOffset ? nextOffset : goal.nextOffset;
    if (upTo > this.nextOffsetOf(goal)) this.position.moveTo(topic, partition, upTo);
  }

  private get isOver(): boolean {
    return this.options.signal.aborted || this.options.hub.ring.closed;
  }

  private async readJournal(places: readonly NextPlace[]): Promise<TailSignal | undefined> {
    const { history, filter, tenantId } = this.options;
    while (!this.isOver) {
      const from = places.map((place) => ({ ...place, nextOffset: this.nextOffsetOf(place) }));
      const page = await history.after(tenantId, from, filter, pageEventsMax);
      const end = await this.takePage(page);
      if (end !== undefined || page.length < pageEventsMax) return end;
    }
    return stopping;
  }

  /** From where the journal ended: what it got meanwhile is read twice and seen once. */
  private async readLog(goals: readonly NextPlace[]): Promise<TailSignal | undefined> {
    const { history, filter, tenantId, signal } = this.options;
    for (const goal of goals) {
      const place = { ...goal, nextOffset: this.nextOffsetOf(goal) };
      const pieces = history.fromLog(tenantId, place, goal.nextOffset, filter, signal);
      if (pieces === undefined) return { kind: 'reconnect', reason: 'journal_lagging' };
      for await (const { events, nextOffset } of pieces) {
        const end = await this.takePage(events);
        if (end !== undefined) return end;
        if (nextOffset > this.nextOffsetOf(goal)) this.position.moveTo(goal.topic, goal.partition, nextOffset);
        if (this.isOver) return stopping;
      }
    }
    return undefined;
  }

  private async takePage(events: readonly TailEvent[]): Promise<TailSignal | undefined> {
    const { sink } = this.options;
    const placed: PlacedEvent[] = [];
    for (const event of events) {
      const end = this.take(event, true, placed);
      if (end === undefined) continue;
      this.write(placed);
      return { kind: 'dropped', reason: end };
    }
    this.write(placed);
    await this.keepToBudget();
    if (sink.queuedBytes > 0 && !(await sink.drained())) return { kind: 'dropped', reason: 'slow' };
    return undefined;
  }

  private walkRing(): FilterEnd | undefined {
    const { ring } = this.options.hub;
    const placed: PlacedEvent[] = [];
    let bytes = 0;
    // What has left the ring by now is behind this client, or `behind` would have sent it to the journal.
    this.sequence = Math.max(this.sequence, ring.firstSequence);
    while (this.sequence < ring.nextSequence && bytes < flushBytes) {
      const event = ring.at(this.sequence);
      this.sequence += 1;
      if (event === undefined) continue;
      const count = placed.length;
      const end = this.take(event, false, placed);
      if (placed.length > count) bytes += event.bytes;
      if (end === undefined) continue;
      this.write(placed);
      return end;
    }
    this.write(placed);
    if (this.sequence >= ring.nextSequence) this.passWhatIsNoEvent();
    return undefined;
  }

  /** At the end of the ring, records that were no events are behind this client too. */
  private passWhatIsNoEvent(): void {
    for (const { topic, partition, nextOffset } of this.options.hub.ring.position.places()) {
      if (nextOffset > (this.position.nextOffset(topic, partition) ?? -1n)) {
        this.position.moveTo(topic, partition, nextOffset);
      }
    }
    this.position.reachedAt(Date.now());
  }

  private take(event: TailEvent, fromHistory: boolean, placed: PlacedEvent[]): FilterEnd | undefined {
    const { tenantId, filter, hub } = this.options;
    const { topic, partition, offset } = event.place;
    if (offset < this.nextOffsetOf(event.place)) return undefined;
    this.position.moveTo(topic, partition, offset + 1n);
    const accepted = hub.accepts(tenantId, filter, event);
    if (accepted === 'exhausted') return 'filter_cost';
    if (!accepted || this.wasSeen(event)) return undefined;
    if (fromHistory) this.remember(event);
    placed.push({ event, position: this.position.toString() });
    return undefined;
  }

  private remember(event: TailEvent): void {
    this.seen ??= new RecentSet(seamIdentitiesMax);
    this.seen.add(event.identity);
    const { version } = event;
    if (version !== undefined) this.seen.add(`${version.stream}\n${version.number}`);
    this.seenUntil = this.options.hub.ring.nextSequence + seamIdentitiesMax;
  }

  private wasSeen(event: TailEvent): boolean {
    if (this.seen === undefined) return false;
    const { version } = event;
    if (version !== undefined && this.seen.has(`${version.stream}\n${version.number}`)) return true;
    return this.seen.has(event.identity);
  }

  private nextOffsetOf({ topic, partition }: { readonly topic: string; readonly partition: number }): bigint {
    return this.position.nextOffset(topic, partition) ?? 0n;
  }

  /** Bytes lie untaken: the client has as long as any slow one to take them, or is dropped. */
  checkTaken(): void {
    if (this.options.sink.queuedBytes > 0) this.stopLive?.('behind');
  }

  /** Level with the ring: the hub gives what comes, until the client falls behind, is ended, or leaves. */
  private async live(): Promise<FilterEnd | 'behind' | 'over'> {
    const { hub, signal } = this.options;
    return new Promise((resolve) => {
      const over = () => this.stopLive?.('over');
      const forget = hub.onClose(over);
      signal.addEventListener('abort', over, { once: true });
      this.isLive = true;
      hub.attach(this);
      this.stopLive = (end) => {
        this.stopLive = undefined;
        hub.detach(this);
        this.isLive = false;
        this.position = this.present();
        this.sequence = hub.ring.nextSequence;
        forget();
        signal.removeEventListener('abort', over);
        resolve(end);
      };
    });
  }

  /** Who catches up has no deadline, so it waits while its tenant's filters have had their share of this second. */
  private async keepToBudget(): Promise<void> {
    const { hub, tenantId, signal, filter } = this.options;
    const waitMs = filter.expression === undefined ? 0 : hub.budget.pauseMs(tenantId);
    if (waitMs > 0) await sleep(waitMs, signal);
  }

  private write(placed: readonly PlacedEvent[]): void {
    const { sink, onDelivered } = this.options;
    const bytes = placed.length === 0 ? undefined : sink.encoding.events(placed);
    if (bytes === undefined) return;
    sink.write(bytes);
    onDelivered?.(placed.length);
  }

  private say(signal: TailSignal): void {
    const { sink } = this.options;
    sink.write(sink.encoding.signal(signal, this.place.toString()));
  }

  private lastWord(signal: TailSignal): void {
    if ('reason' in signal) this.options.onEnd?.(signal.reason);
    this.say(signal);
  }
}
