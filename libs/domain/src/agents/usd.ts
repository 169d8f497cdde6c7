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
