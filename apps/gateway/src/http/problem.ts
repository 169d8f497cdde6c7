import { BackboneError, type Issue } from '@chorda/kernel';

interface ProblemKind {
  readonly status: number;
  /** The same for every occurrence, as RFC 9457 asks. */
  readonly title: string;
  readonly retriable: boolean;
}

/**
 * Every error the gateway answers. Codes are stable: a client may switch on them. The documentation at `/openapi.json`
 * is made from this table.
 */
export const problems = {
  INVALID_REQUEST: { status: 400, title: 'The request breaks a rule', retriable: false },
  INVALID_JSON: { status: 400, title: 'The body is not JSON that can be accepted', retriable: false },
  UNAUTHENTICATED: { status: 401, title: 'A valid API key or token is needed', retriable: false },
  FORBIDDEN: { status: 403, title: 'The credential does not allow this', retriable: false },
  TENANT_MISMATCH: { status: 403, title: 'The tenant is not the one of the credential', retriable: false },
  NOT_FOUND: { status: 404, title: 'There is nothing at this address', retriable: false },
  METHOD_NOT_ALLOWED: { status: 405, title: 'This address does not know the method', retriable: false },
  REQUEST_TIMEOUT: { status: 408, title: 'The request did not arrive in time', retriable: true },
  AMBIGUOUS_EVENT_ID: { status: 409, title: 'More than one source used this event id', retriable: false },
  IDEMPOTENCY_KEY_IN_FLIGHT: { status: 409, title: 'A request with this key is being answered', retriable: true },
  SCHEMA_INCOMPATIBLE: { status: 409, title: 'The schema breaks readers of other versions', retriable: false },
  LIMIT_REACHED: { status: 409, title: 'There are as many as there may be', retriable: false },
  NOT_IN_THIS_STATE: { status: 409, title: 'The state of the thing does not allow this', retriable: false },
  LEASE_LOST: { status: 409, title: 'The lease of the call is over', retriable: false },
  ALREADY_EXISTS: { status: 409, title: 'There is one already', retriable: false },
  AGENT_NOT_FOUND: { status: 404, title: 'No such agent is run here', retriable: false },
  PAYLOAD_NOT_FOUND: { status: 404, title: 'No such payload is kept for this tenant', retriable: false },
  EXECUTION_NOT_FOUND: { status: 404, title: 'No such execution is run here', retriable: false },
  ILLEGAL_TRANSITION: { status: 409, title: 'The life cycle does not allow this now', retriable: false },
  AGENT_EXISTS: { status: 409, title: 'There is an agent with this id', retriable: false },
  AGENT_DELETED: { status: 409, title: 'The agent was deleted', retriable: false },
  AGENT_BUSY: { status: 409, title: 'The agent runs as many executions as it may', retriable: true },
  RUN_NOT_FOUND: { status: 404, title: 'No such run is run here', retriable: false },
  RUN_EXISTS: { status: 409, title: 'There is a run with this id', retriable: false },
  SCHEDULE_NOT_FOUND: { status: 404, title: 'There is no such schedule', retriable: false },
  SCHEDULE_EXISTS: { status: 409, title: 'There is a schedule with this id', retriable: false },
  INCIDENT_OPEN: { status: 409, title: 'Somebody has to decide about a step first', retriable: false },
  TOO_MANY_SIGNALS: { status: 409, title: 'The run keeps as many signals as it may', retriable: true },
  TASK_NOT_OPEN: { status: 409, title: 'The task is not open', retriable: false },
  TASK_CLAIMED: { status: 409, title: 'Somebody else has the task', retriable: false },
  TASK_FORBIDDEN: { status: 403, title: 'The task is for others', retriable: false },
  EXECUTION_EXISTS: { status: 409, title: 'There is an execution with this id', retriable: false },
  INCIDENT_NOT_OPEN: { status: 409, title: 'No such incident is open', retriable: false },
  CONTEXT_TOO_LARGE: { status: 409, title: 'What was said is too much to go on from', retriable: false },
  MEMORY_FULL: { status: 409, title: 'The session remembers as much as it may', retriable: false },
  PAYLOAD_TOO_LARGE: { status: 413, title: 'The request is too large', retriable: false },
  COMMAND_TOO_LARGE: { status: 413, title: 'The command makes more than it may', retriable: false },
  RECORD_TOO_LARGE: { status: 413, title: 'The event is too large', retriable: false },
  URI_TOO_LONG: { status: 414, title: 'The address is too long', retriable: false },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, title: 'The content type is not known here', retriable: false },
  INVALID_EVENT: { status: 422, title: 'The event breaks a rule of its schema', retriable: false },
  INVALID_COMMAND: { status: 422, title: 'The command breaks a rule', retriable: false },
  INVALID_WORKFLOW: { status: 422, title: 'The workflow breaks rules', retriable: false },
  INVALID_SCHEMA: { status: 422, title: 'The schema cannot be used', retriable: false },
  UNKNOWN_EVENT_TYPE: { status: 422, title: 'The event type is not in the catalogue', retriable: false },
  DECISION_NOT_ACCEPTED: { status: 422, title: 'This type is decided by a command', retriable: false },
  EXPECTED_VERSION_NOT_ACCEPTED: { status: 422, title: 'A fact has no expected version', retriable: false },
  IDEMPOTENCY_KEY_REUSED: { status: 422, title: 'The key was used for another request', retriable: false },
  OTHERS_REFUSED: { status: 422, title: 'Not sent, because another event of the request is refused', retriable: false },
  BATCH_REFUSED: { status: 422, title: 'No event of the batch was accepted', retriable: false },
  UPGRADE_REQUIRED: { status: 426, title: 'This address speaks another protocol', retriable: false },
  RATE_LIMITED: { status: 429, title: 'Too many in this span of time', retriable: true },
  QUOTA_EXCEEDED: { status: 429, title: 'The quota of the day is used up', retriable: true },
  TOO_MANY_STREAMS: { status: 429, title: 'There are as many streams as may be', retriable: true },
  DECISIONS_OVERLOADED: { status: 429, title: 'Commands wait too long to be decided', retriable: true },
  HEADERS_TOO_LARGE: { status: 431, title: 'The request headers are too large', retriable: false },
  INTERNAL: { status: 500, title: 'The gateway failed', retriable: true },
  PAYLOAD_CHANGED: { status: 500, title: 'The payload is not what was kept', retriable: false },
  COMMAND_FAULT: { status: 500, title: 'The command could not be decided', retriable: false },
  DELIVERY_UNKNOWN: { status: 503, title: 'The log did not acknowledge in time', retriable: true },
  NOT_ATTEMPTED: { status: 503, title: 'Not sent, because an earlier event of its key is uncertain', retriable: true },
  OVERLOADED: { status: 503, title: 'The gateway is at its limit', retriable: true },
  STOPPING: { status: 503, title: 'This instance is stopping', retriable: true },
  UNAVAILABLE: { status: 503, title: 'Something that the gateway needs is away', retriable: true },
  QUERY_TIMEOUT: { status: 504, title: 'The read took longer than it may', retriable: true },
} as const satisfies Record<string, ProblemKind>;

