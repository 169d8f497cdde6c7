import { createParser, type EventSourceMessage } from 'eventsource-parser';
import type { EventType } from '@chorda/contracts';
import type { ReceivedEvent } from './cloud-event.js';
import { InvalidCallError, UnexpectedAnswerError, type ChordaError } from './errors.js';
import { isObject, type Http } from './http.js';
import {
  messageCharactersMax,
  TailBrokenError,
  type TailConnection,
  type TailMessage,
  type TailOptions,
  type TailPlace,
} from './tail-connection.js';

/** Server-Sent Events. */
export class StreamConnection<Type extends EventType> implements TailConnection<Type> {
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
