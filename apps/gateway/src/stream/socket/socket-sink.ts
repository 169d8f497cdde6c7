import type { Duplex } from 'node:stream';
import { WebSocket } from 'ws';
import { drained } from '../drained.js';
import type { TailEncoding } from '../tail-encoding.js';
import type { TailSink } from '../tail-session.js';
import { socketEncoding } from './socket-encoding.js';

/** One subscription of a socket. What it writes are whole frames, and so are the library's own: they do not mix. */
export class SocketSink implements TailSink {
  readonly encoding: TailEncoding;

  constructor(
    id: string,
    private readonly socket: WebSocket,
    private readonly stream: Duplex,
    private readonly slowMsMax: number,
  ) {
    this.encoding = socketEncoding(id);
  }

  get queuedBytes(): number {
    return this.stream.writableLength;
  }

  write(bytes: Buffer): void {
    // Nothing may follow the frame that closes.
    if (this.socket.readyState === WebSocket.OPEN) this.stream.write(bytes);
  }

  drained(): Promise<boolean> {
    return drained(this.stream, this.slowMsMax);
  }
}
