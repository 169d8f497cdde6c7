import type { RecordPlace } from '../port.js';

/** A record that was sent, in the order of the `send` calls. */
export interface SentRecord {
  readonly id: string;
  readonly key: string;
  /** Where the producer said that it is; undefined: the send was not acknowledged, so the record may or may not appear. */
  readonly place?: RecordPlace;
}

/** A record that a reader was given, in the order in which readers handled them. */
export interface SeenRecord extends RecordPlace {
  readonly id: string;
  readonly key: string;
  /** Which reader, and which of its assignments: one reader sees an offset once per assignment. */
  readonly reader: string;
  readonly epoch: number;
  /** The machine's clock when it was handled, which orders what several processes saw. */
  readonly handledAtMs: number;
}

/** What several processes saw, as it happened. */
export function inTimeOrder(...histories: readonly (readonly SeenRecord[])[]): readonly SeenRecord[] {
  return histories.flat().sort((one, other) => one.handledAtMs - other.handledAtMs);
}

export const findingKinds = [
  'lost',
  'phantom',
  'duplicate',
  'out-of-order',
  'wrong-place',
  'unstable-offset',
  'committed-unhandled',
  'zombie-commit',
  'not-told',
  'not-refused',
  'wrong-error',
  'wrong-bytes',
  'stuck',
  'crashed',
  /** The fault that the check is about was not hit, so its silence says nothing. */
  'vacuous',
] as const;

export type FindingKind = (typeof findingKinds)[number];

/** Something that a driver did wrong. */
export interface Finding {
  readonly kind: FindingKind;
  readonly detail: string;
}

export interface HistoryRules {
  /** A crash or a rebalance may bring records again; a quiet run may not. */
  readonly repeats: 'never' | 'across-assignments';
}

/** What the readers' history says against the senders'. The words are those of the usual Kafka anomalies. */
export function checkHistory(
  sent: readonly SentRecord[],
  seen: readonly SeenRecord[],
  rules: HistoryRules,
): readonly Finding[] {
  return [...lostOrPhantom(sent, seen), ...repeated(seen, rules), ...disordered(sent, seen), ...misplaced(sent, seen)];
}

function lostOrPhantom(sent: readonly SentRecord[], seen: readonly SeenRecord[]): readonly Finding[] {
  const sentIds = new Set(sent.map((record) => record.id));
  const seenIds = new Set(seen.map((record) => record.id));
  const lost = sent.filter((record) => record.place && !seenIds.has(record.id)).map((record) => record.id);
  const phantoms = [...seenIds].filter((id) => !sentIds.has(id));
  return [
    ...finding('lost', lost, 'acknowledged and never delivered'),
    ...finding('phantom', phantoms, 'delivered and never sent'),
  ];
}

function repeated(seen: readonly SeenRecord[], rules: HistoryRules): readonly Finding[] {
  const handled = new Set<string>();
  const twice: string[] = [];
  for (const record of seen) {
    const assignment = rules.repeats === 'never' ? '' : `${record.reader}/${record.epoch}/`;
    const once = `${assignment}${record.id}`;
    if (handled.has(once)) twice.push(record.id);
    handled.add(once);
  }
  // An id at two offsets was written twice, whatever readers may be given again.
  const offsets = Map.groupBy(seen, (record) => record.id);
  const written = [...offsets].filter(([, places]) => new Set(places.map(placeText)).size > 1).map(([id]) => id);
  return [...finding('duplicate', twice, 'delivered again'), ...finding('duplicate', written, 'in the log twice')];
}

function disordered(sent: readonly SentRecord[], seen: readonly SeenRecord[]): readonly Finding[] {
  const sentAt = new Map(sent.map((record, index) => [record.id, index]));
  const lastOfKey = new Map<string, number>();
  const handled = new Set<string>();
  const wrong: string[] = [];
  for (const { id, key } of seen) {
    const index = sentAt.get(id);
    // Only the first delivery has an order of its own: what comes again comes after what followed it.
    if (index === undefined || handled.has(id)) continue;
    handled.add(id);
    if (index < (lastOfKey.get(key) ?? -1)) wrong.push(id);
    else lastOfKey.set(key, index);
  }
  return finding('out-of-order', wrong, 'after a later record of its key');
}

function misplaced(sent: readonly SentRecord[], seen: readonly SeenRecord[]): readonly Finding[] {
  const places = new Map(sent.flatMap((record) => (record.place ? [[record.id, placeText(record.place)]] : [])));
  const elsewhere = seen.filter((record) => places.has(record.id) && places.get(record.id) !== placeText(record));
  const atPlace = new Map<string, string>();
  const unstable: string[] = [];
  for (const record of seen) {
    const place = placeText(record);
    if ((atPlace.get(place) ?? record.id) !== record.id) unstable.push(place);
    atPlace.set(place, record.id);
  }
  return [
    ...finding('wrong-place', new Set(elsewhere.map((record) => record.id)), 'not where the acknowledgement said'),
    ...finding('unstable-offset', new Set(unstable), 'held two records'),
  ];
}

function placeText(place: RecordPlace): string {
  return `${place.topic}[${place.partition}]@${place.offset}`;
}

function finding(kind: FindingKind, things: Iterable<string>, what: string): readonly Finding[] {
  const all = [...things];
  if (all.length === 0) return [];
  const named = all.slice(0, 5).join(', ');
  return [{ kind, detail: `${all.length} ${what}: ${named}${all.length > 5 ? ', …' : ''}` }];
}

/** A finding when `ok` is false. */
export function unless(ok: boolean, kind: FindingKind, detail: string): readonly Finding[] {
  return ok ? [] : [{ kind, detail }];
}
