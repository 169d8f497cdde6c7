import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { avroType } from './avro-type.js';

describe('a long', () => {
  it.each([0, 1, -1, 2 ** 31, -(2 ** 52) - 1, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER])(
    'that is safe keeps %d to the last bit',
    (value) => {
      const type = avroType({ type: 'long', range: 'safe' });
      expect(type.fromBuffer(type.toBuffer(value))).toBe(value);
    },
  );

  it('that is safe has the bytes that Avro wants', () => {
    const safe = avroType({ type: 'long', range: 'safe' });
    const big = avroType('long');
    fc.assert(
      fc.property(fc.maxSafeInteger(), (value) => {
        expect(safe.toBuffer(value)).toEqual(big.toBuffer(BigInt(value)));
        expect(safe.fromBuffer(big.toBuffer(BigInt(value)))).toBe(value);
      }),
    );
  });

  it('is exact over its 64 bits, with the varints that other clients write', () => {
    const type = avroType('long');
    expect(type.toBuffer(-(2n ** 63n)).toString('hex')).toBe('ffffffffffffffffff01');
    expect(type.toBuffer(2n ** 63n - 1n).toString('hex')).toBe('feffffffffffffffff01');
    expect(type.toBuffer(-64n).toString('hex')).toBe('7f');
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
        expect(type.fromBuffer(type.toBuffer(value))).toBe(value);
      }),
    );
  });
});

describe('a decimal', () => {
  const type = avroType({ type: 'bytes', logicalType: 'decimal', precision: 18, scale: 9 });

  it.each(['0', '0.000000001', '-0.5', '123456789.987654321', '-999999999.999999999'])('keeps %s exactly', (text) => {
    expect(type.fromBuffer(type.toBuffer(text))).toBe(text);
  });

  it.each(['1e3', '0.0000000001', '1000000000', '', '1.', 'NaN'])('refuses %j', (text) => {
    expect(type.isValid(text)).toBe(false);
  });
});
