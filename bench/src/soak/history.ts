/**
 * The history checker: holds what the outside world was told (acknowledgements) against what the log and the read
 * model have. It knows nothing of how Chorda works. The anomalies have the names of Jepsen's Kafka analyses.
 */

/** One line that the sender wrote after it had its acknowledgement. */
export interface Acknowledged {
  readonly id: string;
  /** `<tenant>/<subject>`: the unit of order. */
  readonly key: string;
  /** Counts the events of one key in the order in which they were sent, from 0. */
  readonly sequence: number;
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
}

/** An event as the log or the read model has it. */
export interface Found {
  readonly id: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
}

export interface History {
  /** Every id that was planned to be sent, acknowledged or not. */
  readonly planned: ReadonlySet<string>;
  readonly acknowledged: readonly Acknowledged[];
  readonly log: readonly Found[];
  readonly readModel: readonly Found[];
}

export type AnomalyName = 'lost-write' | 'unseen' | 'duplicate' | 'phantom' | 'misordered' | 'inconsistent-offset';

export interface Anomaly {
  readonly name: AnomalyName;
  readonly detail: string;
}

/** All anomalies of the history; none means that it kept every promise. */
export function anomaliesOf(history: History): readonly Anomaly[] {
  return [
    ...missingFrom(history.log, 'lost-write', history.acknowledged),
    ...missingFrom(history.readModel, 'unseen', history.acknowledged),
    ...duplicatesIn(history.readModel),
    ...phantomsIn(history),
    ...misorderedIn(history),
    ...inconsistentOffsetsIn(history),
  ];
}

/** Records of one id beyond the first. They are allowed on the log after an unknown outcome, and reported. */
export function repeatsIn(found: readonly Found[]): number {
  return found.length - new Set(found.map((event) => event.id)).size;
}

function missingFrom(found: readonly Found[], name: AnomalyName, acknowledged: readonly Acknowledged[]): Anomaly[] {
  const ids = new Set(found.map((event) => event.id));
  return acknowledged.filter((ack) => !ids.has(ack.id)).map((ack) => ({ name, detail: `${ack.id} of ${ack.key}` }));
}

function duplicatesIn(readModel: readonly Found[]): Anomaly[] {
  const counts = new Map<string, number>();
  for (const { id } of readModel) counts.set(id, (counts.get(id) ?? 0) + 1);
  return [...counts]
    .filter(([, count]) => count > 1)
    .map(([id, count]) => ({ name: 'duplicate', detail: `${id} stands ${count} times in the read model` }));
}

function phantomsIn({ planned, readModel }: History): Anomaly[] {
  return readModel
    .filter((event) => !planned.has(event.id))
    .map((event) => ({ name: 'phantom', detail: `${event.id} was never sent` }));
}

/** The read model keeps the place of each event's first record, so its order within a key is the applied order. */
function misorderedIn({ acknowledged, readModel }: History): Anomaly[] {
  const acks = new Map(acknowledged.map((ack) => [ack.id, ack]));
  const last = new Map<string, { ack: Acknowledged; place: Found }>();
  const anomalies: Anomaly[] = [];
  for (const place of [...readModel].sort(byPlace)) {
    const ack = acks.get(place.id);
    if (ack === undefined) continue;
    const before = last.get(ack.key);
    if (before !== undefined && before.place.partition !== place.partition) {
      anomalies.push({ name: 'misordered', detail: `${ack.key} lies in two partitions` });
    }
    if (before !== undefined && before.ack.sequence >= ack.sequence) {
      const detail = `${ack.key}: ${ack.sequence} stands after ${before.ack.sequence}`;
      anomalies.push({ name: 'misordered', detail });
    }
    last.set(ack.key, { ack, place });
  }
  return anomalies;
}

function inconsistentOffsetsIn({ acknowledged, log }: History): Anomaly[] {
  const ids = new Map(log.map((event) => [placeOf(event), event.id]));
  return acknowledged
    .filter((ack) => ids.get(placeOf(ack)) !== ack.id)
    .map((ack) => ({
      name: 'inconsistent-offset',
      detail: `${placeOf(ack)} was acknowledged for ${ack.id} and holds ${ids.get(placeOf(ack)) ?? 'nothing'}`,
    }));
}

function placeOf({ topic, partition, offset }: Found | Acknowledged): string {
  return `${topic}/${partition}@${offset}`;
}

function byPlace(left: Found, right: Found): number {
  if (left.topic !== right.topic) return left.topic < right.topic ? -1 : 1;
  if (left.partition !== right.partition) return left.partition - right.partition;
  return left.offset < right.offset ? -1 : 1;
}
