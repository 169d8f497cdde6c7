import { deadLetterTopic, RegistryUnavailableError, SchemaNotFoundError } from '@chorda/contracts';
import { sleep, type Logger } from '@chorda/kernel';
import type {
  Carried,
  BatchHandler,
  ConsumerOptions,
  Message,
  Outcomes,
  PartitionHealth,
  SetAsideRecord,
} from '../consumer-contract.js';
import { PartitionUnreadableError } from '../errors.js';
import type { AssignedPartition, IncomingRecord, OutgoingRecord, Producer, RecordChunk } from '../port.js';
import { traceBatch } from '../tracing.js';
import { backoffMs } from './backoff.js';
import type { ConsumerMetrics } from './consumer-metrics.js';
import { decodeRecords, type RecordDecoder, type SetAside } from './decode-records.js';
import { tierFor, type Lane } from './lanes.js';
import { MessageBatch } from './message-batch.js';
import { deadLetterRecord, reasonOf, retryRecord, retryStateOf } from './set-aside.js';

/** A wait is told to the watchdog at least so often. */
const progressEveryMs = 5_000;

export interface LoopParts<E extends Carried> {
  readonly options: ConsumerOptions;
  readonly handler: BatchHandler<E>;
  readonly codec: RecordDecoder;
  readonly producer: Producer;
  readonly logger: Logger;
  readonly metrics: ConsumerMetrics;
  readonly partitionCounts: ReadonlyMap<string, number>;
}

type WaitCause = 'handler' | 'registry' | 'unreadable' | 'broker' | 'checkpoint' | 'codec';

/**
 * One assignment of one partition: read, decode, set aside, handle, settle, commit, in this order and one chunk at a
 * time. Whatever fails is tried again without end, with growing pauses, until it works or the partition is taken away;
 * the offset moves only past what is settled.
 */
export class PartitionLoop<E extends Carried> {
  private readonly limits: { recordsMax: number; bytesMax: number; waitMsMax: number };
  private readonly notInRegistry = new Set<number>();
  private nextOffset: bigint | undefined;
  private movedAtMs = Date.now();
  private oldestMs: number | undefined;
  private stoppedBy: string | undefined;

  constructor(
    private readonly partition: AssignedPartition,
    private readonly lane: Lane,
    private readonly parts: LoopParts<E>,
  ) {
    const { batchRecordsMax = 500, batchBytesMax = 4 * 1024 * 1024, batchWaitMsMax = 5 } = parts.options;
    this.limits = { recordsMax: batchRecordsMax, bytesMax: batchBytesMax, waitMsMax: batchWaitMsMax };
  }

  health(): PartitionHealth {
    const { topic, partition, endOffset } = this.partition;
    const { nextOffset } = this;
    const known = nextOffset !== undefined && endOffset !== undefined;
    const lagRecords = known ? (endOffset > nextOffset ? endOffset - nextOffset : 0n) : undefined;
    const isAtEnd = lagRecords === 0n;
    const nowMs = Date.now();
    return {
      topic,
      partition,
      nextOffset,
      endOffset,
      lagRecords,
      lagSeconds: isAtEnd || this.oldestMs === undefined ? 0 : Math.max(0, nowMs - this.oldestMs) / 1000,
      noProgressMs: isAtEnd ? 0 : nowMs - this.movedAtMs,
      stoppedBy: this.stoppedBy,
    };
  }

  async run(): Promise<void> {
    const { checkpoints } = this.parts.options;
    if (!checkpoints) return this.follow(undefined);
    let claimed: bigint | undefined;
    const isClaimed = await this.untilDone('checkpoint', async () => {
      claimed = await checkpoints.claim(this.partition);
    });
    if (!isClaimed) return;
    // The claim is given back when the partition is lost, even while a handler that is too late still runs.
    const following = this.follow(claimed);
    await Promise.race([following.catch(() => undefined), aborted(this.partition.owned)]);
    try {
      await checkpoints.release(this.partition);
    } catch (error) {
      this.parts.logger.warn('A claim could not be given back', { ...this.place(), error });
    }
    await following;
  }

  private async follow(from: bigint | undefined): Promise<void> {
    const isStarted = await this.untilDone('broker', async () => {
      this.nextOffset = await this.partition.start(from);
    });
    while (isStarted && !this.partition.intake.aborted) {
      const chunk = await this.read();
      if (!chunk) return;
      if (!(await this.process(chunk))) return;
    }
  }

  private async read(): Promise<RecordChunk | undefined> {
    let chunk: RecordChunk | undefined;
    await this.untilDone('unreadable', async () => {
      try {
        chunk = await this.partition.read(this.limits);
        this.movedAtMs = Date.now();
      } catch (error) {
        // Fetched anew next time: an operator may have cut the log behind the batch that stands in the way.
        if (error instanceof PartitionUnreadableError) await this.partition.start(error.offset);
        throw error;
      }
    });
    return chunk;
  }

