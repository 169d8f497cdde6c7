import { allEventTypes, topicsOf } from '@chorda/contracts';
import { sleep, type Logger } from '@chorda/kernel';
import type { AssignedPartition, GroupConsumer, KafkaAdmin, KafkaDriver } from '@chorda/messaging';
import type { TailMetrics } from './tail.metrics.js';
import type { RecordOpener } from './record-opener.js';
import type { TailHub } from './tail-hub.js';
import { LogIdentity } from './tail-position.js';

/** Every topic that an event type is written to. */
export const tailTopics: readonly string[] = [...new Set(allEventTypes.flatMap(topicsOf))].sort();

const readLimits = { recordsMax: 500, bytesMax: 4 * 1024 * 1024, waitMsMax: 0 };
const unreadableWaitMs = 1000;

interface TailFeedParts {
  readonly driver: KafkaDriver;
  readonly admin: KafkaAdmin;
  readonly opener: RecordOpener;
  readonly hub: TailHub;
  readonly metrics: TailMetrics;
  readonly logger: Logger;
  /** A group of this gateway alone: each one reads everything. */
  readonly group: string;
}

/** What a ring is told of the log that it follows. */
export async function identityOfLog(admin: KafkaAdmin): Promise<LogIdentity> {
  const topics = await admin.describeTopics(tailTopics);
  return new LogIdentity(new Map(topics.map(({ name, topicId }) => [name, topicId ?? ''])));
}

/** Reads each topic once, from the end that it has at the start, and gives what comes to the hub. */
export class TailFeed {
  private readonly claimed = new Set<string>();
  private expected = 0;
  private evictedBefore = 0;
  private consumer: GroupConsumer | undefined;
  private failure: string | undefined;

  constructor(private readonly parts: TailFeedParts) {}

  /** Fixes where the ring starts, then reads. @throws where the brokers or a topic are away. */
  async start(): Promise<void> {
    const { admin, hub, driver, group, logger } = this.parts;
    for (const topic of tailTopics) {
      const ends = await admin.offsets(topic);
      for (const { partition, end } of ends) hub.ring.claim(topic, partition, end);
      this.expected += ends.length;
    }
    logger.info('Following the live tail', { group });
    this.consumer = driver.consume({
      group,
      topics: tailTopics,
      startFrom: 'latest',
      run: (partition) => this.follow(partition),
      onState: (state, error) => {
        this.failure = error?.message;
        if (state === 'crashed') this.parts.logger.error('The live tail lost its consumer', { error });
      },
    });
  }

  /** Why clients would not see what is new. */
  notReady(): string | undefined {
    const state = this.consumer?.state ?? 'joining';
    if (state === 'crashed' || state === 'stopped')
      return `live tail ${state}${this.failure ? `: ${this.failure}` : ''}`;
    if (this.claimed.size < this.expected) return `live tail has ${this.claimed.size} of ${this.expected} partitions`;
    return undefined;
  }

  /** Nobody will ever ask for this group again, so it does not stay behind on the brokers. */
  async stop(): Promise<void> {
    await this.consumer?.stop();
    try {
      await this.parts.admin.deleteGroups([this.parts.group]);
    } catch (error) {
      // The broker forgets an empty group by itself, a week later.
      this.parts.logger.warn('The group of the live tail could not be deleted', { error, group: this.parts.group });
    }
  }

  private async follow(partition: AssignedPartition): Promise<void> {
    const { hub, metrics, opener } = this.parts;
    const { ring } = hub;
    const { topic } = partition;
    const end = partition.endOffset ?? 0n;
    await partition.start(ring.claim(topic, partition.partition, end));
    this.claimed.add(`${topic}/${partition.partition}`);
    for (;;) {
      const chunk = await this.read(partition);
      if (chunk === undefined) break;
      const events = await opener.open(chunk.records, partition.intake);
      // Ended while it waited for a schema: the next reader of the partition begins where the ring stands.
      if (partition.intake.aborted) break;
      hub.publish(events, { topic, partition: partition.partition, nextOffset: chunk.nextOffset });
      metrics.tailEvents.set(ring.nextSequence - ring.firstSequence);
      metrics.tailBytes.set(ring.bytes);
      metrics.tailEvicted.inc(ring.evicted - this.evictedBefore);
      this.evictedBefore = ring.evicted;
    }
    this.claimed.delete(`${topic}/${partition.partition}`);
  }

  /** A batch that no driver can read holds its partition until it is mended, as it does in every other consumer. */
  private async read(partition: AssignedPartition): ReturnType<AssignedPartition['read']> {
    for (;;) {
      try {
        return await partition.read(readLimits);
      } catch (error) {
        this.parts.logger.warn('The live tail cannot read on', { error, topic: partition.topic });
        await sleep(unreadableWaitMs, partition.intake);
        if (partition.intake.aborted) return undefined;
      }
    }
  }
}
