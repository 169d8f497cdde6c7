import { type JsonText, type ScheduleEvent, type ScheduleId, type UserId } from '@chorda/contracts';
import type { StreamDefinition, StreamRef, Timer } from '../aggregate.js';
import { jitterMs } from './fire-id.js';

export const overlapRules = ['skip', 'buffer_one', 'allow', 'cancel_running'] as const;
export const catchUpRules = ['all', 'latest'] as const;

/** What a schedule starts, when, and what becomes of a fire that comes at a bad moment. */
export interface ScheduleRules {
  readonly title: string | null;
  readonly workflow_name: string;
  readonly workflow_version: number | null;
  readonly input_data: JsonText;
  readonly user_id: UserId | null;
  readonly cron: string;
  readonly time_zone: string;
  readonly overlap: string;
  readonly catch_up: string;
  readonly catch_up_window_ms: number;
  readonly jitter_ms: number;
}

export interface Fire {
  readonly id: string;
  readonly atMs: number;
}

export interface KnownSchedule {
  readonly status: 'active' | 'paused';
  readonly id: ScheduleId;
  readonly rules: ScheduleRules;
  readonly nextFireMs: number | null;
  /** Fires whose runs are not known to have ended. */
  readonly running: readonly string[];
  /** Waits for the end of what runs. */
  readonly buffered: Fire | null;
}

export type Schedule = { readonly status: 'absent' } | { readonly status: 'deleted' } | KnownSchedule;

export function scheduleStream(id: ScheduleId): StreamRef<'schedule'> {
  return { kind: 'schedule', id };
}

export function isKnown(schedule: Schedule): schedule is KnownSchedule {
  return schedule.status === 'active' || schedule.status === 'paused';
}

function evolve(schedule: Schedule, event: ScheduleEvent): Schedule {
  if (event.type === 'schedule.created') return created(event.data);
  // What ended while the schedule was deleted changes nothing any more.
  if (!isKnown(schedule)) throw new TypeError(`${event.type} of a schedule that is ${schedule.status}`);
  switch (event.type) {
    case 'schedule.changed':
      return { ...schedule, rules: rulesOf(event.data), nextFireMs: event.data.next_fire_at };
    case 'schedule.paused':
      return { ...schedule, status: 'paused', nextFireMs: null };
    case 'schedule.resumed':
      return { ...schedule, status: 'active', nextFireMs: event.data.next_fire_at };
    case 'schedule.deleted':
      return { status: 'deleted' };
    case 'schedule.fired': {
      const { fire_id: id, next_fire_at: nextFireMs } = event.data;
      const buffered = schedule.buffered?.id === id ? null : schedule.buffered;
      const running = [...schedule.running.filter((one) => one !== id), id];
      return { ...schedule, running, buffered, nextFireMs };
    }
    case 'schedule.buffered': {
      const { fire_id: id, fire_at: atMs, next_fire_at: nextFireMs } = event.data;
      return { ...schedule, buffered: { id, atMs }, nextFireMs };
    }
    case 'schedule.skipped': {
      const { first_fire_at: firstMs, next_fire_at: nextFireMs } = event.data;
      const buffered = schedule.buffered?.atMs === firstMs ? null : schedule.buffered;
      return { ...schedule, buffered, nextFireMs };
    }
    case 'schedule.cancel_requested':
      return schedule;
    case 'schedule.start_refused':
    case 'schedule.run_ended':
      return { ...schedule, running: schedule.running.filter((one) => one !== event.data.fire_id) };
  }
}

type CreatedData = Extract<ScheduleEvent, { readonly type: 'schedule.created' }>['data'];

function created(data: CreatedData): KnownSchedule {
  return {
    status: 'active',
    id: data.schedule_id,
    rules: rulesOf(data),
    nextFireMs: data.next_fire_at,
    running: [],
    buffered: null,
  };
}

/** The fields of a command or an event that are rules, and no others. */
export function rulesOf(data: ScheduleRules): ScheduleRules {
  return {
    title: data.title,
    workflow_name: data.workflow_name,
    workflow_version: data.workflow_version,
    input_data: data.input_data,
    user_id: data.user_id,
    cron: data.cron,
    time_zone: data.time_zone,
    overlap: data.overlap,
    catch_up: data.catch_up,
    catch_up_window_ms: data.catch_up_window_ms,
    jitter_ms: data.jitter_ms,
  };
}

function timers(schedule: Schedule): readonly Timer[] {
  if (!isKnown(schedule) || schedule.nextFireMs === null) return [];
  const { id, nextFireMs, rules } = schedule;
  return [{ id: `fire/${nextFireMs}`, dueMs: nextFireMs + jitterMs(id, nextFireMs, rules.jitter_ms) }];
}

export const scheduleDefinition: StreamDefinition<Schedule, ScheduleEvent> = {
  initialState: { status: 'absent' },
  evolve,
  timers,
  snapshotVersion: 1,
};
