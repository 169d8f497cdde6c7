import { fireTimes } from '@chorda/workflows';
import { Problem } from '../http/problem.js';

export interface NextFire {
  readonly fire_at: string;
  /** What the clock of the zone shows then, with its distance from UTC. */
  readonly local_time: string;
}

/** @throws Problem `INVALID_COMMAND` naming the field and the rule. */
export function checkClock(cron: string, timeZone: string): void {
  const fault = fireTimes.fault(cron, timeZone);
  if (fault === undefined) return;
  const issues = [{ pointer: `/${fault.field}`, detail: fault.rule }];
  throw new Problem('INVALID_COMMAND', `/${fault.field} ${fault.rule}`, { issues });
}

export function nextFires(cron: string, timeZone: string, afterMs: number, count: number): readonly NextFire[] {
  const fires: NextFire[] = [];
  for (let ms: number | null = afterMs; fires.length < count;) {
    ms = fireTimes.next(cron, timeZone, ms);
    if (ms === null) break;
    fires.push({ fire_at: new Date(ms).toISOString(), local_time: localText(ms, timeZone) });
  }
  return fires;
}

function localText(ms: number, timeZone: string): string {
  const parts = new Intl.DateTimeFormat('en-GB', {
    ...{ timeZone, hourCycle: 'h23', timeZoneName: 'longOffset' },
    ...{ year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit' },
  } as const).formatToParts(new Date(ms));
  const part = (wanted: string) => parts.find(({ type }) => type === wanted)?.value ?? '';
  const offset = part('timeZoneName').replace('GMT', '') || '+00:00';
  const date = `${part('year').padStart(4, '0')}-${part('month')}-${part('day')}`;
  return `${date}T${part('hour')}:${part('minute')}:${part('second')}${offset}`;
}
