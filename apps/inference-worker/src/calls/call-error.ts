import { BackboneError, type JsonValue } from '@chorda/kernel';
import type { IncomingHttpHeaders } from 'node:http';
import type { JsonObject } from './answer-assembly.js';
import { AbortedError, StalledError, StatusError } from './server-connection.js';

/**
 * What a failed call means for its request and for its server.
 *
 * - `refused`: the request is bad, and will be bad anywhere. `too_long`: it is too long for this model. `unknown_model`.
 * - `denied`: our key is not taken; nobody's request will be.
 * - `full`: 503 and 529 of a server with no room; `limited`: 429. The window shrinks, the breaker does not count.
 * - `failed`: 5xx, no connection, a cut or stalled stream, an answer that cannot be read. The breaker counts it.
 * - `too_large`: the answer does not fit into a record.
 * - `aborted`: we ended it.
 */
export type CallFailure =
  'refused' | 'too_long' | 'unknown_model' | 'denied' | 'full' | 'limited' | 'failed' | 'too_large' | 'aborted';

export class CallError extends BackboneError {
  readonly code = 'MODEL_CALL_FAILED';
  readonly retriable: boolean;

  constructor(
    readonly failure: CallFailure,
    message: string,
    readonly details: {
      readonly status?: number | undefined;
      readonly retryAfterMs?: number | undefined;
      /** As the OpenAI API words it. May repeat the prompt, so it is never logged. */
      readonly body?: JsonObject | undefined;
      /** The server may have begun to work on it. */
      readonly mayHaveCost?: boolean;
    } = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.retriable = failure === 'full' || failure === 'limited' || failure === 'failed';
  }
}

const retryAfterMsMax = 3_600_000;
/** "Not now" of servers and of proxies before them. */
const notNow = new Set([408, 409, 425]);
const full = new Set([503, 529]);

/** @param hasBegun Whether an answer had begun: what went wrong then went wrong within it. */
export function toCallError(error: unknown, hasBegun: boolean): CallError {
  if (error instanceof CallError) return error;
  const options = { cause: error };
  const fail = (failure: CallFailure, message: string, mayHaveCost: boolean) =>
    new CallError(failure, message, { mayHaveCost }, options);
  if (error instanceof StatusError) return ofStatus(error.status, saidIn(error.text), false, error);
  if (error instanceof AbortedError) return fail('aborted', error.message, true);
  if (error instanceof StalledError) return fail('failed', error.message, true);
  return fail('failed', hasBegun ? 'The answer broke off' : 'The server gave no answer', hasBegun);
}

/** vLLM sends an error that comes after the headers as a chunk, with its status as `code`. */
export function errorInStream(error: JsonValue, hasBegun: boolean): CallError {
  const said = isJsonObject(error) ? error : { message: error };
  const status = Number(said['code']);
  if (Number.isInteger(status) && status >= 400) return ofStatus(status, said, hasBegun);
  return new CallError('failed', hasBegun ? 'The answer broke off' : 'The server gave no answer', {
    mayHaveCost: hasBegun,
  });
}

function ofStatus(status: number, said: Said, mayHaveCost: boolean, cause?: StatusError): CallError {
  const body = bodyOf(said, status);
  const details = { status, retryAfterMs: retryAfterMs(cause?.headers), body, mayHaveCost };
  const as = (failure: CallFailure, message: string) => new CallError(failure, message, details, { cause });
  if (status === 401 || status === 403) return as('denied', `The server refused our credential (${status})`);
  if (status === 429) return as('limited', 'The server limits our rate (429)');
  if (full.has(status)) return as('full', `The server has no room (${status})`);
  // Nothing is followed to another address: prompts go where they were meant to go.
  if (status >= 500 || status < 400 || notNow.has(status)) return as('failed', `The server failed (${status})`);
  if (isTooLong(said)) return as('too_long', 'The request is too long for the model');
  if (status === 404) return as('unknown_model', 'The server does not know the model');
  return as('refused', `The server refused the request (${status})`);
}

type Said = Readonly<Record<string, JsonValue>>;

/** The error in an answer's body: under `error`, or, as of older servers, the body itself. */
function saidIn(text: string): Said {
  let body: JsonValue;
  try {
    body = JSON.parse(text);
  } catch {
    return {};
  }
  if (!isJsonObject(body)) return {};
  const { error } = body;
  return isJsonObject(error) ? error : body;
}

function bodyOf({ message, type, param, code }: Said, status: number): JsonObject {
  return {
    message: typeof message === 'string' ? message : `The model server answered ${status}`,
    type: type ?? null,
    param: param ?? null,
    code: code ?? null,
  };
}

function isJsonObject(value: unknown): value is Record<string, JsonValue> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** OpenAI has a code for it; vLLM has words. */
function isTooLong({ code, message }: Said): boolean {
  return (
    code === 'context_length_exceeded' ||
    (typeof message === 'string' &&
      /maximum context length|max_model_len|context (length|window)|longer than the maximum model length/i.test(
        message,
      ))
  );
}

/** Seconds, or a date, as RFC 9110 has it; `retry-after-ms` of OpenAI goes before. */
function retryAfterMs(headers: IncomingHttpHeaders | undefined): number | undefined {
  const inMs = Number(headers?.['retry-after-ms'] ?? Number.NaN);
  if (Number.isFinite(inMs)) return bounded(inMs);
  const text = headers?.['retry-after'];
  if (!text) return undefined;
  const seconds = Number(text);
  return bounded(Number.isFinite(seconds) ? seconds * 1_000 : Date.parse(text) - Date.now());
}

function bounded(ms: number): number | undefined {
  return Number.isFinite(ms) ? Math.round(Math.min(Math.max(ms, 0), retryAfterMsMax)) : undefined;
}
