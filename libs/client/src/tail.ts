import { createParser, type EventSourceMessage } from 'eventsource-parser';
import type { EventType } from '@chorda/contracts';
import { backoffMs, pause } from './backoff.js';
import type { ReceivedEvent } from './cloud-event.js';
import { ChordaError, InvalidCallError, UnexpectedAnswerError } from './errors.js';
import { isObject, isWorthRetrying, type Http } from './http.js';

export interface TailOptions<Type extends EventType = EventType> {
  readonly types?: readonly Type[];
  readonly topics?: readonly string[];
  readonly subject?: string;
  readonly source?: string;
  readonly correlationId?: string;
  /**
   * Only events of which this expression in CEL says yes: over `type`, `source`, `subject`, `id`, `time`, `topic`,
   * `correlation_id`, `causation_id` and `data`, at most 2048 characters. `data.status == "failed"`, for example.
   */
  readonly filter?: string;
  /** Begin with what the log recorded at or after this time. `lastEventId` counts first. Default: now. */
  readonly since?: Date;
  /** Go on behind this: the `lastEventId` of a message, or the position that a write answered with. Default: now. */
  readonly lastEventId?: string;
  /** Ends the tail. */
  readonly signal?: AbortSignal;
  /** A connection so long without a byte is taken for dead; the gateway sends a heartbeat every 15 s. Default 45 s. */
  readonly idleMsMax?: number;
  /** Told whenever the connection is made, and whenever it is lost, with the reason. For a display; needs no answer. */
  readonly onConnection?: (state: 'open' | 'lost', error?: ChordaError) => void;
}

/**
 * What a tail brings.
 * - `event`: an event.
 * - `resync`: events between the last one and the next are not to be had; what was built from the tail is to be
 *   loaded anew.
 */
export type TailMessage<Type extends EventType = EventType> =
  | { readonly kind: 'event'; readonly lastEventId: string; readonly event: ReceivedEvent<Type> }
  | { readonly kind: 'resync'; readonly lastEventId: string; readonly reason: string };

/** Characters of one message; an event has at most 1 MiB of Avro, and JSON may escape each byte. */
const messageCharactersMax = 16 * 1024 * 1024;

/**
 * Events as they are written. A connection that is lost is made again, for ever and with back-off, and goes on behind
 * the last message that the loop took: none is left out, and none comes twice. It ends when the loop or `signal` does.
 *
 * @throws {@link ChordaError} what no further try would change, a wrong key for example.
 */
export async function* tail<Type extends EventType>(
  http: Http,
  options: TailOptions<Type>,
): AsyncGenerator<TailMessage<Type>, void, undefined> {
  const { signal, onConnection } = options;
  const place = new TailPlace(options.lastEventId);
  for (let failures = 0; !signal?.aborted;) {
    const connection = new TailConnection<Type>(http, options, place);
    const startMs = Date.now();
    try {
      await connection.open();
      onConnection?.('open');
      for await (const message of connection.messages()) {
        failures = 0;
        yield message;
      }
      onConnection?.('lost');
    } catch (error) {
      if (signal?.aborted) return;
      if (!(error instanceof ChordaError) || !isTransient(error)) throw error;
      onConnection?.('lost', error);
    } finally {
      connection.close();
    }
    // A quiet stream that held for long was no failure, though nothing came.
    if (Date.now() - startMs > http.retry.backoffMsMax) failures = 0;
    const waitMs = place.reconnectMs() ?? backoffMs(failures, http.retry);
    failures = Math.min(failures + 1, 30);
    await pause(waitMs, signal).catch(() => undefined);
  }
}

/** A 500 too: a tail has no effect, so to knock again costs nothing but the knock. */
function isTransient(error: ChordaError): boolean {
  return isWorthRetrying(error) || (error.status ?? 0) >= 500 || error instanceof TailBrokenError;
}

/** The stream broke off, or stood still for longer than a heartbeat takes. */
export class TailBrokenError extends ChordaError {
  readonly code = 'TAIL_BROKEN';
  readonly retriable = true;
}

/** How far the loop has read, over all connections. */
class TailPlace {
  private askedMs: number | undefined;
  constructor(public lastEventId: string | undefined) {}

  /** Said by a gateway that is about to stop. */
  ask(waitMs: number): void {
    this.askedMs = Math.min(waitMs, 60_000);
  }

