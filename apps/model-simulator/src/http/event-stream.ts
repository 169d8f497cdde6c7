import type { ServerResponse } from 'node:http';
import type { Fault } from '../faults/fault.js';
import { errorBody } from './answer-error.js';
import { beginEvents } from './reply.js';

export interface UnreadBounds {
  readonly unreadBytesMax: number;
  readonly unreadMsMax: number;
}

/**
 * Server-sent events of one answer, and what is made to go wrong with them.
 *
 * - open: chunks go out.
 * - silent: a fault holds everything back until the client leaves.
 * - closed: ended, or cut.
 */
export class EventStream {
  private state: 'open' | 'silent' | 'closed' = 'open';
  private tokens = 0;
  private pending = '';
  private unread: NodeJS.Timeout | undefined;

  constructor(
    private readonly response: ServerResponse,
    private readonly headers: Readonly<Record<string, string>>,
    private readonly fault: Fault | undefined,
    private readonly bounds: UnreadBounds,
    /** `isUnread`: not by a fault, but because the client reads nothing. */
    private readonly onCut: (isUnread: boolean) => void,
  ) {}

  /** Headers are out before the first token. */
  begin(): void {
    if (!this.response.headersSent) beginEvents(this.response, this.headers);
    this.faultAt(0);
    if (this.state === 'open') this.response.flushHeaders();
  }

  /** Counts a token; its chunk, if it has one, waits for {@link flush}. */
  token(chunk: string | undefined): void {
    if (this.state !== 'open') return;
    if (chunk !== undefined) this.chunk(chunk);
    this.tokens += 1;
    this.faultAt(this.tokens);
  }

  chunk(json: string): void {
    if (this.state === 'open') this.pending += `data: ${json}\n\n`;
  }

  flush(): void {
    if (this.state !== 'open' || this.pending === '') return;
    const text = this.pending;
    this.pending = '';
    this.response.write(text);
    this.watchReader();
  }

  end(): void {
    if (this.state !== 'open') return;
    const end = this.fault?.kind === 'no_end' ? '' : 'data: [DONE]\n\n';
    this.response.end(this.pending + end);
    this.watchReader();
    this.pending = '';
    this.state = 'closed';
  }

  /** By time and not by size alone: an answer without token times is all there at once, and its reader is not slow. */
  private watchReader(): void {
    if (this.unread !== undefined || this.response.writableLength <= this.bounds.unreadBytesMax) return;
    this.unread = setTimeout(() => {
      this.state = 'closed';
      this.response.destroy();
      this.onCut(true);
    }, this.bounds.unreadMsMax);
    const settle = () => {
      clearTimeout(this.unread);
      this.unread = undefined;
    };
    this.response.once('drain', settle);
    this.response.once('close', settle);
  }

  private faultAt(tokens: number): void {
    const { fault } = this;
    if (fault === undefined || !('after_tokens' in fault) || fault.after_tokens !== tokens) return;
    switch (fault.kind) {
      case 'bad_chunk':
        this.chunk('{"id": "chatcmpl-');
        return;
      case 'hang_stream':
        this.flush();
        this.state = 'silent';
        return;
      case 'error_chunk':
        this.chunk(
          JSON.stringify(errorBody('EngineCore encountered an issue. (simulated)', 'InternalServerError', null, 500)),
        );
        this.end();
        this.onCut(false);
        return;
      case 'cut':
        this.cut();
    }
  }

  /** What was written before reaches the client, and then the connection ends. */
  private cut(): void {
    this.flush();
    this.state = 'closed';
    const { socket } = this.response;
    if (socket === null) this.response.destroy();
    else socket.end(() => this.response.destroy());
    this.onCut(false);
  }
}
