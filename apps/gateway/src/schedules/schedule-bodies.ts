import { catchUpRules, overlapRules, scheduleIdPattern } from '@chorda/domain';
import { z } from 'zod';

const scheduleId = z
  .string()
  .regex(scheduleIdPattern, { error: 'must be 1 to 80 letters, digits, ".", "_" and "-", the first no sign' });

const clock = {
  cron: z.string().min(1).max(200),
  time_zone: z.string().min(1).max(64).default('UTC'),
};

const rules = {
  title: z.string().min(1).max(200).nullable().default(null),
  workflow_name: z.string().min(1).max(200),
  /** The stored version; null: the newest at each fire. */
  workflow_version: z.int().min(1).nullable().default(null),
  input_data: z.json().default(null),
  user_id: z.string().min(1).max(256).nullable().default(null),
  ...clock,
  overlap: z.enum(overlapRules).default('skip'),
  catch_up: z.enum(catchUpRules).default('all'),
  catch_up_window_ms: z
    .int()
    .min(10_000)
    .max(30 * 86_400_000)
    .default(60_000),
  jitter_ms: z.int().min(0).max(3_600_000).default(0),
};

export const newScheduleBody = z.strictObject({ schedule_id: scheduleId.optional(), ...rules });
export const scheduleRulesBody = z.strictObject(rules);
export type ScheduleRulesBody = z.output<typeof scheduleRulesBody>;

export const firesMax = 100;
export const previewBody = z.strictObject({
  ...clock,
  after: z.iso.datetime({ offset: true }).optional(),
  count: z.int().min(1).max(firesMax).default(10),
});
