import { backoffMs, pause, retryAfterMs, type RetryOptions } from './backoff.js';
import {
  ChordaError,
  GatewayTimeoutError,
  GatewayUnreachableError,
  isInFlight,
  ProblemError,
  UnexpectedAnswerError,
  type ProblemDocument,
} from './errors.js';

export type Query = Readonly<Record<string, string | number | readonly string[] | undefined>>;

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Query;
  readonly headers?: Readonly<Record<string, string>>;
  /** Text, so that every try sends the same bytes. */
  readonly body?: string;
  readonly signal?: AbortSignal | undefined;
  /** Added to `timeoutMs`, for answers that the gateway may hold back so long. */
  readonly waitMs?: number;
}

export interface HttpOptions {
  readonly url: string;
  readonly apiKey: (() => string | Promise<string>) | string | undefined;
  readonly fetch: typeof fetch;
  readonly timeoutMs: number;
  readonly retry: Required<RetryOptions>;
}

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

/** One gateway: its address, its key, and how often to knock. */
export class Http {
  // Private in the language's own sense, so that printing a client prints no key.
  readonly #options: HttpOptions;
  readonly #base: string;

  constructor(options: HttpOptions) {
    this.#options = options;
    this.#base = options.url.replace(/\/+$/, '');
  }

  get retry(): Required<RetryOptions> {
    return this.#options.retry;
  }

