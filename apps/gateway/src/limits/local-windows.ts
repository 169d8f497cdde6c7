import type { Clock } from '@chorda/kernel';
import { slotMsOf, slotsPerSpan, type Taken, type Window, type WindowStore } from './window.js';

const windowsMax = 10_000;

/** Windows of this process alone, for the time in which Redis is away. Bounded: the oldest leave first. */
export class LocalWindows implements WindowStore {
  private readonly windows = new Map<string, Map<number, number>>();

  constructor(private readonly clock: Clock) {}

  async take(key: string, window: Window, wanted: number, isWhole: boolean): Promise<Taken> {
    const slotMs = slotMsOf(window);
    const nowMs = this.clock.nowMs();
    const slot = Math.floor(nowMs / slotMs);
    const slots = this.slotsOf(key);
    let taken = 0;
    let oldest = slot;
    for (const [at, count] of slots) {
      if (at < slot - slotsPerSpan) slots.delete(at);
      else {
        taken += count;
        oldest = Math.min(oldest, at);
      }
    }
    const left = window.limit - taken;
    const granted = isWhole ? (left > 0 ? wanted : 0) : Math.max(0, Math.min(left, wanted));
    if (granted > 0) slots.set(slot, (slots.get(slot) ?? 0) + granted);
    const resetMs = taken + granted === 0 ? 0 : (oldest + slotsPerSpan + 1) * slotMs - nowMs;
    return { granted, remaining: Math.max(0, left - granted), resetMs };
  }

  private slotsOf(key: string): Map<number, number> {
    const slots = this.windows.get(key) ?? new Map<number, number>();
    this.windows.delete(key);
    this.windows.set(key, slots);
    if (this.windows.size > windowsMax) {
      const [oldest] = this.windows.keys();
      if (oldest !== undefined) this.windows.delete(oldest);
    }
    return slots;
  }
}
