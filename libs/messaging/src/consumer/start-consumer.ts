import { applyTopics, type AnyEvent } from '@chorda/contracts';
import { BackboneError, sleep, type Logger } from '@chorda/kernel';
import type { Registry } from 'prom-client';
import type { BatchHandler, Carried, ConsumerHealth, ConsumerOptions, RunningConsumer } from '../consumer-contract.js';
import { TopicMissingError } from '../errors.js';
import type { AssignedPartition, GroupConsumer, GroupState, KafkaDriver, Producer } from '../port.js';
import { backoffMs } from './backoff.js';
import { ConsumerMetrics } from './consumer-metrics.js';
import type { RecordDecoder } from './decode-records.js';
import { lanesOf, ownTopicsOf } from './lanes.js';
import { PartitionLoop } from './partition-loop.js';

export interface StartConsumer<E extends Carried = AnyEvent> {
  readonly driver: KafkaDriver;
  readonly codec: RecordDecoder;
  readonly options: ConsumerOptions;
  readonly handler: BatchHandler<E>;
  readonly logger: Logger;
  readonly metrics: Registry;
  readonly onState?: (state: GroupState) => void;
}

/**
 * Starts to consume, and answers at once: brokers that are away, or topics that are missing, show in `health` and are
 * tried again without end.
 */
export function startConsumer<E extends Carried = AnyEvent>(start: StartConsumer<E>): Promise<RunningConsumer> {
  const consumer = new Consumer(start);
  consumer.start();
  return Promise.resolve(consumer);
}

class Consumer<E extends Carried> implements RunningConsumer {
  private readonly loops = new Set<PartitionLoop<E>>();
  private readonly metrics: ConsumerMetrics;
  private readonly stopping = new AbortController();
  private readonly removeMetrics: () => void;
  private starting: Promise<void> | undefined;
  private group: GroupConsumer | undefined;
  private producer: Producer | undefined;
  private stopped: Promise<void> | undefined;
  private state: GroupState = 'joining';
  private failure: string | undefined;

  constructor(private readonly parts: StartConsumer<E>) {
    this.metrics = ConsumerMetrics.of(parts.metrics);
    this.removeMetrics = this.metrics.add(() => this.health());
  }

  start(): void {
    this.starting = this.join();
  }

  health(): ConsumerHealth {
    const partitions = [...this.loops].map((loop) => loop.health());
    return { group: this.parts.options.group, state: this.state, partitions, error: this.failure };
  }

  stop(): Promise<void> {
    this.stopped ??= this.leave();
    return this.stopped;
  }

  private async leave(): Promise<void> {
    this.stopping.abort();
    await this.starting;
    await this.group?.stop();
    await this.producer?.close();
    this.removeMetrics();
    this.enter('stopped', undefined);
  }

  private async join(): Promise<void> {
    const { driver, options, logger } = this.parts;
    for (let failures = 0; !this.stopping.signal.aborted; failures++) {
      try {
        const partitionCounts = await this.prepareTopics();
        this.producer = await driver.createProducer();
        this.consume(this.producer, partitionCounts);
        return;
      } catch (error) {
        logger.warn('A consumer could not start yet', { group: options.group, failures, error });
        const isPassing = error instanceof BackboneError && error.retriable;
        this.enter(isPassing ? 'joining' : 'crashed', error instanceof Error ? error : new Error(String(error)));
        await sleep(backoffMs(failures, 200, 10_000), this.stopping.signal);
      }
    }
  }

  private consume(producer: Producer, partitionCounts: ReadonlyMap<string, number>): void {
    const { driver, options, logger, handler, codec } = this.parts;
    const lanes = lanesOf(options);
    const parts = { options, handler, codec, producer, logger, metrics: this.metrics, partitionCounts };
    this.group = driver.consume({
      group: options.group,
      topics: [...lanes.keys()],
      ...(options.startFrom === undefined ? {} : { startFrom: options.startFrom }),
      ...(options.drainTimeoutMs === undefined ? {} : { drainTimeoutMs: options.drainTimeoutMs }),
      ...(options.sessionTimeoutMs === undefined ? {} : { sessionTimeoutMs: options.sessionTimeoutMs }),
      ...(options.fetchPauseMs === undefined ? {} : { fetchPauseMs: options.fetchPauseMs }),
      ...(options.stuckAfterMs === undefined ? {} : { stuckAfterMs: options.stuckAfterMs }),
      run: (partition) => this.runLoop(partition, new PartitionLoop<E>(partition, lanes.get(partition.topic)!, parts)),
      onState: (state, error) => this.enter(state, error),
    });
  }

  private async runLoop(partition: AssignedPartition, loop: PartitionLoop<E>): Promise<void> {
    this.loops.add(loop);
    // A partition that is lost is another member's to report on, also while a late handler still runs here.
    partition.owned.addEventListener('abort', () => this.loops.delete(loop), { once: true });
    try {
      await loop.run();
    } finally {
      this.loops.delete(loop);
    }
  }

  /** The group's own topics are made here, since brokers make none by themselves. Answers the sources' partitions. */
  private async prepareTopics(): Promise<ReadonlyMap<string, number>> {
    const { driver, options } = this.parts;
    const admin = await driver.admin();
    try {
      const sources = await admin.describeTopics(options.topics);
      const missing = options.topics.find((topic) => !sources.some(({ name }) => name === topic));
      if (missing !== undefined) throw new TopicMissingError(missing);
      const replicationFactor = Math.min(...sources.map((source) => source.replicationFactor));
      await applyTopics(admin, { names: ownTopicsOf(options), replicationFactor });
      return new Map(sources.map(({ name, partitions }) => [name, partitions]));
    } finally {
      await admin.close();
    }
  }

  private enter(state: GroupState, error: Error | undefined): void {
    if (state === 'running') this.failure = undefined;
    if (error) this.failure = error.message;
    if (this.state === state || this.state === 'stopped') return;
    this.state = state;
    this.parts.onState?.(state);
  }
}