  /**
   * Sends the request until it has an answer that another try would not change, at most `attemptsMax` times. Every try
   * is the same request, byte for byte.
   *
   * @throws {@link ChordaError} the last try's; the signal's reason when it aborts.
   */
  async json(request: HttpRequest): Promise<unknown> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.jsonOnce(request);
      } catch (error) {
        await this.beforeRetry(error, attempt, request.signal);
      }
    }
  }

  /** One try. */
  async jsonOnce(request: HttpRequest): Promise<unknown> {
    return (await this.answer(request)).body;
  }

  /** One try, answered by NDJSON. A line that is cut off is left out. */
  async lines(request: HttpRequest): Promise<readonly unknown[]> {
    const response = await this.open(request, request.signal ?? new AbortController().signal);
    let text: string;
    try {
      text = await response.text();
    } catch (error) {
      if (request.signal?.aborted) throw request.signal.reason;
      throw new GatewayUnreachableError(this.address(request), error);
    }
    return text
      .split('\n')
      .map(parsed)
      .filter((line) => line !== undefined);
  }

  /**
   * Waits until the next try is due.
   *
   * @throws the error itself where another try would not change it or none is left; the signal's reason.
   */
  async beforeRetry(error: unknown, attempt: number, signal: AbortSignal | undefined): Promise<void> {
    const { attemptsMax, retryAfterMsMax } = this.retry;
    if (!(error instanceof ChordaError) || attempt >= attemptsMax || !isWorthRetrying(error)) throw error;
    const askedMs = retryAfterOf(error) ?? 0;
    if (askedMs > retryAfterMsMax) throw error;
    await pause(askedMs + backoffMs(attempt - 1, this.retry), signal);
  }

  /**
   * One try, answered by its head; the caller reads the body, which `signal` ends. `timeoutMs` bounds the wait for the
   * head alone.
   */
  async open(request: HttpRequest, signal: AbortSignal): Promise<Response> {
    const limit = this.limit({ ...request, signal });
    try {
      const response = await this.fetch(request, limit);
      if (!response.ok) throw failureOf(await this.read(request, response, limit), this.address(request));
      limit.end();
      return response;
    } catch (error) {
      limit.release();
      throw error;
    }
  }

  private async answer(request: HttpRequest): Promise<Answer> {
    const limit = this.limit(request);
    try {
      const response = await this.fetch(request, limit);
      const answer = await this.read(request, response, limit);
      if (!response.ok) throw failureOf(answer, this.address(request));
      return answer;
    } finally {
      limit.release();
    }
  }

  /** For a connection that is not made by `fetch`. */
  key(): Promise<string | undefined> {
    const { apiKey } = this.#options;
    return Promise.resolve(typeof apiKey === 'function' ? apiKey() : apiKey);
  }

  /** The address of a WebSocket at this gateway. */
  socketUrl(path: string): string {
    return this.#base.replace(/^http/i, 'ws') + path;
  }

  private async fetch(request: HttpRequest, limit: Limit): Promise<Response> {
    const { fetch } = this.#options;
    const key = await this.key();
    const init: RequestInit = {
      method: request.method,
      headers: { accept: 'application/json', ...request.headers, ...(key ? { authorization: `Bearer ${key}` } : {}) },
      signal: limit.signal,
      // A redirected POST would come out as a GET without its body.
      redirect: 'error',
      ...(request.body === undefined ? {} : { body: request.body }),
    };
    try {
      return await fetch(this.#base + request.path + search(request.query), init);
    } catch (error) {
      throw limit.failure(error, this.address(request));
    }
  }

  private async read(request: HttpRequest, response: Response, limit: Limit): Promise<Answer> {
    const { status, headers } = response;
    let text: string;
    try {
      text = await response.text();
    } catch (error) {
      throw limit.failure(error, this.address(request));
    }
    if (status === 204) return { status, headers, body: undefined };
    const isJson = /^application\/(?:[\w.+-]+\+)?json\b/i.test(headers.get('content-type') ?? '');
    const body = isJson ? parsed(text) : undefined;
    if (body === undefined) {
      const what = isJson ? 'JSON that is cut off' : (headers.get('content-type') ?? 'no content type');
      throw new UnexpectedAnswerError(this.address(request), status, what, retryAfterMs(headers.get('retry-after')));
    }
    return { status, headers, body };
  }

  private limit(request: HttpRequest): Limit {
    return new Limit(this.#options.timeoutMs + (request.waitMs ?? 0), request.signal);
  }

  /** Without the query, which may hold what should not be in a log. */
  private address(request: HttpRequest): string {
    return this.#base + request.path;
  }
}

/** The end of one try: the time is over, or the caller gave up. */
class Limit {
  private readonly controller = new AbortController();
  private readonly timer: ReturnType<typeof setTimeout>;
  private readonly stop = () => this.controller.abort(this.caller?.reason);
  private isOver = false;

  constructor(
    private readonly timeoutMs: number,
    private readonly caller: AbortSignal | undefined,
  ) {
    this.timer = setTimeout(() => {
      this.isOver = true;
      this.controller.abort();
    }, timeoutMs);
    if (caller?.aborted) this.stop();
    caller?.addEventListener('abort', this.stop, { once: true });
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** What a throw of fetch means. */
  failure(error: unknown, url: string): unknown {
    if (this.isOver) return new GatewayTimeoutError(url, this.timeoutMs);
    if (this.caller?.aborted) return this.caller.reason;
    return new GatewayUnreachableError(url, error);
  }

  /** The time no longer counts; the caller's signal still ends a body that is being read. */
  end(): void {
    clearTimeout(this.timer);
  }

  /** Forgets the caller, whose signal may live longer than a million requests. */
  release(): void {
    this.end();
    this.caller?.removeEventListener('abort', this.stop);
  }
}

const retriedStatuses: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/** A 500 is a fault that the next try would meet again, so it is left to the caller; other 4xx say something final. */
export function isWorthRetrying(error: ChordaError): boolean {
  if (error.status === undefined) return error.retriable;
  return retriedStatuses.has(error.status) || isInFlight(error.status, error.code);
}

function retryAfterOf(error: ChordaError): number | undefined {
  return error instanceof ProblemError || error instanceof UnexpectedAnswerError ? error.retryAfterMs : undefined;
}

function failureOf({ status, headers, body }: Answer, url: string): ChordaError {
  const afterMs = retryAfterMs(headers.get('retry-after'));
  if (isProblem(body)) return new ProblemError(status, body, afterMs);
  return new UnexpectedAnswerError(url, status, 'JSON that is no problem document', afterMs);
}

/** A change, with a JSON body. */
export function changeOf(
  method: 'POST' | 'PUT' | 'PATCH',
  path: string,
  body: object,
  { signal }: { readonly signal?: AbortSignal | undefined },
): HttpRequest {
  return { method, path, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body), signal };
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isProblem(value: unknown): value is ProblemDocument {
  return isObject(value) && typeof value['code'] === 'string';
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // Said by the caller, who knows the address.
  }
}

function search(query: Query = {}): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined) continue;
    for (const each of Array.isArray(value) ? value : [value]) parameters.append(name, String(each));
  }
  const text = parameters.toString();
  return text === '' ? '' : `?${text}`;
}
