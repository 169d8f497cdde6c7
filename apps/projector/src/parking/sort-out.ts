import type { Message } from '@chorda/messaging';
import { isPlanted } from '@chorda/platform';
import { aggregateKeyOf } from './aggregate-key.js';
import { arrivalOf, type Arrival, type Unreadable } from './arrival.js';
import type { Fault } from './fault.js';
import type { ParkedKeys } from './parked-keys.js';

export interface Incoming {
  /** In offset order, without what was applied before. */
  readonly messages: readonly Message[];
  readonly unreadable: readonly Unreadable[];
  /** Faults of messages before which versions are missing; none for a history. */
  readonly gaps: ReadonlyMap<Message, Fault>;
  /** Messages that bring a version that was missing; none for a history. */
  readonly fillers: ReadonlySet<Message>;
}

/**
 * Tells what is applied from what waits behind a parked event of its aggregate, or is parked for a fault that is known
 * before anything is applied. What was discarded is neither.
 */
export function sortOut(
  parked: ParkedKeys,
  { messages, unreadable, gaps, fillers }: Incoming,
): { readonly direct: readonly Message[]; readonly parked: readonly Arrival[] } {
  if (parked.isEmpty && unreadable.length === 0 && gaps.size === 0) return { direct: messages, parked: [] };
  const held = new Set<string>();
  const direct: Message[] = [];
  const arrivals: Arrival[] = [];
  const take = (message: Message) => {
    const key = aggregateKeyOf(message);
    const isBehind = held.has(key.text) || parked.eventsOf(message.origin.partition, key) !== undefined;
    const isHeld = isBehind && !isPlanted('parked-passed-by');
    const fault = isHeld || isPlanted('gap-ignored') ? undefined : gaps.get(message);
    if (!isHeld && fault === undefined) return direct.push(message);
    held.add(key.text);
    return arrivals.push({ ...arrivalOf(message, fault), isFiller: fillers.has(message) });
  };
  const waiting = [...unreadable];
  for (const message of messages) {
    while (waiting[0] && waiting[0].record.offset < message.record.offset) parkNext();
    if (!parked.isDiscarded(message.origin.partition, message.origin.offset)) take(message);
  }
  while (waiting.length > 0) parkNext();
  return { direct, parked: arrivals };

  function parkNext(): void {
    const next = waiting.shift();
    if (next === undefined || parked.isDiscarded(next.origin.partition, next.origin.offset)) return;
    arrivals.push(next);
    held.add(next.key.text);
  }
}
