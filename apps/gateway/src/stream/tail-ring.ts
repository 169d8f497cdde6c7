import { RecentSet } from './recent-set.js';
import { RecentVersions } from './recent-versions.js';
import type { TailEvent } from './tail-event.js';
import { LogIdentity, TailPosition } from './tail-position.js';

export interface TailRingLimits {
  readonly eventsMax: number;
  readonly bytesMax: number;
}

/** Events, and streams of decisions, whose repeats are still recognised. */
const identitiesMax = 50_000;
const streamsMax = 50_000;

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
  private readonly heads: TailPosition;
  private readonly identities = new RecentSet(identitiesMax);
  private readonly versions = new RecentVersions(streamsMax);
  private bytesHeld = 0;
  private isClosed = false;
  private readonly grow = (bytes: number) => {
    this.bytesHeld += bytes;
    this.shrink();
  };
  /** What left before its time, by now. */
  evicted = 0;
  /** Of the oldest event that is still here. */
  firstSequence = 0;
  /** Of the event that comes next. */
  nextSequence = 0;

  constructor(
    private readonly limits: TailRingLimits,
    readonly log: LogIdentity = new LogIdentity(new Map()),
  ) {
    this.heads = TailPosition.empty(log);
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

  /** The head as it is now, not a copy: for who reads it at once. */
  get position(): TailPosition {
    return this.heads;
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

  /** Nobody reads what it holds, and what came since was not read: it begins anew at this place of the partition. */
  restart(topic: string, partition: number, offset: bigint): void {
    while (this.firstSequence < this.nextSequence) this.evict();
    const head = this.heads.nextOffset(topic, partition) ?? 0n;
    const place = offset > head ? offset : head;
    this.starts.moveTo(topic, partition, place);
    this.heads.moveTo(topic, partition, place);
  }

  /** False for what was here before: read again after a rebalance, or the repeat of another record. */
  append(event: TailEvent): boolean {
    const { topic, partition, offset } = event.place;
    const head = this.heads.nextOffset(topic, partition);
    if (head !== undefined && offset < head) return false;
    this.heads.moveTo(topic, partition, offset + 1n);
    if (!this.isFirst(event)) return false;
    while (this.nextSequence - this.firstSequence >= this.limits.eventsMax) this.evict();
    this.events[this.nextSequence % this.limits.eventsMax] = event;
    this.nextSequence += 1;
    this.bytesHeld += event.bytes;
    event.onGrown = this.grow;
    this.shrink();
    return true;
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

  /** No event comes any more. */
  close(): void {
    this.isClosed = true;
  }

  private isFirst(event: TailEvent): boolean {
    if (!this.identities.add(event.identity)) return false;
    const { version } = event;
    return version === undefined || this.versions.add(version.stream, version.number);
  }

  /** The newest stays, however large it is. */
  private shrink(): void {
    while (this.bytesHeld > this.limits.bytesMax && this.nextSequence - this.firstSequence > 1) this.evict();
  }

  private evict(): void {
    const slot = this.firstSequence % this.limits.eventsMax;
    const event = this.events[slot];
    this.events[slot] = undefined;
    this.firstSequence += 1;
    if (event === undefined) return;
    this.bytesHeld -= event.bytes;
    event.onGrown = undefined;
    this.evicted += 1;
    this.starts.moveTo(event.place.topic, event.place.partition, event.place.offset + 1n);
  }
}
