/** What `cost_usd` of an event has at most; sums have no more. */
const scale = 9;
const unit = 10n ** BigInt(scale);
const amount = /^(-?)(\d+)(?:\.(\d+))?$/;

/**
 * The exact sum of two amounts, as the shortest decimal text: equal sums are equal texts, whatever order they were added
 * in.
 *
 * @throws TypeError for a text that is no amount, or is finer than a billionth.
 */
export function addUsd(left: string, right: string): string {
  const sum = billionths(left) + billionths(right);
  const digits = sum < 0n ? -sum : sum;
  const fraction = (digits % unit).toString().padStart(scale, '0').replace(/0+$/, '');
  return `${sum < 0n ? '-' : ''}${digits / unit}${fraction === '' ? '' : `.${fraction}`}`;
}

function billionths(text: string): bigint {
  const [, sign = '', whole = '', fraction = ''] = amount.exec(text) ?? [];
  const significant = fraction.replace(/0+$/, '');
  if (whole === '' || significant.length > scale) throw new TypeError(`Not an amount of US dollars: ${text}`);
  const value = BigInt(whole) * unit + BigInt(significant.padEnd(scale, '0'));
  return sign === '-' ? -value : value;
}
