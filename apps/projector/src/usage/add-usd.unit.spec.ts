import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addUsd } from './add-usd.js';

const amounts = fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n });
const asText = (billionths: bigint) => {
  const digits = (billionths < 0n ? -billionths : billionths).toString().padStart(10, '0');
  return `${billionths < 0n ? '-' : ''}${digits.slice(0, -9)}.${digits.slice(-9)}`;
};

describe('a sum of money', () => {
  it.each([
    ['0', '0', '0'],
    ['0.1', '0.2', '0.3'],
    ['0.000000001', '0.999999999', '1'],
    ['12.5', '-12.500', '0'],
    ['-0.25', '0.1', '-0.15'],
    ['99999999999999999999.999999999', '0.000000001', '100000000000000000000'],
  ])('%s + %s = %s', (left, right, sum) => {
    expect(addUsd(left, right)).toBe(sum);
  });

  it('is exact, and the same in any order', () => {
    fc.assert(
      fc.property(amounts, amounts, (left, right) => {
        const sum = addUsd(asText(left), asText(right));
        expect(sum).toBe(addUsd('0', asText(left + right)));
        expect(sum).toBe(addUsd(asText(right), asText(left)));
      }),
    );
  });

  it.each(['', '1e3', '0.0000000001', 'NaN', '1.', '.5'])('of %j is refused', (text) => {
    expect(() => addUsd('1', text)).toThrow(TypeError);
  });
});
