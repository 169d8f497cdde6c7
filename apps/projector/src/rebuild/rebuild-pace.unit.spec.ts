import { describe, expect, it } from 'vitest';
import type { LiveView } from '../runner/live-delay.js';
import { RebuildPace } from './rebuild-pace.js';

/** Live as it would be on a machine: its delay grows with what the rebuild takes. */
class Machine {
  nowMs = 50_000;
  lastMs = Number.NEGATIVE_INFINITY;
  /** What live shows whoever asks; undefined: nothing comes. */
  delayMs: number | undefined;
  filled = 0;
  restedMs = 0;
  cut = 0;
  readonly pace: RebuildPace;

  constructor(limits: { readonly delayMsMax?: number; readonly perSecondMin?: number } = {}) {
    this.pace = new RebuildPace(this, { delayMsMax: 50, perSecondMin: 1_000, ...limits }, () => this.nowMs);
  }

  since(): LiveView | undefined {
    return this.delayMs === undefined ? undefined : { records: 100, delayMs: this.delayMs };
  }

  /** A rebuild of 100,000 events a second for so long; `delayOf` says what live shows by the share that it takes. */
  fill(forMs: number, delayOf: (share: number) => number | undefined): void {
    const endMs = this.nowMs + forMs;
    let share = 0;
    while (this.nowMs < endMs) {
      this.delayMs = delayOf(share);
      if (this.delayMs !== undefined) this.lastMs = this.nowMs;
      const records = this.pace.recordsMax(10_000);
      const workedMs = records / 100;
      this.nowMs += workedMs;
      const { ms, isCut } = this.pace.rest(records, workedMs, 1);
      this.nowMs += ms;
      share = workedMs / (workedMs + ms);
      this.filled += records;
      this.restedMs += ms;
      if (isCut) this.cut++;
    }
  }

  rateOver(forMs: number, delayOf: (share: number) => number | undefined): number {
    const [before, fromMs] = [this.filled, this.nowMs];
    this.fill(forMs, delayOf);
    return ((this.filled - before) / (this.nowMs - fromMs)) * 1_000;
  }
}

describe('the pace of a rebuild', () => {
  it('takes all of its time, in large transactions, while nothing is live', () => {
    const machine = new Machine();
    expect(machine.rateOver(30_000, () => undefined)).toBeCloseTo(100_000, -2);
    expect(machine.pace.recordsMax(10_000)).toBe(10_000);
    expect(machine.restedMs).toBe(0);
    expect(machine.pace.view).toEqual({ share: 1, delayMs: undefined });
  });

  it('takes all of its time again where live is not late because of it', () => {
    const machine = new Machine();
    machine.fill(20_000, () => 12);
    expect(machine.rateOver(60_000, () => 12 + 30)).toBeCloseTo(100_000, -3);
  });

  it('takes what leaves live below its bound, and neither everything nor nothing', () => {
    const machine = new Machine();
    // 20 ms with nothing else, and 400 ms more were it to work all the time: 50 ms more at an eighth of it.
    const delayOf = (share: number) => 20 + 400 * share;
    machine.fill(30_000, delayOf);
    const rate = machine.rateOver(60_000, delayOf);
    expect(rate).toBeGreaterThan(6_000);
    expect(rate).toBeLessThan(15_000);
    expect(machine.pace.view.share).toBeLessThan(0.3);
    expect(machine.pace.recordsMax(10_000)).toBe(1_000);
  });

  it('gives way at once when something comes after quiet', () => {
    const machine = new Machine();
    machine.fill(20_000, () => undefined);
    machine.lastMs = machine.nowMs;
    expect(machine.pace.recordsMax(10_000)).toBe(1_000);
    expect(machine.pace.view.share).toBe(0.1);
  });

  it('compares live with itself: neither a slow machine nor clocks that differ make it give way', () => {
    for (const usualMs of [300, -5_000, 450]) {
      const machine = new Machine();
      machine.fill(20_000, () => usualMs);
      expect(machine.rateOver(60_000, () => usualMs + 40)).toBeGreaterThan(80_000);
    }
  });

  it('learns anew what is usual, by holding still now and then', () => {
    const machine = new Machine();
    machine.fill(20_000, (share) => 10 + 200 * share);
    // More load of another kind: what was late is usual now.
    const delayOf = (share: number) => 160 + 60 * share;
    machine.fill(60_000, delayOf);
    expect(machine.rateOver(60_000, delayOf)).toBeGreaterThan(50_000);
  });

  it('learns anew what is usual where live was slow for another reason when it began', () => {
    const machine = new Machine();
    machine.fill(1_000, () => 450);
    const delayOf = (share: number) => 20 + 400 * share;
    machine.fill(60_000, delayOf);
    expect(machine.rateOver(60_000, delayOf)).toBeLessThan(20_000);
  });

  it('ends however late live is: it makes its least rate, and that is counted', () => {
    const machine = new Machine({ perSecondMin: 2_000 });
    machine.fill(20_000, () => 10);
    const late = () => 9_000;
    machine.fill(20_000, late);
    const cut = machine.cut;
    const rate = machine.rateOver(60_000, late);
    // It holds still for 1.5 s of each 20 s.
    expect(rate).toBeGreaterThan(1_700);
    expect(rate).toBeLessThan(2_100);
    expect(machine.cut).toBeGreaterThan(cut);
  });

  it('is quicker than live, or it would never meet it', () => {
    const machine = new Machine();
    machine.pace.follow(8_000);
    machine.fill(20_000, () => 10);
    machine.fill(20_000, () => 3_000);
    const rate = machine.rateOver(60_000, () => 3_000);
    expect(rate).toBeGreaterThan(8_000);
    expect(rate).toBeLessThan(10_100);
  });

  it('lets live go first where that is far behind: what is caught up does not come for ever', () => {
    const machine = new Machine();
    machine.pace.follow(20_000);
    machine.fill(20_000, () => 3_600_000);
    expect(machine.rateOver(60_000, () => 3_600_000)).toBeLessThan(1_100);
  });

  it('goes on where live stands still: a rebuild may be what it waits for', () => {
    const machine = new Machine();
    machine.fill(20_000, () => 10);
    // Tries of a partition that has stopped come, and nothing is committed.
    const [before, fromMs] = [machine.filled, machine.nowMs];
    for (let count = 0; count < 40; count++) {
      machine.lastMs = machine.nowMs;
      machine.delayMs = undefined;
      machine.fill(1_000, () => undefined);
    }
    expect(((machine.filled - before) / (machine.nowMs - fromMs)) * 1_000).toBeGreaterThan(60_000);
  });

  it('never gives way where it is told so', () => {
    const machine = new Machine({ delayMsMax: 0 });
    machine.fill(20_000, () => 10);
    machine.fill(20_000, () => 60_000);
    expect(machine.restedMs).toBe(0);
    expect(machine.pace.recordsMax(10_000)).toBe(10_000);
  });

  it('rests as long as all its lanes allow together', () => {
    const machine = new Machine();
    machine.lastMs = machine.nowMs;
    machine.delayMs = 5_000;
    machine.fill(10_000, () => 5_000);
    // 1,000 records in 100 ms at a thousand a second: a second for one lane, two for two.
    expect(machine.pace.rest(1_000, 100, 1)).toEqual({ ms: 900, isCut: true });
    expect(machine.pace.rest(1_000, 100, 2)).toEqual({ ms: 1_900, isCut: true });
  });
});
