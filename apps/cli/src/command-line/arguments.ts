import { InvalidArgumentError } from 'commander';

/** A count on the command line: digits only, and no more than a number holds exactly. */
export function wholeNumber(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value)) {
    throw new InvalidArgumentError('It must be a whole number.');
  }
  return value;
}

export function positiveNumber(text: string): number {
  const value = wholeNumber(text);
  if (value === 0) throw new InvalidArgumentError('It must be at least 1.');
  return value;
}

const units = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** A time given as RFC 3339 or as an age (`15m`, `2h`, `7d`), in milliseconds since the epoch. */
export function timeOrAge(text: string, nowMs: number): number {
  const age = /^(\d+)([smhd])$/.exec(text);
  if (age !== null) return nowMs - Number(age[1]) * units[age[2] as keyof typeof units];
  const time = Date.parse(text);
  if (Number.isNaN(time)) {
    throw new InvalidArgumentError('It must be a time such as 2026-11-21T12:00:00Z, or an age such as 15m, 2h, 7d.');
  }
  return time;
}
