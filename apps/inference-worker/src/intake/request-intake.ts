import {
  applyTopics,
  deadLetterTopic,
  partitionCountOf,
  RegistryUnavailableError,
  SchemaNotFoundError,
  type EventCodec,
  type inference,
} from '@chorda/contracts';
import { sleep, systemClock, type Logger } from '@chorda/kernel';
import {
  deadLetterRecord,
  decodeRecords,
  lanesOf,
  PartitionUnreadableError,
  TopicMissingError,
  type AssignedPartition,
  type GroupConsumer,
  type IncomingRecord,
  type KafkaDriver,
  type Lane,
  type Message,
  type Producer,
  type RecordChunk,
} from '@chorda/messaging';
import { priorities, priorityOf } from '../scheduling/priority.js';
import { Watermark } from '../scheduling/watermark.js';
import type { InferenceWorker } from '../worker/inference-worker.js';
import type { Job } from '../worker/job.js';
import type { IntakeRoom } from './intake-room.js';

/** One group for all workers: each request is in one worker's hands. */
export const requestsGroup = 'inference-worker.requests';
export const requestTopics = priorities.map((priority) => `inference.requests.${priority}`);

export interface IntakeParts {
  readonly driver: KafkaDriver;
  readonly codec: EventCodec;
  readonly producer: Producer;
  readonly worker: InferenceWorker;
  readonly room: IntakeRoom;
  readonly logger: Logger;
  /** Records between the oldest that is not done and the newest that was read, a partition. */
  readonly spanMax: number;
  readonly drainTimeoutMs: number;
  readonly sessionTimeoutMs: number;
}

const readRecordsMax = 64;
const readBytesMax = 1024 * 1024;
const readWaitMs = 0;
/** After an answer with little in it: requests that come close together are fetched, begun and stored together. */
const fetchPauseMs = 4;
const pauseMs = 100;
const pauseMsMax = 5_000;
/** What ends soon is waited for when partitions move; what does not goes on, and others wait for its outcome. */
const rebalanceDrainMs = 500;
/** The broker is asked again at most so often while nothing comes. */
const progressMs = 2_000;

/**
 * Reads requests without ever waiting for one: a record is handed to the worker, and the offset moves when everything
 * before it is done, in whatever order that happens.
 */
export class RequestIntake {
  private readonly lanes = lanesOf({ group: requestsGroup, topics: requestTopics });
  private readonly notInRegistry = new Set<number>();
  private group: GroupConsumer | undefined;
  private readonly stopping = new AbortController();
  private starting: Promise<void> | undefined;
  private failure: string | undefined = 'joining';

  constructor(private readonly parts: IntakeParts) {}

  /** Joins in the background: brokers that are away, or topics that are missing, show in `notReady` meanwhile. */
  start(): void {
    this.starting = this.join();
  }

  /** Why no requests come; undefined: they do. */
  notReady(): string | undefined {
    return this.failure;
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.starting;
    await this.group?.stop();
  }

  private async join(): Promise<void> {
    const { signal } = this.stopping;
    for (let failures = 0; !signal.aborted; failures++) {
      try {
        await this.makeTopics();
        return this.consume();
      } catch (error) {
        this.failure = error instanceof Error ? error.message : String(error);
        if (failures === 0) this.parts.logger.warn('Requests cannot be read yet; trying again', { error });
        await sleep(Math.min(pauseMs * 2 ** Math.min(failures, 8), pauseMsMax), signal);
      }
    }
  }

  private consume(): void {
    const { driver, drainTimeoutMs, sessionTimeoutMs } = this.parts;
    this.group = driver.consume({
      group: requestsGroup,
      topics: [...this.lanes.keys()],
      drainTimeoutMs,
      sessionTimeoutMs,
      fetchPauseMs,
      run: (partition) => this.run(partition),
      onState: (state, error) => (this.failure = state === 'running' ? undefined : (error?.message ?? state)),
    });
  }

  private async makeTopics(): Promise<void> {
    const admin = await this.parts.driver.admin();
    try {
      const sources = await admin.describeTopics(requestTopics);
      const missing = requestTopics.find((topic) => !sources.some(({ name }) => name === topic));
      if (missing !== undefined) throw new TopicMissingError(missing);
      const own = [...this.lanes.values()].filter(({ kind }) => kind !== 'source').map(({ topic }) => topic);
      const names = [...own, ...requestTopics.map((topic) => deadLetterTopic(topic, requestsGroup))];
      const replicationFactor = Math.min(...sources.map((source) => source.replicationFactor));
      await applyTopics(admin, { names, replicationFactor });
    } finally {
      await admin.close();
    }
  }

  private async run(partition: AssignedPartition): Promise<void> {
    const lane = this.lanes.get(partition.topic);
    if (!lane) return;
    const priority = priorityOf(lane.source.slice(lane.source.lastIndexOf('.') + 1));
    const { room, worker } = this.parts;
    const from = await this.begin(partition);
    if (from === undefined) return;
    const marks = new Watermark(from);
    const held = new Map<bigint, Job>();
    room.join(priority, partition.partition);
    try {
      while (!partition.intake.aborted) {
        const free = Math.min(
          room.free(priority, partition.partition),
          this.parts.spanMax - marks.span,
          readRecordsMax,
        );
        partition.progress();
        if (free <= 0) await room.wait(priority, partition.intake);
        else await this.readSome(partition, lane, marks, held, free);
      }
    } finally {
      room.leave(priority, partition.partition);
    }
    worker.release(held.values());
    await this.drain(partition, held);
  }

