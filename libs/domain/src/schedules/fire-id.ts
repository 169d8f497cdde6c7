import type { ScheduleId } from '@chorda/contracts';

/** No id of a schedule has a colon in it, so that a fire tells its schedule. */
export const scheduleIdPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$/;

const prefix = 'sched:';

/**
 * Of the schedule and the time, and of nothing else: whoever decides or starts a fire again comes to the same run. Fires
 * are whole seconds apart. It is the id of the run too.
 */
export function fireIdOf(schedule: ScheduleId, fireMs: number): string {
  return `${prefix}${schedule}:${new Date(fireMs).toISOString().slice(0, 19)}Z`;
}

/** The schedule that a run was started by; undefined: by none. */
export function scheduleOfFire(run: string): string | undefined {
  return /^sched:(?<schedule>[^:]+):\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/.exec(run)?.groups?.['schedule'];
}

/** How long a fire waits beyond its time: spread over fires, and always the same for one (FNV-1a of its id). */
export function jitterMs(schedule: ScheduleId, fireMs: number, jitterMsMax: number): number {
  if (jitterMsMax <= 0) return 0;
  let hash = 0x811c9dc5;
  for (const char of fireIdOf(schedule, fireMs)) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193);
  return (hash >>> 0) % (jitterMsMax + 1);
}
