/** 0001-01-01T00:00:00.000Z and 9999-12-31T23:59:59.999Z: what RFC 3339 text and Postgres can both say. */
export const timestampMsMin = -62_135_596_800_000;
export const timestampMsMax = 253_402_300_799_999;

const rfc3339 = /^(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d{2}):(\d{2}))$/;

/** `YYYY-MM-DDTHH:MM:SS.sssZ`, what `formatTimestamp` writes and so what almost every record says. */
function parseOwnFormat(text: string): number | undefined {
  if (text.length !== 24 || text[10] !== 'T' || text[19] !== '.' || text[23] !== 'Z') return undefined;
  // The engine's own parser is quick and takes 30 February for 2 March: what comes back must be what went in.
  const timeMs = Date.parse(text);
  return timeMs >= timestampMsMin && timeMs <= timestampMsMax && dayOf(text) === new Date(timeMs).getUTCDate()
    ? timeMs
    : undefined;
}

function dayOf(text: string): number {
  return (text.charCodeAt(8) - 48) * 10 + text.charCodeAt(9) - 48;
}

/** Milliseconds since the epoch, digits past milliseconds cut off; undefined for what is no RFC 3339 date-time. */
export function parseTimestamp(text: string): number | undefined {
  const own = parseOwnFormat(text);
  if (own !== undefined) return own;
  const match = rfc3339.exec(text);
  if (!match) return undefined;
  const [, year = '', month = '', day = '', hour = '', minute = '', second = '', fraction = '', sign] = match;
  const valid =
    Number(month) >= 1 &&
    Number(month) <= 12 &&
    Number(day) >= 1 &&
    // `Date` takes 30 February and makes it 2 March.
    Number(day) <= daysIn(Number(year), Number(month)) &&
    Number(hour) <= 23 &&
    Number(minute) <= 59 &&
    Number(second) <= 59;
  const offsetMinutes = Number(match[9] ?? 0) * 60 + Number(match[10] ?? 0);
  if (!valid || Number(match[9] ?? 0) > 23 || Number(match[10] ?? 0) > 59) return undefined;
  const local = Date.parse(
    `${year}-${month}-${day}T${hour}:${minute}:${second}.${fraction.padEnd(3, '0').slice(0, 3)}Z`,
  );
  const timeMs = local - (sign === '-' ? -1 : 1) * offsetMinutes * 60_000;
  return isTimestamp(timeMs) ? timeMs : undefined;
}

/** RFC 3339 in UTC with milliseconds. */
export function formatTimestamp(timeMs: number): string {
  return new Date(timeMs).toISOString();
}

export function isTimestamp(timeMs: number): boolean {
  return Number.isInteger(timeMs) && timeMs >= timestampMsMin && timeMs <= timestampMsMax;
}

function daysIn(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}