  /** False when the partition was taken away before all of it was done. */
  private async process(chunk: RecordChunk): Promise<boolean> {
    let rest = chunk.records;
    let firstOffset = chunk.firstOffset;
    do {
      this.oldestMs = rest[0]?.timestampMs;
      const due = this.lane.kind === 'retry' ? await this.waitUntilDue(rest) : rest;
      if (!due) return false;
      const decoded = await this.decode(due);
      if (!decoded) return false;
      rest = rest.slice(decoded.count);
      const nextOffset = rest[0]?.offset ?? chunk.nextOffset;
      if (!(await this.settleSetAside(decoded.setAside))) return false;
      if (decoded.messages.length > 0 || this.parts.options.checkpoints) {
        const setAside = decoded.setAside.map(forHandler);
        const batch = new MessageBatch<E>(this.partition, decoded.messages, setAside, firstOffset, nextOffset);
        if (!(await this.handle(batch))) return false;
      }
      this.moveTo(nextOffset);
      firstOffset = nextOffset;
      if (decoded.schemaToLearn !== undefined && !(await this.learn(decoded.schemaToLearn))) return false;
    } while (rest.length > 0);
    return true;
  }

  private moveTo(nextOffset: bigint): void {
    this.nextOffset = nextOffset;
    this.movedAtMs = Date.now();
    this.partition.commit(nextOffset);
  }

  private async decode(records: readonly IncomingRecord[]) {
    const { codec, partitionCounts } = this.parts;
    const partitionCount = partitionCounts.get(this.lane.source)!;
    let decoded: ReturnType<typeof decodeRecords<E>> | undefined;
    await this.untilDone('codec', async () => {
      decoded = decodeRecords<E>(records, this.lane, partitionCount, codec, this.notInRegistry);
    });
    return decoded;
  }

  /** A registry that is away holds the partition: the record is not bad, we only cannot tell yet. */
  private learn(schemaId: number): Promise<boolean> {
    return this.untilDone('registry', async () => {
      try {
        await this.parts.codec.learn(schemaId);
      } catch (error) {
        if (!(error instanceof SchemaNotFoundError)) throw error;
        this.notInRegistry.add(schemaId);
      }
    });
  }

  private async settleSetAside(setAside: readonly SetAside[]): Promise<boolean> {
    if (setAside.length === 0) return true;
    const { group } = this.parts.options;
    const letters = setAside.map(({ record, cause }) => deadLetterRecord(record, group, cause));
    if (!(await this.sendAll(letters))) return false;
    for (const { record, cause } of setAside) this.countDead(record, cause.reason, cause.error);
    this.parts.metrics.handled.inc({ group, topic: this.lane.topic, outcome: 'set_aside' }, setAside.length);
    return true;
  }

  private async handle(batch: MessageBatch<E>): Promise<boolean> {
    const { group } = this.parts.options;
    const { topic } = this.lane;
    let outcomes: Outcomes<E> | undefined;
    const isHandled = await this.untilDone('handler', async () => {
      const stopTimer = this.parts.metrics.batchSeconds.startTimer({ group, topic });
      try {
        outcomes = await traceBatch(
          { topic, partition: batch.partition, group },
          batch.messages.length,
          () => batch.messages.map(({ record }) => record.headers),
          () => this.parts.handler.handleBatch(batch),
        );
      } finally {
        stopTimer();
      }
      this.refuseRetryWithoutTiers(batch, outcomes);
    });
    return isHandled && (await this.settle(batch, outcomes!));
  }

  private refuseRetryWithoutTiers(batch: MessageBatch<E>, outcomes: Outcomes<E>): void {
    if (this.parts.options.retry) return;
    const wish = batch.messages.map((message) => outcomes.of(message)).find(({ kind }) => kind === 'retry');
    if (wish?.kind === 'retry') {
      throw new Error('The handler asked for a retry, and its group has no retry tiers', { cause: wish.error });
    }
  }

  private async settle(batch: MessageBatch<E>, outcomes: Outcomes<E>): Promise<boolean> {
    const records: OutgoingRecord[] = [];
    const counted: (() => void)[] = [];
    for (const message of batch.messages) {
      const outcome = outcomes.of(message);
      if (outcome.kind === 'done') continue;
      const attempts = retryStateOf(message.record).attempts + 1;
      const again = outcome.kind === 'retry' && attempts < this.parts.options.retry!.attemptsMax;
      records.push(
        again
          ? this.toTier(message, outcome.afterMs, attempts, outcome.error)
          : this.toGrave(message, attempts, outcome),
      );
      counted.push(
        again ? () => this.countRetry() : () => this.countDead(message.record, reasonOf(outcome.error), outcome.error),
      );
    }
    if (records.length > 0 && !(await this.sendAll(records))) return false;
    for (const count of counted) count();
    const done = batch.messages.length - records.length;
    this.parts.metrics.handled.inc({ group: this.parts.options.group, topic: this.lane.topic, outcome: 'done' }, done);
    return true;
  }

