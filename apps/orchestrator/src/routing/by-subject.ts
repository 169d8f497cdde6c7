import type { Carried, Message } from '@chorda/messaging';
import { allAtOnce } from './all-at-once.js';

/** Messages of one subject one after another, those of different subjects at once. A throw is thrown when all have ended. */
export async function bySubject<E extends Carried>(
  messages: readonly Message<E>[],
  take: (message: Message<E>) => Promise<void>,
): Promise<void> {
  const subjects = new Map<string, Message<E>[]>();
  for (const message of messages) {
    const { tenantId, subject } = message.envelope.metadata;
    const key = `${tenantId}/${subject}`;
    const own = subjects.get(key);
    if (own) own.push(message);
    else subjects.set(key, [message]);
  }
  await allAtOnce([...subjects.values()], async (own) => {
    for (const message of own) await take(message);
  });
}
