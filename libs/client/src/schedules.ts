import type { CallOptions } from './access.js';
import { command, type CommandOptions } from './agents.js';
import type {
  CommandTaken,
  NewSchedule,
  NextFires,
  Reason,
  ScheduleDecided,
  SchedulePreview,
  ScheduleRules,
} from './generated/answers.js';
import type { Http } from './http.js';

/** What a command about a schedule was answered: what it came to, or that it is in the log and not decided yet. */
export type ScheduleAnswer = ScheduleDecided | CommandTaken;

/** `client.schedules`: runs at times of a clock. Needs the scope `workflows:write`; what only reads, `events:read`. */
export class SchedulesApi {
  readonly #http: Http;

  constructor(http: Http) {
    this.#http = http;
  }

  create(schedule: NewSchedule, options: CommandOptions = {}): Promise<ScheduleAnswer> {
    return command(this.#http, 'POST', '/v1/schedules', schedule, options);
  }

  /** Says all of its rules anew; what runs goes on. */
  change(scheduleId: string, rules: ScheduleRules, options: CommandOptions = {}): Promise<ScheduleAnswer> {
    return command(this.#http, 'PUT', pathOf(scheduleId), rules, options);
  }

  pause(scheduleId: string, reason: Reason = {}, options: CommandOptions = {}): Promise<ScheduleAnswer> {
    return command(this.#http, 'POST', `${pathOf(scheduleId)}/pause`, reason, options);
  }

  /** What it missed while it rested is not made good. */
  resume(scheduleId: string, options: CommandOptions = {}): Promise<ScheduleAnswer> {
    return command(this.#http, 'POST', `${pathOf(scheduleId)}/resume`, {}, options);
  }

  delete(scheduleId: string, options: CommandOptions = {}): Promise<ScheduleAnswer> {
    return command(this.#http, 'DELETE', pathOf(scheduleId), undefined, options);
  }

  /** When it fires next. */
  async next(
    scheduleId: string,
    { count, signal }: CallOptions & { readonly count?: number } = {},
  ): Promise<NextFires> {
    const path = `${pathOf(scheduleId)}/next`;
    return (await this.#http.json({ method: 'GET', path, query: { count }, signal })) as NextFires;
  }

  /** When a cron expression would fire, before anything is created. */
  async preview(clock: SchedulePreview, { signal }: CallOptions = {}): Promise<NextFires> {
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify(clock);
    return (await this.#http.json({
      method: 'POST',
      path: '/v1/schedules/preview',
      headers,
      body,
      signal,
    })) as NextFires;
  }
}

const pathOf = (id: string) => `/v1/schedules/${encodeURIComponent(id)}`;
