import type { JsonValue } from '@chorda/kernel';
import { ExpressionError } from './expressions.js';
import type { Backoff } from './form.js';
import { durationMsMax } from './limits.js';

const isoDuration =
  /^P(?:(?<weeks>\d+)W)?(?:(?<days>\d+)D)?(?:T(?:(?<hours>\d+)H)?(?:(?<minutes>\d+)M)?(?:(?<seconds>\d+(?:\.\d{1,3})?)S)?)?$/;
/** As definitions write them: what an expression makes is read like what stands there. */
const shortDuration = /^(?<count>\d+(?:\.\d+)?)(?<unit>ms|s|m|h|d)$/;
const shortUnitMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const unitMs = { weeks: 604_800_000, days: 86_400_000, hours: 3_600_000, minutes: 60_000, seconds: 1_000 };

/** Milliseconds of a number, of `90s`, or of an ISO 8601 duration without years and months. @throws {@link ExpressionError} */
export function durationMs(value: JsonValue): number {
  const ms = typeof value === 'number' ? value : typeof value === 'string' ? textMs(value) : Number.NaN;
  if (!Number.isFinite(ms) || ms < 0) {
    throw new ExpressionError(`${JSON.stringify(value)} is no duration: milliseconds, or text such as "90s" or "PT5M"`);
  }
  return Math.min(Math.round(ms), durationMsMax);
}

function textMs(text: string): number {
  const { count, unit } = shortDuration.exec(text)?.groups ?? {};
  return unit === undefined ? isoMs(text) : Number(count) * (shortUnitMs[unit] ?? Number.NaN);
}

function isoMs(text: string): number {
  const groups = text.length > 2 ? isoDuration.exec(text)?.groups : undefined;
  if (!groups) return Number.NaN;
  return Object.entries(unitMs).reduce((sum, [unit, ms]) => sum + Number(groups[unit] ?? 0) * ms, 0);
}

/** Milliseconds since the Unix epoch, of a number or an RFC 3339 time. @throws {@link ExpressionError} */
export function timeMs(value: JsonValue): number {
  const ms = typeof value === 'number' ? value : typeof value === 'string' ? Date.parse(value) : Number.NaN;
  if (Number.isFinite(ms)) return Math.round(ms);
  throw new ExpressionError(
    `${JSON.stringify(value)} is no time: milliseconds, or text such as "2026-11-21T12:00:00Z"`,
  );
}

/** How long after `attempt` tries the next one begins. `chance` is 0 to 1, and the same for the same try. */
export function backoffMs({ kind, ms, ms_max, factor, jitter }: Backoff, attempt: number, chance: number): number {
  const grown = kind === 'constant' ? ms : kind === 'linear' ? ms * attempt : ms * factor ** (attempt - 1);
  const bounded = Math.min(grown, ms_max, durationMsMax);
  return Math.round(bounded * (1 - jitter * chance));
}

/** 0 to 1, out of a UUID that follows from what it is for. */
export function chanceOf(uuid: string): number {
  return Number.parseInt(uuid.replaceAll('-', '').slice(-8), 16) / 0xffff_ffff;
}
