import type { JsonText } from '@chorda/contracts';
import type { JsonValue } from '@chorda/kernel';
import { AnswerAssembly, isObject, usageIn, type JsonObject, type Usage } from './answer-assembly.js';
import { CallError, errorInStream, toCallError } from './call-error.js';
import { EventLines } from './event-lines.js';
import { ServerConnection, StatusError } from './server-connection.js';

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
  /** Each chunk of a stream as the server wrote it; the first one tells that the answer has begun. */
  readonly onChunk?: ((chunk: JsonText) => void) | undefined;
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

const paths = {
  chat_completion: '/chat/completions',
  completion: '/completions',
  embedding: '/embeddings',
} as const satisfies Record<Operation, string>;
const listTimeoutMs = 5_000;
const listBytesMax = 4 * 1024 * 1024;
const endOfStream = '[DONE]';

/**
 * One server with the HTTP API of OpenAI, asked once: whoever asks, retries. Answers are always taken as streams, so that
 * a server sees it when nobody waits any more, and so that one that has stopped to write is noticed.
 */
export class ModelClient {
  private readonly api: ServerConnection;
  private readonly beside: ServerConnection;

  /** @param baseUrl With its `/v1`. */
  constructor(baseUrl: string, apiKey: string | undefined) {
    this.api = new ServerConnection(baseUrl, apiKey);
    this.beside = new ServerConnection(baseUrl.replace(/\/v1$/, ''), apiKey);
  }

  /** @throws {@link CallError} */
  async ask(call: ModelCall): Promise<ModelAnswer> {
    const progress = { hasBegun: false };
    try {
      return call.operation === 'embedding'
        ? await this.embed(call)
        : await this.stream(call, call.operation, progress);
    } catch (error) {
      throw toCallError(error, progress.hasBegun);
    }
  }

  /** What the server lists. */
  async models(): Promise<readonly JsonObject[]> {
    const list: JsonValue = JSON.parse(await read(this.api, '/models'));
    const data = isObject(list) ? list['data'] : undefined;
    return (Array.isArray(data) ? data : []).filter(isObject);
  }

  /** The page of metrics beside the API; undefined where there is none. */
  async metrics(): Promise<string | undefined> {
    return read(this.beside, '/metrics').catch((error: unknown) => {
      if (error instanceof StatusError) return undefined;
      throw error;
    });
  }

  async close(): Promise<void> {
    await Promise.all([this.api.close(), this.beside.close()]);
  }

  private async stream(
    call: ModelCall,
    operation: 'chat_completion' | 'completion',
    progress: { hasBegun: boolean },
  ): Promise<ModelAnswer> {
    const given = call.body['stream_options'];
    const options = { ...(isObject(given) ? given : {}), include_usage: true };
    const body = { ...call.body, model: call.model, stream: true, stream_options: options };
    const assembly = new AnswerAssembly(operation);
    let bytes = 0;
    let isOver = false;
    const events = new EventLines((text) => {
      isOver ||= text === endOfStream;
      if (isOver) return;
      const chunk = chunkOf(text, progress.hasBegun);
      progress.hasBegun = true;
      assembly.add(chunk);
      bytes += text.length;
      // JSON as the server wrote it: it was parsed a moment ago.
      call.onChunk?.(text as JsonText);
    });
    await this.post(call, body, (part) => {
      events.push(part);
      if (bytes + events.waiting > call.answerBytesMax) throw tooLarge(call);
    });
    // A connection that closes without a word ends like a whole answer does.
    if (!assembly.isWhole) throw new CallError('failed', 'The answer broke off', { mayHaveCost: true });
    const { finishReason, usage, contentChunks } = assembly;
    return { body: assembly.body(), model: assembly.model ?? call.model, finishReason, usage, contentChunks };
  }

  private async embed(call: ModelCall): Promise<ModelAnswer> {
    const parts: Buffer[] = [];
    let bytes = 0;
    await this.post(call, { ...call.body, model: call.model }, (part) => {
      parts.push(part);
      bytes += part.length;
      if (bytes > call.answerBytesMax) throw tooLarge(call);
    });
    const body: JsonValue = JSON.parse(Buffer.concat(parts).toString());
    if (!isObject(body) || !Array.isArray(body['data']))
      throw new CallError('failed', 'The answer has no data', { mayHaveCost: true });
    const { model } = body;
    const named = typeof model === 'string' ? model : call.model;
    return { body, model: named, finishReason: 'stop', usage: usageIn(body['usage']), contentChunks: 0 };
  }

  private post(call: ModelCall, body: JsonObject, take: (bytes: Buffer) => void): Promise<void> {
    const headers = { 'content-type': 'application/json', 'x-request-id': call.requestId };
    const sent = { method: 'POST', path: paths[call.operation], headers, body: JSON.stringify(body) } as const;
    return this.api.send(sent, { signal: call.signal, stallMs: call.stallMs, take });
  }
}

async function read(server: ServerConnection, path: string): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  const signal = AbortSignal.timeout(listTimeoutMs);
  const take = (part: Buffer) => {
    parts.push(part);
    bytes += part.length;
    if (bytes > listBytesMax) throw new Error('The page is longer than it may be');
  };
  await server.send({ method: 'GET', path }, { signal, stallMs: listTimeoutMs, take });
  return Buffer.concat(parts).toString();
}

function chunkOf(text: string, hasBegun: boolean): JsonObject {
  const chunk: JsonValue = JSON.parse(text);
  if (!isObject(chunk)) throw new CallError('failed', 'A chunk is no object', { mayHaveCost: hasBegun });
  const { error } = chunk;
  if (error !== undefined && error !== null) throw errorInStream(error, hasBegun);
  return chunk;
}

function tooLarge({ answerBytesMax }: ModelCall): CallError {
  return new CallError('too_large', `The answer has more than ${answerBytesMax} bytes`, { mayHaveCost: true });
}
