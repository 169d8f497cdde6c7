import { lanesOf, redriveTopic, type KafkaAdmin, type Lane, type TopicPartition } from '@chorda/messaging';
import type { Claim } from '../runner/checkpoint-table.js';
import { ParkedKeys } from '../parking/parked-keys.js';

/** One partition of one topic that a rebuild reads. */
export interface RebuildPlace extends TopicPartition {
  readonly lane: Lane;
  /** Of the topic that its records first stood in. */
  readonly partitionCount: number;
  /** What the log still has begins here. */
  readonly startOffset: bigint;
  readonly endOffset: bigint;
}

export interface ClaimedPlace extends RebuildPlace {
  readonly claim: Claim;
  readonly parked: ParkedKeys;
  /** The live runner has claimed it: it is not the rebuild's to write any more. */
  isHandedOver: boolean;
}

/** Every partition of these topics, and of the lanes by which redrives come back to the group. */
export async function rebuildPlaces(
  admin: KafkaAdmin,
  topics: readonly string[],
  group: string,
): Promise<readonly RebuildPlace[]> {
  const lanes = lanesOf({ group, topics });
  const existing = new Set(await admin.listTopics());
  const places: RebuildPlace[] = [];
  for (const topic of topics.filter((each) => existing.has(each))) {
    const offsets = await admin.offsets(topic);
    const redrives = redriveTopic(topic, group);
    const redriven = existing.has(redrives) ? await admin.offsets(redrives) : [];
    const parts = [
      ...offsets.map((each) => ({ ...each, topic })),
      ...redriven.map((each) => ({ ...each, topic: redrives })),
    ];
    for (const { topic: name, partition, start, end } of parts) {
      const lane = lanes.get(name);
      if (!lane) continue;
      const bounds = { startOffset: start, endOffset: end, partitionCount: offsets.length };
      places.push({ topic: name, partition, lane, ...bounds });
    }
  }
  return places;
}
