import type { EventType } from '@chorda/contracts';
import type { ReceivedEvent } from './cloud-event.js';
import { GatewayUnreachableError, InvalidCallError, ProblemError, type ChordaError } from './errors.js';
import { isObject, isProblem, type Http } from './http.js';
import {
  messageCharactersMax,
  TailBrokenError,
  type TailConnection,
  type TailMessage,
  type TailOptions,
  type TailPlace,
} from './tail-connection.js';

const path = '/v1/ws';
const protocol = 'chorda.v1';
/** One connection carries one tail, so any name does; equal ones let the gateway make their bytes once for all. */
const id = 'tail';

/**
 * A WebSocket with one subscription. Who the client is goes into its first message: a page can set no header, an address
 * ends up in logs, and what a handshake is answered with no browser tells.
 */
export class SocketConnection<Type extends EventType> implements TailConnection<Type> {
  private readonly stop = () => this.end();
  private readonly idleMsMax: number;
  private readonly opened: Promise<void>;
  private settle: (fault: ChordaError | undefined) => void = () => undefined;
  private socket: WebSocket | undefined;
  private idle: ReturnType<typeof setTimeout> | undefined;
  private waiting: { readonly message: TailMessage<Type>; readonly characters: number }[] = [];
  private waitingCharacters = 0;
  private wake: (() => void) | undefined;
  private fault: ChordaError | undefined;
  private isOver = false;

  constructor(
    private readonly http: Http,
    private readonly options: TailOptions<Type>,
    private readonly place: TailPlace,
  ) {
    this.idleMsMax = options.idleMsMax ?? 45_000;
    this.opened = new Promise((resolve, reject) => {
      this.settle = (fault) => (fault === undefined ? resolve() : reject(fault));
    });
    // Where nobody waits for it, because it never came to that, its failure is no news.
    this.opened.catch(() => undefined);
    options.signal?.addEventListener('abort', this.stop, { once: true });
  }

  async open(): Promise<void> {
    const Socket = this.options.webSocket ?? globalThis.WebSocket;
    if (Socket === undefined)
      throw new InvalidCallError('This runtime has no WebSocket: give one, or use transport sse');
    const token = await this.http.key();
    if (this.isOver) return;
    const url = this.http.socketUrl(path);
    const socket = new Socket(url, [protocol]);
    this.socket = socket;
    socket.addEventListener('open', () => this.say({ kind: 'authenticate', token: token ?? '' }));
    socket.addEventListener('message', ({ data }) => this.take(data));
    // Browsers say nothing of the reason; `close` follows.
    socket.addEventListener('error', () => this.fail(new GatewayUnreachableError(url, 'the WebSocket failed')));
    socket.addEventListener('close', ({ code, reason }) => this.fail(errorOfClose(code, reason)));
    this.heard();
    await this.opened;
  }

  async *messages(): AsyncGenerator<TailMessage<Type>, void, undefined> {
    for (;;) {
      const next = this.waiting.shift();
      if (next !== undefined) {
        this.waitingCharacters -= next.characters;
        this.place.lastEventId = next.message.lastEventId;
        yield next.message;
        continue;
      }
      if (this.fault !== undefined) throw this.fault;
      if (this.isOver) return;
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }

  close(): void {
    this.options.signal?.removeEventListener('abort', this.stop);
    this.end();
  }

  private say(message: object): void {
    this.socket?.send(JSON.stringify(message));
  }

  private take(data: unknown): void {
    if (this.isOver) return;
    this.heard();
    const text = typeof data === 'string' ? data : '';
    const message = parsed(text);
    if (!isObject(message)) return this.fail(new TailBrokenError('The gateway sent something that is no message'));
    const { kind } = message;
    const lastEventId = typeof message['position'] === 'string' ? message['position'] : '';
    switch (kind) {
      case 'ready':
        return this.subscribe();
      case 'subscribed':
        this.settle(undefined);
        return this.moveOn(lastEventId);
      case 'heartbeat':
        return this.moveOn(lastEventId);
      case 'event':
        return this.keep({ kind, lastEventId, event: message['event'] as ReceivedEvent<Type> }, text.length);
      case 'resync':
        return this.keep({ kind, lastEventId, reason: String(message['reason']) }, text.length);
      case 'dropped':
      case 'reconnect':
        return this.end();
      case 'error':
        return this.fail(errorOf(message['problem']));
      default:
        return undefined; // Of a gateway that says more than was known when this was written.
    }
  }

  private subscribe(): void {
    const { types, topics, subject, source, correlationId, filter, since } = this.options;
    const { lastEventId: from } = this.place;
    const start = from === undefined ? { since: since?.toISOString() } : { from };
    this.say({
      kind: 'subscribe',
      id,
      types,
      topics,
      subject,
      source,
      correlation_id: correlationId,
      filter,
      ...start,
    });
  }

  /** Over what the filter left out. Behind messages that the loop has not taken yet, it would move over these. */
  private moveOn(lastEventId: string): void {
    if (this.waiting.length === 0 && lastEventId !== '') this.place.lastEventId = lastEventId;
  }

  private keep(message: TailMessage<Type>, characters: number): void {
    this.waiting.push({ message, characters });
    this.waitingCharacters += characters;
    // Nothing slows a WebSocket down: past the bound it is left, and made again behind what the loop has taken.
    if (this.waitingCharacters > messageCharactersMax) this.end();
    this.wake?.();
  }

  private fail(error: ChordaError): void {
    if (this.isOver) return;
    this.fault = error;
    this.end();
  }

  private end(): void {
    if (this.isOver) return;
    this.isOver = true;
    clearTimeout(this.idle);
    this.socket?.close();
    this.settle(this.fault);
    this.wake?.();
  }

  private heard(): void {
    clearTimeout(this.idle);
    const text = `The WebSocket stood still for ${this.idleMsMax} ms`;
    this.idle = setTimeout(() => this.fail(new TailBrokenError(text)), this.idleMsMax);
  }
}

function errorOf(problem: unknown): ChordaError {
  if (isProblem(problem)) return new ProblemError(problem.status ?? 500, problem);
  return new TailBrokenError('The gateway refused a message without saying why');
}

/** The codes of the gateway from 4400 on end with what HTTP would have said. */
function errorOfClose(closeCode: number, reason: string): ChordaError {
  const problem = problems[closeCode];
  if (problem === undefined) return new TailBrokenError(`The WebSocket was closed with ${closeCode} ${reason}`.trim());
  const [status, code] = problem;
  return new ProblemError(status, { code, status, detail: reason });
}

const problems: Readonly<Record<number, readonly [status: number, code: string]>> = {
  4400: [400, 'INVALID_REQUEST'],
  4401: [401, 'UNAUTHENTICATED'],
  4403: [403, 'FORBIDDEN'],
  4429: [429, 'TOO_MANY_STREAMS'],
  4503: [503, 'OVERLOADED'],
};

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // The caller says what that means for the connection.
  }
}
