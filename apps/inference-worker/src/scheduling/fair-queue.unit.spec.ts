import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { reserveOf } from './choose-replica.js';
import { FairQueue, type Prioritized } from './fair-queue.js';
import { priorities, priorityWeights, type Priority } from './priority.js';

interface Asked extends Prioritized {
  readonly id: number;
}

const never = { high: 1e12, normal: 1e12, low: 1e12 };
let ids = 0;

function asked(priority: Priority, tokens = 100, tenantId = 'a', queuedAtMs = 0): Asked {
  return { id: ++ids, priority, tokens, tenantId, queuedAtMs };
}

function filled(items: readonly Asked[], agesAfterMs = never): FairQueue<Asked> {
  const queue = new FairQueue<Asked>({ agesAfterMs });
  for (const item of items) queue.add(item);
  return queue;
}

function takeTokens(queue: FairQueue<Asked>, tokensMin: number, nowMs = 0): readonly Asked[] {
  const taken: Asked[] = [];
  for (let tokens = 0; tokens < tokensMin;) {
    const item = queue.take(nowMs);
    if (!item) break;
    taken.push(item);
    tokens += item.tokens;
  }
  return taken;
}

function tokensBy(taken: readonly Asked[], key: (item: Asked) => string): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const item of taken) sums[key(item)] = (sums[key(item)] ?? 0) + item.tokens;
  return sums;
}

describe('classes that all wait', () => {
  it('share tokens as their weights say, whatever a request of each costs', () => {
    const cost = fc.integer({ min: 100, max: 2_000 });
    fc.assert(
      fc.property(cost, cost, cost, (high, normal, low) => {
        const costs = { high, normal, low };
        const served = 100_000;
        const queue = filled(
          priorities.flatMap((priority) =>
            Array.from({ length: Math.ceil(served / costs[priority]) + 1 }, () => asked(priority, costs[priority])),
          ),
        );
        const sums = tokensBy(takeTokens(queue, served), ({ priority }) => priority);
        for (const priority of priorities) {
          const share = (sums[priority] ?? 0) / served;
          expect(Math.abs(share - priorityWeights[priority] / 12)).toBeLessThan(0.08);
        }
      }),
      { numRuns: 10 },
    );
  });

  it.each([1, 2, 3, 8, 256])(
    'share a window of %i and the room that is kept beyond it as their weights say',
    (window) => {
      const reserve = reserveOf(window);
      // One answer after the other, as on a busy server, and all in one moment, as of equal requests that began together.
      for (const endsAtOnce of [1, reserve, window + reserve]) {
        const queue = filled([]);
        const taken: Asked[] = [];
        for (let inFlight = 0; taken.length < 6_000; inFlight -= Math.min(inFlight, endsAtOnce)) {
          for (;;) {
            for (const priority of priorities) while (queue.sizeOf(priority) < 2) queue.add(asked(priority, 160));
            const hasRoom = inFlight < window;
            const item = hasRoom ? queue.take(0) : inFlight < window + reserve ? queue.takeUrgent(0) : undefined;
            if (!item) break;
            taken.push(item);
            inFlight += 1;
          }
        }
        const sums = tokensBy(taken, ({ priority }) => priority);
        for (const priority of priorities) {
          const share = (sums[priority] ?? 0) / (taken.length * 160);
          expect(Math.abs(share - priorityWeights[priority] / 12)).toBeLessThan(0.02);
        }
      }
    },
  );

  it('are all served: what went in comes out once', () => {
    const item = fc.record({
      priority: fc.constantFrom(...priorities),
      tokens: fc.integer({ min: 0, max: 100_000 }),
      tenantId: fc.constantFrom('a', 'b', 'c'),
    });
    fc.assert(
      fc.property(fc.array(item, { maxLength: 40 }), (drawn) => {
        const items = drawn.map((each) => asked(each.priority, each.tokens, each.tenantId));
        const queue = filled(items);
        const taken = Array.from({ length: items.length }, () => queue.take(0));
        expect(new Set(taken)).toEqual(new Set(items));
        expect(queue.size).toBe(0);
        expect(queue.take(0)).toBeUndefined();
      }),
      { numRuns: 40 },
    );
  });
});

