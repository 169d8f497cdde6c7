import { describe, expect, it } from 'vitest';
import { durationMs } from './durations.js';

describe('a duration that an expression made', () => {
  it.each([
    [1_500, 1_500],
    ['300ms', 300],
    ['1.5h', 5_400_000],
    ['2d', 172_800_000],
    ['PT1M30S', 90_000],
  ])('%j is %d ms', (value, ms) => {
    expect(durationMs(value)).toBe(ms);
  });

  it.each([['soon'], ['5y'], [-1], [null], ['-5s'], ['']])('%j is none', (value) => {
    expect(() => durationMs(value)).toThrow('is no duration');
  });
});
