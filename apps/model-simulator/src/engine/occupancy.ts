/** Means over a span of time, weighed by time: not of samples, which miss what lies between them. */
export interface OccupancyReport {
  readonly spanMs: number;
  readonly meanRunning: number;
  readonly meanWaiting: number;
  readonly meanSlots: number;
  /** Mean running over mean slots: 1 when the engine was full all the time. */
  readonly runningShare: number;
  /** Mean waiting over mean slots. */
  readonly waitingShare: number;
  readonly runningMax: number;
  readonly waitingMax: number;
}

export class Occupancy {
  private sinceMs: number;
  private lastMs: number;
  private running = 0;
  private waiting = 0;
  private runningArea = 0;
  private waitingArea = 0;
  private slotsArea = 0;
  private runningMax = 0;
  private waitingMax = 0;

  constructor(
    nowMs: number,
    private slots: number,
  ) {
    this.sinceMs = nowMs;
    this.lastMs = nowMs;
  }

  /** From this moment on it is so. */
  set(nowMs: number, running: number, waiting: number, slots: number): void {
    this.pass(nowMs);
    this.running = running;
    this.waiting = waiting;
    this.slots = slots;
    if (running > this.runningMax) this.runningMax = running;
    if (waiting > this.waitingMax) this.waitingMax = waiting;
  }

  report(nowMs: number): OccupancyReport {
    this.pass(nowMs);
    const spanMs = this.lastMs - this.sinceMs;
    const mean = (area: number, now: number) => (spanMs === 0 ? now : area / spanMs);
    const meanSlots = mean(this.slotsArea, this.slots);
    const meanRunning = mean(this.runningArea, this.running);
    const meanWaiting = mean(this.waitingArea, this.waiting);
    return {
      ...{ spanMs, meanRunning, meanWaiting, meanSlots },
      runningShare: meanRunning / meanSlots,
      waitingShare: meanWaiting / meanSlots,
      runningMax: this.runningMax,
      waitingMax: this.waitingMax,
    };
  }

  /** Begins a new span. */
  reset(nowMs: number): void {
    this.pass(nowMs);
    this.sinceMs = this.lastMs;
    this.runningArea = 0;
    this.waitingArea = 0;
    this.slotsArea = 0;
    this.runningMax = this.running;
    this.waitingMax = this.waiting;
  }

  private pass(nowMs: number): void {
    const elapsedMs = nowMs - this.lastMs;
    if (elapsedMs <= 0) return;
    this.runningArea += this.running * elapsedMs;
    this.waitingArea += this.waiting * elapsedMs;
    this.slotsArea += this.slots * elapsedMs;
    this.lastMs = nowMs;
  }
}
