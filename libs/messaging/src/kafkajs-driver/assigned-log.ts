import { sleep } from '@chorda/kernel';
import { PartitionUnreadableError } from '../errors.js';
import type { AssignedPartition, IncomingRecord, ReadLimits, RecordChunk } from '../port.js';
import { decodeRecordBatch, isAbortMarker, splitBatches, type RawBatch } from './wire/record-batch.js';
import type { FetchedPartition } from './wire/requests.js';

export interface LogBounds {
  readonly bufferBytesMax: number;
  readonly inflatedBytesMax: number;
}

export interface LogOwner {
  /** Where a partition without anything committed starts, and where the log begins now. */
  startOffset(log: AssignedLog): Promise<bigint>;
  /** There is room again, or a new place to fetch from. */
  wake(): void;
  /** False once the broker has not been heard for a session: another member may have the partition by now. */
  isCurrent(): boolean;
}

/**
 * One assignment of one partition: batches as they came from the log wait here, still compressed, until they are read.
 * Fetching pauses while `bufferBytesMax` wait, so a slow reader holds back its own partition alone.
 */
export class AssignedLog implements AssignedPartition {
  private batches: RawBatch[] = [];
  private bufferedBytes = 0;
  private decoded: { records: readonly IncomingRecord[]; nextOffset: bigint } | undefined;
  private decodedAt = 0;
  private readOffset = 0n;
  private abortedProducers = new Set<bigint>();
  private aborted: { producerId: bigint; firstOffset: bigint }[] = [];
  private wakeReader: (() => void) | undefined;
  private readonly intakeControl = new AbortController();
  private readonly ownedControl = new AbortController();
  private failure: string | undefined;
  private toCommit: bigint | undefined;
  private seeks = 0;
  /** The next offset to ask the broker for; undefined until `start`. */
  fetchOffset: bigint | undefined;
  endOffset: bigint | undefined;
  endOffsetAtMs = 0;
  /** Records are with the reader since then; undefined while it waits for more. */
  busySinceMs: number | undefined;
  settledCommit: bigint | undefined;

  constructor(
    readonly topic: string,
    /** With the topic prefix. */
    readonly fullTopic: string,
    readonly partition: number,
    readonly epoch: number,
    readonly committedOffset: bigint | undefined,
    private readonly bounds: LogBounds,
    private readonly owner: LogOwner,
  ) {}

  get intake(): AbortSignal {
    return this.intakeControl.signal;
  }

  get owned(): AbortSignal {
    return this.ownedControl.signal;
  }

  get wantsFetch(): boolean {
    return (
      this.fetchOffset !== undefined &&
      this.failure === undefined &&
      this.bufferedBytes < this.bounds.bufferBytesMax &&
      !this.intake.aborted
    );
  }

  /** Grows with every `start`, so that what was asked for an older place is dropped when it comes. */
  get generation(): number {
    return this.seeks;
  }

  async start(offset: bigint | undefined): Promise<bigint> {
    this.progress();
    const from = offset ?? this.committedOffset ?? (await this.owner.startOffset(this));
    this.forgetFetched();
    this.readOffset = from;
    this.fetchOffset = from;
    this.owner.wake();
    return from;
  }

  rest(): void {
    this.busySinceMs = undefined;
    this.forgetFetched();
    this.fetchOffset = undefined;
  }

  private forgetFetched(): void {
    this.seeks++;
    this.batches = [];
    this.bufferedBytes = 0;
    this.decoded = undefined;
    this.failure = undefined;
    this.abortedProducers.clear();
    this.aborted = [];
  }

  async read(limits: ReadLimits): Promise<RecordChunk | undefined> {
    this.busySinceMs = undefined;
    while (!this.hasMore && !this.intake.aborted) await this.more();
    if (this.intake.aborted) return undefined;
    const waiting = this.bufferedBytes < limits.bytesMax && this.decoded === undefined && this.batches.length < 2;
    if (waiting && limits.waitMsMax > 0) await sleep(limits.waitMsMax, this.intake);
    // A process that was stopped for long wakes up here, before its next heartbeat: it hands out nothing stale.
    if (this.intake.aborted || !this.owner.isCurrent()) return undefined;
    this.progress();
    return this.take(limits);
  }

  commit(nextOffset: bigint): void {
    this.progress();
    if (!this.owned.aborted && (this.toCommit === undefined || nextOffset > this.toCommit)) this.toCommit = nextOffset;
  }

