import type { CallError } from '../calls/call-error.js';
import { errorBody, type Failure } from '../outcomes/outcome-events.js';

/** What a request is told when it fails for good. */
export const failures = {
  invalid: (message: string, param: string | null = null): Failure => ({
    code: 'INVALID_REQUEST',
    httpStatus: 400,
    error: errorBody(message, 'invalid_request_error', null, param),
  }),
  replyUnknown: (message: string): Failure => ({
    code: 'REPLY_UNKNOWN',
    httpStatus: 400,
    error: errorBody(message, 'invalid_request_error', 'reply_unknown', 'reply_to'),
  }),
  modelNotFound: (model: string): Failure => ({
    code: 'MODEL_NOT_FOUND',
    httpStatus: 404,
    error: errorBody(`The model \`${model}\` does not exist.`, 'NotFoundError', 'model_not_found', 'model'),
  }),
  overBudget: (of: 'tenant' | 'agent'): Failure => ({
    code: 'BUDGET_EXCEEDED',
    httpStatus: 429,
    error: errorBody(
      `The budget of the ${of} for today does not allow this call.`,
      'insufficient_quota',
      'budget_exceeded',
    ),
    retryAfterMs: msToMidnight(),
  }),
  overLimit: (what: string): Failure => ({
    code: 'LIMIT_EXCEEDED',
    httpStatus: 400,
    error: errorBody(
      `The request's own limit of ${what} does not allow the call.`,
      'invalid_request_error',
      'limit_exceeded',
      what,
    ),
  }),
} as const;

/** By the last call that was made for it. */
export function failureOf(error: CallError, isExhausted: boolean): Failure {
  const { status, body, retryAfterMs } = error.details;
  const told = body ?? errorBody(error.message, 'server_error', null);
  switch (error.failure) {
    case 'refused':
      return { code: 'INVALID_REQUEST', httpStatus: status ?? 400, error: told };
    case 'too_long':
      return { code: 'CONTEXT_LENGTH_EXCEEDED', httpStatus: status ?? 400, error: told };
    case 'unknown_model':
      return { code: 'MODEL_NOT_FOUND', httpStatus: 404, error: told };
    case 'too_large':
      return { code: 'OUTPUT_TOO_LARGE', httpStatus: 502, error: told };
    case 'limited':
      return { code: 'RATE_LIMITED', httpStatus: 429, error: told, retryAfterMs };
    case 'full':
      return { code: 'PROVIDER_UNAVAILABLE', httpStatus: 503, error: told, retryAfterMs };
    case 'denied':
      // The caller's own key was good: ours is not, which is nobody's business but ours.
      return {
        code: 'PROVIDER_ERROR',
        httpStatus: 502,
        error: errorBody('The model server did not take our credential.', 'server_error', null),
      };
    default:
      return { code: isExhausted ? 'ATTEMPTS_EXHAUSTED' : 'PROVIDER_ERROR', httpStatus: 502, error: told };
  }
}

/** As it stands in what an attempt cost. */
export function attemptErrorCode(error: CallError): string {
  return error.failure === 'aborted' ? 'ABORTED' : failureOf(error, false).code;
}

function msToMidnight(): number {
  const dayMs = 86_400_000;
  return dayMs - (Date.now() % dayMs);
}
