import { CircuitBreaker } from '../scheduling/circuit-breaker.js';
import { Window } from '../scheduling/window.js';

export interface LaneOptions {
  readonly windowInitial: number;
  readonly windowMax: number;
  readonly kvUsageMax: number;
}

const memory = 0.1;
const serviceMsFirst = 1_000;
const firstTokenMsMemory = 0.02;

/** One model at one server: how much is under way there, how much may be, and whether it is in order. */
export class Lane {
  readonly breaker = new CircuitBreaker();
  private readonly sized: Window;
  private count = 0;
  private calling = 0;
  private service: number | undefined;
  private quickest: number | undefined;
  private pausedUntilMs = 0;

  constructor(
    readonly model: string,
    options: LaneOptions,
  ) {
    this.sized = new Window({
      initial: options.windowInitial,
      max: options.windowMax,
      kvUsageMax: options.kvUsageMax,
    });
  }

  get inFlight(): number {
    return this.count;
  }

  /** Of these, what the server has been asked for; the others are being begun. */
  get called(): number {
    return this.calling;
  }

  get window(): number {
    return this.sized.size;
  }

  get control(): Window {
    return this.sized;
  }

  /** How long an answer takes, about, in milliseconds. */
  get serviceMs(): number {
    return this.service ?? serviceMsFirst;
  }

  /** The same; undefined before the first answer. */
  get seenServiceMs(): number | undefined {
    return this.service;
  }

  /** Until what it answers is over. */
  async calls<Answer>(sequences: number, ask: () => Promise<Answer>): Promise<Answer> {
    this.calling += sequences;
    try {
      return await ask();
    } finally {
      this.calling -= sequences;
    }
  }

  isOpen(nowMs: number): boolean {
    return nowMs >= this.pausedUntilMs && this.breaker.allows(nowMs);
  }

  begin(sequences: number, nowMs: number): void {
    this.count += sequences;
    this.breaker.begun(nowMs);
  }

  end(sequences: number): void {
    this.count -= sequences;
  }

  /** @param firstTokenMs From dispatch to the first token. */
  answered(durationMs: number, firstTokenMs: number | undefined): void {
    this.service = this.service === undefined ? durationMs : this.service + (durationMs - this.service) * memory;
    if (firstTokenMs === undefined) return;
    // The least of late: it creeps up, so that a server that became slower for good is not held against its past.
    const known = this.quickest ?? firstTokenMs;
    this.quickest = Math.min(firstTokenMs, known + (firstTokenMs - known) * firstTokenMsMemory);
  }

  /** Whether a first token came later than a server with room would have given it. */
  isSlow(firstTokenMs: number): boolean {
    return this.quickest !== undefined && firstTokenMs > 2 * this.quickest && firstTokenMs > this.quickest + 50;
  }

  /** The server asked to be left alone for so long. */
  pause(untilMs: number): void {
    this.pausedUntilMs = Math.max(this.pausedUntilMs, untilMs);
  }
}
