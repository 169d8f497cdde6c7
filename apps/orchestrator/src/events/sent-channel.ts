import type { AwaitedEventType } from '@chorda/read-models';

/**
 * What waits for an event of producers are looked up by: its type, with what makes its key. No emitted event has such a
 * name, so that keys which are made in different ways are never taken for each other.
 */
export function sentChannel(name: string, by: AwaitedEventType['by']): string {
  return `\u0000sent ${JSON.stringify([name, by?.language ?? null, by?.text ?? null])}`;
}
