import { z } from 'zod';
import { positionText, sinceTime, socketSubscription } from '../tail-subscription.js';

const subscriptionId = z
  .string()
  .regex(/^[\w.:-]{1,64}$/, { error: 'must be 1 to 64 letters, digits or any of . : _ -' });

/** What a client may say, one JSON object a message. */
export const socketMessage = z.discriminatedUnion(
  'kind',
  [
    z.strictObject({ kind: z.literal('authenticate'), token: z.string().min(1).max(10_000) }),
    z.strictObject({
      kind: z.literal('subscribe'),
      id: subscriptionId,
      ...socketSubscription,
      /** Where to go on: the position of a message, or of a write. Left out: from now on. */
      from: positionText.optional(),
      /** Begin with what was recorded at or after this time. */
      since: sinceTime.optional(),
    }),
    z.strictObject({ kind: z.literal('unsubscribe'), id: subscriptionId }),
    z.strictObject({ kind: z.literal('ping') }),
  ],
  {
    error: (issue) =>
      issue.code === 'invalid_union' ? 'must be authenticate, subscribe, unsubscribe or ping' : undefined,
  },
);

export type SocketMessage = z.infer<typeof socketMessage>;
export type SubscribeMessage = Extract<SocketMessage, { kind: 'subscribe' }>;
