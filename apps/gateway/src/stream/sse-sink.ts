import type { ServerResponse } from 'node:http';
import { drained } from './drained.js';
import type { PlacedEvent, TailEncoding } from './tail-encoding.js';
import type { TailSignal, TailSink } from './tail-session.js';

/**
 * Server-Sent Events. Events carry no `event:` field, so `EventSource.onmessage` gets them; all that is about the stream
 * itself has a name (`open`, `heartbeat`, `resync`, `dropped`, `reconnect`). Every one has the id to come back with.
 */
export const sseEncoding: TailEncoding = {
  key: 'sse',
  events(events: readonly PlacedEvent[]): Buffer | undefined {
    let text = '';
    for (const { event, position } of events) {
      const json = event.json();
      if (json !== undefined) text += `id: ${position}\ndata: ${json}\n\n`;
    }
    return text === '' ? undefined : Buffer.from(text);
  },
  signal(signal: TailSignal, position: string): Buffer {
    const retry = signal.kind === 'reconnect' ? `retry: ${reconnectMs()}\n` : '';
    const data = 'reason' in signal ? { reason: signal.reason } : {};
    return Buffer.from(`event: ${signal.kind}\n${retry}id: ${position}\ndata: ${JSON.stringify(data)}\n\n`);
  },
};

export class SseSink implements TailSink {
  readonly encoding = sseEncoding;

  constructor(
    private readonly response: ServerResponse,
    /** How long the client may leave the socket full. */
    private readonly slowMsMax: number,
  ) {}

  get queuedBytes(): number {
    return this.response.writableLength;
  }

  write(bytes: Buffer): void {
    if (!this.response.destroyed && !this.response.writableEnded) this.response.write(bytes);
  }

  drained(): Promise<boolean> {
    return drained(this.response, this.slowMsMax);
  }
}

/** Spread, so that the clients of a gateway that stops do not all knock at the next one at once. */
export function reconnectMs(): number {
  return 500 + Math.floor(Math.random() * 2500);
}
