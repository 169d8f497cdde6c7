import { z } from 'zod';

export const startBody = z.strictObject({
  input: z.json().default(null),
  /** The stored version; left out: the newest. */
  version: z.int().min(1).optional(),
  run_id: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/, { error: 'must be 1 to 128 letters, digits, ".", "_", ":" and "-"' })
    .optional(),
  start_key: z.string().min(1).max(200).optional(),
  user_id: z.string().min(1).max(256).nullable().default(null),
});

export const signalBody = z.strictObject({
  name: z.string().min(1).max(200),
  key: z.string().max(512).nullable().default(null),
  data: z.json().default(null),
  signal_id: z.string().min(1).max(256).optional(),
  ttl_ms: z
    .int()
    .min(1)
    .max(365 * 86_400_000)
    .nullable()
    .default(null),
});

const reason = z.string().max(2_000).nullable().default(null);
export const reasonBody = z.strictObject({ reason });
export const cancelBody = z.strictObject({
  reason,
  hard: z.boolean().default(false),
  compensate: z.boolean().default(false),
});
export const retryBody = z.strictObject({
  step_id: z.string().min(1).max(256).nullable().default(null),
  resolution: z.enum(['repeat', 'completed', 'failed']).default('repeat'),
  output_data: z.json().optional(),
  reason,
});
export const forkBody = z.strictObject({
  run_id: startBody.shape.run_id,
  /** Stream version; left out: as the run stands now. */
  at_version: z
    .string()
    .regex(/^\d{1,18}$/, { error: 'must be a version, as decimal text' })
    .optional(),
  input: z.json().optional(),
  context: z.json().optional(),
  rerun: z.array(z.string().min(1).max(256)).max(1_000).default([]),
});

const person = {
  /** Left out where the credential is a person's own. */
  user_id: z.string().min(1).max(256).optional(),
  groups: z.array(z.string().min(1).max(200)).max(100).default([]),
};
export const claimBody = z.strictObject({ ...person, release: z.boolean().default(false) });
export const decideBody = z.strictObject({
  ...person,
  decision: z.enum(['approved', 'rejected', 'submitted']),
  form_data: z.json().optional(),
  comment: z.string().max(8_192).nullable().default(null),
});
