import type { FireTimes } from '@chorda/domain';
import { Cron } from 'croner';

/** Parsed expressions that are kept, so that a schedule that fires each second is not parsed each second. */
const parsedMax = 1_000;
/** Whoever schedules something of which nothing comes for so long has made a mistake. */
const aheadYearsMax = 10;
const cronLengthMax = 200;
const parsed = new Map<string, Cron>();

/**
 * Cron by the clock of a zone: a time that the clock jumps over in spring comes when it has jumped, one that it shows
 * twice in autumn comes once; what comes each hour or oftener goes on through both without a gap or a double.
 */
export const fireTimes: FireTimes = {
  fault(cron, timeZone) {
    if (!isZone(timeZone)) {
      return { field: 'time_zone', rule: 'must be the IANA name of a time zone, such as Europe/Berlin or UTC' };
    }
    if (cron.length > cronLengthMax) {
      return { field: 'cron', rule: `must have at most ${cronLengthMax} characters` };
    }
    if (!isExpression(cron)) return { field: 'cron', rule: syntax };
    try {
      const first = nextMs(cron, timeZone, Date.UTC(2024, 0, 1));
      return first === null ? { field: 'cron', rule: `never comes within ${aheadYearsMax} years` } : undefined;
    } catch (error) {
      const said = error instanceof Error ? error.message.replace(/^CronPattern: /, '') : String(error);
      return { field: 'cron', rule: `${syntax}; ${said}`.slice(0, 500) };
    }
  },
  next: nextMs,
  last(cron, timeZone, untilMs) {
    // What croner calls previous is before the moment, and fires are whole seconds.
    const second = Math.floor(untilMs / 1_000) * 1_000;
    return (
      cronOf(cron, timeZone)
        .previousRuns(1, new Date(second + 1_000))[0]
        ?.getTime() ?? null
    );
  },
};

const syntax =
  'must have five parts, or six with seconds first: minute, hour, day of month, month, day of week, as in "30 2 * * 1-5", or be @hourly, @daily, @weekly, @monthly or @yearly';

/** A date is a time too for croner, and comes once. */
function isExpression(cron: string): boolean {
  if (/^@(?:hourly|daily|weekly|monthly|yearly|annually|midnight)$/i.test(cron)) return true;
  const { length } = cron.trim().split(/\s+/);
  return length === 5 || length === 6;
}

function isZone(timeZone: string): boolean {
  // Offsets such as +02:00 are known to Intl too, and follow no clock.
  if (!/^[A-Za-z][A-Za-z0-9_+/-]{0,63}$/.test(timeZone)) return false;
  try {
    return new Intl.DateTimeFormat('en', { timeZone }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

function nextMs(cron: string, timeZone: string, afterMs: number): number | null {
  const found = cronOf(cron, timeZone).nextRun(new Date(afterMs))?.getTime() ?? null;
  return found !== null && found - afterMs > aheadYearsMax * 366 * 86_400_000 ? null : found;
}

function cronOf(cron: string, timeZone: string): Cron {
  const key = `${timeZone} ${cron}`;
  const known = parsed.get(key);
  if (known) return known;
  const made = new Cron(cron, { timezone: timeZone, paused: true });
  if (parsed.size >= parsedMax) parsed.clear();
  parsed.set(key, made);
  return made;
}
