import {
  APIConnectionError,
  APIConnectionTimeoutError,
  APIError,
  AuthenticationError,
  NotFoundError,
  PermissionDeniedError,
  RateLimitError,
} from 'openai';
import {
  ModelAbortedError,
  ModelAccessError,
  ModelAnswerUnusableError,
  ModelContextTooLongError,
  ModelError,
  ModelOverloadedError,
  ModelRateLimitedError,
  ModelRefusedError,
  ModelStreamCutError,
  ModelTimedOutError,
  ModelUnavailableError,
  ModelUnknownError,
} from './model-errors.js';

export interface Asked {
  readonly model: string;
  readonly timeoutMs: number;
  readonly timeout: AbortSignal;
  readonly signal: AbortSignal;
  /** An answer had begun: what went wrong then went wrong within it. */
  readonly hasBegun: boolean;
}

const retryAfterMsMax = 3_600_000;
/** Statuses that say "not now": 408 and 409 of proxies, 425, 503, and what CDNs add. */
const notNow = new Set([408, 409, 425, 503, 529]);

/**
 * What an error of the library means for whoever asked. Texts of the server are left out, since they may repeat the
 * prompt; they stay in `cause`, which is not logged.
 */
export function toModelError(error: unknown, asked: Asked): ModelError {
  const options = { cause: error };
  // First, because the library words an abort in several ways, and ends a stream without a word.
  if (asked.signal.aborted) return new ModelAbortedError(options);
  if (asked.timeout.aborted || error instanceof APIConnectionTimeoutError) {
    return new ModelTimedOutError(asked.timeoutMs, options);
  }
  if (error instanceof ModelError) return error;
  if (error instanceof APIConnectionError && !asked.hasBegun)
    return new ModelUnavailableError('cannot be reached', options);
  if (error instanceof APIError && error.status !== undefined) return ofStatus(error, error.status, asked.model);
  if (error instanceof APIError && asked.hasBegun && error.error !== undefined) return ofStream(error, asked.model);
  if (error instanceof SyntaxError) return new ModelAnswerUnusableError('it is not JSON', options);
  // Whatever a socket says in the middle of an answer.
  return asked.hasBegun ? new ModelStreamCutError(options) : new ModelUnavailableError('gave no answer', options);
}

function ofStatus(error: APIError, status: number, model: string): ModelError {
  const options = { cause: error };
  if (error instanceof RateLimitError) return new ModelRateLimitedError(retryAfterMs(error.headers), options);
  if (error instanceof AuthenticationError || error instanceof PermissionDeniedError) {
    return new ModelAccessError(status, options);
  }
  if (notNow.has(status)) return new ModelOverloadedError(status, retryAfterMs(error.headers), options);
  if (status >= 500) return new ModelUnavailableError(`failed (${status})`, options);
  if (isContextTooLong(error)) return new ModelContextTooLongError(options);
  if (error instanceof NotFoundError) return new ModelUnknownError(model, options);
  return new ModelRefusedError(status, parameterOf(error), options);
}

/** vLLM sends an error that comes after the headers as a chunk, with its status as `code`. */
function ofStream(error: APIError, model: string): ModelError {
  const status = Number(error.code);
  return Number.isInteger(status) && status >= 400
    ? ofStatus(error, status, model)
    : new ModelStreamCutError({ cause: error });
}

/** OpenAI has a code for it; vLLM has words and the parameter. */
function isContextTooLong({ code, message }: APIError): boolean {
  return (
    code === 'context_length_exceeded' ||
    /maximum context length|max_model_len|context (length|window)|longer than the maximum model length/i.test(message)
  );
}

/** A name of the API, never a text of the request. */
function parameterOf({ param }: APIError): string | undefined {
  return typeof param === 'string' && /^[a-z_.[\]0-9]{1,64}$/i.test(param) ? param : undefined;
}

/** Seconds, or a date, as RFC 9110 has it; `retry-after-ms` of OpenAI goes before. */
function retryAfterMs(headers: Headers | undefined): number | undefined {
  const inMs = Number(headers?.get('retry-after-ms') ?? Number.NaN);
  if (Number.isFinite(inMs)) return bounded(inMs);
  const text = headers?.get('retry-after');
  if (!text) return undefined;
  const seconds = Number(text);
  return bounded(Number.isFinite(seconds) ? seconds * 1_000 : Date.parse(text) - Date.now());
}

function bounded(ms: number): number | undefined {
  return Number.isFinite(ms) ? Math.round(Math.min(Math.max(ms, 0), retryAfterMsMax)) : undefined;
}