  private toTier(message: Message<E>, afterMs: number, attempts: number, error: Error): OutgoingRecord {
    const { group, retry } = this.parts.options;
    const delayMs = tierFor(retry!.delaysMs, afterMs);
    return retryRecord(message.record, group, { delayMs, attempts, error });
  }

  private toGrave(message: Message<E>, attempts: number, outcome: { kind: 'retry' | 'dead'; error: Error }) {
    const { error } = outcome;
    const stage = outcome.kind === 'retry' ? 'retry' : 'handler';
    return deadLetterRecord(message.record, this.parts.options.group, {
      stage,
      error,
      reason: reasonOf(error),
      attempts,
    });
  }

  private countRetry(): void {
    const { group } = this.parts.options;
    this.parts.metrics.retries.inc({ group, topic: this.lane.source });
    this.parts.metrics.handled.inc({ group, topic: this.lane.topic, outcome: 'retry' });
  }

  private countDead(record: IncomingRecord, reason: string, error: Error): void {
    const { group } = this.parts.options;
    this.parts.metrics.deadLetters.inc({ group, topic: this.lane.source, reason });
    this.parts.logger.warn('A record was set aside', {
      group,
      topic: record.topic,
      partition: record.partition,
      offset: String(record.offset),
      reason,
      error,
      dead_letter_topic: deadLetterTopic(this.lane.source, group),
    });
  }

  /** Acknowledged, all of them, before anything moves on. */
  private sendAll(records: readonly OutgoingRecord[]): Promise<boolean> {
    return this.untilDone('broker', async () => {
      await Promise.all(records.map((record) => this.parts.producer.send(record)));
    });
  }

  /** The records at the front whose time has come, after waiting for the first. */
  private async waitUntilDue(records: readonly IncomingRecord[]): Promise<readonly IncomingRecord[] | undefined> {
    const [first] = records;
    if (!first) return records;
    for (;;) {
      const nowMs = Date.now();
      const waitMs = retryStateOf(first).notBeforeMs - nowMs;
      if (waitMs <= 0) {
        const later = records.findIndex((record) => retryStateOf(record).notBeforeMs > nowMs);
        return later < 0 ? records : records.slice(0, later);
      }
      await this.pause(waitMs);
      if (this.partition.intake.aborted) return undefined;
    }
  }

  /** Tries until it works. False when the partition is taken away first. */
  private async untilDone(cause: WaitCause, attempt: () => Promise<void>): Promise<boolean> {
    for (let failures = 0; ; failures++) {
      if (this.partition.owned.aborted) return false;
      try {
        await attempt();
        this.stoppedBy = undefined;
        return !this.partition.owned.aborted;
      } catch (error) {
        this.reportWait(causeOfWait(cause, error), error, failures);
      }
      await this.pause(backoffMs(failures));
      if (this.partition.intake.aborted) return false;
    }
  }

  private reportWait(cause: WaitCause, error: unknown, failures: number): void {
    const { group } = this.parts.options;
    this.stoppedBy = error instanceof Error ? error.message : String(error);
    this.parts.metrics.waits.inc({ group, topic: this.lane.topic, cause });
    const message = 'A partition waits and will try again';
    const fields = { group, ...this.place(), next_offset: String(this.nextOffset), cause, failures, error };
    if (failures < 3) this.parts.logger.warn(message, fields);
    else this.parts.logger.error(message, fields);
  }

  private async pause(durationMs: number): Promise<void> {
    const untilMs = Date.now() + durationMs;
    for (let leftMs = durationMs; leftMs > 0 && !this.partition.intake.aborted; leftMs = untilMs - Date.now()) {
      this.partition.progress();
      await sleep(Math.min(leftMs, progressEveryMs), this.partition.intake);
    }
    this.partition.progress();
  }

  private place(): { topic: string; partition: number } {
    return { topic: this.partition.topic, partition: this.partition.partition };
  }
}

function forHandler({ record, origin, cause }: SetAside): SetAsideRecord {
  const stage = cause.stage === 'partition' ? 'partition' : 'decode';
  return { record, origin, stage, reason: cause.reason, error: cause.error };
}

function causeOfWait(cause: WaitCause, error: unknown): WaitCause {
  return error instanceof RegistryUnavailableError ? 'registry' : cause;
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
