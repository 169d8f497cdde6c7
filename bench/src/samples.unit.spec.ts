import { describe, expect, it } from 'vitest';
import { inTurns, median, percentile, summarize } from './samples.js';

describe('percentiles', () => {
  it('take the nearest rank', () => {
    const values = [5, 1, 4, 2, 3];
    expect(median(values)).toBe(3);
    expect(percentile(values, 0.99)).toBe(5);
    expect(percentile([], 0.5)).toBeNaN();
  });
});

describe('a measure in turns', () => {
  it('leaves the warm-up out, turns the order, and compares round by round', async () => {
    const order: string[] = [];
    const contestant = (name: string, value: number) => ({
      name,
      run: (round: number) => {
        order.push(name);
        return Promise.resolve(value * (round + 1));
      },
    });
    const measure = await inTurns(
      { name: 'm', unit: 'events/s', settings: {} },
      [contestant('a', 10), contestant('b', 30)],
      2,
      () => undefined,
    );
    expect(order).toEqual(['a', 'b', 'b', 'a', 'a', 'b']);
    expect(measure.samples).toHaveLength(4);
    expect(summarize(measure)[1]).toBe('| m | b | 60 events/s | 60 to 90 | 3 |');
  });
});
