import type { CallOptions } from './access.js';
import type { NewTrigger, NewTriggerAnswer, Trigger, TriggerList } from './generated/answers.js';
import type { Http } from './http.js';

/** `client.triggers`: runs that start when something happens. Needs the scope `workflows:write`; what reads, `workflows:read`. */
export class TriggersApi {
  readonly #http: Http;

  constructor(http: Http) {
    this.#http = http;
  }

  /** The secret address of an `http` trigger is in this answer and in no other. Sent once. */
  async create(trigger: NewTrigger, { signal }: CallOptions = {}): Promise<NewTriggerAnswer> {
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify(trigger);
    return (await this.#http.json({
      method: 'POST',
      path: '/v1/triggers',
      ...{ headers, body, signal },
    })) as NewTriggerAnswer;
  }

  async list({ signal }: CallOptions = {}): Promise<readonly Trigger[]> {
    return ((await this.#http.json({ method: 'GET', path: '/v1/triggers', signal })) as TriggerList).items;
  }

  async get(triggerId: string, { signal }: CallOptions = {}): Promise<Trigger> {
    return (await this.#http.json({ method: 'GET', path: pathOf(triggerId), signal })) as Trigger;
  }

  async pause(triggerId: string, { signal }: CallOptions = {}): Promise<Trigger> {
    return (await this.#http.json({ method: 'POST', path: `${pathOf(triggerId)}/pause`, signal })) as Trigger;
  }

  async resume(triggerId: string, { signal }: CallOptions = {}): Promise<Trigger> {
    return (await this.#http.json({ method: 'POST', path: `${pathOf(triggerId)}/resume`, signal })) as Trigger;
  }

  async delete(triggerId: string, { signal }: CallOptions = {}): Promise<void> {
    await this.#http.json({ method: 'DELETE', path: pathOf(triggerId), signal });
  }
}

const pathOf = (id: string) => `/v1/triggers/${encodeURIComponent(id)}`;
