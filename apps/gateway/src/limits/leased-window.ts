import type { Clock } from '@chorda/kernel';
import type { Taken, Window, WindowStore } from './window.js';

/** Unused leases end: what was taken long ago must not come on top of what a later span allows. */
const leaseMs = 1_000;
/** A lease that is used up within this time was too small. */
const quickMs = 100;
/** Of the limit: how far several gateways together can be from exact. */
const leaseShareMax = 0.01;
/** How long "nothing left" is believed without asking again. */
const refusalMsMax = 250;

/** How a window stands for a caller. */
export interface WindowStanding {
  readonly window: Window;
  readonly admitted: boolean;
  readonly remaining: number;
  readonly resetMs: number;
}

/**
 * Takes from a shared window in small leases, so that a busy key costs a few questions a second and not one a request.
 *
 * A lease begins with one and doubles while it is used up within a tenth of a second, up to a hundredth of the limit;
 * what is left of it after a second is given up.
 */
export class LeasedWindow {
  private left = 0;
  private size = 1;
  private leasedAtMs = 0;
  private refusedUntilMs = 0;
  private last: Taken;
  private asking: Promise<void> | undefined;

  constructor(
    private readonly key: string,
    readonly window: Window,
    private readonly store: WindowStore,
    private readonly clock: Clock,
  ) {
    this.last = { granted: 0, remaining: window.limit, resetMs: 0 };
  }

  /** One of it. */
  async take(): Promise<WindowStanding> {
    for (;;) {
      const nowMs = this.clock.nowMs();
      if (this.left > 0 && nowMs - this.leasedAtMs <= leaseMs) {
        this.left -= 1;
        return this.standing(true, nowMs);
      }
      if (nowMs < this.refusedUntilMs) return this.standing(false, nowMs);
      this.asking ??= this.lease().finally(() => (this.asking = undefined));
      await this.asking;
    }
  }

  /** Many at once; see {@link WindowStore.take} for a number beyond the limit. */
  async takeWhole(wanted: number): Promise<WindowStanding> {
    if (this.clock.nowMs() < this.refusedUntilMs) return this.standing(false, this.clock.nowMs());
    const taken = await this.store.take(this.key, this.window, wanted, true);
    this.note(taken);
    return this.standing(taken.granted > 0, this.clock.nowMs());
  }

  private async lease(): Promise<void> {
    const nowMs = this.clock.nowMs();
    const wasQuick = this.left === 0 && nowMs - this.leasedAtMs < quickMs;
    const sizeMax = Math.max(1, Math.floor(this.window.limit * leaseShareMax));
    this.size = wasQuick ? Math.min(this.size * 2, sizeMax) : Math.max(1, Math.floor(this.size / 2));
    const taken = await this.store.take(this.key, this.window, this.size, false);
    this.left = taken.granted;
    this.note(taken);
  }

  private note(taken: Taken): void {
    const nowMs = this.clock.nowMs();
    this.last = taken;
    this.leasedAtMs = nowMs;
    if (taken.granted === 0) this.refusedUntilMs = nowMs + Math.min(taken.resetMs, refusalMsMax);
  }

  private standing(admitted: boolean, nowMs: number): WindowStanding {
    const resetMs = Math.max(0, this.last.resetMs - (nowMs - this.leasedAtMs));
    return { window: this.window, admitted, remaining: this.last.remaining + this.left, resetMs };
  }
}
