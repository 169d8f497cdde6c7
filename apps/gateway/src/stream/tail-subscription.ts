import { isEventType, parseTimestamp } from '@chorda/contracts';
import { z } from 'zod';
import { EventFilter } from './filter/event-filter.js';
import type { TailFilter } from './tail-event.js';
import { tailTopics } from './tail-feed.js';

/** What a subscription may ask for, whichever way it comes. */
export interface SubscriptionWish {
  readonly types?: readonly string[] | undefined;
  readonly topics?: readonly string[] | undefined;
  readonly subject?: string | undefined;
  readonly source?: string | undefined;
  readonly correlation_id?: string | undefined;
  readonly filter?: string | undefined;
}

export const valuesMax = 200;
export const typeRule = 'must hold event types of the catalogue';
export const topicRule = 'must hold topics of events';
export const isTailTopic = (name: string) => tailTopics().includes(name);
export const text = z.string().min(1).max(1024);
export const positionText = z.string().min(1).max(16_384);
/** Longer than a filter may be, so that its own rule says how long that is. */
export const filterText = z.string().max(256 * 1024);

/** A moment of the log's own clock. */
export const sinceTime = z
  .string()
  .max(40)
  .transform((given, context) => {
    const timeMs = parseTimestamp(given);
    if (timeMs !== undefined) return timeMs;
    context.addIssue({ code: 'custom', message: 'must be an RFC 3339 time such as 2026-11-21T12:00:00Z' });
    return z.NEVER;
  });

export const socketSubscription = {
  types: z
    .array(z.string().refine(isEventType, { error: typeRule }))
    .min(1)
    .max(valuesMax)
    .optional(),
  topics: z
    .array(z.string().refine(isTailTopic, { error: topicRule }))
    .min(1)
    .max(valuesMax)
    .optional(),
  subject: text.optional(),
  source: text.optional(),
  correlation_id: text.optional(),
  filter: filterText.optional(),
};

/** @throws InvalidInputError where the expression breaks a rule. */
export function filterOf(wish: SubscriptionWish): TailFilter {
  return {
    ...(wish.types === undefined ? {} : { types: new Set(wish.types) }),
    ...(wish.topics === undefined ? {} : { topics: new Set(wish.topics) }),
    ...(wish.subject === undefined ? {} : { subject: wish.subject }),
    ...(wish.source === undefined ? {} : { source: wish.source }),
    ...(wish.correlation_id === undefined ? {} : { correlationId: wish.correlation_id }),
    ...(wish.filter === undefined ? {} : { expression: expressionOf(wish.filter) }),
  };
}

const compiled = new Map<string, EventFilter>();
const compiledMax = 1_000;

/** The same text is the same filter, which is what lets it be evaluated once for all who gave it. */
function expressionOf(given: string): EventFilter {
  const expression = given.trim();
  const known = compiled.get(expression);
  if (known !== undefined) return known;
  const filter = EventFilter.compile(expression);
  if (compiled.size >= compiledMax) {
    const [oldest] = compiled.keys();
    if (oldest !== undefined) compiled.delete(oldest);
  }
  compiled.set(expression, filter);
  return filter;
}
