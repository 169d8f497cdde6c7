import { describe, expect, it } from 'vitest';
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
});
