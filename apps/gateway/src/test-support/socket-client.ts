import { once } from 'node:events';
import { WebSocket, type ClientOptions } from 'ws';
import { untilTrue } from './until-true.js';

export type SocketSaid = Readonly<Record<string, unknown>>;

/** A WebSocket client that keeps what it is told. */
export class SocketClient {
  readonly messages: SocketSaid[] = [];
  closeCode: number | undefined;
  readonly socket: WebSocket;

  private constructor(url: string, protocols: readonly string[], options: ClientOptions) {
    this.socket = new WebSocket(`${url.replace('http', 'ws')}/v1/ws`, [...protocols], options);
    this.socket.on('message', (data) => this.messages.push(Object(JSON.parse(String(data)))));
    this.socket.on('close', (code) => (this.closeCode = code));
    this.socket.on('error', () => undefined);
  }

  /** Resolves when the handshake is done; rejects with the answer where there was none. */
  static async connect(
    url: string,
    { key, protocols = [], ...options }: ClientOptions & { key?: string; protocols?: readonly string[] } = {},
  ): Promise<SocketClient> {
    const headers = { ...options.headers, ...(key === undefined ? {} : { authorization: `Bearer ${key}` }) };
    const client = new SocketClient(url, protocols, { ...options, headers });
    const opened = once(client.socket, 'open').then(() => undefined);
    const refused = new Promise<never>((_resolve, reject) => {
      client.socket.once('unexpected-response', (_request, response) => {
        let body = '';
        response.on('data', (part) => (body += String(part)));
        response.once('end', () => reject(new Refused(response.statusCode ?? 0, Object(JSON.parse(body)))));
      });
      client.socket.once('error', reject);
    });
    await Promise.race([opened, refused]);
    return client;
  }

  say(message: unknown): void {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  /** Resolves when it is subscribed: from then on nothing is missed. */
  async subscribe(id: string, wish: Readonly<Record<string, unknown>> = {}): Promise<void> {
    this.say({ kind: 'subscribe', id, ...wish });
    await this.until(() => this.of(id).some(({ kind }) => kind === 'subscribed'));
  }

  of(id: string): readonly SocketSaid[] {
    return this.messages.filter((message) => message['id'] === id);
  }

  named(kind: string): readonly SocketSaid[] {
    return this.messages.filter((message) => message['kind'] === kind);
  }

  ids(id: string): readonly string[] {
    return this.of(id)
      .filter(({ kind }) => kind === 'event')
      .map(({ event }) => String(Object(event).id));
  }

  /** Of the last message that had one. */
  position(id: string): string {
    return String(this.of(id).findLast(({ position }) => position !== undefined)?.['position']);
  }

  async until(check: () => boolean): Promise<void> {
    await untilTrue(check, 30_000, () => JSON.stringify(this.messages.slice(-5)).slice(0, 2_000));
  }

  async closed(): Promise<number> {
    await this.until(() => this.closeCode !== undefined);
    return this.closeCode ?? 0;
  }

  close(): void {
    this.socket.terminate();
  }
}

/** The handshake was answered by HTTP. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly body: Readonly<Record<string, unknown>>,
  ) {
    super(`${status} ${String(body['code'])}`);
  }
}
