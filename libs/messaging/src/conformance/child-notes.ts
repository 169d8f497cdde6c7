import type { Child } from './child.js';
import type { SeenRecord, SentRecord } from './history.js';

/** What a child wrote down as handled, in its order. */
export function notedRecords(child: Child): readonly SeenRecord[] {
  return child.notes().flatMap((note) => ('seen' in note ? [{ ...note.seen, offset: BigInt(note.seen.offset) }] : []));
}

/** What a child wrote down as acknowledged, in its order. */
export function notedAcknowledgements(child: Child): readonly SentRecord[] {
  return child.notes().flatMap((note) => {
    if (!('acknowledged' in note)) return [];
    const { id, key, place } = note.acknowledged;
    return [{ id, key, place: { ...place, offset: BigInt(place.offset) } }];
  });
}
