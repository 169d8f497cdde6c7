import type { Carried, Message } from '@chorda/messaging';

/** Subjects that are looked after at once. */
const atOnceMax = 50;

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
  const queue = [...subjects.values()];
  const failures: unknown[] = [];
  const work = async () => {
    for (let own = queue.shift(); own !== undefined && failures.length === 0; own = queue.shift()) {
      try {
        for (const message of own) await take(message);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnceMax, queue.length) }, work));
  if (failures.length > 0) throw failures[0];
}
