import type { ScheduleCommand, ScheduleId } from '@chorda/contracts';
import { DomainError } from '../domain-error.js';
import { inputBytesMax } from '../workflows/limits.js';
import { jitterMs, scheduleIdPattern } from './fire-id.js';
import {
  catchUpRules,
  isKnown,
  overlapRules,
  rulesOf,
  scheduleStream,
  type KnownSchedule,
  type Schedule,
  type ScheduleRules,
} from './schedule.js';
import { ScheduleCourse } from './schedule-course.js';
import type { ScheduleDecision, SchedulePorts } from './schedules.aggregate.js';

interface At {
  readonly timeMs: number;
  readonly by: string | null;
  readonly ports: SchedulePorts;
}
type DataOf<Type extends ScheduleCommand['type']> = Extract<ScheduleCommand, { readonly type: Type }>['data'];

/** Runs of one schedule at once, where its rule allows several. */
export const runningMax = 100;
/** Events of one turn; what is left is due at once. */
const eventsOfTurn = 100;

export function create(data: DataOf<'schedule.create'>, before: Schedule, { timeMs, by, ports }: At): ScheduleDecision {
  const rules = rulesOf(data);
  if (isKnown(before)) {
    // Asked again after a time-out it is the same schedule.
    if (isSame(before.rules, rules)) return new ScheduleCourse(before).decision();
    throw new DomainError('SCHEDULE_EXISTS', `There is a schedule ${data.schedule_id}: change it, or delete it first`, {
      state: before.status,
    });
  }
  if (!scheduleIdPattern.test(data.schedule_id)) throw invalid('schedule_id', `must match ${scheduleIdPattern.source}`);
  check(rules, ports);
  const { cron, time_zone } = rules;
  const next_fire_at = ports.fireTimes.next(cron, time_zone, timeMs);
  const stream = scheduleStream(data.schedule_id);
  const event = {
    type: 'schedule.created',
    data: { schedule_id: data.schedule_id, ...rules, by, next_fire_at },
  } as const;
  return { events: [{ stream, event }], answer: told(data.schedule_id, 'active', next_fire_at) };
}

function told(schedule_id: ScheduleId, status: string, nextMs: number | null) {
  return { schedule_id, status, next_fire_at: nextMs === null ? null : new Date(nextMs).toISOString() };
}

function isSame(one: ScheduleRules, other: ScheduleRules): boolean {
  return JSON.stringify(rulesOf(one)) === JSON.stringify(rulesOf(other));
}

/** @throws DomainError `INVALID_COMMAND`, naming the field and the rule. */
function check(rules: ScheduleRules, { fireTimes }: SchedulePorts): void {
  const { overlap, catch_up, cron, time_zone, input_data, title } = rules;
  if (!overlapRules.some((one) => one === overlap)) throw invalid('overlap', `must be ${overlapRules.join(', ')}`);
  if (!catchUpRules.some((one) => one === catch_up)) throw invalid('catch_up', `must be ${catchUpRules.join(', ')}`);
  if ((title ?? '').length > 200) throw invalid('title', 'must have at most 200 characters');
  if (Buffer.byteLength(input_data) > inputBytesMax) {
    throw invalid('input_data', `must have at most ${inputBytesMax} bytes as JSON`);
  }
  const fault = fireTimes.fault(cron, time_zone);
  if (fault) throw invalid(fault.field, fault.rule);
}

function invalid(field: string, rule: string): DomainError {
  return new DomainError('INVALID_COMMAND', `${field} ${rule}`, { pointer: `/${field}` });
}

function known(schedule: Schedule, id: ScheduleId): KnownSchedule {
  if (isKnown(schedule)) return schedule;
  throw new DomainError('SCHEDULE_NOT_FOUND', `There is no schedule ${id}`);
}

export function change(data: DataOf<'schedule.change'>, before: Schedule, { timeMs, by, ports }: At): ScheduleDecision {
  const schedule = known(before, data.schedule_id);
  const course = new ScheduleCourse(schedule);
  const rules = rulesOf(data);
  if (isSame(schedule.rules, rules)) return course.decision();
  check(rules, ports);
  const isActive = schedule.status === 'active';
  const next_fire_at = isActive ? ports.fireTimes.next(rules.cron, rules.time_zone, timeMs) : null;
  course.add({ type: 'schedule.changed', data: { schedule_id: schedule.id, ...rules, by, next_fire_at } });
  return course.decision();
}

export function pause(data: DataOf<'schedule.pause'>, before: Schedule, { by }: At): ScheduleDecision {
  const schedule = known(before, data.schedule_id);
  const course = new ScheduleCourse(schedule);
  if (schedule.status === 'paused') return course.decision();
  if (schedule.buffered !== null) course.skip(schedule.buffered.atMs, null, 'paused', schedule.nextFireMs);
  course.add({ type: 'schedule.paused', data: { schedule_id: schedule.id, reason: data.reason, by } });
  return course.decision();
}

