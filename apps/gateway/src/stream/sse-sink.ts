import type { ServerResponse } from 'node:http';
import type { TailPosition } from './tail-position.js';
import type { TailSignal, TailSink } from './tail-session.js';

/**
 * Writes a session as Server-Sent Events. Events carry no `event:` field, so `EventSource.onmessage` gets them; all that
 * is about the stream itself has a name (`open`, `heartbeat`, `resync`, `dropped`, `reconnect`). Every one has the id to
 * come back with.
 */
export class SseSink implements TailSink {
  private text = '';

  constructor(
    private readonly response: ServerResponse,
    /** How long the client may leave the socket full. */
    private readonly slowMsMax: number,
  ) {}

  get pending(): number {
    return this.text.length;
  }

  push(signal: TailSignal, position: TailPosition): void {
    const id = `id: ${position.toString()}\n`;
    if (signal.kind === 'event') {
      this.text += `${id}data: ${signal.event.json()}\n\n`;
      return;
    }
    const retry = signal.kind === 'reconnect' ? `retry: ${reconnectMs()}\n` : '';
    const data = 'reason' in signal ? { reason: signal.reason } : {};
    this.text += `event: ${signal.kind}\n${retry}${id}data: ${JSON.stringify(data)}\n\n`;
  }

  async flush(): Promise<boolean> {
    const { text } = this;
    this.text = '';
    if (this.response.destroyed || this.response.writableEnded) return false;
    if (text === '' || this.response.write(text)) return true;
    return this.drained();
  }

  private drained(): Promise<boolean> {
    const { response } = this;
    return new Promise((resolve) => {
      const finish = (isDrained: boolean) => {
        clearTimeout(timer);
        response.off('drain', onDrain);
        response.off('close', onClose);
        resolve(isDrained);
      };
      const onDrain = () => finish(true);
      const onClose = () => finish(false);
      const timer = setTimeout(() => finish(false), this.slowMsMax);
      response.once('drain', onDrain);
      response.once('close', onClose);
    });
  }
}

/** Spread, so that the clients of a gateway that stops do not all knock at the next one at once. */
function reconnectMs(): number {
  return 500 + Math.floor(Math.random() * 2500);
}
