import { jsonValue } from '@chorda/contracts';
import { isPlanted } from '@chorda/platform';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { InferenceOutcome, Listener, Tokens } from '../inference-waits.js';
import { errorOf, openAiFailureOfOutcome, type OpenAiError, type OpenAiFailure } from './openai-error.js';
import { differs, isUsage, SentAnswer } from './sent-answer.js';
import { wholeAsChunks } from './whole-as-chunks.js';

export interface OpenAiStreamParts {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly wantsUsage: boolean;
  /** Bytes that may wait for a client that does not read. */
  readonly clientBytesMax: number;
  /** The first byte is out. */
  readonly onBegin: () => void;
  /** Nothing can be said any more: the answer is over. */
  readonly onEnd: (result: StreamResult) => void;
  /** Answers with an error while nothing was sent yet. */
  readonly refuse: (failure: OpenAiFailure) => void;
}

export type StreamResult = 'completed' | 'failed' | 'voided' | 'slow';

/** Tokens travel on another topic than outcomes: how long the last of them may be behind. */
const lastTokensMs = 2_000;

/**
 * An answer as it comes, in Server-Sent Events as the OpenAI API has them.
 *
 * Nothing is sent before there is a token, so that a request which fails first is answered with its own status. The end
 * is held back until the outcome stands: what a client takes for a whole answer is the one that was recorded.
 */
export class OpenAiStream implements Listener {
  private readonly sent = new SentAnswer();
  private hasBegun = false;
  private isOver = false;
  private attempt = 1;
  private expected = 0;
  private hasEnded = false;
  private hasGap = false;
  private ending: NodeJS.Timeout | undefined;
  private completed: Extract<InferenceOutcome, { readonly type: 'inference.completed' }> | undefined;

  constructor(private readonly parts: OpenAiStreamParts) {}

  tokens(tokens: Tokens): void {
    if (this.isOver || tokens.attempt < this.attempt) return;
    if (tokens.attempt > this.attempt && !this.beginAttempt(tokens.attempt)) return;
    if (tokens.sequence < this.expected) return;
    // What is missing is taken from the whole answer.
    this.hasGap ||= tokens.sequence > this.expected;
    this.expected = tokens.sequence + 1;
    if (this.hasGap) return;
    if (!this.writeAll(tokens.chunks)) return;
    this.hasEnded ||= tokens.end;
    if (this.hasEnded && (this.completed !== undefined || isPlanted('doors-end-before-outcome'))) this.finish();
  }

  outcome(outcome: InferenceOutcome): void {
    if (this.isOver || this.completed !== undefined) return;
    if (outcome.type !== 'inference.completed') return this.fail(openAiFailureOfOutcome(outcome));
    this.completed = outcome;
    if (this.hasEnded) this.finish();
    else if (this.hasGap || !outcome.data.streamed) this.fillIn();
    else this.ending = setTimeout(() => this.fillIn(), lastTokensMs);
  }

  /** Nobody has said how it ended. */
  giveUp(failure: OpenAiFailure): void {
    if (!this.isOver) this.fail(failure);
  }

  /** The client has gone. */
  stop(): void {
    this.isOver = true;
    clearTimeout(this.ending);
  }

  private beginAttempt(attempt: number): boolean {
    this.attempt = attempt;
    this.expected = 0;
    this.hasEnded = false;
    this.hasGap = false;
    if (this.sent.restart()) return true;
    this.breakOff();
    return false;
  }

  private writeAll(chunks: readonly string[]): boolean {
    let text = '';
    for (const chunk of chunks) {
      const next = this.sent.next(chunk);
      if (next === differs) {
        if (text !== '') this.write(text);
        this.breakOff();
        return false;
      }
      if (next !== undefined && !this.isUnwanted(next)) text += `data: ${next}\n\n`;
    }
    if (text !== '') this.write(text);
    return !this.isOver;
  }

  private isUnwanted(chunk: string): boolean {
    return !this.parts.wantsUsage && chunk.includes('"usage"') && isUsage(JSON.parse(chunk));
  }

  /** The last tokens did not come: the answer is whole in its outcome. */
  private fillIn(): void {
    if (this.isOver || this.completed === undefined) return;
    const whole = jsonValue(this.completed.data.output_data);
    const chunks = this.sent.canGoOn ? wholeAsChunks(whole, this.sent.sent) : undefined;
    if (chunks === undefined) return this.breakOff();
    const wanted = chunks.filter((chunk) => this.parts.wantsUsage || !isUsage(chunk));
    this.write(wanted.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`).join(''));
    if (!this.isOver) this.finish();
  }

  private finish(): void {
    this.write('data: [DONE]\n\n');
    this.end('completed');
  }

  private fail(failure: OpenAiFailure): void {
    if (this.hasBegun) {
      this.writeError(failure.error);
      this.end('failed');
      return;
    }
    this.isOver = true;
    this.parts.refuse(failure);
    this.parts.onEnd('failed');
  }

  /** Another attempt says something else than what the client has: it cannot be unsaid, only ended. */
  private breakOff(): void {
    const message = 'The model server was lost in the middle of the answer, and another attempt at it differs';
    this.writeError(errorOf(message, 'server_error', 'attempt_voided'));
    this.end('voided');
  }

  private writeError(error: OpenAiError): void {
    this.write(`data: ${JSON.stringify({ error })}\n\n`);
  }

  private end(result: StreamResult): void {
    if (this.isOver) return;
    this.stop();
    this.parts.onEnd(result);
    this.parts.reply.raw.end();
  }

  private write(text: string): void {
    const { reply, clientBytesMax, onEnd } = this.parts;
    if (this.isOver) return;
    this.begin();
    reply.raw.write(text);
    if (reply.raw.writableLength <= clientBytesMax) return;
    this.stop();
    onEnd('slow');
    reply.raw.destroy();
  }

  private begin(): void {
    if (this.hasBegun) return;
    this.hasBegun = true;
    const { reply, request, onBegin } = this.parts;
    request.isEndless = true;
    reply.hijack();
    const headers = Object.entries(reply.getHeaders()).map(([name, value]) => [name, String(value)]);
    reply.raw.writeHead(200, {
      ...Object.fromEntries(headers),
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    onBegin();
  }
}
