import { createParser, type EventSourceMessage } from 'eventsource-parser';
import type { CallOptions } from './access.js';
import { UnexpectedAnswerError } from './errors.js';
import type {
  InferenceOutcome,
  InferenceRequest,
  InferenceTaken,
  NewInference,
  OpenAiModel,
  OpenAiModels,
} from './generated/answers.js';
import { isObject, type Http } from './http.js';
import { newId } from './new-id.js';
import { listing, readOne, type Listing, type ListOptions, type ReadOneOptions } from './read-models.js';
import { messageCharactersMax, TailBrokenError } from './tail-connection.js';

/** What a request was answered: its outcome, or that it waits for a worker. */
export type InferenceAnswer = InferenceOutcome | InferenceTaken;

export interface AskOptions extends CallOptions {
  /** The same key with the same request is one request. Left out: a new one, the same for every try of this call. */
  readonly idempotencyKey?: string | undefined;
  /** How long to wait for the outcome, 60 s at most. Left out: until the request is taken. */
  readonly waitMs?: number | undefined;
}

export interface CancelOptions extends CallOptions {
  readonly reason?: string | undefined;
  /** How long to wait for the outcome. Left out: 2 s. */
  readonly waitMs?: number | undefined;
}

export interface FollowOptions extends CallOptions {
  /** `id` of the last message that was seen. */
  readonly lastEventId?: string | undefined;
}

/** What the stream of a request says. */
export type InferenceMessage =
  | {
      readonly kind: 'tokens';
      readonly id: string;
      readonly attempt: number;
      /** As the OpenAI API streams them. */
      readonly chunks: readonly Readonly<Record<string, unknown>>[];
    }
  /** Everything of this attempt and those before it is no part of the answer. */
  | { readonly kind: 'voided'; readonly attempt: number }
  /** Tokens before this place are not kept any more: the outcome has them. */
  | { readonly kind: 'resync' }
  /** The last message. */
  | {
      readonly kind: 'outcome';
      readonly status: InferenceOutcome['status'];
      readonly outcome: InferenceOutcome['outcome'];
    };

const path = '/v1/inference';
const pathOf = (id: string) => `${path}/${encodeURIComponent(id)}`;

/**
 * `client.inference`: asks models. Needs the scope `inference:write`; what only reads, `inference:read`. Clients of the
 * OpenAI API use `/openai/v1` of the gateway as their base URL instead.
 */
export class InferenceApi {
  readonly #http: Http;

  constructor(http: Http) {
    this.#http = http;
  }

  async ask(request: NewInference, options: AskOptions = {}): Promise<InferenceAnswer> {
    const { idempotencyKey = newId(), waitMs, signal } = options;
    return (await this.#http.json({
      method: 'POST',
      path,
      headers: { 'content-type': 'application/json', 'idempotency-key': idempotencyKey, ...preferring(waitMs) },
      body: JSON.stringify(request),
      signal,
      waitMs: waitMs ?? 0,
    })) as InferenceAnswer;
  }

  /** One request with its outcome, exact. */
  async get(requestId: string, options: ReadOneOptions = {}): Promise<InferenceRequest> {
    return (await readOne(this.#http, pathOf(requestId), options)) as InferenceRequest;
  }

  /** Newest first. */
  list(options: ListOptions = {}): Listing<InferenceRequest> {
    return listing<InferenceRequest>(this.#http, path, options);
  }

  async cancel(requestId: string, options: CancelOptions = {}): Promise<InferenceAnswer> {
    const { reason, waitMs, signal } = options;
    return (await this.#http.json({
      method: 'POST',
      path: `${pathOf(requestId)}/cancel`,
      headers: { 'content-type': 'application/json', ...preferring(waitMs) },
      body: JSON.stringify(reason === undefined ? {} : { reason }),
      signal,
      waitMs: waitMs ?? 2_000,
    })) as InferenceAnswer;
  }

  /**
   * The tokens of a request that was made with `stream`, as they come, until its outcome.
   *
   * @throws {@link TailBrokenError} where the stream ends before the outcome: follow again with `lastEventId`.
   */
  async *follow(requestId: string, options: FollowOptions = {}): AsyncGenerator<InferenceMessage, void, undefined> {
    const ended = new AbortController();
    const end = () => ended.abort(options.signal?.reason);
    options.signal?.addEventListener('abort', end, { once: true });
    const place = options.lastEventId === undefined ? {} : { 'last-event-id': options.lastEventId };
    const headers = { accept: 'text/event-stream', ...place };
    try {
      const address = `${pathOf(requestId)}/stream`;
      const response = await this.#http.open({ method: 'GET', path: address, headers }, ended.signal);
      if (response.body === null) throw new UnexpectedAnswerError(address, response.status, 'no event stream');
      yield* messagesOf(response.body);
    } finally {
      options.signal?.removeEventListener('abort', end);
      ended.abort();
    }
  }

  /** Models that can be asked now. */
  async models(options: CallOptions = {}): Promise<readonly OpenAiModel[]> {
    const answer = await this.#http.json({ method: 'GET', path: '/openai/v1/models', ...options });
    return (answer as OpenAiModels).data;
  }

  async model(name: string, options: CallOptions = {}): Promise<OpenAiModel> {
    const address = `/openai/v1/models/${encodeURIComponent(name)}`;
    return (await this.#http.json({ method: 'GET', path: address, ...options })) as OpenAiModel;
  }
}

function preferring(waitMs: number | undefined): Readonly<Record<string, string>> {
  if (waitMs === undefined) return {};
  return { prefer: waitMs === 0 ? 'respond-async' : `wait=${Math.ceil(waitMs / 1_000)}` };
}

async function* messagesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<InferenceMessage, void, undefined> {
  const decoder = new TextDecoder();
  const waiting: InferenceMessage[] = [];
  const parser = createParser({
    onEvent: (message) => {
      const read = messageOf(message);
      if (read !== undefined) waiting.push(read);
    },
    maxBufferSize: messageCharactersMax,
  });
  const reader = body.getReader();
  for (;;) {
    const { done, value } = await readFrom(reader);
    if (done) throw new TailBrokenError('The stream ended before the outcome');
    parser.feed(decoder.decode(value, { stream: true }));
    for (const message of waiting.splice(0)) {
      yield message;
      if (message.kind === 'outcome') return;
    }
  }
}

async function readFrom(reader: ReadableStreamDefaultReader<Uint8Array>) {
  try {
    return await reader.read();
  } catch (error) {
    throw new TailBrokenError(`The stream broke off: ${String(error)}`, { cause: error });
  }
}

/** Heartbeats, and what a later gateway may say beside, are no message. */
function messageOf({ event, id = '', data }: EventSourceMessage): InferenceMessage | undefined {
  const json: unknown = JSON.parse(data);
  if (!isObject(json)) return undefined;
  switch (event) {
    case 'tokens':
      return {
        ...(json as { attempt: number; chunks: readonly Readonly<Record<string, unknown>>[] }),
        kind: 'tokens',
        id,
      };
    case 'voided':
      return { ...(json as { attempt: number }), kind: 'voided' };
    case 'resync':
      return { kind: 'resync' };
    case 'outcome':
      return { ...(json as object as Pick<InferenceOutcome, 'status' | 'outcome'>), kind: 'outcome' };
    default:
      return undefined;
  }
}
