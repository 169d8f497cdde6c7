/** What live showed in some time. */
export interface LiveView {
  readonly records: number;
  /** From the time of a record to its commit; nine of ten records had no more. */
  readonly delayMs: number;
}

/** What the runner knows of a batch. */
export interface LiveBatch {
  /** The time of its first record, which has waited longest. */
  readonly sinceMs: number;
  readonly records: number;
}

interface Delay {
  readonly delayMs: number;
  readonly records: number;
}

interface Committed extends Delay {
  readonly atMs: number;
}

const tenth = 0.1;
/** At a thousand transactions a second so many are what came in some seconds. */
const keptMax = 4_096;

/**
 * How late what live applies is, for those that can wait: the runner tells of each batch when it takes it and when it has
 * committed it. A batch in hand counts with the time that it has been, or a transaction that hangs would look as if nothing
 * came. What cannot be applied counts for nothing once its try is over: it is not late because of anybody.
 *
 * Delays are between two clocks, that of the producer and this one: they are for comparing with each other.
 */
export class LiveDelay {
  private readonly committed: Committed[] = [];
  private readonly inHand = new Set<{ readonly beganMs: number; readonly records: number }>();
  private latestMs = Number.NEGATIVE_INFINITY;

  constructor(private readonly now: () => number = Date.now) {}

  /** When a batch came or was committed last. */
  get lastMs(): number {
    return this.latestMs;
  }

  /** @returns What to call at its end, with whether it was committed. */
  begin({ sinceMs, records }: LiveBatch): (isCommitted: boolean) => void {
    if (records === 0) return () => undefined;
    const held = { beganMs: this.now(), records };
    this.latestMs = held.beganMs;
    this.inHand.add(held);
    return (isCommitted) => {
      this.inHand.delete(held);
      if (!isCommitted) return;
      const atMs = this.now();
      this.latestMs = atMs;
      this.committed.push({ atMs, delayMs: atMs - sinceMs, records });
      // In steps, since each step moves the whole list.
      if (this.committed.length >= keptMax * 2) this.committed.splice(0, keptMax);
    };
  }

  /** Undefined: nothing was committed since, and nothing is in hand that came before. */
  since(fromMs: number): LiveView | undefined {
    const nowMs = this.now();
    const known = this.committed.slice(this.committed.findLastIndex(({ atMs }) => atMs < fromMs) + 1);
    // It will be later than it is; what has only come says nothing yet.
    const waiting = [...this.inHand].flatMap(({ beganMs, records }) =>
      beganMs < fromMs ? [{ delayMs: nowMs - beganMs, records }] : [],
    );
    return ninthTenth([...known, ...waiting]);
  }
}

function ninthTenth(delays: readonly Delay[]): LiveView | undefined {
  if (delays.length === 0) return undefined;
  const records = delays.reduce((sum, each) => sum + each.records, 0);
  let left = records * tenth;
  for (const each of delays.toSorted((one, other) => other.delayMs - one.delayMs)) {
    left -= each.records;
    if (left <= 0) return { records, delayMs: each.delayMs };
  }
  return { records, delayMs: delays[0]?.delayMs ?? 0 };
}
