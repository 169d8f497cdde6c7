import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { GroupedCalls } from './grouped-calls.js';

describe('grouped calls', () => {
  it('gather while one is on its way, in order and up to the bound, and each caller gets its own', async () => {
    const groups: number[][] = [];
    const calls = new GroupedCalls<number, number>(
      async (items) => {
        groups.push([...items]);
        await new Promise((resolve) => setTimeout(resolve, 5));
        return items.map((item) => item * 10);
      },
      { itemsMax: 3, callsMax: 1 },
    );
    const results = await Promise.all([1, 2, 3, 4, 5].map((item) => calls.call(item)));
    expect(results).toEqual([10, 20, 30, 40, 50]);
    expect(groups).toEqual([[1], [2, 3, 4], [5]]);
  });

  it('of one turn of the event loop share the first call too where they are told to', async () => {
    const groups: number[][] = [];
    const limits = { itemsMax: 10, callsMax: 1, gathersTurn: true };
    const calls = new GroupedCalls<number, number>((items) => {
      groups.push([...items]);
      return Promise.resolve(items);
    }, limits);
    expect(await Promise.all([1, 2, 3].map((item) => calls.call(item)))).toEqual([1, 2, 3]);
    expect(groups).toEqual([[1, 2, 3]]);
  });

  it('let so many callers go on in a turn of the event loop, and others between them', async () => {
    const seen: (number | string)[] = [];
    const limits = { itemsMax: 10, callsMax: 1, answersPerTurn: 2 };
    const calls = new GroupedCalls<number, number>((items) => Promise.resolve(items), limits);
    await calls.call(0);
    const between = () => {
      seen.push('another');
      if (seen.length < 8) setImmediate(between);
    };
    const all = [1, 2, 3, 4, 5].map((item) => calls.call(item).then((result) => seen.push(result)));
    setImmediate(between);
    await Promise.all(all);
    expect(seen.filter((each) => typeof each === 'number')).toEqual([1, 2, 3, 4, 5]);
    const places = seen.flatMap((each, place) => (each === 'another' ? [place] : []));
    expect(places.some((place) => place > seen.indexOf(1) && place < seen.indexOf(5))).toBe(true);
  });

  it('fail together, and the next go on', async () => {
    let isBroken = true;
    const calls = new GroupedCalls<number, number>(
      async (items) => {
        if (isBroken) throw new Error('away');
        return items;
      },
      { itemsMax: 10, callsMax: 1 },
    );
    await expect(Promise.all([calls.call(1), calls.call(2)])).rejects.toThrow('away');
    isBroken = false;
    expect(await calls.call(3)).toBe(3);
  });

  describe('that are kept apart', () => {
    beforeEach(() => void vi.useFakeTimers());
    afterEach(() => void vi.useRealTimers());

    function paced(itemsMax = 10) {
      const groups: number[][] = [];
      const run = (items: readonly number[]) => {
        groups.push([...items]);
        return Promise.resolve(items);
      };
      return { groups, calls: new GroupedCalls<number, number>(run, { itemsMax, callsMax: 2, everyMs: 10 }) };
    }

    it('begin at once for who comes alone, and are shared by those who come soon after', async () => {
      const { groups, calls } = paced();
      const first = calls.call(1);
      expect(groups).toEqual([[1]]);
      const others = [calls.call(2), calls.call(3)];
      await vi.advanceTimersByTimeAsync(9);
      expect(groups).toEqual([[1]]);
      await vi.advanceTimersByTimeAsync(2);
      expect(groups).toEqual([[1], [2, 3]]);
      expect(await Promise.all([first, ...others])).toEqual([1, 2, 3]);
      await vi.advanceTimersByTimeAsync(100);
      void calls.call(4);
      expect(groups).toEqual([[1], [2, 3], [4]]);
    });

    it('wait neither for somebody in a hurry nor for more than there is room for', () => {
      const { groups, calls } = paced(3);
      void calls.call(1);
      void calls.call(2);
      void calls.call(3, true);
      expect(groups).toEqual([[1], [2, 3]]);
      const full = paced(2);
      for (const item of [1, 2, 3]) void full.calls.call(item);
      expect(full.groups).toEqual([[1], [2, 3]]);
    });
  });
});
