import { z } from 'zod';
import { plainText } from '../http/plain-text.js';

/** Names that models take, and none of the tools that are built in. */
const toolName = z
  .string()
  .regex(/^[a-zA-Z0-9_-]{1,64}$/, { error: 'must be 1 to 64 letters, digits, "_" and "-"' })
  .refine((name) => !/^(llm|http|database|memory)_/.test(name), {
    error: 'must not begin with llm_, http_, database_ or memory_: those are built in',
  });

const token = z.uuid();

export const toolsMax = 500;
export const waitMsMax = 30_000;
export const callsMax = 100;

export const registerToolsBody = z.strictObject({
  tools: z
    .array(
      z.strictObject({
        name: toolName,
        description: z.string().max(4_096).nullable().default(null),
        /** JSON Schema of the arguments. */
        parameters: z.record(z.string(), z.json()).default({ type: 'object' }),
        idempotent: z.boolean().default(false),
        timeout_ms: z.int().min(1_000).max(3_600_000).default(30_000),
      }),
    )
    .min(1)
    .max(100),
});
export type RegisterToolsBody = z.output<typeof registerToolsBody>;

export const pollBody = z.strictObject({
  tools: z.array(toolName).min(1).max(100),
  max: z.int().min(1).max(callsMax).default(1),
  wait_ms: z.int().min(0).max(waitMsMax).default(0),
  /** Names the process in the tables, for people. */
  worker: plainText(200).default('worker'),
});
export type PollBody = z.output<typeof pollBody>;

export const leaseBody = z.strictObject({ lease_token: token });

export const resultBody = z
  .strictObject({
    lease_token: token,
    output_data: z.json().optional(),
    error: z
      .strictObject({ code: z.string().min(1).max(200), message: z.string().max(8_192), details: z.json().optional() })
      .optional(),
    duration_ms: z.int().min(0).max(86_400_000).default(0),
  })
  .refine(({ output_data: output, error }) => (output === undefined) !== (error === undefined), {
    error: 'needs either output_data or error',
  });
export type ResultBody = z.output<typeof resultBody>;
