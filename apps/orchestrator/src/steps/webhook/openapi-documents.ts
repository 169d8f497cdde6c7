import { isRetriableStatus } from '@chorda/domain';
import { BackboneError, type TenantId } from '@chorda/kernel';
import {
  guardedRequest,
  lawfulUrl,
  OutboundAbortedError,
  OutboundFailedError,
  OutboundRefusedError,
  type GuardedResponse,
  type RequestBounds,
} from '@chorda/outbound';
import { OpenApiDocument } from '@chorda/workflows';
import type { RequestSecrets } from './request-secrets.js';

export interface OpenApiOptions extends RequestBounds {
  /** Of a document: they are larger than answers. */
  readonly openApiBytesMax: number;
  readonly nowMs: () => number;
}

export interface DocumentAsk {
  readonly tenantId: TenantId;
  readonly url: string;
  /** With secrets by name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly secrets: RequestSecrets;
  readonly signal: AbortSignal;
}

export interface FoundDocument {
  readonly document: OpenApiDocument;
  /** Where it was found, after redirects. */
  readonly url: URL;
  /** Not asked for now: it may have changed since. */
  readonly isKept: boolean;
}

/** The document cannot be had. Nothing was called yet. */
export class OpenApiUnavailableError extends BackboneError {
  readonly status: number | null;
  readonly isTimeout: boolean;

  constructor(
    readonly code: 'OPENAPI_UNREACHABLE' | 'OPENAPI_TOO_LARGE',
    message: string,
    readonly retriable: boolean,
    { status = null, isTimeout = false, ...options }: Unavailability = {},
  ) {
    super(`The OpenAPI document: ${message}`, options);
    this.status = status;
    this.isTimeout = isTimeout;
  }
}

interface Unavailability extends ErrorOptions {
  readonly status?: number | null;
  readonly isTimeout?: boolean;
}

interface Kept {
  readonly document: OpenApiDocument;
  readonly url: URL;
  readonly bytes: number;
  readonly untilMs: number;
}

/** An item of a map and the next one call the same server: what it says of itself is not asked for each of them. */
const keptMs = 5 * 60_000;
const keptMax = 50;
/** As text; read, a document takes about ten times as much. */
const keptBytesMax = 8 * 1_048_576;

/** OpenAPI documents that steps name, asked for as webhooks are and kept for a while, for each tenant apart. */
export class OpenApiDocuments {
  private readonly kept = new Map<string, Kept>();
  private keptBytes = 0;

  constructor(private readonly options: OpenApiOptions) {}

  /**
   * @param fresh Not one that is kept.
   * @throws OpenApiUnavailableError where it cannot be had.
   * @throws OpenApiError where it is no OpenAPI.
   * @throws OutboundRefusedError where it must not be asked for.
   */
  async read(asked: DocumentAsk, fresh = false): Promise<FoundDocument> {
    // What one tenant may see is no other's business: its address may hold a secret, and who asks may have been told.
    const key = JSON.stringify([asked.tenantId, asked.url, Object.entries(asked.headers)]);
    const known = fresh ? undefined : this.taken(key);
    if (known !== undefined) return { ...known, isKept: true };
    const found = await this.fetched(asked);
    this.keep(key, found);
    return { ...found, isKept: false };
  }

  private taken(key: string): Kept | undefined {
    const known = this.kept.get(key);
    if (known === undefined) return undefined;
    this.drop(key, known);
    if (known.untilMs <= this.options.nowMs()) return undefined;
    // What was used last is dropped last.
    this.put(key, known);
    return known;
  }

  private keep(key: string, found: Kept): void {
    const before = this.kept.get(key);
    if (before !== undefined) this.drop(key, before);
    if (found.bytes > keptBytesMax) return;
    this.put(key, found);
    for (const [oldest, each] of this.kept) {
      if (this.kept.size <= keptMax && this.keptBytes <= keptBytesMax) return;
      this.drop(oldest, each);
    }
  }

  private put(key: string, one: Kept): void {
    this.kept.set(key, one);
    this.keptBytes += one.bytes;
  }

  private drop(key: string, one: Kept): void {
    this.kept.delete(key);
    this.keptBytes -= one.bytes;
  }

  private async fetched(asked: DocumentAsk): Promise<Kept> {
    const { url, status, body } = await this.answer(asked);
    if (status < 200 || status > 299) {
      const message = `its server answered ${status}`;
      throw new OpenApiUnavailableError('OPENAPI_UNREACHABLE', message, isRetriableStatus(status), { status });
    }
    if (body.truncated) {
      const message = `it has more than ${this.options.openApiBytesMax} bytes`;
      throw new OpenApiUnavailableError('OPENAPI_TOO_LARGE', message, false);
    }
    const text = asked.secrets.clean(body.bytes).toString('utf8');
    const untilMs = this.options.nowMs() + keptMs;
    return { document: OpenApiDocument.read(text), url, bytes: body.bytes.byteLength, untilMs };
  }

  private async answer({ url, headers, secrets, signal }: DocumentAsk): Promise<GuardedResponse> {
    const { openApiBytesMax: responseBytesMax } = this.options;
    try {
      const first = lawfulUrl(url, undefined, this.options.rules);
      const own = secrets.into(headers, first);
      return await guardedRequest(
        {
          ...{ method: 'GET', url: first.href, body: undefined, signal },
          headers: { 'user-agent': 'chorda', accept: 'application/json, application/yaml;q=0.9, */*;q=0.5' },
          headersFor: (at) => ({ ...(at.origin === first.origin && own), 'accept-encoding': 'identity' }),
        },
        { ...this.options, responseBytesMax },
      );
    } catch (error) {
      throw unavailable(error, signal);
    }
  }
}

function unavailable(error: unknown, { reason }: AbortSignal): unknown {
  if (error instanceof OutboundRefusedError) {
    return new OutboundRefusedError(error.code, `The OpenAPI document: ${error.message}`, { cause: error });
  }
  const code = 'OPENAPI_UNREACHABLE';
  if (error instanceof OutboundAbortedError) {
    const isTimeout = reason instanceof DOMException && reason.name === 'TimeoutError';
    // Whatever became of the question, the operation itself was not called.
    if (!isTimeout) return new OutboundAbortedError('none');
    return new OpenApiUnavailableError(code, 'there was no answer in time', true, { isTimeout });
  }
  if (!(error instanceof OutboundFailedError)) return error;
  return new OpenApiUnavailableError(code, error.message, error.retriable, { cause: error });
}
