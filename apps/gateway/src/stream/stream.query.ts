import { isEventType } from '@chorda/contracts';
import { z } from 'zod';
import {
  filterText,
  isTailTopic,
  positionText,
  sinceTime,
  text,
  topicRule,
  typeRule,
  valuesMax,
} from './tail-subscription.js';

/** Values of one parameter, separated by commas. */
const list = (allowed: (text: string) => boolean, rule: string) =>
  z
    .string()
    .max(4096)
    .transform((values) => values.split(','))
    .refine((values) => values.length <= valuesMax && values.every(allowed), { error: `${rule}, separated by commas` });

export const typeList = list(isEventType, typeRule);

export const streamQuery = z.strictObject({
  type: typeList.optional(),
  topic: list(isTailTopic, topicRule).optional(),
  subject: text.optional(),
  source: text.optional(),
  correlation_id: text.optional(),
  filter: filterText.optional(),
  last_event_id: positionText.optional(),
  since: sinceTime.optional(),
});

export type StreamQuery = z.infer<typeof streamQuery>;
