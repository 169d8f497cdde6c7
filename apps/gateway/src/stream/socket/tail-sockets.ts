import { STATUS_CODES, type IncomingMessage, type Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { newId, type Logger } from '@chorda/kernel';
import { WebSocketServer, type WebSocket } from 'ws';
import { Problem, problemBody } from '../../http/problem.js';
import { closeCodes } from './close-codes.js';
import { TailSocket, type Admitted, type TailSocketParts } from './tail-socket.js';

export const socketPath = '/v1/ws';
export const socketProtocol = 'chorda.v1';
const tokenProtocolPrefix = 'chorda.token.';

export interface TailSocketsParts extends TailSocketParts {
  /** Origins of pages that may connect, beside that of the gateway itself. */
  readonly origins: readonly string[];
  /** Whether another connection may wait to say who it is. */
  readonly assertOpen: () => void;
}

/** What a client may send at once: a subscription with the longest filter is a fraction of it. */
const messageBytesMax = 256 * 1024;
const fragmentsMax = 64;
/** Connections that have not said yet who they are. */
const unauthenticatedMax = 200;
const lastWordMsMax = 2_000;

const socketOptions = {
  noServer: true,
  // A message of a few bytes could be inflated to any size, and what goes out would be packed for each socket anew.
  perMessageDeflate: false,
  maxPayload: messageBytesMax,
  maxFragments: fragmentsMax,
  maxBufferedChunks: 1024,
  clientTracking: false,
  /** Past it, a client that does not answer the closing frame is cut off. */
  closeTimeout: lastWordMsMax,
  handleProtocols: (offered: Set<string>) => (offered.has(socketProtocol) ? socketProtocol : false),
} as const;

/**
 * The door for WebSockets.
 *
 * A client says who it is by `Authorization`; a page, which cannot set headers, by a subprotocol `chorda.token.<token>`
 * beside `chorda.v1`, or by its first message. Never by the address, which ends up in logs.
 */
export class TailSockets {
  private readonly sockets = new Set<TailSocket>();
  private unauthenticated = 0;
  private readonly server = new WebSocketServer(socketOptions);

  constructor(private readonly parts: TailSocketsParts) {}

  attach(server: Server): void {
    server.on('upgrade', (request: IncomingMessage, stream: Duplex, head: Buffer) => {
      stream.on('error', () => undefined);
      void this.upgrade(request, stream, head);
    });
  }

  /** After the subscriptions have had their last word. Resolves when every socket is closed, or was cut off. */
  async stop(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    for (const socket of this.sockets) socket.close(closeCodes.RESTART, 'the gateway stops');
    const deadlineMs = Date.now() + lastWordMsMax;
    while (this.sockets.size > 0 && Date.now() < deadlineMs) await new Promise((resolve) => setTimeout(resolve, 20));
    for (const socket of this.sockets) socket.cut();
    this.server.close();
  }

  private async upgrade(request: IncomingMessage, stream: Duplex, head: Buffer): Promise<void> {
    try {
      this.check(request);
      let leave: () => void = () => stream.destroy();
      const token = tokenOf(request);
      const admitted = token === undefined ? undefined : await this.parts.admit(token, () => leave());
      if (admitted === undefined) this.assertRoom();
      // The library answers a handshake that is none; until it has called back, nobody else gives the place back.
      stream.once('close', () => admitted?.release());
      this.server.handleUpgrade(request, stream, head, (socket) => {
        const opened = this.open(socket, stream, admitted);
        leave = () => opened.close(closeCodes.UNAUTHENTICATED, 'the API key or token is no longer good');
      });
    } catch (error) {
      refuse(stream, error, this.parts.logger);
    }
  }

  private open(socket: WebSocket, stream: Duplex, admitted: Admitted | undefined): TailSocket {
    let isUnknown = admitted === undefined;
    const known = () => {
      if (isUnknown) this.unauthenticated -= 1;
      isUnknown = false;
    };
    if (isUnknown) this.unauthenticated += 1;
    const admit = async (token: string, leave: () => void) => {
      const result = await this.parts.admit(token, leave);
      known();
      return result;
    };
    const opened = new TailSocket(socket, stream, { ...this.parts, admit }, admitted);
    this.sockets.add(opened);
    socket.once('close', () => {
      known();
      this.sockets.delete(opened);
    });
    return opened;
  }

  private check({ url = '', headers }: IncomingMessage): void {
    const [path, query] = url.split('?', 2);
    if (path !== socketPath) throw new Problem('NOT_FOUND', 'There is nothing at this address');
    if (query !== undefined) {
      throw new Problem(
        'INVALID_REQUEST',
        'The address takes no parameters: a token goes into a header, a message or a subprotocol',
      );
    }
    this.parts.assertOpen();
    if (!this.isAllowedOrigin(headers.origin, headers.host)) {
      throw new Problem('FORBIDDEN', 'Pages of this origin may not connect; CHORDA_WS_ORIGINS lists those that may');
    }
    const offered = protocolsOf(headers['sec-websocket-protocol']);
    if (offered.length > 0 && !offered.includes(socketProtocol)) {
      throw new Problem('INVALID_REQUEST', `Of the subprotocols one must be ${socketProtocol}`);
    }
  }

  /** What is no browser sends none, and could send any. */
  private isAllowedOrigin(origin: string | undefined, host: string | undefined): boolean {
    if (origin === undefined || this.parts.origins.includes(origin)) return true;
    return URL.canParse(origin) && host !== undefined && new URL(origin).host === host;
  }

  private assertRoom(): void {
    if (this.unauthenticated < unauthenticatedMax) return;
    this.parts.metrics.tailRefused.inc({ bound: 'unauthenticated' });
    throw new Problem('OVERLOADED', 'Too many connections have not said who they are', {
      headers: { 'retry-after': '5' },
    });
  }
}

function protocolsOf(header: string | undefined): readonly string[] {
  return header === undefined ? [] : header.split(',').map((name) => name.trim());
}

/** @throws {@link Problem} for an `Authorization` that is no bearer's. */
function tokenOf({ headers }: IncomingMessage): string | undefined {
  const { authorization } = headers;
  if (authorization !== undefined) {
    const token = /^Bearer (\S{1,10000})$/i.exec(authorization)?.[1];
    if (token === undefined)
      throw new Problem('UNAUTHENTICATED', 'Send an API key or a token: Authorization: Bearer chd_...');
    return token;
  }
  return protocolsOf(headers['sec-websocket-protocol'])
    .find((name) => name.startsWith(tokenProtocolPrefix))
    ?.slice(tokenProtocolPrefix.length);
}

/** Before it is a WebSocket, the answer is one of HTTP, written by hand: the request never came to the router. */
function refuse(stream: Duplex, error: unknown, logger: Logger): void {
  if (!(error instanceof Problem)) logger.error('A WebSocket could not be opened', { error });
  const problem = error instanceof Problem ? error : new Problem('INTERNAL', 'The gateway failed');
  if (!stream.writable) return void stream.destroy();
  const requestId = newId();
  const body = JSON.stringify(problemBody(problem, { requestId, traceId: '0'.repeat(32) }));
  const headers = {
    'content-type': 'application/problem+json; charset=utf-8',
    'content-length': String(Buffer.byteLength(body)),
    'x-request-id': requestId,
    'cache-control': 'no-store',
    connection: 'close',
    ...problem.details.headers,
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  stream.end(
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status] ?? ''}\r\n${lines.join('\r\n')}\r\n\r\n${body}`,
  );
}
