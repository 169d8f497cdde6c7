import { eventDataToJsonText } from '@chorda/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { credentialOf } from '../auth/credential-of.js';
import { Problem } from '../http/problem.js';
import type { InferenceMetrics } from './inference.metrics.js';
import { waitKey, type InferenceOutcome, type InferenceWaits, type Listener, type Tokens } from './inference-waits.js';
import type { TokenShelf } from './token-shelf.js';

export interface JobStreamParts {
  readonly waits: InferenceWaits;
  readonly shelf: TokenShelf;
  readonly metrics: InferenceMetrics;
  readonly clientBytesMax: number;
  readonly heartbeatMs: number;
}

interface Place {
  readonly attempt: number;
  readonly sequence: number;
}

const nowhere: Place = { attempt: 0, sequence: -1 };

/**
 * The tokens of a job as they come, and its outcome, in Server-Sent Events.
 *
 * `tokens` carries chunks; its id names attempt and sequence, to come back with. `voided` says that everything of an
 * attempt and those before it is no part of the answer. `resync` says that tokens before this place are not kept any more:
 * the outcome has them whole. `outcome` is the last.
 */
export class JobStreams {
  constructor(private readonly parts: JobStreamParts) {}

  /** @throws {@link Problem} for a `Last-Event-ID` that is none, or where no more may listen. */
  serve(requestId: string, outcome: InferenceOutcome | undefined, request: FastifyRequest, reply: FastifyReply): void {
    const { waits, shelf, heartbeatMs } = this.parts;
    const { tenantId } = credentialOf(request);
    const stream = new JobStream(request, reply, placeOf(request), this.parts);
    const leave = waits.listen(tenantId, requestId, stream);
    const heartbeat = setInterval(() => stream.beat(), heartbeatMs);
    reply.raw.once('close', () => {
      clearInterval(heartbeat);
      leave();
    });
    stream.begin(shelf.of(waitKey(tenantId, requestId)));
    if (outcome !== undefined) stream.outcome(outcome);
  }
}

class JobStream implements Listener {
  private isOver = false;

  constructor(
    private readonly request: FastifyRequest,
    private readonly reply: FastifyReply,
    private place: Place,
    private readonly parts: JobStreamParts,
  ) {}

  begin(kept: readonly Tokens[]): void {
    this.request.isEndless = true;
    this.reply.hijack();
    const headers = Object.entries(this.reply.getHeaders()).map(([name, value]) => [name, String(value)]);
    this.reply.raw.writeHead(200, {
      ...Object.fromEntries(headers),
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    if (this.request.method === 'HEAD') {
      this.end();
      return;
    }
    this.write('event: open\ndata: {}\n\n');
    for (const tokens of kept) this.tokens(tokens);
  }

  tokens(tokens: Tokens): void {
    if (this.isOver || !isAfter(tokens, this.place)) return;
    const isNext = tokens.attempt === this.place.attempt && tokens.sequence === this.place.sequence + 1;
    const isFirst = tokens.attempt > this.place.attempt && tokens.sequence === 0;
    if (tokens.voided_attempt !== null && this.place.attempt > 0) {
      this.write(`event: voided\ndata: ${JSON.stringify({ attempt: tokens.voided_attempt })}\n\n`);
    }
    if (!isNext && !isFirst) this.write('event: resync\ndata: {"reason":"not_kept"}\n\n');
    const { attempt, sequence, chunks } = tokens;
    this.place = { attempt, sequence };
    if (chunks.length === 0) return;
    this.write(
      `event: tokens\nid: ${attempt}.${sequence}\ndata: {"attempt":${attempt},"sequence":${sequence},"chunks":[${chunks.join(',')}]}\n\n`,
    );
  }

  outcome(outcome: InferenceOutcome): void {
    if (this.isOver) return;
    const status = outcome.type.slice('inference.'.length);
    this.write(`event: outcome\ndata: {"status":"${status}","outcome":${eventDataToJsonText(outcome)}}\n\n`);
    this.end();
  }

  beat(): void {
    if (!this.reply.raw.writableNeedDrain) this.write('event: heartbeat\ndata: {}\n\n');
  }

  private end(): void {
    this.isOver = true;
    this.reply.raw.end();
  }

  private write(text: string): void {
    const { raw } = this.reply;
    if (this.isOver || raw.destroyed) return;
    raw.write(text);
    if (raw.writableLength <= this.parts.clientBytesMax) return;
    this.parts.metrics.refused.inc({ reason: 'slow_client' });
    this.isOver = true;
    raw.destroy();
  }
}

function isAfter({ attempt, sequence }: Place, place: Place): boolean {
  return attempt > place.attempt || (attempt === place.attempt && sequence > place.sequence);
}

function placeOf({ headers }: FastifyRequest): Place {
  const given = headers['last-event-id'];
  if (typeof given !== 'string' || given === '') return nowhere;
  const [, attempt, sequence] = /^(\d{1,9})\.(\d{1,9})$/.exec(given) ?? [];
  if (attempt !== undefined && sequence !== undefined) return { attempt: Number(attempt), sequence: Number(sequence) };
  const issues = [{ pointer: '', header: 'last-event-id', detail: 'must be an id of this stream, such as 1.17' }];
  throw new Problem('INVALID_REQUEST', 'Last-Event-ID is not an id of this stream', { issues });
}
