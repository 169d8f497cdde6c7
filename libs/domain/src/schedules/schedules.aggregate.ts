import type { ScheduleCommand, ScheduleEvent, ScheduleId } from '@chorda/contracts';
import type { Aggregate, Decision, Given, StatesOf } from '../aggregate.js';
import { scheduleDefinition, scheduleStream, type Schedule } from './schedule.js';
import * as rules from './schedule.decider.js';

/** A schedule's time has come; never on a topic. */
export interface FireDue {
  readonly type: 'schedule.fire_due';
  readonly data: { readonly schedule_id: ScheduleId };
}

export type AnyScheduleCommand = ScheduleCommand | FireDue;
export type ScheduleDecision = Decision<AnyScheduleCommand, ScheduleEvent>;

export interface ScheduleStates {
  readonly schedule: Schedule;
}

/** Times at which a clock of some zone shows what a cron expression says. The same question has the same answer. */
export interface FireTimes {
  /** What is wrong with them; undefined: nothing. */
  fault(cron: string, timeZone: string): { readonly field: 'cron' | 'time_zone'; readonly rule: string } | undefined;
  /** The first one after a moment, in milliseconds since the Unix epoch, a whole second; null: there is none. */
  next(cron: string, timeZone: string, afterMs: number): number | null;
  /** The last one at or before a moment. */
  last(cron: string, timeZone: string, untilMs: number): number | null;
}

export interface SchedulePorts {
  readonly fireTimes: FireTimes;
}

/** Starts runs of workflows at times of a clock. A fire is decided here; its run is started by whoever reads the event. */
export function schedulesAggregate(ports: SchedulePorts): Aggregate<ScheduleStates, AnyScheduleCommand, ScheduleEvent> {
  return {
    kind: 'schedule',
    streams: { schedule: scheduleDefinition },
    reads: ({ data }) => [scheduleStream(data.schedule_id)],
    decide: (given, states) => decide(given, states, ports),
    due: ({ id }) => ({ type: 'schedule.fire_due', data: { schedule_id: id as ScheduleId } }),
  };
}

function decide(
  given: Given<AnyScheduleCommand>,
  states: StatesOf<ScheduleStates>,
  ports: SchedulePorts,
): ScheduleDecision {
  const { command } = given;
  const schedule = states.of(scheduleStream(command.data.schedule_id));
  const at = { timeMs: given.timeMs, by: given.actor, ports };
  switch (command.type) {
    case 'schedule.create':
      return rules.create(command.data, schedule, at);
    case 'schedule.change':
      return rules.change(command.data, schedule, at);
    case 'schedule.pause':
      return rules.pause(command.data, schedule, at);
    case 'schedule.resume':
      return rules.resume(command.data, schedule, at);
    case 'schedule.delete':
      return rules.remove(command.data, schedule, at);
    case 'schedule.record_start_refused':
      return rules.recordStartRefused(command.data, schedule);
    case 'schedule.record_run_ended':
      return rules.recordRunEnded(command.data, schedule);
    case 'schedule.fire_due':
      return rules.fireDue(schedule, at);
  }
}
