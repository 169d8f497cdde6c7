import { formatDecimal, parseDecimal, type Decimal } from '@chorda/contracts';

/** As the events have costs. */
const precision = 18;
const scale = 9;

/** The exact sum of two amounts of US dollars. @throws TypeError for a text that is no amount, or too large a sum. */
export function addUsd(one: Decimal, other: Decimal): Decimal {
  return formatDecimal(billionths(one) + billionths(other), scale);
}

export function isMoreUsd(one: Decimal, than: Decimal): boolean {
  return billionths(one) > billionths(than);
}

function billionths(text: Decimal): bigint {
  const read = parseDecimal(text, precision, scale);
  if (typeof read === 'bigint') return read;
  throw new TypeError(`${text} is no amount of US dollars: it ${read}`);
}

const picosPerBillionth = 1_000n;

/** What is left of an amount, in picodollars; negative where more was spent. */
export function leftUsd(most: Decimal, spent: Decimal): bigint {
  return (billionths(most) - billionths(spent)) * picosPerBillionth;
}

/** Picodollars of one token, at so many US dollars for a million of them: at most six digits behind the point. */
export function picodollars(perMillion: string): bigint {
  const [whole = '0', rest = ''] = perMillion.split('.');
  return BigInt(whole) * 1_000_000n + BigInt(rest.padEnd(6, '0'));
}

/** An amount of picodollars, rounded up to what events hold. */
export function usdOf(picos: bigint): Decimal {
  return formatDecimal((picos + picosPerBillionth - 1n) / picosPerBillionth, scale);
}
