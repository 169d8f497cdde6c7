import { jsonValue, type JsonText } from '@chorda/contracts';
import type { Problem, ProblemCode } from '../../http/problem.js';
import type { InferenceOutcome } from '../inference-waits.js';
import { isObject } from './openai-body.js';

/** Errors as clients of the OpenAI API know them. */
export interface OpenAiError {
  readonly message: string;
  readonly type: string;
  readonly param: string | null;
  readonly code: string | number | null;
}

export interface OpenAiFailure {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly error: OpenAiError;
}

/** Addresses under which every answer is one of the OpenAI API, errors included. */
export const openAiRoot = '/openai/v1';
/** What of that API there is. The Responses API is not: no recorded model server here answers it. */
export const openAiPaths = ['chat/completions', 'completions', 'embeddings', 'models'] as const;

export function isOpenAiUrl(url: string): boolean {
  return url.startsWith(`${openAiRoot}/`);
}

/** Official clients send a request again by themselves after 408, 409, 429 and 5xx, unless this says not to. */
const final = { 'x-should-retry': 'false' } as const;

const namedCodes: Partial<Record<ProblemCode, readonly [type: string, code: string | null]>> = {
  UNAUTHENTICATED: ['invalid_request_error', 'invalid_api_key'],
  FORBIDDEN: ['invalid_request_error', 'insufficient_permissions'],
  NOT_FOUND: ['invalid_request_error', 'not_found'],
  METHOD_NOT_ALLOWED: ['invalid_request_error', 'method_not_allowed'],
  RATE_LIMITED: ['rate_limit_error', 'rate_limit_exceeded'],
  QUOTA_EXCEEDED: ['insufficient_quota', 'insufficient_quota'],
  OVERLOADED: ['server_error', 'overloaded'],
  STOPPING: ['server_error', 'overloaded'],
  IDEMPOTENCY_KEY_IN_FLIGHT: ['invalid_request_error', 'idempotency_key_in_flight'],
  IDEMPOTENCY_KEY_REUSED: ['invalid_request_error', 'idempotency_key_reused'],
  RECORD_TOO_LARGE: ['invalid_request_error', 'request_too_large'],
  PAYLOAD_TOO_LARGE: ['invalid_request_error', 'request_too_large'],
};

/** What the gateway itself refuses. */
export function openAiFailureOf(problem: Problem): OpenAiFailure {
  const { status, code, detail } = problem;
  const [issue] = problem.details.issues ?? [];
  const param = issue === undefined ? null : (issue.header ?? paramOf(issue.pointer));
  const [type, usual] = namedCodes[code] ?? [status < 500 ? 'invalid_request_error' : 'server_error', null];
  // As workers say it of a request: clients look for this code.
  const named = code === 'NOT_FOUND' && param === 'model' ? 'model_not_found' : usual;
  return {
    status,
    headers: problem.details.headers ?? {},
    error: { message: detail, type, param, code: named ?? (status < 500 ? null : code.toLowerCase()) },
  };
}

/** `/messages/0/role` as OpenAI writes it: `messages[0].role`. */
function paramOf(pointer: string): string | null {
  const parts = pointer.split('/').slice(1);
  if (parts.length === 0) return null;
  return parts.map((part, index) => (/^\d+$/.test(part) ? `[${part}]` : `${index === 0 ? '' : '.'}${part}`)).join('');
}

type NoAnswer = Exclude<InferenceOutcome, { readonly type: 'inference.completed' }>;

/** What became of a request that has no answer. */
export function openAiFailureOfOutcome(outcome: NoAnswer): OpenAiFailure {
  switch (outcome.type) {
    case 'inference.failed':
      return failed(outcome.data);
    case 'inference.expired': {
      const message = `The deadline passed before there was an answer (${outcome.data.stage})`;
      return { status: 504, headers: final, error: errorOf(message, 'timeout_error', 'deadline_exceeded') };
    }
    case 'inference.cancelled': {
      const message = `The request was cancelled: ${outcome.data.reason}`;
      return { status: 409, headers: final, error: errorOf(message, 'invalid_request_error', 'request_cancelled') };
    }
  }
}

/** The deadline is over and no worker has said so: none is there, or none came to it. */
export function unansweredFailure(): OpenAiFailure {
  const message = 'The deadline passed and no worker has answered';
  return { status: 504, headers: final, error: errorOf(message, 'timeout_error', 'deadline_exceeded') };
}

type FailedData = Extract<NoAnswer, { readonly type: 'inference.failed' }>['data'];

/** A provider's own error is passed on; workers have tried again already, so that a client should not. */
function failed({ error, error_code, http_status, retry_after_ms }: FailedData): OpenAiFailure {
  const status = http_status ?? 502;
  const headers = retry_after_ms === null ? final : { 'retry-after': String(Math.ceil(retry_after_ms / 1_000)) };
  return { status, headers, error: providersError(error, error_code, status) };
}

function providersError(text: JsonText, code: string, status: number): OpenAiError {
  const value: unknown = jsonValue(text);
  const said = isObject(value) && isObject(value['error']) ? value['error'] : value;
  const otherwise = errorOf(
    'The model server failed',
    status < 500 ? 'invalid_request_error' : 'server_error',
    code.toLowerCase(),
  );
  if (typeof said === 'string') return { ...otherwise, message: said };
  if (!isObject(said)) return otherwise;
  return {
    ...said,
    message: typeof said['message'] === 'string' ? said['message'] : otherwise.message,
    type: typeof said['type'] === 'string' ? said['type'] : otherwise.type,
    param: typeof said['param'] === 'string' ? said['param'] : null,
    code: typeof said['code'] === 'string' || typeof said['code'] === 'number' ? said['code'] : otherwise.code,
  };
}

export function errorOf(message: string, type: string, code: string): OpenAiError {
  return { message, type, param: null, code };
}
