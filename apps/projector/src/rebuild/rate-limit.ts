import { sleep } from '@chorda/kernel';

/** Lets through so many a second on average, for all partitions of a rebuild together; what came early waits. */
export class RateLimit {
  private nextMs = 0;

  constructor(private readonly perSecondMax: number | undefined) {}

  async take(count: number, signal: AbortSignal): Promise<void> {
    if (this.perSecondMax === undefined) return;
    const nowMs = performance.now();
    const dueMs = Math.max(this.nextMs, nowMs);
    this.nextMs = dueMs + (count / this.perSecondMax) * 1_000;
    if (dueMs > nowMs) await sleep(dueMs - nowMs, signal);
  }
}
