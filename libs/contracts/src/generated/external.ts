// libs/contracts/src/generated/external.ts: written by `npm run contracts:generate`, never by hand.
import type { Event, JsonText, TimestampMs } from '../event.js';
import type { ScheduleId, UserId } from './ids.js';

/** One HTTP header; a name may come more than once. */
export interface Header {
  /** Lower case. */
  readonly name: string;
  /** As it was sent, apart from credentials, which are left out. Personal data. */
  readonly value: string;
}

/** An external API answered a call. */
export type ApiResponse = Event<
  'external.api_response',
  {
    /** The user it concerns, the event's subject; null: the subject is the sender's own. A pseudonymous id. */
    readonly user_id: UserId | null;
    /** Name of the API. */
    readonly api: string;
    /** HTTP method, upper case. */
    readonly method: string;
    /** What was called, without credentials. Personal data. */
    readonly url: string;
    /** HTTP status. */
    readonly status_code: number;
    /** From call to answer, milliseconds. */
    readonly duration_ms: number;
    /** The API's or the caller's id of the call. */
    readonly request_id: string | null;
    /** Headers of the answer, without credentials. */
    readonly headers: readonly Header[];
    /** The answer: any JSON value; text that is no JSON is a JSON string. Personal data. */
    readonly body: JsonText;
  }
>;

/** A schedule was due. */
export type ScheduleTrigger = Event<
  'external.schedule_trigger',
  {
    /** The user it concerns, the event's subject; null: the subject is the sender's own. A pseudonymous id. */
    readonly user_id: UserId | null;
    /** The schedule. */
    readonly schedule_id: ScheduleId;
    /** Its name for people. */
    readonly schedule_name: string;
    /** Its cron expression, where it has one. */
    readonly cron: string | null;
    /** IANA time zone that the expression is meant in. */
    readonly time_zone: string;
    /** When it was due; with the schedule's id it names the firing. */
    readonly due_at: TimestampMs;
    /** When it fired. */
    readonly fired_at: TimestampMs;
    /** What it brings along: any JSON value. Personal data. */
    readonly input_data: JsonText | null;
  }
>;

/** An external system delivered a webhook. */
export type Webhook = Event<
  'external.webhook',
  {
    /** The user it concerns, the event's subject; null: the subject is the sender's own. A pseudonymous id. */
    readonly user_id: UserId | null;
    /** Who sent it: github, stripe, n8n, or any name. */
    readonly provider: string;
    /** What the provider calls the event. */
    readonly event_name: string;
    /** The provider's id of the delivery; repeats carry the same. */
    readonly delivery_id: string | null;
    /** Whether a signature of the provider was checked and right. */
    readonly signature_verified: boolean;
    /** Headers of the delivery, without credentials. */
    readonly headers: readonly Header[];
    /** The payload: any JSON value; text that is no JSON is a JSON string. Personal data. */
    readonly body: JsonText;
  }
>;

/** Every event of area external. */
export type ExternalEvent =
  | ApiResponse
  | ScheduleTrigger
  | Webhook;
