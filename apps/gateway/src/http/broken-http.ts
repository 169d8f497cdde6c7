import { STATUS_CODES, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { newId } from '@chorda/kernel';
import { Problem, problemBody } from './problem.js';
import { streamedAnswers } from './read-body.js';
import { requestTrace } from './request-trace.js';

export const headerBytesMax = 16 * 1024;

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** The answer to the request before it on the same connection. */
  readonly before: ServerResponse | undefined;
}

/** The last request of each connection. */
const exchanges = new WeakMap<Socket, Exchange>();
/** Connections that end behind the answer that is due on them. */
const ending = new WeakSet<Socket>();

/** Notes which request a connection is at, so that {@link answerBrokenHttp} knows whose answer is due. */
export function followExchanges(server: Server): void {
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    exchanges.set(request.socket, { request, response, before: exchanges.get(request.socket)?.response });
  });
}

/** What Node's parser gave up on has no request: the answer is written to the socket by hand. */
export function answerBrokenHttp(error: Error & { code?: string }, socket: Socket): void {
  if (ending.has(socket)) return;
  // An answer that has begun is cut: what is written into it now would pass for a part of it.
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable || streamedAnswers.has(socket)) {
    socket.destroy();
    return;
  }
  const due = answerDue(socket);
  if (due !== undefined) {
    // A sender may write its next request before the answer to the last. Refused here, that one would pass for refused, and
    // what it asked for may be done: its answer goes out, and the connection ends behind it.
    ending.add(socket);
    due.once('finish', () => socket.destroySoon());
    return;
  }
  const problem = brokenHttp(error.code);
  const identity = requestTrace(undefined, newId(), undefined);
  const body = JSON.stringify(problemBody(problem, identity));
  socket.end(
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status] ?? 'Refused'}\r\n` +
      'content-type: application/problem+json\r\nconnection: close\r\n' +
      `x-request-id: ${identity.requestId}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

/** The answer to a request that came whole, and that is not out yet. */
function answerDue(socket: Socket): ServerResponse | undefined {
  const exchange = exchanges.get(socket);
  // A request that is not complete is the one that is broken.
  const last = exchange?.request.complete ? exchange.response : exchange?.before;
  return last === undefined || last.writableFinished ? undefined : last;
}

function brokenHttp(code: string | undefined): Problem {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return new Problem('HEADERS_TOO_LARGE', `The headers are larger than ${headerBytesMax} bytes`);
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new Problem('REQUEST_TIMEOUT', 'The request did not arrive in time, so nothing of it was taken');
    case 'HPE_INVALID_METHOD':
      return new Problem('INVALID_REQUEST', 'The method is not one that HTTP/1.1 has');
    default:
      return new Problem('INVALID_REQUEST', 'This is not HTTP/1.1 as it should be');
  }
}

/**
 * What two servers behind one another would read differently: several hosts, none, or a body in an encoding that only one
 * of them knows. Node takes the first host and passes over the others.
 *
 * @throws {@link Problem} `INVALID_REQUEST`.
 */
export function refuseAmbiguous({ rawHeaders, headers, httpVersionMinor }: IncomingMessage): void {
  let hosts = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? '';
    if (name.length === 4 && name.toLowerCase() === 'host') hosts += 1;
  }
  if (hosts > 1 || (hosts === 0 && httpVersionMinor > 0)) throw new Problem('INVALID_REQUEST', 'Send one Host header');
  const encoding = headers['transfer-encoding'];
  if (encoding !== undefined && encoding.toLowerCase() !== 'chunked') {
    throw new Problem(
      'INVALID_REQUEST',
      'Transfer-Encoding may be chunked alone; Content-Encoding says how a body is compressed',
    );
  }
}
