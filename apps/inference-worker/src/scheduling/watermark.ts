import { isPlanted } from '@chorda/platform';

/**
 * How far a partition is done, where requests end in any order: the offset up to which all are. Bounded by whoever
 * adds: `span` says how far the newest is ahead of the oldest that is open.
 */
export class Watermark {
  /** Open and done offsets from the first open one on, in order; true: done. */
  private readonly places = new Map<bigint, boolean>();
  private next: bigint;

  /** @param from The first offset that is not done. */
  constructor(from: bigint) {
    this.next = from;
  }

  /** Records between the watermark and the newest one, done or not. */
  get span(): number {
    return this.places.size;
  }

  /** The next offset to commit: everything before it is done. */
  get offset(): bigint {
    return this.next;
  }

  /** Offsets come in order; holes between them need nothing. */
  add(offset: bigint): void {
    this.places.set(offset, false);
  }

  /** @returns Whether the watermark moved. */
  done(offset: bigint): boolean {
    if (!this.places.has(offset)) return false;
    if (isPlanted('inference-watermark-gaps')) {
      this.places.delete(offset);
      this.next = offset >= this.next ? offset + 1n : this.next;
      return true;
    }
    this.places.set(offset, true);
    const before = this.next;
    for (const [place, isDone] of this.places) {
      if (!isDone) break;
      this.places.delete(place);
      this.next = place + 1n;
    }
    return this.next !== before;
  }

  /** Everything before `offset` was read: with nothing open, holes at the end of the log are done too. */
  passTo(offset: bigint): void {
    if (this.places.size === 0 && offset > this.next) this.next = offset;
  }
}
