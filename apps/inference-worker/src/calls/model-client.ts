import type { JsonValue } from '@chorda/kernel';
import OpenAI from 'openai';
import type { Stream } from 'openai/streaming';
import { Agent } from 'undici';
import { agentFetch } from './agent-fetch.js';
import { AnswerAssembly, isObject, usageIn, type JsonObject, type Usage } from './answer-assembly.js';
import { CallError, toCallError } from './call-error.js';

export type Operation = 'chat_completion' | 'completion' | 'embedding';

export interface ModelCall {
  readonly operation: Operation;
  readonly model: string;
  /** As the OpenAI API takes it; `model` and `stream` are set here. */
  readonly body: JsonObject;
  /** Becomes `x-request-id`: vLLM names its answer after it. */
  readonly requestId: string;
  readonly signal: AbortSignal;
  /** The longest wait for the answer's first chunk, and for each that follows. */
  readonly stallMs: number;
  /** Bytes of the answer as JSON. */
  readonly answerBytesMax: number;
  /** Each chunk of a stream as it comes; the first one tells that the answer has begun. */
  readonly onChunk?: ((chunk: JsonObject) => void) | undefined;
}

export interface ModelAnswer {
  readonly body: JsonObject;
  readonly model: string;
  readonly finishReason: string;
  /** Undefined: the server did not say. */
  readonly usage: Usage | undefined;
  /** Chunks with content: about as many as tokens. */
  readonly contentChunks: number;
}

const connectTimeoutMs = 5_000;
const idleSocketMs = 30_000;
const listTimeoutMs = 5_000;
const listBytesMax = 4 * 1024 * 1024;

/**
 * One server with the HTTP API of OpenAI, asked once: whoever asks, retries. Answers are always taken as streams, so that
 * a server sees it when nobody waits any more, and so that one that has stopped to write is noticed.
 */
export class ModelClient {
  private readonly agent = new Agent({
    connect: { timeout: connectTimeoutMs },
    keepAliveTimeout: idleSocketMs,
    // What ends a call is its own signal.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  private readonly client: OpenAI;

  /** @param baseUrl With its `/v1`. */
  constructor(
    private readonly baseUrl: string,
    private readonly apiKey: string | undefined,
  ) {
    this.client = new OpenAI({
      baseURL: baseUrl,
      // Servers without keys take any; an empty one makes the library look into the environment.
      apiKey: apiKey ?? 'none',
      organization: null,
      project: null,
      maxRetries: 0,
      timeout: 86_400_000,
      // Its log would hold prompts.
      logLevel: 'off',
      fetch: (url, init) => agentFetch(url, init, this.agent),
    });
  }

  /** @throws {@link CallError} */
  async ask(call: ModelCall): Promise<ModelAnswer> {
    const stalling = new AbortController();
    const stall = setTimeout(() => stalling.abort(), call.stallMs);
    const signal = AbortSignal.any([call.signal, stalling.signal]);
    let hasBegun = false;
    const onPart = () => {
      hasBegun = true;
      stall.refresh();
    };
    try {
      return call.operation === 'embedding'
        ? await this.embed(call, signal)
        : await this.stream(call, call.operation, signal, onPart);
    } catch (error) {
      if (call.signal.aborted)
        throw new CallError('aborted', 'We ended the call', { mayHaveCost: true }, { cause: error });
      if (stalling.signal.aborted) {
        const details = { mayHaveCost: true };
        throw new CallError('failed', `The server wrote nothing for ${call.stallMs} ms`, details, { cause: error });
      }
      throw toCallError(error, hasBegun);
    } finally {
      clearTimeout(stall);
    }
  }

  /** What the server lists. */
  async models(): Promise<readonly JsonObject[]> {
    const text = await this.read(`${this.baseUrl}/models`);
    const list: JsonValue = JSON.parse(text);
    const data = isObject(list) ? list['data'] : undefined;
    return (Array.isArray(data) ? data : []).filter(isObject);
  }

  /** The page of metrics beside the API; undefined where there is none. */
  async metrics(): Promise<string | undefined> {
    return this.read(`${this.baseUrl.replace(/\/v1$/, '')}/metrics`).catch((error: unknown) => {
      if (error instanceof StatusError) return undefined;
      throw error;
    });
  }

  close(): Promise<void> {
    return this.agent.destroy();
  }

  private async stream(
    call: ModelCall,
    operation: 'chat_completion' | 'completion',
    signal: AbortSignal,
    onPart: () => void,
  ): Promise<ModelAnswer> {
    const given = call.body['stream_options'];
    const body = {
      ...call.body,
      model: call.model,
      stream: true,
      stream_options: { ...(isObject(given) ? given : {}), include_usage: true },
    };
    const path = operation === 'chat_completion' ? '/chat/completions' : '/completions';
    const headers = { 'x-request-id': call.requestId };
    const chunks = await this.client.post<Stream<JsonObject>>(path, { body, stream: true, signal, headers });
    const assembly = new AnswerAssembly(operation);
    let bytes = 0;
    for await (const chunk of chunks) {
      onPart();
      assembly.add(chunk);
      bytes += sizeOf(chunk);
      if (bytes > call.answerBytesMax) {
        throw new CallError('too_large', `The answer has more than ${call.answerBytesMax} bytes`, {
          mayHaveCost: true,
        });
      }
      call.onChunk?.(chunk);
    }
    // A connection that closes without a word ends the iteration like a whole answer does.
    if (!assembly.isWhole) throw new CallError('failed', 'The answer broke off', { mayHaveCost: true });
    const { finishReason, usage, contentChunks } = assembly;
    return { body: assembly.body(), model: assembly.model ?? call.model, finishReason, usage, contentChunks };
  }

  private async embed(call: ModelCall, signal: AbortSignal): Promise<ModelAnswer> {
    const headers = { 'x-request-id': call.requestId };
    const body = await this.client.post<JsonObject>('/embeddings', {
      body: { ...call.body, model: call.model },
      signal,
      headers,
    });
    if (!Array.isArray(body['data'])) throw new CallError('failed', 'The answer has no data', { mayHaveCost: true });
    const { model } = body;
    const named = typeof model === 'string' ? model : call.model;
    return { body, model: named, finishReason: 'stop', usage: usageIn(body['usage']), contentChunks: 0 };
  }

  private async read(url: string): Promise<string> {
    const headers = this.apiKey === undefined ? {} : { authorization: `Bearer ${this.apiKey}` };
    const init = { headers, signal: AbortSignal.timeout(listTimeoutMs) };
    const response = await agentFetch(url, init, this.agent);
    const text = await response.text();
    if (!response.ok) throw new StatusError(response.status);
    if (text.length > listBytesMax) throw new Error('The page is longer than it may be');
    return text;
  }
}

class StatusError extends Error {
  constructor(status: number) {
    super(`The server answered ${status}`);
  }
}

/** About as long as its JSON: the texts are what is long in it. */
function sizeOf(value: JsonValue): number {
  if (typeof value === 'string') return value.length + 2;
  if (typeof value !== 'object' || value === null) return 6;
  if (Array.isArray(value)) return value.reduce<number>((sum, each) => sum + sizeOf(each) + 1, 2);
  let size = 2;
  for (const [name, each] of Object.entries(value)) size += name.length + 4 + sizeOf(each);
  return size;
}
