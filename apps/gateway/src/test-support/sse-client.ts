import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { untilTrue } from './until-true.js';

/** Watches a stream and keeps what it is told. */
export class SseClient {
  readonly messages: EventSourceMessage[] = [];
  isEnded = false;
  status = 0;
  private readonly leaving = new AbortController();
  private reading: Promise<void> = Promise.resolve();

  constructor(
    private readonly url: string,
    private readonly key: string,
  ) {}

  /** Resolves when the stream is open: from then on nothing is missed. */
  async open(query = '', headers: Record<string, string> = {}): Promise<this> {
    const response = await fetch(`${this.url}/v1/stream${query}`, {
      headers: { authorization: `Bearer ${this.key}`, ...headers },
      signal: this.leaving.signal,
    });
    this.status = response.status;
    if (response.status !== 200 || response.body === null)
      throw new Error(`The stream was answered ${response.status}`);
    this.reading = this.read(response.body);
    await untilTrue(() => this.named('open').length > 0);
    return this;
  }

  named(name: string): readonly EventSourceMessage[] {
    return this.messages.filter(({ event }) => event === name);
  }

  events(): readonly Record<string, unknown>[] {
    return this.messages.filter(({ event }) => event === undefined).map(({ data }) => Object(JSON.parse(data)));
  }

  ids(): readonly string[] {
    return this.events().map(({ id }) => String(id));
  }

  get lastEventId(): string {
    return this.messages.findLast(({ id }) => id !== undefined)?.id ?? '';
  }

  async untilEvents(count: number): Promise<void> {
    await untilTrue(
      () => this.events().length >= count,
      30_000,
      () => `${this.events().length} of ${count} events`,
    );
  }

  async close(): Promise<void> {
    this.leaving.abort();
    await this.reading;
  }

  private async read(body: ReadableStream<Uint8Array>): Promise<void> {
    const parser = createParser({ onEvent: (message) => this.messages.push(message) });
    const decoder = new TextDecoder();
    try {
      for await (const chunk of body) parser.feed(decoder.decode(chunk, { stream: true }));
    } catch {
      // Leaving ends the reading with an error; what was read is kept.
    }
    this.isEnded = true;
  }
}
