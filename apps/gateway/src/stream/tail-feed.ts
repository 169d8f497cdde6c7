import { knownEventTypes, topicsOf } from '@chorda/contracts';
import { sleep, type Logger } from '@chorda/kernel';
import type { AssignedPartition, GroupConsumer, KafkaAdmin, KafkaDriver } from '@chorda/messaging';
import type { TailMetrics } from './tail.metrics.js';
import type { RecordOpener } from './record-opener.js';
import type { TailHub } from './tail-hub.js';
import { LogIdentity } from './tail-position.js';

/** Every topic that an event type is written to, those of registered types included. */
export function tailTopics(): readonly string[] {
  return [...new Set(knownEventTypes().flatMap(topicsOf))].sort();
}

const readLimits = { recordsMax: 500, bytesMax: 4 * 1024 * 1024, waitMsMax: 0 };
const unreadableWaitMs = 1000;
const addAgainMs = 2_000;

interface TailFeedParts {
  readonly driver: KafkaDriver;
  readonly admin: KafkaAdmin;
  readonly opener: RecordOpener;
  readonly hub: TailHub;
  readonly metrics: TailMetrics;
  readonly logger: Logger;
  /** A group of this gateway alone: each one reads everything. */
  readonly group: string;
  /** How long the log is followed after the last client left: most come again at once. */
  readonly restAfterMs: number;
}

/** What a ring is told of the log that it follows. */
export async function identityOfLog(admin: KafkaAdmin): Promise<LogIdentity> {
  return new LogIdentity(await topicIds(admin, tailTopics()));
}

async function topicIds(admin: KafkaAdmin, names: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const topics = await admin.describeTopics(names);
  return new Map(topics.map(({ name, topicId }) => [name, topicId ?? '']));
}

/**
 * Reads each topic once, and gives what comes to the hub.
 *
 * Modes: resting, in which nothing is read, since nobody listens: reading what this gateway itself had just written was an
 * eighth of what an append costs. Following, entered by the first {@link TailFeed.listen}: the ring then begins at the
 * present end of every partition, and who comes with an older place finds the rest in the journal or the log, as ever. It
 * is left `restAfterMs` after the last listener.
 */
export class TailFeed {
  private topics: readonly string[] = [];
  private changing: Promise<void> = Promise.resolve();
  private isStopping = false;
  private readonly claimed = new Set<string>();
  private expected = 0;
  private evictedBefore = 0;
  private consumer: GroupConsumer | undefined;
  private failure: string | undefined;
  private listeners = 0;
  private resting: NodeJS.Timeout | undefined;
  private isResting = true;
  private waking: Promise<void> | undefined;
  private readonly sleepers = new Set<() => void>();

  constructor(private readonly parts: TailFeedParts) {}

  /**
   * Somebody wants to see what comes. Resolves when the ring stands at the present.
   *
   * @returns Says, once, that he has left.
   * @throws where the brokers do not tell where the log ends.
   */
  async listen(): Promise<() => void> {
    this.listeners += 1;
    clearTimeout(this.resting);
    let isHere = true;
    const leave = () => {
      if (!isHere) return;
      isHere = false;
      this.listeners -= 1;
      if (this.listeners > 0) return;
      this.resting = setTimeout(() => (this.isResting = true), this.parts.restAfterMs);
      this.resting.unref();
    };
    try {
      if (this.isResting) await (this.waking ??= this.wake().finally(() => (this.waking = undefined)));
    } catch (error) {
      leave();
      throw error;
    }
    return leave;
  }

  private async wake(): Promise<void> {
    const { admin, hub } = this.parts;
    const topics = [...this.topics];
    const ends = await Promise.all(topics.map((topic) => admin.offsets(topic)));
    for (const [index, topic] of topics.entries()) {
      for (const { partition, end } of ends[index] ?? []) hub.ring.restart(topic, partition, end);
    }
    this.isResting = false;
    for (const wake of this.sleepers) wake();
  }

  /** Fixes where the ring starts, then reads. @throws where the brokers or a topic are away. */
  start(): Promise<void> {
    // Types that come meanwhile wait for it.
    const starting = this.begin();
    this.changing = starting.catch(() => undefined);
    return starting;
  }

  private async begin(): Promise<void> {
    const { group, logger } = this.parts;
    await this.claimAll(tailTopics(), ({ end }) => end);
    logger.info('Following the live tail', { group });
    this.consumer = this.consume();
  }

  /** Types were registered: their topics are followed too, from their start. The others pause for a moment and go on. */
  addTopics(): void {
    this.changing = this.changing.then(() => this.followNew()).catch((error: unknown) => this.noteNotAdded(error));
  }

  private async followNew(): Promise<void> {
    const known = new Set(this.topics);
    const added = tailTopics().filter((topic) => !known.has(topic));
    if (added.length === 0 || this.isStopping) return;
    const { admin, hub } = this.parts;
    hub.ring.log.learn(await topicIds(admin, added));
    await this.claimAll(added, ({ start }) => start);
    await this.consumer?.stop();
    if (!this.isStopping) this.consumer = this.consume();
  }

  private noteNotAdded(error: unknown): void {
    this.parts.logger.warn('Topics of new types cannot be followed yet; trying again', { error });
    if (!this.isStopping) setTimeout(() => this.addTopics(), addAgainMs).unref();
  }

  private async claimAll(
    topics: readonly string[],
    from: (bounds: { readonly start: bigint; readonly end: bigint }) => bigint,
  ): Promise<void> {
    const { admin, hub } = this.parts;
    for (const topic of topics) {
      const partitions = await admin.offsets(topic);
      for (const bounds of partitions) hub.ring.claim(topic, bounds.partition, from(bounds));
      this.expected += partitions.length;
      this.topics = [...this.topics, topic];
    }
  }

  private consume(): GroupConsumer {
    const { driver, group } = this.parts;
    return driver.consume({
      group,
      topics: this.topics,
      startFrom: 'latest',
      // Nobody sees a moment's delay, and every other request to the brokers is spared while events come one by one.
      fetchPauseMs: 20,
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
    this.isStopping = true;
    clearTimeout(this.resting);
    await this.changing;
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
    this.claimed.add(`${topic}/${partition.partition}`);
    let isReading = false;
    for (;;) {
      if (this.isResting) {
        partition.rest();
        isReading = false;
        await this.woken(partition.intake);
        if (partition.intake.aborted) break;
      }
      if (!isReading) {
        await partition.start(ring.claim(topic, partition.partition, partition.endOffset ?? 0n));
        isReading = true;
      }
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

  private woken(intake: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        this.sleepers.delete(done);
        intake.removeEventListener('abort', done);
        resolve();
      };
      this.sleepers.add(done);
      intake.addEventListener('abort', done, { once: true });
      if (intake.aborted || !this.isResting) done();
    });
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
