import { jsonText } from '@chorda/contracts';
import type { JsonValue } from '@chorda/kernel';
import { z } from 'zod';
import { operations, type Ask } from './ask.js';
import { askTerms } from './ask-terms.js';
import { checkInput } from './openai/openai-body.js';

/** The body of `POST /v1/inference`. */
export const jobBody = z.strictObject({
  operation: z.enum(operations).default('chat_completion'),
  model: z
    .string()
    .min(1)
    .refine((text) => Buffer.byteLength(text) <= 256, { error: 'must have at most 256 bytes' }),
  input_data: z.record(z.string(), z.unknown()),
  stream: z.boolean().default(false),
  ...askTerms,
});

export const cancelBody = z.strictObject({ reason: z.string().min(1).max(1_000).default('asked') });

/** @throws {@link Problem} for an input that no server could answer. */
export function askOfJob(
  { operation, model, input_data, stream, ...terms }: z.output<typeof jobBody>,
  requestId: string,
): Ask {
  const input = checkInput(operation, input_data, '/input_data');
  return {
    ...{ requestId, operation, model, terms, stream: stream && operation !== 'embedding' },
    ...{ completionTokensMax: input.completionTokensMax, prefixKey: input.prefixKey },
    // It was parsed from JSON.
    inputData: jsonText(input_data as JsonValue),
  };
}