  /** Once; after that the usual back-off. */
  reconnectMs(): number | undefined {
    const { askedMs } = this;
    this.askedMs = undefined;
    return askedMs;
  }
}

class TailConnection<Type extends EventType> {
  private readonly controller = new AbortController();
  private readonly stop = () => this.controller.abort(this.options.signal?.reason);
  private readonly decoder = new TextDecoder();
  private readonly idleMsMax: number;
  private reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  private waiting: TailMessage<Type>[] = [];
  private fault: ChordaError | undefined;
  private readonly parser = createParser({
    onEvent: (message) => this.take(message),
    onRetry: (retryMs) => this.place.ask(retryMs),
    onError: (error) => {
      // Anything else is a line that the format says to leave aside.
      if (error.type === 'max-buffer-size-exceeded') this.fault = new InvalidCallError('A message is too large');
    },
    maxBufferSize: messageCharactersMax,
  });

  constructor(
    private readonly http: Http,
    private readonly options: TailOptions<Type>,
    private readonly place: TailPlace,
  ) {
    this.idleMsMax = options.idleMsMax ?? 45_000;
    options.signal?.addEventListener('abort', this.stop, { once: true });
  }

  async open(): Promise<void> {
    const { types, topics, subject, source, correlationId, filter, since } = this.options;
    const { lastEventId } = this.place;
    const response = await this.http.open(
      {
        method: 'GET',
        path: '/v1/stream',
        query: {
          type: types?.join(','),
          topic: topics?.join(','),
          subject,
          source,
          correlation_id: correlationId,
          filter,
          since: lastEventId === undefined ? since?.toISOString() : undefined,
          // As a parameter and not as the header `Last-Event-ID`, which a browser asks leave for first.
          last_event_id: lastEventId,
        },
        headers: { accept: 'text/event-stream' },
      },
      this.controller.signal,
    );
    if (!/^text\/event-stream\b/i.test(response.headers.get('content-type') ?? '') || response.body === null) {
      throw new UnexpectedAnswerError('/v1/stream', response.status, 'something that is no event stream');
    }
    this.reader = response.body.getReader();
  }

  /** Reads only when the loop asks for more, so a slow loop slows the gateway down and fills no memory here. */
  async *messages(): AsyncGenerator<TailMessage<Type>, void, undefined> {
    for (;;) {
      const chunk = await this.read();
      if (chunk === undefined) return;
      this.parser.feed(this.decoder.decode(chunk, { stream: true }));
      const { waiting } = this;
      this.waiting = [];
      for (const message of waiting) {
        if (message.lastEventId !== '') this.place.lastEventId = message.lastEventId;
        yield message;
      }
      if (this.fault !== undefined) throw this.fault;
    }
  }

  close(): void {
    this.options.signal?.removeEventListener('abort', this.stop);
    this.controller.abort();
    // The abort has ended the stream already; what cancel says of that is no news.
    void this.reader?.cancel().catch(() => undefined);
  }

  private async read(): Promise<Uint8Array | undefined> {
    let isIdle = false;
    const timer = setTimeout(() => {
      isIdle = true;
      this.controller.abort();
    }, this.idleMsMax);
    try {
      const result = await this.reader?.read();
      return result?.done === false ? result.value : undefined;
    } catch (error) {
      if (isIdle) throw new TailBrokenError(`The stream stood still for ${this.idleMsMax} ms`);
      throw new TailBrokenError(`The stream broke off: ${String(error)}`, { cause: error });
    } finally {
      clearTimeout(timer);
    }
  }

  private take(message: EventSourceMessage): void {
    const lastEventId = message.id ?? '';
    const data = parsed(message.data);
    if (message.event === undefined || message.event === 'message') {
      if (!isObject(data)) this.fault ??= new TailBrokenError('The stream sent an event that is no JSON');
      else this.waiting.push({ kind: 'event', lastEventId, event: data as object as ReceivedEvent<Type> });
    } else if (message.event === 'resync') {
      const reason = isObject(data) && typeof data['reason'] === 'string' ? data['reason'] : 'unknown';
      this.waiting.push({ kind: 'resync', lastEventId, reason });
    } else if (this.waiting.length === 0 && lastEventId !== '') {
      // Heartbeats move the place on over what the filter left out. Behind messages that the loop has not taken yet,
      // it would move over these.
      this.place.lastEventId = lastEventId;
    }
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // The caller says what that means for the stream.
  }
}