describe('an urgent request', () => {
  it('that comes while others wait is next', () => {
    const queue = filled(Array.from({ length: 50 }, () => asked('low', 400)));
    takeTokens(queue, 2_000);
    const urgent = asked('high', 3_000, 'a', 1);
    queue.add(urgent);
    expect(queue.take(0)).toBe(urgent);
  });

  it('that comes alone again and again leaves the others their share', () => {
    const queue = filled(Array.from({ length: 400 }, () => asked('low', 100)));
    const taken: Asked[] = [];
    for (let turn = 0; turn < 400; turn++) {
      if (queue.sizeOf('high') === 0) queue.add(asked('high', 100));
      taken.push(queue.take(0)!);
    }
    const low = taken.filter(({ priority }) => priority === 'low').length;
    expect(low).toBeGreaterThan(400 / 9 - 15);
  });

  it('takes room that is kept for it, at the expense of its class', () => {
    const queue = filled([asked('low'), asked('normal')]);
    expect(queue.takeUrgent(0)).toBeUndefined();
    const urgent = asked('high');
    queue.add(urgent);
    expect(queue.takeUrgent(0)).toBe(urgent);
    expect(queue.size).toBe(2);
  });

  it('leaves kept room alone when its class has had its share, until the others have had theirs', () => {
    const queue = filled([
      ...Array.from({ length: 10 }, () => asked('low', 200)),
      ...Array.from({ length: 100 }, () => asked('high', 500)),
    ]);
    const first = Array.from({ length: 20 }, () => queue.takeUrgent(0)).filter((item) => item !== undefined);
    expect(first).toHaveLength(9);
    expect([queue.take(0), queue.take(0), queue.take(0)].map((item) => item?.priority)).toEqual(['low', 'low', 'low']);
    expect(queue.takeUrgent(0)?.priority).toBe('high');
  });

  it('has the kept room as long as nobody else waits, whatever came before it', () => {
    const queue = filled([]);
    for (let turn = 0; turn < 20; turn++) {
      const urgent = asked('high', turn % 5 === 0 ? 5_000 : 500);
      queue.add(urgent);
      expect(queue.takeUrgent(0)).toBe(urgent);
    }
  });

  it('is next however long it is, and however many came before it, while the others have more than their share', () => {
    const queue = filled(Array.from({ length: 500 }, () => asked('low', 400)));
    for (let turn = 0; turn < 50; turn++) {
      for (let others = 0; others < 8; others++) queue.take(0);
      const urgent = asked('high', turn % 10 === 0 ? 50_000 : 3_000);
      queue.add(urgent);
      expect(queue.takeUrgent(0)).toBe(urgent);
    }
  });

  it('owes nothing for what was served while nobody else waited', () => {
    const queue = filled(Array.from({ length: 20 }, () => asked('low', 100_000)));
    for (let turn = 0; turn < 5; turn++) queue.take(0);
    for (let count = 0; count < 200; count++) queue.add(asked('normal', 100));
    const sums = tokensBy(takeTokens(queue, 10_000), ({ priority }) => priority);
    expect(sums['low']).toBe(100_000);
  });
});

it('lifts a class of which a request has waited for long', () => {
  const items = (['low', 'high'] as const).flatMap((priority) =>
    Array.from({ length: 400 }, () => asked(priority, 100, 'a', 0)),
  );
  const queue = filled(items, { ...never, low: 1_000 });
  const sums = tokensBy(takeTokens(queue, 40_000, 2_000), ({ priority }) => priority);
  expect(Math.abs((sums['low'] ?? 0) - (sums['high'] ?? 0))).toBeLessThan(8_000);
});

describe('tenants of one class', () => {
  it('get equal tokens, also where the requests of one are ten times as long', () => {
    const queue = filled([
      ...Array.from({ length: 100 }, () => asked('normal', 1_000, 'long')),
      ...Array.from({ length: 1_000 }, () => asked('normal', 100, 'short')),
    ]);
    const sums = tokensBy(takeTokens(queue, 50_000), ({ tenantId }) => tenantId);
    expect(Math.abs((sums['long'] ?? 0) - (sums['short'] ?? 0))).toBeLessThanOrEqual(1_000);
  });

  it('get equal tokens by what requests really cost', () => {
    const queue = filled(
      ['guessed well', 'guessed low'].flatMap((tenant) =>
        Array.from({ length: 500 }, () => asked('normal', 100, tenant)),
      ),
    );
    const real: Record<string, number> = { 'guessed well': 0, 'guessed low': 0 };
    for (let turn = 0; turn < 400; turn++) {
      const item = queue.take(0)!;
      const beyond = item.tenantId === 'guessed low' ? 300 : 0;
      queue.settle(item, beyond);
      real[item.tenantId] = (real[item.tenantId] ?? 0) + item.tokens + beyond;
    }
    expect(Math.abs((real['guessed well'] ?? 0) - (real['guessed low'] ?? 0))).toBeLessThanOrEqual(400);
  });

  it('save nothing up by staying away', () => {
    const queue = filled(Array.from({ length: 100 }, () => asked('normal', 100, 'busy')));
    takeTokens(queue, 5_000);
    for (let count = 0; count < 50; count++) queue.add(asked('normal', 100, 'late'));
    const sums = tokensBy(takeTokens(queue, 2_000), ({ tenantId }) => tenantId);
    expect(sums).toEqual({ busy: 1_000, late: 1_000 });
  });
});

it('forgets a request that is taken back', () => {
  const [first, second] = [asked('low'), asked('low')];
  const queue = filled([first, second]);
  expect(queue.remove(first)).toBe(true);
  expect(queue.remove(first)).toBe(false);
  expect([...queue]).toEqual([second]);
  expect(queue.take(0)).toBe(second);
});
