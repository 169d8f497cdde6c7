import { describe, expect, it } from 'vitest';
import { startPaced } from './paced-load.js';

/** Each is over when it has been looked at so often. */
function load(own: { count: number; atOnce: number; faultsUntil?: number; fault?: Error }) {
  const started: number[] = [];
  let over = 0;
  let underWayMax = 0;
  const running = startPaced(
    {
      ...{ what: 'runs', count: own.count, atOnce: own.atOnce, progress: () => undefined },
      over: () => {
        underWayMax = Math.max(underWayMax, started.length - over);
        over = started.length;
        return Promise.resolve(over);
      },
      hasFaultsLeft: () => started.length < (own.faultsUntil ?? 0),
    },
    (index) => {
      started.push(index);
      return own.fault && index === 1 ? Promise.reject(own.fault) : Promise.resolve();
    },
  );
  return { running, started, underWayMax: () => underWayMax };
}

describe('a paced load', () => {
  it('starts as many as it was told to, each once, and no more at once than it may', async () => {
    const { running, started, underWayMax } = load({ count: 7, atOnce: 3 });
    await running;
    expect(started).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(underWayMax()).toBe(3);
  });

  it('goes on while faults are left and a little further, and not for ever', async () => {
    const some = load({ count: 4, atOnce: 10, faultsUntil: 6 });
    await some.running;
    expect(some.started).toHaveLength(10);
    const never = load({ count: 2, atOnce: 10, faultsUntil: 1_000 });
    await never.running;
    expect(never.started).toHaveLength(6);
  });

  it('ends with what one of them failed by', async () => {
    await expect(load({ count: 50, atOnce: 5, fault: new Error('refused') }).running).rejects.toThrow('refused');
  });
});
