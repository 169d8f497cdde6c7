import { jsonValue } from '@chorda/contracts';
import { isRetriableStatus } from '@chorda/domain';
import { BackboneError, derivedId, newId, type JsonValue } from '@chorda/kernel';
import {
  guardedRequest,
  lawfulUrl,
  OutboundAbortedError,
  OutboundError,
  OutboundFailedError,
  type GuardedResponse,
  type Secrets,
} from '@chorda/outbound';
import { isPlanted } from '@chorda/platform';
import { timeForWorkMs } from '@chorda/work';
import { OpenApiError } from '@chorda/workflows';
import { completed, failed, outcomeUnknown, type StepError, type StepOutcome } from '../step-outcome.js';
import type { StepAssignment, StepCall } from '../step-runner.js';
import { answerBody, shownHeaders } from './answer-body.js';
import { operationCall } from './openapi-call.js';
import { OpenApiDocuments, OpenApiUnavailableError, type OpenApiOptions } from './openapi-documents.js';
import { RequestSecrets } from './request-secrets.js';
import { retryAfterMs } from './retry-after.js';
import { webhookSettings, type HttpCall, type OperationSettings, type WebhookSettings } from './webhook-settings.js';

export interface WebhookOptions extends OpenApiOptions {
  readonly secrets: Secrets;
  /** However long a definition allows a try: a server that never answers holds a slot of everybody's. */
  readonly timeoutMs: number;
}

const readingMethods = new Set(['GET', 'HEAD']);

/** Calls another system by HTTP, once: the engine says whether it is called again. */
export function webhookCall(options: WebhookOptions): StepCall {
  const documents = new OpenApiDocuments(options);
  return async (assignment) => {
    const startedMs = performance.now();
    const durationMs = () => Math.round(performance.now() - startedMs);
    const read = webhookSettings(assignment.work.data);
    if (typeof read === 'string') return failed(refusal('WEBHOOK_NOT_VALID', read));
    const timeout = AbortSignal.timeout(Math.min(options.timeoutMs, timeForWorkMs(assignment.leftMs)));
    const secrets = new RequestSecrets(options.secrets, assignment.tenantId);
    const signal = AbortSignal.any([assignment.signal, timeout]);
    let call: HttpCall;
    try {
      call = await callOf(documents, assignment, { settings: read, secrets, signal });
    } catch (error) {
      return uncalled(error, durationMs());
    }
    try {
      const response = await ask(options, assignment, { call, secrets, signal });
      return outcomeOf(call, secrets, response, durationMs());
    } catch (error) {
      if (!(error instanceof OutboundError)) throw error;
      const isTimeout = error instanceof OutboundAbortedError && timeout.aborted && !assignment.signal.aborted;
      return failure(call, isTimeout ? timedOut(error, durationMs()) : error, durationMs());
    }
  };
}

interface Asked {
  readonly secrets: RequestSecrets;
  readonly signal: AbortSignal;
}

function callOf(
  documents: OpenApiDocuments,
  { work: { data }, tenantId }: StepAssignment,
  { settings, ...asked }: Asked & { readonly settings: WebhookSettings | OperationSettings },
): HttpCall | Promise<HttpCall> {
  const input = jsonValue(data.input_data);
  if ('openapi' in settings) return operationCall(documents, settings, input, { ...asked, tenantId });
  return { ...settings, body: bodyOf(settings, input), isOperation: false };
}

/** What became of a step whose operation could not be found: nothing was done. */
function uncalled(error: unknown, durationMs: number): StepOutcome {
  const isOurs =
    error instanceof OpenApiError || error instanceof OpenApiUnavailableError || error instanceof OutboundError;
  if (!isOurs) throw error;
  const { code, message, retriable }: BackboneError = error;
  const status = error instanceof OpenApiUnavailableError ? error.status : null;
  const isTimeout = error instanceof OpenApiUnavailableError && error.isTimeout;
  return failed({ class: isTimeout ? 'timeout' : 'http', code, message, status, retriable }, durationMs);
}

