// libs/contracts/src/generated/schedule.ts: written by `npm run contracts:generate`, never by hand.
import type { Event, JsonText, TimestampMs } from '../event.js';
import type { ScheduleId, UserId } from './ids.js';

/** The time of a schedule came while a run of before goes on: the next one waits for its end. */
export type Buffered = Event<
  'schedule.buffered',
  {
    /** The schedule, as in /v1/schedules/{id}. */
    readonly schedule_id: ScheduleId;
    /** The fire, derived from the schedule and its time; the run has it as its id. */
    readonly fire_id: string;
    /** When it was due by the clock. */
    readonly fire_at: TimestampMs;
    /** When it fires next; null: never. */
    readonly next_fire_at: TimestampMs | null;
  }
>;

/** A run of before is to end, since the next one is due. */
export type CancelRequested = Event<
  'schedule.cancel_requested',
  {
    /** The schedule, as in /v1/schedules/{id}. */
    readonly schedule_id: ScheduleId;
    /** The fire, which is the run. */
    readonly fire_id: string;
  }
>;

/** A schedule has other rules. */
export type Changed = Event<
  'schedule.changed',
  {
    /** The schedule, as in /v1/schedules/{id}. */
    readonly schedule_id: ScheduleId;
    /** What people call it. */
    readonly title: string | null;
    /** The workflow that is started. */
    readonly workflow_name: string;
    /** Its stored version; null: the newest at each fire. */
    readonly workflow_version: number | null;
    /** What each run is given: any JSON value. Personal data. */
    readonly input_data: JsonText;
    /** The user on whose behalf runs go. A pseudonymous id, never a name or an address. */
    readonly user_id: UserId | null;
    /** When it fires: five or six parts, or a nickname such as @daily. */
    readonly cron: string;
    /** IANA name of the zone that the parts are read in. */
    readonly time_zone: string;
    /** What becomes of a fire while a run of before goes on: skip, buffer_one, allow, cancel_running. */
    readonly overlap: string;
    /** Which of the fires that nobody was there for are made good within the window: all, latest. */
    readonly catch_up: string;
    /** How late a fire may be, in milliseconds. */
    readonly catch_up_window_ms: number;
    /** Each fire waits for up to so long, always as long for the same fire. */
    readonly jitter_ms: number;
    /** Who asked. An id of a user, key or service. */
    readonly by: string | null;
    /** When it fires next; null: never. */
    readonly next_fire_at: TimestampMs | null;
  }
>;

/** A schedule starts runs from now on. */
export type Created = Event<
  'schedule.created',
  {
    /** The schedule, as in /v1/schedules/{id}. */
    readonly schedule_id: ScheduleId;
    /** What people call it. */
    readonly title: string | null;
    /** The workflow that is started. */
    readonly workflow_name: string;
    /** Its stored version; null: the newest at each fire. */
    readonly workflow_version: number | null;
    /** What each run is given: any JSON value. Personal data. */
    readonly input_data: JsonText;
    /** The user on whose behalf runs go. A pseudonymous id, never a name or an address. */
    readonly user_id: UserId | null;
    /** When it fires: five or six parts, or a nickname such as @daily. */
    readonly cron: string;
    /** IANA name of the zone that the parts are read in. */
    readonly time_zone: string;
    /** What becomes of a fire while a run of before goes on: skip, buffer_one, allow, cancel_running. */
    readonly overlap: string;
    /** Which of the fires that nobody was there for are made good within the window: all, latest. */
    readonly catch_up: string;
    /** How late a fire may be, in milliseconds. */
    readonly catch_up_window_ms: number;
    /** Each fire waits for up to so long, always as long for the same fire. */
    readonly jitter_ms: number;
    /** Who asked. An id of a user, key or service. */
    readonly by: string | null;
    /** When it fires next; null: never. */
    readonly next_fire_at: TimestampMs | null;
  }
>;

/** A schedule ended. */
export type Deleted = Event<
  'schedule.deleted',
  {
    /** The schedule, as in /v1/schedules/{id}. */
    readonly schedule_id: ScheduleId;
    /** Who asked. An id of a user, key or service. */
    readonly by: string | null;
  }
>;

/** The time of a schedule came, and a run is started. */
export type Fired = Event<
  'schedule.fired',
  {
    /** The schedule, as in /v1/schedules/{id}. */
    readonly schedule_id: ScheduleId;
    /** The fire, derived from the schedule and its time; the run has it as its id. */
    readonly fire_id: string;
    /** When it was due by the clock. */
    readonly fire_at: TimestampMs;
    /** The workflow that is started. */
    readonly workflow_name: string;
    /** Its stored version; null: the newest at each fire. */
    readonly workflow_version: number | null;
    /** What each run is given: any JSON value. Personal data. */
    readonly input_data: JsonText;
    /** The user on whose behalf runs go. A pseudonymous id, never a name or an address. */
    readonly user_id: UserId | null;
    /** When it fires next; null: never. */
    readonly next_fire_at: TimestampMs | null;
  }
>;

/** A schedule rests. */
export type Paused = Event<
  'schedule.paused',
  {
    /** The schedule, as in /v1/schedules/{id}. */
    readonly schedule_id: ScheduleId;
    /** Why, in words. */
    readonly reason: string | null;
    /** Who asked. An id of a user, key or service. */
    readonly by: string | null;
  }
>;

/** A schedule goes on. */
export type Resumed = Event<
  'schedule.resumed',
  {
    /** The schedule, as in /v1/schedules/{id}. */
    readonly schedule_id: ScheduleId;
    /** Who asked. An id of a user, key or service. */
    readonly by: string | null;
    /** When it fires next; null: never. */
    readonly next_fire_at: TimestampMs | null;
  }
>;

/** The run of a fire ended. */
export type RunEnded = Event<
  'schedule.run_ended',
  {
    /** The schedule, as in /v1/schedules/{id}. */
    readonly schedule_id: ScheduleId;
    /** The fire, which is the run. */
    readonly fire_id: string;
    /** How: completed, failed, cancelled. */
    readonly status: string;
  }
>;

/** Fires of a schedule that start no run. */
export type Skipped = Event<
  'schedule.skipped',
  {
    /** The schedule, as in /v1/schedules/{id}. */
    readonly schedule_id: ScheduleId;
    /** When the first of them was due. */
    readonly first_fire_at: TimestampMs;
    /** When the last of them was due at the latest; null: it is one. */
    readonly last_fire_at: TimestampMs | null;
    /** Why: overlap, too_late, superseded, paused, too_many_running. */
    readonly reason: string;
    /** When it fires next; null: never. */
    readonly next_fire_at: TimestampMs | null;
  }
>;

/** The run of a fire was not started. */
export type StartRefused = Event<
  'schedule.start_refused',
  {
    /** The schedule, as in /v1/schedules/{id}. */
    readonly schedule_id: ScheduleId;
    /** The fire, derived from the schedule and its time; the run has it as its id. */
    readonly fire_id: string;
    /** When it was due by the clock. */
    readonly fire_at: TimestampMs;
    /** Why, as a word. */
    readonly error_code: string;
    /** Why, in words. */
    readonly message: string;
  }
>;

/** Every event of area schedule. */
export type ScheduleEvent =
  | Buffered
  | CancelRequested
  | Changed
  | Created
  | Deleted
  | Fired
  | Paused
  | Resumed
  | RunEnded
  | Skipped
  | StartRefused;