export function resume(data: DataOf<'schedule.resume'>, before: Schedule, { timeMs, by, ports }: At): ScheduleDecision {
  const schedule = known(before, data.schedule_id);
  const course = new ScheduleCourse(schedule);
  if (schedule.status === 'active') return course.decision();
  const { cron, time_zone } = schedule.rules;
  const next_fire_at = ports.fireTimes.next(cron, time_zone, timeMs);
  course.add({ type: 'schedule.resumed', data: { schedule_id: schedule.id, by, next_fire_at } });
  return course.decision();
}

export function remove(data: DataOf<'schedule.delete'>, before: Schedule, { by }: At): ScheduleDecision {
  const answer = told(data.schedule_id, 'deleted', null);
  if (before.status === 'deleted') return { events: [], answer };
  const { id } = known(before, data.schedule_id);
  const event = { type: 'schedule.deleted', data: { schedule_id: id, by } } as const;
  return { events: [{ stream: scheduleStream(id), event }], answer };
}

/** What is not known to run has ended before, or was never of this schedule. */
export function recordRunEnded(data: DataOf<'schedule.record_run_ended'>, before: Schedule): ScheduleDecision {
  if (!isKnown(before) || !before.running.includes(data.fire_id)) return { events: [] };
  const course = new ScheduleCourse(before);
  const { fire_id, status } = data;
  course.add({ type: 'schedule.run_ended', data: { schedule_id: before.id, fire_id, status } });
  startBuffered(course);
  return course.decision();
}

export function recordStartRefused(data: DataOf<'schedule.record_start_refused'>, before: Schedule): ScheduleDecision {
  if (!isKnown(before) || !before.running.includes(data.fire_id)) return { events: [] };
  const course = new ScheduleCourse(before);
  const { fire_id, fire_at, error_code, message } = data;
  const why = { error_code, message: message.slice(0, 2_000) };
  course.add({ type: 'schedule.start_refused', data: { schedule_id: before.id, fire_id, fire_at, ...why } });
  startBuffered(course);
  return course.decision();
}

function startBuffered(course: ScheduleCourse): void {
  const { buffered, running, nextFireMs } = course.schedule;
  if (buffered !== null && running.length === 0) course.start(buffered, nextFireMs);
}

/** Its time has come, or came while nobody was there. */
export function fireDue(schedule: Schedule, { timeMs, ports }: At): ScheduleDecision {
  if (!isKnown(schedule)) return { events: [] };
  const course = new ScheduleCourse(schedule);
  while (course.eventCount < eventsOfTurn && fireNext(course, timeMs, ports)) continue;
  return { events: course.decision().events };
}

/** @returns Whether another one may be due. */
function fireNext(course: ScheduleCourse, nowMs: number, { fireTimes }: SchedulePorts): boolean {
  const { id, nextFireMs, rules } = course.schedule;
  const { cron, time_zone, catch_up, catch_up_window_ms } = rules;
  if (nextFireMs === null) return false;
  const heldMs = jitterMs(id, nextFireMs, rules.jitter_ms);
  if (nextFireMs + heldMs > nowMs) return false;
  const oldestMs = nowMs - catch_up_window_ms - heldMs;
  if (nextFireMs < oldestMs) {
    const keptMs = fireTimes.next(cron, time_zone, oldestMs - 1);
    course.skip(nextFireMs, oldestMs - 1, 'too_late', keptMs);
    return true;
  }
  // A fire that waits for its jitter is not yet a later one.
  const lastMs = catch_up === 'latest' ? fireTimes.last(cron, time_zone, nowMs - rules.jitter_ms) : null;
  if (lastMs !== null && lastMs > nextFireMs) {
    course.skip(nextFireMs, lastMs - 1, 'superseded', lastMs);
    return true;
  }
  fire(course, nextFireMs, fireTimes.next(cron, time_zone, nextFireMs));
  return true;
}

function fire(course: ScheduleCourse, atMs: number, nextMs: number | null): void {
  const { running, buffered, rules } = course.schedule;
  const next = course.fireAt(atMs);
  if (rules.overlap === 'allow') {
    if (running.length >= runningMax) course.skip(atMs, null, 'too_many_running', nextMs);
    else course.start(next, nextMs);
    return;
  }
  if (running.length === 0) return course.start(next, nextMs);
  switch (rules.overlap) {
    case 'buffer_one':
      if (buffered === null) course.buffer(next, nextMs);
      else course.skip(atMs, null, 'overlap', nextMs);
      return;
    case 'cancel_running':
      if (buffered === null) course.cancelRunning();
      else course.skip(buffered.atMs, null, 'superseded', atMs);
      course.buffer(next, nextMs);
      return;
    default:
      course.skip(atMs, null, 'overlap', nextMs);
  }
}
