import { beforeEach, describe, expect, it } from 'vitest';
import { LiveDelay } from './live-delay.js';

describe('how late live is', () => {
  let nowMs: number;
  let live: LiveDelay;

  beforeEach(() => {
    nowMs = 1_000_000;
    live = new LiveDelay(() => nowMs);
  });

  const commit = (delayMs: number, records = 1) => live.begin({ sinceMs: nowMs - delayMs, records })(true);

  it('is nothing where nothing came', () => {
    expect(live.since(0)).toBeUndefined();
    live.begin({ sinceMs: nowMs, records: 0 })(true);
    expect(live.lastMs).toBe(Number.NEGATIVE_INFINITY);
  });

  it('is what nine of ten records stayed below, not what the worst one had', () => {
    for (let count = 0; count < 95; count++) commit(10);
    for (let count = 0; count < 5; count++) commit(900);
    expect(live.since(0)).toEqual({ records: 100, delayMs: 10 });
    commit(800, 20);
    expect(live.since(0)).toEqual({ records: 120, delayMs: 800 });
  });

  it('is of what was committed since', () => {
    commit(500);
    nowMs += 100;
    commit(20);
    expect(live.since(nowMs)).toEqual({ records: 1, delayMs: 20 });
    expect(live.since(nowMs + 1)).toBeUndefined();
  });

  it('counts a transaction that hangs, once it was there before', () => {
    live.begin({ sinceMs: nowMs - 5, records: 10 });
    nowMs += 3_000;
    live.begin({ sinceMs: nowMs - 40, records: 10 });
    expect(live.since(nowMs - 500)).toEqual({ records: 10, delayMs: 3_000 });
  });

  it('counts nothing of what could not be applied', () => {
    const ended = live.begin({ sinceMs: nowMs - 86_400_000, records: 10 });
    nowMs += 5;
    ended(false);
    expect(live.since(0)).toBeUndefined();
  });

  it('keeps what came last, within its bound', () => {
    for (let count = 0; count < 20_000; count++) commit(count < 10_000 ? 700 : 30);
    expect(live.since(0)?.delayMs).toBe(30);
    expect(live.since(0)?.records).toBeLessThan(8_193);
  });
});
