import type { FastifyReply } from 'fastify';
import type { Problem } from '../http/problem.js';

/** An answer as it goes out, byte for byte the same when it is given again. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * What came of a request. `logged`: it is done and its answer final. `none`: it had no effect and never will.
 * `uncertain`: some of it may have an effect; the same request may be sent again, and only the same.
 */
export type Outcome =
  | { readonly effect: 'logged' | 'uncertain'; readonly answer: Answer }
  | { readonly effect: 'none' | 'uncertain'; readonly problem: Problem };

export function sendAnswer(reply: FastifyReply, { status, headers, body }: Answer, isReplayed = false): void {
  void reply.code(status).headers(headers);
  if (isReplayed) void reply.header('idempotency-replayed', 'true');
  void reply.send(body);
}
