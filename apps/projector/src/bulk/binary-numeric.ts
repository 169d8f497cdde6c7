import type { BinaryWriter } from './binary-writer.js';

const decimalPattern = /^(-?)(\d+)(?:\.(\d+))?$/;
const negative = 0x4000;
/** A digit of Postgres's numeric holds four of ours. */
const groupDigits = 4;

/**
 * A decimal text as Postgres's numeric, with its length before it: groups of four digits, the place of the first, and how
 * many digits stand after the point.
 *
 * @throws TypeError for a text that is no decimal number.
 */
export function writeNumeric(out: BinaryWriter, text: string): void {
  const [, sign = '', whole = '', fraction = ''] = decimalPattern.exec(text) ?? [];
  if (whole === '') throw new TypeError(`Not a decimal number: ${text.slice(0, 50)}`);
  const wholeGroups = groupsOf(whole.padStart(Math.ceil(whole.length / groupDigits) * groupDigits, '0'));
  const fractionGroups = groupsOf(fraction.padEnd(Math.ceil(fraction.length / groupDigits) * groupDigits, '0'));
  const groups = [...wholeGroups, ...fractionGroups];
  // Zeros at both ends are left out; what is left of the point is told by the weight of the first group.
  const first = groups.findIndex((group) => group !== 0);
  const last = groups.findLastIndex((group) => group !== 0);
  const digits = first === -1 ? [] : groups.slice(first, last + 1);
  out.int32(8 + digits.length * 2);
  out.int16(digits.length);
  out.int16(digits.length === 0 ? 0 : wholeGroups.length - 1 - first);
  out.int16(sign === '-' && digits.length > 0 ? negative : 0);
  out.int16(fraction.length);
  for (const digit of digits) out.int16(digit);
}

function groupsOf(digits: string): readonly number[] {
  return (digits.match(/\d{4}/g) ?? []).map(Number);
}
