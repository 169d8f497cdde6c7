import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { inflated, unreadable } from './content-encoding.js';
import { Problem } from './problem.js';

/** Connections on which an answer began before the request had ended. */
export const streamedAnswers = new WeakSet<Socket>();

/** The body of a request whose items are read one by one, while they come. */
export class StreamedBody {
  constructor(
    readonly stream: Readable,
    private readonly request: FastifyRequest,
  ) {}

  /** @throws {@link Problem} for one that is larger than `bytesMax`, or cannot be read. */
  whole(bytesMax: number): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      gather(this.stream, this.request, bytesMax, (error, body) => {
        if (body === undefined) reject(error ?? new TypeError('A body came to nothing'));
        else resolve(body);
      });
    });
  }
}

/** Bodies are read as bytes: only the handler knows what they mean, and a JSON parser of ours keeps numbers exact. */
export function takeBodiesAsBytes(
  fastify: FastifyInstance,
  contentTypes: { readonly whole: readonly string[]; readonly streamed: readonly string[] },
  bytesMax: number,
): void {
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser([...contentTypes.whole], (request, payload, done) => {
    readWhole(request, payload, bytesMax, done);
  });
  fastify.addContentTypeParser([...contentTypes.streamed], (request, payload, done) => {
    try {
      done(null, new StreamedBody(inflated(request.headers['content-encoding'], payload), request));
    } catch (error) {
      done(asError(error), undefined);
    }
  });
}

type Done = (error: Error | null, body?: unknown) => void;

function readWhole(request: FastifyRequest, payload: IncomingMessage, bytesMax: number, done: Done): void {
  const announced = Number(request.headers['content-length'] ?? 0);
  if (announced > bytesMax) {
    // One that is a little too large is read to its end, so that its sender sees the answer and not a broken pipe.
    done(tooLarge(bytesMax, announced > 4 * bytesMax));
    return;
  }
  let stream: Readable;
  try {
    stream = inflated(request.headers['content-encoding'], payload);
  } catch (error) {
    done(asError(error));
    return;
  }
  gather(stream, request, bytesMax, done);
}

function gather(
  stream: Readable,
  request: FastifyRequest,
  bytesMax: number,
  done: (error: Error | null, body?: Buffer) => void,
): void {
  const inflates = stream !== request.raw;
  const chunks: Buffer[] = [];
  let bytes = 0;
  let isOver = false;
  const end = (error: Error | null, body?: Buffer) => {
    if (isOver) return;
    isOver = true;
    done(error, body);
  };
  const giveUp = (problem: Problem) => {
    end(problem);
    chunks.length = 0;
    // A small body that inflates without end is stopped here; a plain one runs out by itself, unread.
    if (inflates) stream.destroy();
  };
  stream.on('data', (chunk: Buffer) => {
    if (isOver) return;
    bytes += chunk.length;
    if (bytes > bytesMax) giveUp(tooLarge(bytesMax, true));
    // What was announced has its room already; what inflates needs more than that.
    else if (inflates && request.lease?.reserve(bytes) === false) giveUp(noRoom());
    else chunks.push(chunk);
  });
  stream.once('end', () => end(null, chunks.length === 1 ? chunks[0] : Buffer.concat(chunks, bytes)));
  stream.once('error', (error) => end(unreadable(error)));
}

export function tooLarge(bytesMax: number, closes: boolean): Problem {
  const detail = `The body is larger than a request may be, ${bytesMax} bytes when inflated`;
  return new Problem('PAYLOAD_TOO_LARGE', detail, closes ? { headers: { connection: 'close' } } : {});
}

function noRoom(): Problem {
  const headers = { 'retry-after': '1' };
  return new Problem('OVERLOADED', 'Too much waits for the log already; nothing of this request was taken', {
    headers,
  });
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