function ask(
  options: WebhookOptions,
  { work: { data }, tenantId }: StepAssignment,
  { call, secrets, signal }: Asked & { readonly call: HttpCall },
): Promise<GuardedResponse> {
  const first = lawfulUrl(call.url, undefined, options.rules);
  const headers = secrets.into(call.headers, first);
  const { body, method } = call;
  // Ids of runs and steps are unique in a tenant alone, and another system serves several.
  const key = isPlanted('webhooks-key-per-try') ? newId() : derivedId(tenantId, data.idempotency_key, 'webhook');
  const isReading = readingMethods.has(method);
  return guardedRequest(
    {
      method,
      url: first.href,
      headers: { ...(body !== undefined && { 'content-type': 'application/json' }), 'user-agent': 'chorda' },
      body,
      headersFor: (at) => ({
        // Another origin is another party: neither secrets nor what proves that we sent it are its business.
        ...(at.origin === first.origin && {
          ...headers,
          ...(!isReading && { 'idempotency-key': key }),
          ...secrets.signature(call.signing_secret, first, { id: key, timeMs: options.nowMs(), body: body ?? '' }),
        }),
        'accept-encoding': 'identity',
      }),
      // A redirect of anything else would be another request than the one that was asked for.
      follows: isReading,
      signal,
    },
    options,
  );
}

function bodyOf({ method, headers }: WebhookSettings, input: JsonValue): string | undefined {
  if (method === 'GET' || method === 'HEAD' || method === 'OPTIONS') return undefined;
  const type = headers['content-type'];
  // Said to be something else, a text is sent as it is.
  if (type !== undefined && !/[/+]json\b/i.test(type) && typeof input === 'string') return input;
  return JSON.stringify(input);
}

function outcomeOf(
  call: HttpCall,
  secrets: RequestSecrets,
  response: GuardedResponse,
  durationMs: number,
): StepOutcome {
  const { status } = response;
  if (response.body.truncated) {
    const message = `The answer (status ${status}) is larger than may be kept`;
    return failed({ class: 'http', code: 'RESPONSE_TOO_LARGE', message, status, retriable: false }, durationMs);
  }
  const body = answerBody(response, secrets);
  const headers = shownHeaders(response, secrets);
  if (call.expect_status.some(([from, to]) => status >= from && status <= to)) {
    if (call.output_as === 'raw') return completed(secrets.clean(response.body.bytes).toString('base64'), durationMs);
    const request = call.isOperation ? { request: { method: call.method, url: call.url } } : {};
    return completed(call.output_as === 'body' ? body : { status, headers, body, ...request }, durationMs);
  }
  const pauseMs = retryAfterMs(headers['retry-after']);
  const details = { body: bounded(body), ...(pauseMs !== undefined && { retry_after_ms: pauseMs }) };
  const message = `The server answered ${status}`;
  const retriable = isRetriableStatus(status);
  return failed({ class: 'http', code: `HTTP_${status}`, message, status, details, retriable }, durationMs);
}

/** An error is in the events of the run, beside every other of its tries. */
const errorBodyBytesMax = 8_192;

function bounded(body: JsonValue): JsonValue {
  const text = JSON.stringify(body);
  return Buffer.byteLength(text) <= errorBodyBytesMax ? body : `${text.slice(0, errorBodyBytesMax / 4)}…`;
}

function timedOut(error: OutboundAbortedError, afterMs: number): OutboundError {
  return new OutboundFailedError(
    'NO_ANSWER',
    `There was no answer within ${afterMs} ms`,
    error.effect,
    error.effect !== 'done',
  );
}

/** Of what may have taken place nobody says that it failed: the engine calls again what is idempotent, and asks a person of the rest. */
function failure(
  { isOperation, method }: HttpCall,
  { code, message, effect, retriable }: OutboundError,
  durationMs: number,
): StepOutcome {
  const error = { class: code === 'NO_ANSWER' ? 'timeout' : 'http', code, message, retriable };
  // Whoever wrote the step could not know that its operation only reads.
  const isHarmless = isOperation && readingMethods.has(method);
  const isUnknown = effect === 'unknown' && !isHarmless && !isPlanted('webhooks-unknown-failed');
  return isUnknown ? outcomeUnknown(error, durationMs) : failed(error, durationMs);
}

function refusal(code: string, message: string): StepError {
  return { class: 'http', code, message, retriable: false };
}
