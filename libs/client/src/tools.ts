import type { CallOptions } from './access.js';
import type { GivenCall, GivenCalls, RegisteredTool, Tools } from './generated/answers.js';
import { changeOf, type Http } from './http.js';

/** A tool of yours, as agents and their models come to know it. */
export interface ToolRegistration {
  /** 1 to 64 letters, digits, `_` and `-`. */
  readonly name: string;
  /** What it does, for the model. */
  readonly description?: string | null;
  /** JSON Schema (2020-12) of the arguments; the gateway checks them. Default: any object. */
  readonly parameters?: object;
  /** Whether it may be called again with the same key. Default false: a call whose outcome is unknown is never repeated. */
  readonly idempotent?: boolean;
  /** From when it is asked for to its answer. Default 30 s. */
  readonly timeout_ms?: number;
}

export interface PollRequest {
  readonly tools: readonly string[];
  /** Default 1. */
  readonly max?: number;
  /** How long to wait where there is no call. Default 20 s, 30 s at most. */
  readonly wait_ms?: number;
  readonly worker?: string;
}

export type CallResult =
  | { readonly output_data: unknown; readonly duration_ms?: number }
  | { readonly error: ToolFault; readonly duration_ms?: number };

export interface ToolFault {
  readonly code: string;
  readonly message: string;
  readonly details?: unknown;
}

/** Which call, and by whose right it is answered. */
export type CallLease = Pick<GivenCall, 'work_id' | 'lease_token'>;

const waitMsDefault = 20_000;

/** `client.tools`: tools of your own, and their calls one by one; `client.worker()` does it all. Needs the scope `agents:work`. */
export class ToolsApi {
  readonly #http: Http;

  constructor(http: Http) {
    this.#http = http;
  }

  /** The same name again replaces what was registered. */
  async register(tools: readonly ToolRegistration[], options: CallOptions = {}): Promise<readonly RegisteredTool[]> {
    return ((await this.#http.json(changeOf('PUT', '/v1/tools', { tools }, options))) as Tools).tools;
  }

  async list(options: CallOptions = {}): Promise<readonly RegisteredTool[]> {
    return ((await this.#http.json({ method: 'GET', path: '/v1/tools', ...options })) as Tools).tools;
  }

  async remove(name: string, options: CallOptions = {}): Promise<void> {
    await this.#http.json({ method: 'DELETE', path: `/v1/tools/${encodeURIComponent(name)}`, ...options });
  }

  /** Calls of these tools, leased to whoever asks. Sent once: what a lost answer had leased comes again after its lease. */
  async poll(request: PollRequest, options: CallOptions = {}): Promise<readonly GivenCall[]> {
    const waitMs = request.wait_ms ?? waitMsDefault;
    const asked = { ...changeOf('POST', '/v1/work/poll', { ...request, wait_ms: waitMs }, options), waitMs };
    return ((await this.#http.jsonOnce(asked)) as GivenCalls).calls;
  }

  /** Says that a call is still being done. @throws ProblemError `LEASE_LOST`: it is somebody else's by now. */
  async beat(lease: CallLease, options: CallOptions = {}): Promise<void> {
    const { lease_token } = lease;
    await this.#http.json(changeOf('POST', `${pathOf(lease)}/heartbeat`, { lease_token }, options));
  }

  /** Says what a call came to. @throws ProblemError `LEASE_LOST`: it changes nothing any more. */
  async answer(lease: CallLease, result: CallResult, options: CallOptions = {}): Promise<void> {
    const { lease_token } = lease;
    await this.#http.json(changeOf('POST', `${pathOf(lease)}/result`, { lease_token, ...result }, options));
  }
}

function pathOf({ work_id: workId }: CallLease): string {
  return `/v1/work/${encodeURIComponent(workId)}`;
}
