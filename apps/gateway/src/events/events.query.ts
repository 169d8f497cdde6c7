import { parseTimestamp } from '@chorda/contracts';
import { z } from 'zod';
import { typeList } from '../stream/stream.query.js';
import { positionList, waitMs, wholeNumber } from './read-your-writes.query.js';

const text = z.string().min(1).max(1024);

/** RFC 3339, read as milliseconds since the epoch. */
const moment = z.string().transform((value, context) => {
  const timeMs = parseTimestamp(value);
  if (timeMs !== undefined) return timeMs;
  context.addIssue({ code: 'custom', message: 'must be an RFC 3339 time, such as 2026-11-21T12:00:00Z' });
  return z.NEVER;
});

export const pageSizeMax = 500;

export const searchQuery = z.strictObject({
  type: typeList.optional(),
  subject: text.optional(),
  source: text.optional(),
  correlation_id: text.optional(),
  from: moment.optional(),
  to: moment.optional(),
  cursor: z.string().min(1).max(2048).optional(),
  limit: wholeNumber(1, pageSizeMax).default(50),
  min_position: positionList.optional(),
  wait: waitMs,
});
export type SearchQuery = z.infer<typeof searchQuery>;

export const eventQuery = z.strictObject({
  source: text.optional(),
  min_position: positionList.optional(),
  wait: waitMs,
});
export type EventQuery = z.infer<typeof eventQuery>;

/** An id of a sender: 1 to 256 bytes. Longer ones cannot be in the log, so they are not found rather than refused. */
export const eventIdParam = z.string().min(1).max(1024);