  /** A topic that was just made has no leader yet; a broker that goes away comes back. */
  private async begin(partition: AssignedPartition): Promise<bigint | undefined> {
    for (let failures = 0; !partition.intake.aborted; failures++) {
      try {
        return await partition.start(undefined);
      } catch (error) {
        this.parts.logger.warn('A partition of requests cannot be read yet', { topic: partition.topic, error });
        await this.pause(partition, failures);
      }
    }
    return undefined;
  }

  private async readSome(
    partition: AssignedPartition,
    lane: Lane,
    marks: Watermark,
    held: Map<bigint, Job>,
    recordsMax: number,
  ): Promise<void> {
    const chunk = await this.read(partition, recordsMax);
    if (!chunk) return;
    // All of them before any is done: the watermark knows their order by that of their coming.
    for (const { offset } of chunk.records) marks.add(offset);
    const messages = await this.decode(partition, lane, chunk, marks);
    if (!messages) return;
    for (const message of messages) this.take(message, partition, lane, marks, held);
    marks.passTo(chunk.nextOffset);
    partition.commit(marks.offset);
  }

  private async read(partition: AssignedPartition, recordsMax: number): Promise<RecordChunk | undefined> {
    for (let failures = 0; !partition.intake.aborted; failures++) {
      try {
        return await partition.read({ recordsMax, bytesMax: readBytesMax, waitMsMax: readWaitMs });
      } catch (error) {
        this.parts.logger.warn('A partition of requests cannot be read; trying again', {
          topic: partition.topic,
          error,
        });
        await this.pause(partition, failures);
        if (error instanceof PartitionUnreadableError) await partition.start(error.offset);
      }
    }
    return undefined;
  }

  /** Undefined when the partition is taken away before a registry that is needed answers. */
  private async decode(
    partition: AssignedPartition,
    lane: Lane,
    chunk: RecordChunk,
    marks: Watermark,
  ): Promise<readonly Message<inference.Requested>[] | undefined> {
    const { codec } = this.parts;
    const decoder = {
      decode: (record: IncomingRecord) => codec.decode(record),
      learn: (schemaId: number) => codec.learn(schemaId),
    };
    const messages: Message<inference.Requested>[] = [];
    for (let rest = chunk.records; rest.length > 0;) {
      const decoded = decodeRecords<inference.Requested>(
        rest,
        lane,
        partitionCountOf(lane.source),
        decoder,
        this.notInRegistry,
      );
      messages.push(...decoded.messages);
      for (const { record, cause } of decoded.setAside) {
        if (!(await this.send(partition, deadLetterRecord(record, requestsGroup, cause)))) return undefined;
        this.parts.logger.warn('A request was set aside', { topic: record.topic, reason: cause.reason });
        marks.done(record.offset);
      }
      if (decoded.schemaToLearn !== undefined && !(await this.learn(partition, decoded.schemaToLearn)))
        return undefined;
      rest = rest.slice(decoded.count);
    }
    return messages;
  }

  private take(
    { record, envelope }: Message<inference.Requested>,
    partition: AssignedPartition,
    lane: Lane,
    marks: Watermark,
    held: Map<bigint, Job>,
  ): void {
    const { worker, room } = this.parts;
    const bytes = (record.value?.length ?? 0) + (record.key?.length ?? 0);
    const priority = priorityOf(lane.source.slice(lane.source.lastIndexOf('.') + 1));
    const giveBack = room.take(priority, partition.partition, bytes);
    const request = {
      data: envelope.event.data,
      metadata: envelope.metadata,
      priority,
      bytes,
      fetchedMs: systemClock.nowMs(),
    };
    const job = worker.submit(request, (isDone) => {
      held.delete(record.offset);
      giveBack();
      if (isDone && marks.done(record.offset)) partition.commit(marks.offset);
    });
    if (job.state !== 'ended') held.set(record.offset, job);
  }

  private async drain(partition: AssignedPartition, held: ReadonlyMap<bigint, Job>): Promise<void> {
    const untilMs = systemClock.nowMs() + (this.stopping.signal.aborted ? this.parts.drainTimeoutMs : rebalanceDrainMs);
    while (held.size > 0 && !partition.owned.aborted && systemClock.nowMs() < untilMs) await sleep(20, partition.owned);
  }

  private async learn(partition: AssignedPartition, schemaId: number): Promise<boolean> {
    for (let failures = 0; !partition.intake.aborted; failures++) {
      try {
        await this.parts.codec.learn(schemaId);
        return true;
      } catch (error) {
        if (error instanceof SchemaNotFoundError) {
          this.notInRegistry.add(schemaId);
          return true;
        }
        if (!(error instanceof RegistryUnavailableError)) throw error;
        await this.pause(partition, failures);
      }
    }
    return false;
  }

  private async send(partition: AssignedPartition, letter: Parameters<Producer['send']>[0]): Promise<boolean> {
    for (let failures = 0; !partition.owned.aborted; failures++) {
      try {
        await this.parts.producer.send(letter);
        return true;
      } catch (error) {
        this.parts.logger.warn('A request could not be set aside yet', { error });
        await this.pause(partition, failures);
      }
    }
    return false;
  }

  private async pause(partition: AssignedPartition, failures: number): Promise<void> {
    partition.progress();
    await sleep(Math.min(pauseMs * 2 ** Math.min(failures, 8), pauseMsMax, progressMs), partition.intake);
  }
}
