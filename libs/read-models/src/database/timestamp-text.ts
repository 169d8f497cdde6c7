import pg from 'pg';

const parseAny = pg.types.getTypeParser(pg.types.builtins.TIMESTAMPTZ, 'text');

/** `2026-11-21 12:00:00.123456+00`, what a server in UTC writes, by arithmetic; any other text as `pg` reads it. */
export function timestampOf(text: string): unknown {
  const { length } = text;
  const isUtc = length >= 22 && length <= 29 && text.charCodeAt(10) === space && text.endsWith('+00');
  const year = isUtc ? number(text, 0, 4) : Number.NaN;
  const milliseconds = isUtc ? fraction(text, length - 3) : Number.NaN;
  // A year of fewer digits is read by others, since `Date.UTC` takes 0 to 99 for years of the last century.
  if (!(year >= 1000) || Number.isNaN(milliseconds)) return parseAny(text);
  const date = Date.UTC(year, number(text, 5, 7) - 1, number(text, 8, 10));
  return new Date(
    date +
      number(text, 11, 13) * 3_600_000 +
      number(text, 14, 16) * 60_000 +
      number(text, 17, 19) * 1_000 +
      milliseconds,
  );
}

const space = 0x20;
const zero = 0x30;
const dot = 0x2e;

/** Whole milliseconds of what stands between the seconds and `end`; a `Date` has no smaller ones. */
function fraction(text: string, end: number): number {
  if (end === 19) return 0;
  if (text.charCodeAt(19) !== dot) return Number.NaN;
  const digits = Math.min(3, end - 20);
  return number(text, 20, 20 + digits) * 10 ** (3 - digits);
}

function number(text: string, from: number, to: number): number {
  let value = 0;
  for (let at = from; at < to; at += 1) value = value * 10 + text.charCodeAt(at) - zero;
  return value;
}
