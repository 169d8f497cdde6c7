const burst = 200;
const perSecond = 50;

/** How many messages a client may send: a burst for all its subscriptions at once, then so many a second. */
export class MessageRate {
  private left = burst;
  private atMs: number;

  constructor(private readonly nowMs: () => number = () => performance.now()) {
    this.atMs = nowMs();
  }

  /** False when it is one too many. */
  take(): boolean {
    const nowMs = this.nowMs();
    this.left = Math.min(burst, this.left + ((nowMs - this.atMs) / 1_000) * perSecond);
    this.atMs = nowMs;
    if (this.left < 1) return false;
    this.left -= 1;
    return true;
  }
}
