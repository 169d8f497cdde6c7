import { UndecodableRecordError, WriterSchemaUnknownError, type DeltaCodec, type EventCodec } from '@chorda/contracts';
import { sleep, type Logger } from '@chorda/kernel';
import type { AssignedPartition, GroupConsumer, IncomingRecord, KafkaAdmin, KafkaDriver } from '@chorda/messaging';
import type { InferenceMetrics } from './inference.metrics.js';
import { isOutcomeType, type InferenceOutcome, type InferenceWaits } from './inference-waits.js';
import type { TokenShelf } from './token-shelf.js';

const topics = ['inference.events', 'inference.tokens'] as const;
const readLimits = { recordsMax: 1_000, bytesMax: 8 * 1024 * 1024, waitMsMax: 0 };
/** After an answer with little in it; who asks alone is answered at once. */
const fetchPauseMs = 4;
const unreadableWaitMs = 1_000;
const learnAgainMs = 500;

interface InferenceFeedParts {
  readonly driver: KafkaDriver;
  readonly admin: KafkaAdmin;
  readonly events: EventCodec;
  readonly deltas: DeltaCodec;
  readonly waits: InferenceWaits;
  readonly shelf: TokenShelf;
  readonly metrics: InferenceMetrics;
  readonly logger: Logger;
  /** A group of this gateway alone. */
  readonly group: string;
}

/**
 * Reads outcomes and tokens as they come, once for all callers of this gateway, and gives each to who waits for its
 * request. What nobody here waits for is passed over by its key, unread.
 *
 * Every partition is followed from where the log ended when the gateway started, so that no request which it takes can be
 * answered before it looks. What it misses all the same is found in the database: see `OutcomeLookup`.
 */
export class InferenceFeed {
  private readonly next = new Map<string, bigint>();
  private readonly following = new Set<string>();
  private consumer: GroupConsumer | undefined;
  private failure: string | undefined;

  constructor(private readonly parts: InferenceFeedParts) {}

  /** @throws where the brokers or a topic are away. */
  async start(): Promise<void> {
    const { admin, driver, group, logger } = this.parts;
    for (const topic of topics) {
      for (const { partition, end } of await admin.offsets(topic)) this.next.set(`${topic}/${partition}`, end);
    }
    this.consumer = driver.consume({
      group,
      topics,
      startFrom: 'latest',
      fetchPauseMs,
      run: (partition) => this.follow(partition),
      onState: (state, error) => {
        this.failure = error?.message;
        if (state === 'crashed') logger.error('The doors to inference lost their consumer', { error });
      },
    });
  }

  /** Why callers would not hear of outcomes at once. */
  notReady(): string | undefined {
    const state = this.consumer?.state ?? 'joining';
    if (state === 'crashed' || state === 'stopped')
      return `inference answers ${state}${this.failure ? `: ${this.failure}` : ''}`;
    const missing = this.next.size - this.following.size;
    return missing > 0 ? `inference answers have ${this.following.size} of ${this.next.size} partitions` : undefined;
  }

  /** Nobody will ever ask for this group again, so it does not stay behind on the brokers. */
  async stop(): Promise<void> {
    const { admin, group, logger } = this.parts;
    await this.consumer?.stop();
    try {
      await admin.deleteGroups([group]);
    } catch (error) {
      // The broker forgets an empty group by itself, a week later.
      logger.warn('The group of the doors to inference could not be deleted', { error, group });
    }
  }

  private async follow(partition: AssignedPartition): Promise<void> {
    const name = `${partition.topic}/${partition.partition}`;
    await partition.start(this.next.get(name) ?? partition.endOffset ?? 0n);
    this.following.add(name);
    const take = partition.topic === 'inference.tokens' ? this.takeTokens : this.takeEvent;
    for (;;) {
      const chunk = await this.read(partition);
      if (chunk === undefined) break;
      for (const record of chunk.records) await take.call(this, record, partition.intake);
      if (partition.intake.aborted) break;
      this.next.set(name, chunk.nextOffset);
    }
    this.following.delete(name);
  }

  private async read(partition: AssignedPartition): ReturnType<AssignedPartition['read']> {
    for (;;) {
      try {
        return await partition.read(readLimits);
      } catch (error) {
        this.parts.logger.warn('The doors to inference cannot read on', { error, topic: partition.topic });
        await sleep(unreadableWaitMs, partition.intake);
        if (partition.intake.aborted) return undefined;
      }
    }
  }

  private takeEvent(record: IncomingRecord, intake: AbortSignal): Promise<void> | undefined {
    const { waits, events } = this.parts;
    const key = record.key?.toString() ?? '';
    if (!waits.has(key)) return undefined;
    const tell = () => {
      const opened = events.open(record);
      if (isOutcomeType(opened.type)) waits.tell(key, asOutcome(opened.read().event));
    };
    return this.attempt(tell, (id) => events.learn(id), intake);
  }

  private takeTokens(record: IncomingRecord, intake: AbortSignal): Promise<void> | undefined {
    const { waits, shelf, deltas } = this.parts;
    const key = record.key?.toString() ?? '';
    const give = () => {
      const { data } = deltas.decode(record).delta;
      shelf.add(key, data);
      waits.give(key, data);
    };
    return this.attempt(give, (id) => deltas.learn(id), intake);
  }

  /** A schema that a newer worker wrote with is asked for; a record that nobody can read is counted and passed. */
  private attempt(
    take: () => void,
    learn: (schemaId: number) => Promise<void>,
    intake: AbortSignal,
  ): Promise<void> | undefined {
    try {
      take();
      return undefined;
    } catch (error) {
      return this.retake(error, take, learn, intake);
    }
  }

  private async retake(
    error: unknown,
    take: () => void,
    learn: (schemaId: number) => Promise<void>,
    intake: AbortSignal,
  ): Promise<void> {
    let fault = error;
    while (fault instanceof WriterSchemaUnknownError && !intake.aborted) {
      try {
        await learn(fault.schemaId);
        take();
        return;
      } catch (again) {
        fault = again;
        await sleep(learnAgainMs, intake);
      }
    }
    if (intake.aborted) return;
    this.parts.metrics.unreadable.inc();
    const level = fault instanceof UndecodableRecordError ? 'debug' : 'warn';
    this.parts.logger[level]('A record of inference could not be read', { error: fault });
  }
}

/** The type was looked at before its payload was read. */
function asOutcome(event: { readonly type: string }): InferenceOutcome {
  return event as InferenceOutcome;
}
