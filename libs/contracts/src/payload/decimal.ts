import type { Decimal } from '../event.js';

const decimalPattern = /^(-?)(0|[1-9]\d{0,37})(?:\.(\d{1,38}))?$/;

/**
 * The unscaled integer of a decimal text, or the rule that it breaks.
 *
 * Text and not a number, since 0.1 as a number is not a tenth: sums of cost would not add up.
 */
export function parseDecimal(text: string, precision: number, scale: number): bigint | string {
  const match = decimalPattern.exec(text);
  if (!match) return 'must be a decimal number as text, such as "-12.5", without exponent';
  const [, sign = '', whole = '', given = ''] = match;
  const fraction = given.replace(/0+$/, '');
  if (fraction.length > scale) return `must have at most ${scale} digits after the point`;
  const unscaled = BigInt(whole + fraction.padEnd(scale, '0'));
  if (unscaled >= 10n ** BigInt(precision)) return `must have at most ${precision - scale} digits before the point`;
  return sign === '-' ? -unscaled : unscaled;
}

/** The shortest text of an unscaled integer, so that equal amounts are equal texts. */
export function formatDecimal(unscaled: bigint, scale: number): Decimal {
  const negative = unscaled < 0n;
  const digits = (negative ? -unscaled : unscaled).toString().padStart(scale + 1, '0');
  const fraction = digits.slice(digits.length - scale).replace(/0+$/, '');
  const text = digits.slice(0, digits.length - scale) + (scale > 0 && fraction ? `.${fraction}` : '');
  return negative ? `-${text}` : text;
}

/** Big-endian two's complement in the fewest bytes, as Avro keeps it. */
export function decimalToBytes(unscaled: bigint): Buffer {
  let length = 1;
  while (BigInt.asIntN(length * 8, unscaled) !== unscaled) length += 1;
  const hex = BigInt.asUintN(length * 8, unscaled).toString(16);
  return Buffer.from(hex.padStart(length * 2, '0'), 'hex');
}

export function decimalFromBytes(bytes: Buffer): bigint {
  if (bytes.length === 0) return 0n;
  return BigInt.asIntN(bytes.length * 8, BigInt(`0x${bytes.toString('hex')}`));
}
