/** One thing wrong with what was sent. */
export interface RequestIssue {
  /** RFC 6901 JSON pointer into the body that was sent, `''` for the whole. */
  readonly pointer: string;
  readonly detail: string;
  /** The header that it is about, where the body is not. */
  readonly header?: string;
}

/** `application/problem+json` as the gateway writes it; members that a code adds stand beside these. */
export interface ProblemDocument {
  readonly type?: string;
  readonly title?: string;
  readonly status?: number;
  readonly code: string;
  readonly detail?: string;
  readonly errors?: readonly RequestIssue[];
  readonly request_id?: string;
  readonly trace_id?: string;
  readonly [member: string]: unknown;
}

/** The root of every error that the client throws. The message says what failed; it never holds the API key. */
export abstract class ChordaError extends Error {
  /** Stable, UPPER_SNAKE_CASE; the gateway's own codes are listed in its `/openapi.json`. */
  abstract readonly code: string;
  /** Whether the same call may succeed later. Its effect may have happened, at most once: ids are the same each time. */
  abstract readonly retriable: boolean;
  /** HTTP status, where the gateway answered. */
  readonly status?: number;
  /** What is wrong with the request; empty where nothing is known to be. */
  readonly issues: readonly RequestIssue[] = [];
  /** Finds the request in the gateway's log. */
  readonly requestId?: string;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

const retriableStatuses: ReadonlySet<number> = new Set([429, 500, 502, 503, 504]);

/** The gateway answered with a problem. */
export class ProblemError extends ChordaError {
  readonly code: string;
  readonly retriable: boolean;
  override readonly status: number;
  override readonly issues: readonly RequestIssue[];
  declare readonly requestId?: string;

  constructor(
    status: number,
    readonly problem: ProblemDocument,
    /** How long the gateway asked to wait. */
    readonly retryAfterMs?: number,
  ) {
    super(problem.detail ?? problem.title ?? `The gateway answered ${status}`);
    this.code = problem.code;
    this.status = status;
    this.retriable = retriableStatuses.has(status) || isInFlight(status, problem.code);
    this.issues = problem.errors ?? [];
    if (problem.request_id !== undefined) this.requestId = problem.request_id;
  }
}

/** Another request with the same idempotency key is being answered right now. Every other 409 says something final. */
export function isInFlight(status: number, code: string): boolean {
  return status === 409 && code.endsWith('IN_FLIGHT');
}

/** No answer came: refused, reset, no such host. What was sent may have arrived. */
export class GatewayUnreachableError extends ChordaError {
  readonly code = 'GATEWAY_UNREACHABLE';
  readonly retriable = true;
  constructor(url: string, cause: unknown) {
    super(`No answer from ${url}: ${reasonOf(cause)}`, { cause });
  }
}

/** No answer came within `timeoutMs`. What was sent may have arrived. */
export class GatewayTimeoutError extends ChordaError {
  readonly code = 'GATEWAY_TIMEOUT';
  readonly retriable = true;
  constructor(url: string, timeoutMs: number) {
    super(`No answer from ${url} within ${timeoutMs} ms`);
  }
}

/** Something answered that is not a Chorda gateway, a proxy's own page for example. */
export class UnexpectedAnswerError extends ChordaError {
  readonly code = 'UNEXPECTED_ANSWER';
  readonly retriable: boolean;
  override readonly status: number;
  constructor(
    url: string,
    status: number,
    what: string,
    readonly retryAfterMs?: number,
  ) {
    super(`${url} answered ${status} with ${what}: is that the address of a Chorda gateway?`);
    this.status = status;
    // Of a 2xx that cannot be read, nobody knows what it acknowledged.
    this.retriable = status < 400 || retriableStatuses.has(status);
  }
}

/** The call itself cannot be made; nothing was sent. */
export class InvalidCallError extends ChordaError {
  readonly code = 'INVALID_CALL';
  readonly retriable = false;
}

/** Node hides the reason (ECONNREFUSED) in the cause of a fetch error; a browser tells none. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  if (!(cause instanceof Error)) return error.message;
  return cause.message !== '' ? cause.message : 'code' in cause ? String(cause.code) : error.message;
}
