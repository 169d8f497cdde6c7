import { z } from 'zod';
import { plainText } from '../http/plain-text.js';

const name = z
  .string()
  .regex(/^[a-zA-Z0-9_.:-]{1,128}$/, { error: 'must be 1 to 128 letters, digits, "_", ".", ":" and "-"' });
const token = z.uuid();

export const stepPollBody = z.strictObject({
  queue: z
    .string()
    .regex(/^[a-zA-Z0-9_-]{1,64}$/, { error: 'must be 1 to 64 letters, digits, "_" and "-"' })
    .default('default'),
  tools: z.array(name).min(1).max(100),
  max: z.int().min(1).max(100).default(1),
  wait_ms: z.int().min(0).max(30_000).default(0),
  /** Names the process in the events and tables, for people. */
  worker: plainText(200).default('worker'),
});
export type StepPollBody = z.output<typeof stepPollBody>;

export const stepBeatBody = z.strictObject({
  lease_token: token,
  /** As the step was given: who it is of. */
  run_id: plainText(256),
  step_id: plainText(256),
  /** The step was given with `idle_ms`: the engine wants to hear of it too. */
  progress: z.boolean().default(false),
  checkpoint: z.strictObject({ n: z.int().min(1).max(1_000_000), value: z.json() }).optional(),
});

const stepResult = z.strictObject({
  lease_token: token,
  output: z.json().optional(),
  error: z
    .strictObject({
      class: z.string().min(1).max(200).default('tool'),
      code: z.string().min(1).max(200).default('FAILED'),
      message: z.string().max(2_000),
      status: z.int().min(0).max(999).nullable().default(null),
      details: z.json().optional(),
      retriable: z.boolean().default(true),
    })
    .optional(),
  duration_ms: z.int().min(0).max(86_400_000).default(0),
});
const hasOne = ({ output, error }: Pick<z.output<typeof stepResult>, 'output' | 'error'>) =>
  (output === undefined) !== (error === undefined);
const oneOf = { error: 'needs either output or error' };

export const stepResultBody = stepResult.refine(hasOne, oneOf);
export type StepResultBody = z.output<typeof stepResultBody>;

export const stepResultsMax = 100;

export const stepResultsBody = z.strictObject({
  results: z
    .array(z.strictObject({ work_id: plainText(256), ...stepResult.shape }).refine(hasOne, oneOf))
    .min(1)
    .max(stepResultsMax),
});
