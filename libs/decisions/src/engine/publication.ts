import type { AssignedPartition } from '@chorda/messaging';
import { crashPoint } from '@chorda/platform';
import type { OutboxRecord } from '../store/outbox.js';
import type { PartitionPlace } from '../store/partition-row.js';
import type { ProgressNotifier } from './progress-notifier.js';
import type { Publisher } from './publisher.js';

export interface PublicationParts {
  readonly place: PartitionPlace;
  readonly publisher: Publisher;
  readonly notifier: ProgressNotifier;
  readonly partition: Pick<AssignedPartition, 'commit'>;
  readonly onPublished?: ((records: readonly OutboxRecord[]) => void) | undefined;
}

/** A batch of one claim, with what its publication settles. */
export interface Batch {
  readonly records: readonly OutboxRecord[];
  /** Commands before this offset have an outcome that may be told then. */
  readonly nextCommandOffset: bigint;
}

/** How far one claim's records are at the brokers. One batch is on its way at a time, while the next is decided. */
export class Publication {
  /** What the brokers have, and the database may not know yet. */
  private done: { readonly seq: bigint; readonly offset: bigint };
  private underWay: Promise<void> | undefined;
  private fault: Error | undefined;
  private lastAtMs = 0;
  private committedSeq: bigint;
  private waitingSinceMs: number | undefined;

  constructor(
    private readonly parts: PublicationParts,
    from: { readonly seq: bigint; readonly offset: bigint; readonly committedSeq: bigint },
  ) {
    this.done = { seq: from.seq, offset: from.offset };
    this.committedSeq = from.committedSeq;
    if (this.committedSeq > from.seq) this.waitingSinceMs = Date.now();
  }

  get seq(): bigint {
    return this.done.seq;
  }

  /** The next offset of the event topic behind it. */
  get offset(): bigint {
    return this.done.offset;
  }

  get publishedAtMs(): number {
    return this.lastAtMs;
  }

  /** Of the oldest record that is committed and not published; 0 without one. */
  get waitingSeconds(): number {
    return this.waitingSinceMs === undefined ? 0 : (Date.now() - this.waitingSinceMs) / 1000;
  }

  /** The end of the batch on its way, if there is one. It does not fail. */
  get ending(): Promise<void> | undefined {
    return this.underWay;
  }

  /** @throws what publishing failed by. */
  check(): void {
    if (this.fault !== undefined) throw this.fault;
  }

  committed(seq: bigint): void {
    if (seq > this.committedSeq) this.waitingSinceMs ??= Date.now();
    this.committedSeq = seq;
  }

  /** The log has it: an owner before published it. */
  skipTo(seq: bigint): void {
    this.done = { ...this.done, seq };
    if (seq >= this.committedSeq) this.waitingSinceMs = undefined;
  }

  /** When the batch before has ended. @throws as `check`. */
  async start(batch: Batch): Promise<void> {
    await this.underWay;
    this.check();
    this.underWay = this.publish(batch)
      .then(
        () => undefined,
        (error: unknown) => {
          this.fault = error instanceof Error ? error : new Error(String(error));
        },
      )
      .then(() => {
        this.underWay = undefined;
      });
  }

  /** @returns False when the tries were ended: what is not published is the next owner's to publish. */
  async publish({ records, nextCommandOffset }: Batch): Promise<boolean> {
    if (records.length > 0) {
      const published = await this.parts.publisher.publish(records);
      if (!published) return false;
      this.done = { seq: published.seq, offset: published.offset ?? this.done.offset };
      this.lastAtMs = Date.now();
      crashPoint('decisions-after-publish');
      this.parts.onPublished?.(records);
    }
    if (this.done.seq >= this.committedSeq) this.waitingSinceMs = undefined;
    this.tell(nextCommandOffset);
    return true;
  }

  /** Wakes those who wait for commands before this offset. */
  tell(nextCommandOffset: bigint): void {
    const { place, partition, notifier } = this.parts;
    partition.commit(nextCommandOffset);
    notifier.notify({ ...place, nextCommandOffset, publishedOffset: this.done.offset });
  }
}
