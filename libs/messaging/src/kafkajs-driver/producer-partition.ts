import type { BackboneError } from '@chorda/kernel';
import type { RecordPlace } from '../port.js';
import { encodeRecordBatch, type PackedRecord, type ProducerIdentity } from './wire/record-batch.js';
import type { WritableCodec } from './wire/compression.js';

/** A record that waits for its place in the log. */
export interface Waiting {
  readonly record: PackedRecord;
  readonly bytes: number;
  readonly sinceMs: number;
  resolve(place: RecordPlace): void;
  reject(error: BackboneError): void;
}

/** Records that travel together; their bytes and their sequence are the same on every attempt. */
export interface OpenBatch {
  readonly waiting: readonly Waiting[];
  readonly encoded: Buffer;
  readonly sinceMs: number;
  /** Times that it was handed to a connection. From the second on, an earlier one may have been stored. */
  attempts: number;
}

export interface BatchBounds {
  readonly recordsMax: number;
  readonly bytesMax: number;
  readonly codec: WritableCodec;
  readonly compressionBytesMin: number;
}

const epochMax = 32_767;

/**
 * The records of one partition on their way. One batch is open at a time, so a retry can overtake nothing. The producer
 * epoch is the partition's own: raising it gives up a batch of unknown fate, since the broker refuses its bytes from then
 * on, and leaves the other partitions as they are.
 */
export class ProducerPartition {
  private queue: Waiting[] = [];
  private taken = 0;
  private queuedBytes = 0;
  private sequence = 0;
  private identity: { producerId: bigint; producerEpoch: number } | undefined;
  private recordsMaxNext = Number.POSITIVE_INFINITY;
  open: OpenBatch | undefined;
  /** A request with the open batch is at the broker. */
  inFlight = false;
  /** Not before this time: the last attempt failed. */
  retryAtMs = 0;

  constructor(
    readonly topic: string,
    readonly partition: number,
  ) {}

  get hasIdentity(): boolean {
    return this.identity !== undefined;
  }

  get queued(): number {
    return this.queue.length - this.taken;
  }

  get isIdle(): boolean {
    return this.open === undefined && this.queued === 0;
  }

  get oldestMs(): number {
    return this.open?.sinceMs ?? this.queue[this.taken]?.sinceMs ?? Number.POSITIVE_INFINITY;
  }

  useIdentity(producerId: bigint, producerEpoch: number): void {
    this.identity = { producerId, producerEpoch };
    this.sequence = 0;
  }

  add(waiting: Waiting): void {
    this.queue.push(waiting);
    this.queuedBytes += waiting.bytes;
  }

  isFull({ recordsMax, bytesMax }: BatchBounds): boolean {
    return this.queued >= recordsMax || this.queuedBytes >= bytesMax;
  }

  /** Forms the next batch; a record above `bytesMax` goes alone. */
  openNext(bounds: BatchBounds): OpenBatch | undefined {
    if (this.open || !this.identity || this.queued === 0) return this.open;
    const waiting: Waiting[] = [];
    const recordsMax = Math.min(bounds.recordsMax, this.recordsMaxNext);
    let bytes = 0;
    while (waiting.length < recordsMax && this.taken < this.queue.length) {
      const next = this.queue[this.taken]!;
      if (waiting.length > 0 && bytes + next.bytes > bounds.bytesMax) break;
      waiting.push(next);
      bytes += next.bytes;
      this.taken++;
    }
    this.recordsMaxNext = Number.POSITIVE_INFINITY;
    this.queuedBytes -= bytes;
    this.forgetTaken();
    this.open = this.encode(waiting, this.identity, bounds);
    return this.open;
  }

  /** The open batch is in the log. */
  stored(): void {
    this.sequence = wrapSequence(this.sequence + this.open!.waiting.length);
    this.close();
  }

  /** The open batch is surely not in the log, and will not be sent again: its sequence goes to the next. */
  refused(): void {
    this.close();
  }

  /** Nobody knows whether the open batch is in the log. What comes after it must not be taken for a gap. */
  abandoned(): void {
    this.close();
    this.raiseEpoch();
  }

  /** The broker has lost track of our sequence, and the open batch is not in the log: it starts a new epoch. */
  restartEpoch(bounds: BatchBounds): void {
    this.raiseEpoch();
    const { waiting, attempts } = this.open!;
    if (!this.identity) return this.putBack();
    this.open = { ...this.encode(waiting, this.identity, bounds), attempts };
  }

  /** The broker will not take so much at once; nothing of it was stored. */
  halve(): void {
    this.recordsMaxNext = Math.ceil(this.open!.waiting.length / 2);
    this.putBack();
  }

  takeAll(): Waiting[] {
    const all = [...(this.open?.waiting ?? []), ...this.queue.slice(this.taken)];
    this.queue = [];
    this.taken = 0;
    this.queuedBytes = 0;
    this.close();
    return all;
  }

  /** Waiting records that were never sent and are older than `beforeMs`. */
  takeOlder(beforeMs: number): Waiting[] {
    const old: Waiting[] = [];
    while (this.taken < this.queue.length && this.queue[this.taken]!.sinceMs < beforeMs) {
      const waiting = this.queue[this.taken++]!;
      this.queuedBytes -= waiting.bytes;
      old.push(waiting);
    }
    this.forgetTaken();
    return old;
  }

  private encode(waiting: readonly Waiting[], of: { producerId: bigint; producerEpoch: number }, bounds: BatchBounds) {
    const identity: ProducerIdentity = { ...of, baseSequence: this.sequence };
    const encoded = encodeRecordBatch(
      waiting.map(({ record }) => record),
      identity,
      { codec: bounds.codec, bytesMin: bounds.compressionBytesMin },
    );
    return { waiting, encoded, sinceMs: waiting[0]!.sinceMs, attempts: 0 };
  }

  private putBack(): void {
    const { waiting } = this.open!;
    this.queue = [...waiting, ...this.queue.slice(this.taken)];
    this.taken = 0;
    for (const { bytes } of waiting) this.queuedBytes += bytes;
    this.close();
  }

  private raiseEpoch(): void {
    this.sequence = 0;
    if (!this.identity) return;
    const { producerId, producerEpoch } = this.identity;
    this.identity = producerEpoch >= epochMax ? undefined : { producerId, producerEpoch: producerEpoch + 1 };
  }

  /** A new producer id has to be asked for. */
  forgetIdentity(): void {
    this.identity = undefined;
    this.sequence = 0;
    if (this.open) this.putBack();
  }

  private close(): void {
    this.open = undefined;
    this.inFlight = false;
    this.retryAtMs = 0;
  }

  /** `shift` on a long array moves all of it; the taken head is cut off now and then instead. */
  private forgetTaken(): void {
    if (this.taken < 1024 && this.taken < this.queue.length) return;
    this.queue = this.queue.slice(this.taken);
    this.taken = 0;
  }
}

function wrapSequence(sequence: number): number {
  return sequence > 0x7fffffff ? sequence - 0x80000000 : sequence;
}
