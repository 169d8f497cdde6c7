import { RecentSet } from './recent-set.js';
import type { TailEvent } from './tail-event.js';
import { TailPosition } from './tail-position.js';

export interface TailRingLimits {
  readonly eventsMax: number;
  readonly bytesMax: number;
}

/** Events whose repeats are still recognised. */
const identitiesMax = 50_000;

/**
 * The newest events of all topics, in the order in which this gateway read them. Each has a sequence number that counts
 * without gaps; the oldest leave when either limit is met.
 *
 * For every partition the ring knows the first offset that it covers (`start`) and the next one that it expects
 * (`head`). Records between the two that are not in it were repeats or could not be decoded. That is what a client which
 * resumes compares its own place with: below `start` it must read the journal, from there on the ring has everything.
 */
export class TailRing {
  private readonly events: (TailEvent | undefined)[];
  private readonly starts = TailPosition.empty();
  private readonly heads = TailPosition.empty();
  private readonly identities = new RecentSet(identitiesMax);
  private readonly waiting = new Set<() => void>();
  private bytesHeld = 0;
  private isClosed = false;
  /** Of the oldest event that is still here. */
  firstSequence = 0;
  /** Of the event that comes next. */
  nextSequence = 0;

  constructor(private readonly limits: TailRingLimits) {
    this.events = Array.from({ length: limits.eventsMax }, () => undefined);
  }

  get bytes(): number {
    return this.bytesHeld;
  }

  get closed(): boolean {
    return this.isClosed;
  }

  head(): TailPosition {
    return this.heads.copy();
  }

  headOf(topic: string, partition: number): bigint | undefined {
    return this.heads.nextOffset(topic, partition);
  }

  startOf(topic: string, partition: number): bigint | undefined {
    return this.starts.nextOffset(topic, partition);
  }

  partitions(): readonly { readonly topic: string; readonly partition: number }[] {
    return this.heads.places();
  }

  /** Where to read the partition from: where this ring left off, else at `offset`, which then is its start. */
  claim(topic: string, partition: number, offset: bigint): bigint {
    const known = this.heads.nextOffset(topic, partition);
    if (known !== undefined) return known;
    this.starts.moveTo(topic, partition, offset);
    this.heads.moveTo(topic, partition, offset);
    return offset;
  }

  append(event: TailEvent): void {
    const { topic, partition, offset } = event.place;
    const head = this.heads.nextOffset(topic, partition);
    // Read again after a rebalance: it is here, or was and has left.
    if (head !== undefined && offset < head) return;
    this.heads.moveTo(topic, partition, offset + 1n);
    if (!this.identities.add(event.identity)) return;
    while (this.nextSequence - this.firstSequence >= this.limits.eventsMax) this.evict();
    this.events[this.nextSequence % this.limits.eventsMax] = event;
    this.nextSequence += 1;
    this.bytesHeld += event.bytes;
    while (this.bytesHeld > this.limits.bytesMax && this.nextSequence - this.firstSequence > 1) this.evict();
  }

  /** Everything before `nextOffset` was read, whether or not it was an event. */
  advance(topic: string, partition: number, nextOffset: bigint): void {
    const head = this.heads.nextOffset(topic, partition);
    if (head === undefined || head < nextOffset) this.heads.moveTo(topic, partition, nextOffset);
  }

  /** Undefined when it is not there yet or has left. */
  at(sequence: number): TailEvent | undefined {
    if (sequence < this.firstSequence || sequence >= this.nextSequence) return undefined;
    return this.events[sequence % this.limits.eventsMax];
  }

  /** Tells those who wait that something was appended. Called once a batch, so that they take it in one write. */
  wake(): void {
    const woken = [...this.waiting];
    this.waiting.clear();
    for (const wake of woken) wake();
  }

  /** Calls `wake` once, at the next {@link wake}; the answer takes the wish back. */
  onWake(wake: () => void): () => void {
    this.waiting.add(wake);
    return () => this.waiting.delete(wake);
  }

  /** No event comes any more; whoever waits is woken to see it. */
  close(): void {
    this.isClosed = true;
    this.wake();
  }

  private evict(): void {
    const slot = this.firstSequence % this.limits.eventsMax;
    const event = this.events[slot];
    this.events[slot] = undefined;
    this.firstSequence += 1;
    if (event === undefined) return;
    this.bytesHeld -= event.bytes;
    this.starts.moveTo(event.place.topic, event.place.partition, event.place.offset + 1n);
  }
}
