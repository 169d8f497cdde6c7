import { z } from 'zod';

const afterTokens = z.int().min(0).max(1_000_000).default(3);

/**
 * What can be made to go wrong with one request.
 *
 * - `status`: an error answer at once, `retry_after` in seconds as a header where it is given.
 * - `hang`: no answer at all, until the client leaves. Takes no slot.
 * - `slow`: the request reaches the engine so much later.
 * - `cut`: the connection is cut after so many tokens of a stream; in the middle of the body of a plain answer; with
 *   `after_tokens` 0 before any answer.
 * - `hang_stream`: the stream says nothing more after so many tokens, and stays open.
 * - `bad_chunk`: one chunk is no JSON; a plain answer is no JSON either.
 * - `error_chunk`: the stream ends with an error, as vLLM's does when its engine dies.
 * - `no_usage`: no usage, whether it was asked for or not.
 * - `no_end`: a stream ends without `[DONE]`.
 */
export const faultSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('status'),
    status: z.int().min(400).max(599),
    retry_after: z.number().min(0).max(86_400).optional(),
    message: z.string().max(1_000).optional(),
  }),
  z.strictObject({ kind: z.literal('hang') }),
  z.strictObject({ kind: z.literal('slow'), delay_ms: z.int().min(0).max(600_000) }),
  z.strictObject({ kind: z.literal('cut'), after_tokens: afterTokens }),
  z.strictObject({ kind: z.literal('hang_stream'), after_tokens: afterTokens }),
  z.strictObject({ kind: z.literal('bad_chunk'), after_tokens: afterTokens }),
  z.strictObject({ kind: z.literal('error_chunk'), after_tokens: afterTokens }),
  z.strictObject({ kind: z.literal('no_usage') }),
  z.strictObject({ kind: z.literal('no_end') }),
]);

export type Fault = z.infer<typeof faultSchema>;

export const faultRuleSchema = z.strictObject({
  fault: faultSchema,
  /** So many requests, then the rule is spent; left out: all. */
  times: z.int().min(1).max(1_000_000).optional(),
  /** Of the requests that match, evenly: 0.25 is every fourth. */
  share: z.number().gt(0).max(1).default(1),
  model: z.string().optional(),
  /** Requests in whose prompt this text stands. */
  contains: z.string().min(1).optional(),
  /** `/v1/chat/completions`, … */
  path: z.string().optional(),
});

export type FaultRule = z.infer<typeof faultRuleSchema>;

export interface FaultSubject {
  readonly path: string;
  readonly model: string;
  readonly promptText: () => string;
}
