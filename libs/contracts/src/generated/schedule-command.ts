// libs/contracts/src/generated/schedule-command.ts: written by `npm run contracts:generate`, never by hand.
import type { Command, JsonText, TimestampMs } from '../event.js';
import type { ScheduleId, UserId } from './ids.js';

/** Gives a schedule other rules; what runs goes on. */
export type Change = Command<
  'schedule.change',
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
  }
>;

/** Begins to start runs of a workflow at times of a clock. */
export type Create = Command<
  'schedule.create',
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
  }
>;

/** Ends a schedule; what runs goes on. */
export type Delete = Command<
  'schedule.delete',
  {
    /** The schedule, as in /v1/schedules/{id}. */
    readonly schedule_id: ScheduleId;
  }
>;

/** Lets a schedule rest. */
export type Pause = Command<
  'schedule.pause',
  {
    /** The schedule, as in /v1/schedules/{id}. */
    readonly schedule_id: ScheduleId;
    /** Why, in words. */
    readonly reason: string | null;
  }
>;

/** The run of a fire ended. */
export type RecordRunEnded = Command<
  'schedule.record_run_ended',
  {
    /** The schedule, as in /v1/schedules/{id}. */
    readonly schedule_id: ScheduleId;
    /** The fire, which is the run. */
    readonly fire_id: string;
    /** How: completed, failed, cancelled. */
    readonly status: string;
  }
>;

/** The run of a fire was not started, and will not be. */
export type RecordStartRefused = Command<
  'schedule.record_start_refused',
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

/** Lets a schedule go on; what it missed is not made good. */
export type Resume = Command<
  'schedule.resume',
  {
    /** The schedule, as in /v1/schedules/{id}. */
    readonly schedule_id: ScheduleId;
  }
>;

/** Every command of area schedule. */
export type ScheduleCommand =
  | Change
  | Create
  | Delete
  | Pause
  | RecordRunEnded
  | RecordStartRefused
  | Resume;
