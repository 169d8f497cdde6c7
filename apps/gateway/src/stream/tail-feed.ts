import { allEventTypes, EventCodec, topicsOf, type EventEnvelope } from '@chorda/contracts';
import { BackboneError, sleep, type Logger } from '@chorda/kernel';
import type { AssignedPartition, GroupConsumer, IncomingRecord, KafkaAdmin, KafkaDriver } from '@chorda/messaging';
import type { GatewayMetrics } from '../gateway.metrics.js';
import { TailEvent } from './tail-event.js';
import type { TailRing } from './tail-ring.js';

/** Every topic that an event type is written to. */
export const tailTopics: readonly string[] = [...new Set(allEventTypes.flatMap(topicsOf))].sort();

const readLimits = { recordsMax: 500, bytesMax: 4 * 1024 * 1024, waitMsMax: 0 };
const registryWaitMs = 1000;
const unreadableWaitMs = 1000;

interface TailFeedParts {
  readonly driver: KafkaDriver;
  readonly admin: KafkaAdmin;
  readonly codec: EventCodec;
  readonly ring: TailRing;
  readonly metrics: GatewayMetrics;
  readonly logger: Logger;
  /** A group of this gateway alone: each one reads everything. */
  readonly group: string;
}

/**
 * Reads each topic once, from the end that it has at the start, into the ring. What cannot be decoded is no event: it is
 * counted and passed, since setting it aside is the projector's task and one copy of it is enough.
 */
export class TailFeed {
  private readonly claimed = new Set<string>();
  private expected = 0;
  private consumer: GroupConsumer | undefined;
  private failure: string | undefined;

  constructor(private readonly parts: TailFeedParts) {}

  /** Fixes where the ring starts, then reads. @throws where the brokers or a topic are away. */
  async start(): Promise<void> {
    const { admin, ring, driver, group, logger } = this.parts;
    for (const topic of tailTopics) {
      const ends = await admin.offsets(topic);
      for (const { partition, end } of ends) ring.claim(topic, partition, end);
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
    const { ring, metrics } = this.parts;
    const { topic } = partition;
    const end = partition.endOffset ?? 0n;
    await partition.start(ring.claim(topic, partition.partition, end));
    this.claimed.add(`${topic}/${partition.partition}`);
    for (;;) {
      const chunk = await this.read(partition);
      if (chunk === undefined) break;
      for (const record of chunk.records) {
        const envelope = await this.decode(record, partition.intake);
        if (envelope === undefined) continue;
        const { offset, timestampMs } = record;
        const place = { topic, partition: partition.partition, offset, recordTimeMs: timestampMs };
        ring.append(new TailEvent(envelope, place, 512 + (record.value?.length ?? 0)));
      }
      ring.advance(topic, partition.partition, chunk.nextOffset);
      metrics.tailEvents.set(ring.nextSequence - ring.firstSequence);
      metrics.tailBytes.set(ring.bytes);
      ring.wake();
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

  private async decode(record: IncomingRecord, signal: AbortSignal): Promise<EventEnvelope | undefined> {
    for (;;) {
      try {
        return this.parts.codec.decode(record);
      } catch (error) {
        const schemaId = unknownSchema(error);
        if (schemaId === undefined || !(await this.learn(schemaId, signal))) {
          this.parts.logger.debug('A record is no event that can be shown', { error, topic: record.topic });
          return undefined;
        }
      }
    }
  }

  /** False when the registry has no such schema. While it is away, the partition waits: it may be everybody's schema. */
  private async learn(schemaId: number, signal: AbortSignal): Promise<boolean> {
    while (!signal.aborted) {
      try {
        await this.parts.codec.learn(schemaId);
        return true;
      } catch (error) {
        if (!(error instanceof BackboneError) || !error.retriable) return false;
        await sleep(registryWaitMs, signal);
      }
    }
    return false;
  }
}

function unknownSchema(error: unknown): number | undefined {
  return error instanceof Error && 'schemaId' in error && typeof error.schemaId === 'number'
    ? error.schemaId
    : undefined;
}