export type ProblemCode = keyof typeof problems;

/** An {@link Issue} in the body, or in a header where CloudEvents binary mode keeps its attributes. */
export interface ProblemIssue extends Issue {
  readonly header?: string;
  /** In the text of a definition, from 1. */
  readonly line?: number;
  readonly column?: number;
}

export interface ProblemDetails {
  readonly issues?: readonly ProblemIssue[];
  readonly headers?: Readonly<Record<string, string>>;
  /** Members beside those of RFC 9457, in snake_case. */
  readonly members?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/** An error with a documented answer. Everything else that leaves a handler is answered `INTERNAL` without its text. */
export class Problem extends BackboneError {
  readonly status: number;
  readonly retriable: boolean;

  constructor(
    readonly code: ProblemCode,
    readonly detail: string,
    readonly details: ProblemDetails = {},
  ) {
    super(detail, details.cause === undefined ? {} : { cause: details.cause });
    this.status = problems[code].status;
    this.retriable = problems[code].retriable;
  }
}

/** How many issues an answer lists; the rest are counted. Ten thousand bad items would fill ten megabytes. */
const issuesMax = 100;

export interface RequestIdentity {
  readonly requestId: string;
  readonly traceId: string;
}

/** The code as the URI that RFC 9457 wants; `docs/reference/errors.md` has a part for each. */
export function problemType(code: ProblemCode): string {
  return `urn:chorda:problem:${code.toLowerCase().replaceAll('_', '-')}`;
}

/** The part of a problem that stands for one item of a batch: without the identity of the request. */
export function problemMembers(problem: Problem, issuesListed = issuesMax): Record<string, unknown> {
  const { issues = [], members } = problem.details;
  const listed = issues.slice(0, Math.min(issuesListed, issuesMax));
  return {
    type: problemType(problem.code),
    title: problems[problem.code].title,
    status: problem.status,
    code: problem.code,
    detail: problem.detail,
    ...(listed.length > 0 ? { errors: listed } : {}),
    ...(issues.length > listed.length ? { errors_left_out: issues.length - listed.length } : {}),
    ...members,
  };
}

/** The `application/problem+json` document of RFC 9457. */
export function problemBody(problem: Problem, identity: RequestIdentity): Record<string, unknown> {
  return { ...problemMembers(problem), request_id: identity.requestId, trace_id: identity.traceId };
}
