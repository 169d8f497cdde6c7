import type { IncomingHttpHeaders } from 'node:http';
import { Agent, type Dispatcher } from 'undici';

export interface Sent {
  readonly method: 'GET' | 'POST';
  /** Behind the base URL's own path. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Taking {
  readonly signal: AbortSignal;
  /** The longest silence, the first bytes included. */
  readonly stallMs: number;
  /** A part of an answer with a status of 2xx. What it throws ends the exchange. */
  take(bytes: Buffer): void;
}

/** An answer with another status than 2xx. */
export class StatusError extends Error {
  constructor(
    readonly status: number,
    readonly headers: IncomingHttpHeaders,
    /** Its beginning. */
    readonly text: string,
  ) {
    super(`The server answered ${status}`);
  }
}

/** The server was silent for too long. */
export class StalledError extends Error {
  constructor(ms: number) {
    super(`The server wrote nothing for ${ms} ms`);
  }
}

/** Whoever asked ended it. */
export class AbortedError extends Error {
  constructor() {
    super('We ended the call');
  }
}

const connectTimeoutMs = 5_000;
const idleSocketMs = 30_000;
const errorBytesMax = 64 * 1024;

/**
 * One HTTP server, over connections that stay open. It speaks to the parser of undici itself: the same call by `fetch`, with
 * its requests, responses, streams and combined signals, took three times the processor time.
 */
export class ServerConnection {
  private readonly agent = new Agent({
    connect: { timeout: connectTimeoutMs },
    keepAliveTimeout: idleSocketMs,
    // What ends a call is its own signal, and its own silence.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  private readonly origin: string;
  private readonly root: string;

  constructor(
    baseUrl: string,
    private readonly apiKey: string | undefined,
  ) {
    const { origin, pathname } = new URL(baseUrl);
    this.origin = origin;
    this.root = pathname.replace(/\/$/, '');
  }

  /**
   * Resolves when the answer is at its end.
   *
   * @throws {@link StatusError} {@link StalledError} {@link AbortedError}, what `take` threw, or what broke the connection.
   */
  send({ method, path, headers, body }: Sent, taking: Taking): Promise<void> {
    const authorization = this.apiKey === undefined ? {} : { authorization: `Bearer ${this.apiKey}` };
    return new Promise((resolve, reject) => {
      const exchange = new Exchange(taking, resolve, reject);
      const asked = {
        origin: this.origin,
        path: `${this.root}${path}`,
        method,
        headers: { ...authorization, ...headers },
      };
      this.agent.dispatch(body === undefined ? asked : { ...asked, body }, exchange);
    });
  }

  close(): Promise<void> {
    return this.agent.destroy();
  }
}

class Exchange implements Dispatcher.DispatchHandler {
  private readonly stall: NodeJS.Timeout;
  private controller: Dispatcher.DispatchController | undefined;
  private ended = false;
  private status = 0;
  private headers: IncomingHttpHeaders = {};
  private errorBody: Buffer[] = [];
  private errorBytes = 0;

  constructor(
    private readonly taking: Taking,
    private readonly resolve: () => void,
    private readonly reject: (error: unknown) => void,
  ) {
    this.stall = setTimeout(() => this.fail(new StalledError(taking.stallMs)), taking.stallMs);
    if (taking.signal.aborted) this.fail(new AbortedError());
    else taking.signal.addEventListener('abort', this.abort);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller;
    // Ended while it waited for a connection.
    if (this.ended) controller.abort(new AbortedError());
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    this.status = status;
    this.headers = headers;
    this.stall.refresh();
  }

  onResponseData(_controller: Dispatcher.DispatchController, bytes: Buffer): void {
    if (this.ended) return;
    this.stall.refresh();
    if (!this.isGood) {
      if (this.errorBytes < errorBytesMax) this.errorBody.push(bytes);
      this.errorBytes += bytes.length;
      return;
    }
    try {
      this.taking.take(bytes);
    } catch (error) {
      this.fail(error);
    }
  }

  onResponseEnd(): void {
    if (!this.isGood) return this.settle(() => this.reject(this.statusError()));
    this.settle(this.resolve);
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.settle(() => this.reject(error));
  }

  private get isGood(): boolean {
    return this.status >= 200 && this.status < 300;
  }

  private statusError(): StatusError {
    return new StatusError(this.status, this.headers, Buffer.concat(this.errorBody).toString('utf8', 0, errorBytesMax));
  }

  private readonly abort = () => this.fail(new AbortedError());

  /** The server sees that nobody waits any more: its connection is closed. */
  private fail(error: unknown): void {
    this.settle(() => this.reject(error));
    this.controller?.abort(error instanceof Error ? error : new AbortedError());
  }

  private settle(tell: () => void): void {
    if (this.ended) return;
    this.ended = true;
    clearTimeout(this.stall);
    this.taking.signal.removeEventListener('abort', this.abort);
    tell();
  }
}