  progress(): void {
    this.busySinceMs = Date.now();
  }

  /** What the next commit request carries for this partition. */
  uncommitted(): bigint | undefined {
    if (this.owned.aborted || this.toCommit === undefined || this.toCommit === this.settledCommit) return undefined;
    return this.toCommit;
  }

  endIntake(): void {
    this.intakeControl.abort();
    this.wakeReader?.();
  }

  disown(): void {
    this.endIntake();
    this.ownedControl.abort();
  }

  /** What a fetch brought. Throws nothing: what cannot be cut into batches is told to the reader. */
  accept(fetched: FetchedPartition, nowMs: number): void {
    this.endOffset = fetched.endOffset;
    this.endOffsetAtMs = nowMs;
    if (!fetched.records || fetched.records.length === 0) return;
    try {
      for (const batch of splitBatches(fetched.records)) {
        if (batch.nextOffset <= this.fetchOffset!) continue;
        this.batches.push(batch);
        this.bufferedBytes += batch.bytes.length;
        this.fetchOffset = batch.nextOffset;
      }
      for (const each of fetched.aborted) this.aborted.push(each);
    } catch (error) {
      this.stopAt(error instanceof Error ? error.message : String(error));
    }
    this.wakeReader?.();
  }

  /** The partition cannot be fetched until `start` is called again. */
  stopAt(reason: string): void {
    this.failure = reason;
    this.wakeReader?.();
  }

  /** Whether `read` would answer without waiting. */
  get hasMore(): boolean {
    return this.decoded !== undefined || this.batches.length > 0 || this.failure !== undefined;
  }

  private async more(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.wakeReader = resolve;
    });
    this.wakeReader = undefined;
  }

  private take(limits: ReadLimits): RecordChunk {
    const firstOffset = this.readOffset;
    const records: IncomingRecord[] = [];
    let bytes = 0;
    while (records.length < limits.recordsMax && bytes < limits.bytesMax) {
      const current = this.nextDecoded(records.length > 0 || this.readOffset > firstOffset);
      if (!current) break;
      while (this.decodedAt < current.records.length && records.length < limits.recordsMax && bytes < limits.bytesMax) {
        const record = current.records[this.decodedAt]!;
        const size = (record.key?.length ?? 0) + (record.value?.length ?? 0) + 256;
        // What does not fit begins the next chunk; a record that fits in none goes alone.
        if (records.length > 0 && bytes + size > limits.bytesMax) break;
        this.decodedAt++;
        records.push(record);
        bytes += size;
        this.readOffset = record.offset + 1n;
      }
      if (this.decodedAt < current.records.length) break;
      this.readOffset = current.nextOffset;
      this.decoded = undefined;
    }
    this.owner.wake();
    return { records, firstOffset, nextOffset: this.readOffset };
  }

  /** The batch in hand, or the next one decoded; where that fails and there is something to give first, nothing. */
  private nextDecoded(somethingToGive: boolean): AssignedLog['decoded'] {
    if (this.decoded) return this.decoded;
    const batch = this.batches[0];
    if (!batch) {
      if (this.failure === undefined || somethingToGive) return undefined;
      throw this.unreadable(this.readOffset, this.failure);
    }
    try {
      const records = this.isHidden(batch)
        ? []
        : decodeRecordBatch(batch, this, this.readOffset, this.bounds.inflatedBytesMax);
      this.decoded = { records, nextOffset: batch.nextOffset };
      this.decodedAt = 0;
      this.batches.shift();
      this.bufferedBytes -= batch.bytes.length;
      return this.decoded;
    } catch (error) {
      if (somethingToGive) return undefined;
      const offset = batch.baseOffset > this.readOffset ? batch.baseOffset : this.readOffset;
      throw this.unreadable(offset, error instanceof Error ? error.message : String(error));
    }
  }

  /** Control records, and records of a transaction that was given up. */
  private isHidden(batch: RawBatch): boolean {
    while (this.aborted.length > 0 && this.aborted[0]!.firstOffset < batch.nextOffset) {
      this.abortedProducers.add(this.aborted.shift()!.producerId);
    }
    if (batch.control) {
      if (isAbortMarker(batch)) this.abortedProducers.delete(batch.producerId);
      return true;
    }
    return batch.transactional && this.abortedProducers.has(batch.producerId);
  }

  private unreadable(offset: bigint, reason: string): PartitionUnreadableError {
    return new PartitionUnreadableError(this.topic, this.partition, offset, reason);
  }
}
