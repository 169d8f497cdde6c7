import { z } from 'zod';

const triggerId = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$/, {
  error: 'must be 1 to 80 letters, digits, ".", "_" and "-", the first no sign',
});

const common = {
  trigger_id: triggerId.optional(),
  title: z.string().min(1).max(200).nullable().default(null),
  workflow_name: z.string().min(1).max(200),
  workflow_version: z.int().min(1).nullable().default(null),
  /** CEL; null: every one starts a run. */
  filter: z.string().min(1).max(4_000).nullable().default(null),
  /** CEL; null: what happened, as it is. */
  input: z.string().min(1).max(4_000).nullable().default(null),
};

export const newTriggerBody = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('event'),
    ...common,
    topics: z.array(z.string().min(1).max(200)).min(1).max(10),
  }),
  z.strictObject({ kind: z.literal('http'), ...common, signed: z.boolean().default(false) }),
]);
export type NewTriggerBody = z.output<typeof newTriggerBody>;
