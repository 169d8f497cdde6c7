import { describe, expect, it } from 'vitest';
import { holderOf, leastLoaded } from './choose-replica.js';
import { CircuitBreaker } from './circuit-breaker.js';
import { retryDelayMs } from './retry-delay.js';
import { TokenEstimates } from './token-estimate.js';

describe('the breaker', () => {
  const options = { failuresMax: 3, spanMs: 1_000, openMs: 500, successesMin: 2 };

  it('opens after failures that lie close together, and not after those far apart', () => {
    const breaker = new CircuitBreaker(options);
    for (const atMs of [0, 1_100, 2_200, 3_300]) expect(breaker.failed(atMs)).toBe(false);
    expect([breaker.failed(3_400), breaker.failed(3_500)]).toEqual([false, true]);
    expect(breaker.allows(3_501)).toBe(false);
  });

  it('tries one at a time when its time is over, and closes after as many answers as it wants', () => {
    const breaker = new CircuitBreaker(options);
    breaker.failed(0, true);
    expect([breaker.allows(499), breaker.allows(500)]).toEqual([false, true]);
    breaker.begun(500);
    expect(breaker.allows(501)).toBe(false);
    breaker.succeeded(510);
    expect(breaker.state(511)).toBe('half-open');
    breaker.begun(511);
    breaker.succeeded(520);
    expect(breaker.state(521)).toBe('closed');
  });

  it('opens again where the try fails, and not where it ends for reasons of its own', () => {
    const breaker = new CircuitBreaker(options);
    breaker.failed(0, true);
    breaker.begun(500);
    breaker.unknown();
    expect(breaker.allows(501)).toBe(true);
    breaker.begun(501);
    expect(breaker.failed(502)).toBe(true);
    expect([breaker.allows(1_001), breaker.allows(1_002)]).toEqual([false, true]);
  });
});

describe('the choice of a replica', () => {
  it('falls on the one whose window is filled least', () => {
    const [a, b, c] = [
      { inFlight: 8, window: 10 },
      { inFlight: 30, window: 64 },
      { inFlight: 4, window: 4 },
    ];
    expect(leastLoaded([a!, b!, c!])).toBe(b);
    expect(leastLoaded([c!])).toBeUndefined();
  });

  const idle = ['gpu-1:8000', 'gpu-2:8000', 'gpu-3:8000', 'gpu-4:8000'].map((name) => ({
    name,
    inFlight: 0,
    window: 64,
  }));
  const prefixes = Array.from({ length: 1_000 }, (_, index) => `default\nchat-${index}`);
  const homeOf = (prefix: string, replicas = idle) => holderOf(prefix, replicas)?.replica.name;

  it('keeps what begins alike together, and spreads what does not over all', () => {
    const counts = new Map<string, number>();
    for (const prefix of prefixes) {
      const home = homeOf(prefix)!;
      expect(homeOf(prefix, idle.toReversed())).toBe(home);
      counts.set(home, (counts.get(home) ?? 0) + 1);
    }
    expect([...counts.values()].toSorted((one, other) => one - other)[0]).toBeGreaterThan(200);
  });

  it('moves the prefixes of a server that leaves, and no others', () => {
    const [gone, ...left] = idle;
    const moved = prefixes.filter((prefix) => homeOf(prefix) !== homeOf(prefix, left));
    expect(moved).toEqual(prefixes.filter((prefix) => homeOf(prefix) === gone?.name));
  });

  it('passes over a server that is full, or much busier than its share, for the next of that prefix', () => {
    const [prefix = ''] = prefixes;
    const home = homeOf(prefix);
    const having = (inFlight: number, others: number) =>
      holderOf(
        prefix,
        idle.map((replica) => ({ ...replica, inFlight: replica.name === home ? inFlight : others })),
      );
    expect(having(8, 0)).toMatchObject({ isFirst: true });
    // A quarter and eight more than a share of 16 of its 64.
    expect(having(27, 12)).toMatchObject({ isFirst: true });
    const moved = having(40, 8);
    expect(moved).toMatchObject({ isFirst: false, replica: { inFlight: 8 } });
    expect(moved?.replica.name).toBe(
      homeOf(
        prefix,
        idle.filter(({ name }) => name !== home),
      ),
    );
    expect(having(64, 60)).toMatchObject({ isFirst: false });
    expect(having(64, 64)).toBeUndefined();
  });
});

describe('the wait before another attempt', () => {
  it('grows to a bound, and is never shorter than the server asked', () => {
    expect([1, 2, 3].map((failures) => retryDelayMs(failures, undefined, 0.5))).toEqual([50, 75, 112.5]);
    expect(retryDelayMs(100, undefined, 0.5)).toBe(30_000);
    expect(retryDelayMs(1, 7_000, 0.5)).toBe(7_000);
    expect(retryDelayMs(1, undefined, 0)).toBe(40);
    expect(retryDelayMs(1, undefined, 1)).toBeCloseTo(60);
  });
});

describe('the estimate of an answer', () => {
  it('follows what the model wrote of late, and is never longer than it may be', () => {
    const estimates = new TokenEstimates();
    expect(estimates.completionTokens('m', 100)).toBe(100);
    for (let count = 0; count < 200; count++) estimates.learn('m', 20);
    expect(estimates.completionTokens('m', undefined)).toBe(20);
    expect(estimates.promptTokens(400)).toBe(100);
  });
});
