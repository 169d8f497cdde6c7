import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Watermark } from './watermark.js';

describe('the watermark', () => {
  it('never passes a request that is open, in whatever order they end, and reaches the end when all are done', () => {
    const gaps = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 60 });
    const scenario = gaps.chain((steps) => {
      let at = 9n;
      const offsets = steps.map((step) => (at += BigInt(step)));
      return fc.record({
        offsets: fc.constant(offsets),
        ends: fc.shuffledSubarray(offsets, { minLength: offsets.length }),
      });
    });
    fc.assert(
      fc.property(scenario, ({ offsets, ends }) => {
        const watermark = new Watermark(10n);
        for (const offset of offsets) watermark.add(offset);
        const open = new Set(offsets);
        for (const offset of ends) {
          const before = watermark.offset;
          open.delete(offset);
          expect(watermark.done(offset)).toBe(watermark.offset !== before);
          for (const each of open) expect(watermark.offset).toBeLessThanOrEqual(each);
        }
        expect(watermark.offset).toBe(offsets.at(-1)! + 1n);
        expect(watermark.span).toBe(0);
      }),
    );
  });

  it('counts what is between it and the newest', () => {
    const watermark = new Watermark(0n);
    for (const offset of [0n, 1n, 2n, 3n]) watermark.add(offset);
    for (const offset of [1n, 2n, 3n]) watermark.done(offset);
    expect([watermark.offset, watermark.span]).toEqual([0n, 4]);
    watermark.done(0n);
    expect([watermark.offset, watermark.span]).toEqual([4n, 0]);
  });

  it('knows no request twice, and none that it was not told of', () => {
    const watermark = new Watermark(5n);
    watermark.add(5n);
    expect([watermark.done(7n), watermark.done(5n), watermark.done(5n)]).toEqual([false, true, false]);
  });

  it('passes records that are no requests once nothing is open', () => {
    const watermark = new Watermark(0n);
    watermark.add(0n);
    watermark.passTo(3n);
    expect(watermark.offset).toBe(0n);
    watermark.done(0n);
    watermark.passTo(3n);
    expect(watermark.offset).toBe(3n);
  });
});
