import { newId, type JsonValue } from '@chorda/kernel';

export const structured = 'application/cloudevents+json';
export const batch = 'application/cloudevents-batch+json';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // Specs look into answers of every shape; what is not there fails their expectation.
  readonly body: Record<string, unknown>;
}

/** A lawful event, with what a spec wants otherwise. */
export function executed(
  changes: Readonly<Record<string, unknown>> = {},
  data: Readonly<Record<string, unknown>> = {},
) {
  return {
    specversion: '1.0',
    id: newId(),
    source: 'urn:spec',
    type: 'agent.executed',
    data: executedData(data),
    ...changes,
  };
}

export function executedData(changes: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    agent_id: 'AGENT-1',
    execution_id: 'EXECUTION-1',
    input_data: { question: 'why' },
    output_data: null,
    execution_time_ms: 12,
    status: 'completed',
    ...changes,
  };
}

export class GatewayClient {
  constructor(
    private readonly url: string,
    private readonly key: string,
  ) {}

  async send(
    event: unknown,
    options: { readonly type?: string; readonly query?: string; readonly headers?: Record<string, string> } = {},
  ): Promise<Answer> {
    return this.request('POST', `/v1/events${options.query ?? ''}`, {
      body: typeof event === 'string' || Buffer.isBuffer(event) ? event : JSON.stringify(event),
      headers: { 'content-type': options.type ?? (Array.isArray(event) ? batch : structured), ...options.headers },
    });
  }

  /** An answer that is no JSON document. */
  async text(
    body: string | Buffer,
    options: { readonly type: string; readonly query?: string; readonly headers?: Record<string, string> },
  ): Promise<{ readonly status: number; readonly headers: Headers; readonly body: string }> {
    const response = await fetch(`${this.url}/v1/events${options.query ?? ''}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${this.key}`, 'content-type': options.type, ...options.headers },
      body: typeof body === 'string' ? body : new Uint8Array(body),
    });
    return { status: response.status, headers: response.headers, body: await response.text() };
  }

  get(path: string, headers: Record<string, string> = {}): Promise<Answer> {
    return this.request('GET', path, { headers });
  }

  async request(
    method: string,
    path: string,
    init: { readonly body?: string | Buffer; readonly headers?: Record<string, string> } = {},
  ): Promise<Answer> {
    const response = await fetch(this.url + path, {
      method,
      headers: { authorization: `Bearer ${this.key}`, ...init.headers },
      ...(init.body === undefined
        ? {}
        : { body: typeof init.body === 'string' ? init.body : new Uint8Array(init.body) }),
    });
    const text = await response.text();
    const body: JsonValue = text === '' ? {} : JSON.parse(text);
    return { status: response.status, headers: response.headers, body: Object(body) };
  }
}
