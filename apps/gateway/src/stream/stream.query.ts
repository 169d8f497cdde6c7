import { isEventType } from '@chorda/contracts';
import { z } from 'zod';
import { tailTopics } from './tail-feed.js';

/** Values of one parameter, separated by commas. */
const list = (allowed: (text: string) => boolean, rule: string) =>
  z
    .string()
    .max(4096)
    .transform((text) => text.split(','))
    .refine((values) => values.every(allowed), { error: rule });

const text = z.string().min(1).max(1024);

export const typeList = list(isEventType, 'must hold event types of the catalogue, separated by commas');

export const streamQuery = z.strictObject({
  type: typeList.optional(),
  topic: list((name) => tailTopics.includes(name), 'must hold topics of events, separated by commas').optional(),
  subject: text.optional(),
  source: text.optional(),
  correlation_id: text.optional(),
  last_event_id: z.string().min(1).max(16_384).optional(),
});

export type StreamQuery = z.infer<typeof streamQuery>;
