import { Agent, errors, request, type Dispatcher } from 'undici';
import type { AddressGuard } from './address-guard.js';
import { guardedConnector } from './guarded-connector.js';
import {
  OutboundAbortedError,
  OutboundError,
  OutboundFailedError,
  OutboundRefusedError,
  type Effect,
} from './outbound-errors.js';
import { decoded, readBounded, type BoundedBody } from './read-bounded.js';
import { lawfulUrl, type UrlRules } from './url-rules.js';

export type HttpMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'HEAD' | 'OPTIONS';

export interface GuardedRequest {
  readonly method: HttpMethod;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  /** What this hop alone is sent, such as a secret; asked for every hop, those of redirects included. */
  headersFor(url: URL, isFirst: boolean): Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** Left out: redirects are followed. False: one is the answer, as what would be asked next was not asked for. */
  readonly follows?: boolean;
}

export interface GuardedResponse {
  readonly status: number;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: BoundedBody;
  readonly redirects: number;
}

export interface RequestBounds {
  readonly guard: AddressGuard;
  readonly rules: UrlRules;
  readonly redirectsMax: number;
  readonly responseBytesMax: number;
  readonly connectTimeoutMs: number;
}

const redirectStatuses = new Set([301, 302, 303, 307, 308]);

/**
 * Asks a server that a stranger has named. Every hop is checked as the first one was: rules of URLs here, the address
 * when the connection is opened. A connection serves one call and is closed with it, so that none is shared between
 * tenants and none outlives a change of the rules.
 *
 * @throws OutboundError whose `effect` says whether the server may have acted.
 */
export async function guardedRequest(asked: GuardedRequest, bounds: RequestBounds): Promise<GuardedResponse> {
  let effect: Effect = 'none';
  const dispatcher = new Agent({
    connect: guardedConnector(bounds.guard, bounds.connectTimeoutMs, () => (effect = 'unknown')),
    maxHeaderSize: 32_768,
    pipelining: 0,
  });
  try {
    return await follow(asked, bounds, dispatcher, () => (effect = 'done'));
  } catch (error) {
    throw toOutboundError(error, effect, asked.signal);
  } finally {
    // Not `close`: that waits for bodies that nobody reads any more.
    await dispatcher.destroy();
  }
}

async function follow(
  asked: GuardedRequest,
  bounds: RequestBounds,
  dispatcher: Dispatcher,
  onAnswered: () => void,
): Promise<GuardedResponse> {
  let url = lawfulUrl(asked.url, undefined, bounds.rules);
  let { method, body } = asked;
  for (let redirects = 0; ; redirects++) {
    const headers = { ...asked.headers, ...asked.headersFor(url, redirects === 0) };
    if (body === undefined) delete headers['content-type'];
    const response = await request(url, { method, headers, body: body ?? null, dispatcher, signal: asked.signal });
    onAnswered();
    // Of a body that nobody reads to its end: its error has no other listener, and would end the process.
    response.body.on('error', () => undefined);
    const { location } = response.headers;
    if (asked.follows === false || !redirectStatuses.has(response.statusCode) || typeof location !== 'string') {
      return { ...(await answered(response, bounds.responseBytesMax)), url, redirects };
    }
    if (redirects >= bounds.redirectsMax) {
      throw refusedRedirect('TOO_MANY_REDIRECTS', `the server redirected more than ${bounds.redirectsMax} times`);
    }
    response.body.destroy();
    url = redirectTarget(url, location, bounds.rules);
    // As browsers do: only 307 and 308 ask for the same again.
    if (response.statusCode < 307 && method !== 'HEAD') {
      method = 'GET';
      body = undefined;
    }
  }
}

function redirectTarget(from: URL, location: string, rules: UrlRules): URL {
  const url = lawfulUrl(location, from, rules);
  if (from.protocol === 'https:' && url.protocol === 'http:') {
    throw refusedRedirect('REDIRECT_TO_PLAIN_HTTP', 'the server redirects from https: to http:');
  }
  return url;
}

async function answered(response: Dispatcher.ResponseData, bytesMax: number) {
  const { statusCode: status, headers } = response;
  // HTTP allows as many parts as it likes; more than one is not met outside of attacks.
  const encoding = [headers['content-encoding'] ?? []].flat().join(', ');
  const body = await decoded(await readBounded(response.body, bytesMax), encoding, bytesMax);
  return { status, headers, body };
}

function refusedRedirect(code: string, message: string): OutboundFailedError {
  return new OutboundFailedError(code, message, 'done', false);
}

function toOutboundError(error: unknown, effect: Effect, signal: AbortSignal): Error {
  // The server of the first hop has acted by then, whatever is wrong with the next one.
  if (error instanceof OutboundRefusedError && effect !== 'none') {
    return new OutboundFailedError(error.code, `redirected: ${error.message}`, 'done', false, { cause: error });
  }
  if (error instanceof OutboundError) return error;
  if (signal.aborted) return new OutboundAbortedError(effect);
  const code = codeOf(error);
  if (error instanceof errors.InvalidArgumentError) {
    return new OutboundRefusedError('REQUEST_NOT_VALID', error.message, { cause: error });
  }
  return new OutboundFailedError('REQUEST_FAILED', `no answer (${code})`, effect, true, { cause: error });
}

function codeOf(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return error instanceof Error ? error.name : 'unknown';
}
