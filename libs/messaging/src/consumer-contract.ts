import type { AnyEvent, EventMetadata } from '@chorda/contracts';
import type { GroupState, IncomingRecord, RecordPlace, TopicPartition } from './port.js';

/** What a record may carry: an event, a command, or work, as its codec reads it. */
export interface Carried {
  readonly type: string;
  readonly data: unknown;
}

export interface Envelope<E extends Carried> {
  readonly event: E;
  readonly metadata: EventMetadata;
}

/** A decoded event and the record that carried it. */
export interface Message<E extends Carried = AnyEvent> {
  readonly record: IncomingRecord;
  readonly envelope: Envelope<E>;
  /** The same as `envelope.event`. */
  readonly event: E;
  /** Where the record first stood. Differs from the record's own place for what came by a retry tier or a redrive. */
  readonly origin: RecordPlace;
}

/** A record of the batch that is on the dead-letter topic, acknowledged, before the handler is called. */
export interface SetAsideRecord {
  readonly record: IncomingRecord;
  /** Where the record first stood; undefined where its headers do not hold. */
  readonly origin: RecordPlace | undefined;
  /** `decode`: it may be readable one day; `partition`: it stands in another partition than its key says. */
  readonly stage: 'decode' | 'partition';
  /** Stable name, as on the dead letter. */
  readonly reason: string;
  readonly error: Error;
}

/** What a handler says of one message. A throw from the handler is said of nobody: the whole batch is tried again. */
export type Outcome =
  | { readonly kind: 'done' }
  /** Come again after at least `afterMs` (a retry tier); attempts are counted, past `attemptsMax` it is dead. */
  | { readonly kind: 'retry'; readonly afterMs: number; readonly error: Error }
  /** Only this message is bad: to `<topic>.<group>.dead-letter` with its error. */
  | { readonly kind: 'dead'; readonly error: Error };

/**
 * Records of one partition, in offset order. `messages` leaves out what could not be decoded or stood in the wrong
 * partition: that is on the dead-letter topic, acknowledged, before the handler is called. A batch without any message is
 * handed out only where `checkpoints` are kept, so that they move past what was set aside.
 */
export interface Batch<E extends Carried = AnyEvent> extends TopicPartition, Iterable<Message<E>> {
  readonly messages: readonly Message<E>[];
  /** What was left out of `messages`, in offset order, for handlers that keep the order of a key by themselves. */
  readonly setAside: readonly SetAsideRecord[];
  /** The offset of the first record that this batch covers. */
  readonly firstOffset: bigint;
  /** One past the last offset that this batch covers, set-aside and control records included. */
  readonly nextOffset: bigint;
  /** Counts the assignments of this partition to this process; a commit of an older one changes nothing. */
  readonly assignmentEpoch: number;
  /** Aborted when the partition is no longer ours, or the drain deadline of a rebalance or stop is over. */
  readonly signal: AbortSignal;
  /** All messages done; `retry` and `dead` set single ones. */
  allDone(): Outcomes<E>;
}

export interface Outcomes<E extends Carried = AnyEvent> {
  retry(message: Message<E>, afterMs: number, error: Error): void;
  dead(message: Message<E>, error: Error): void;
  of(message: Message<E>): Outcome;
}

export interface BatchHandler<E extends Carried = AnyEvent> {
  handleBatch(batch: Batch<E>): Promise<Outcomes<E>>;
}

/**
 * A place outside Kafka that holds how far a partition is done, for handlers that write rows and checkpoint in one
 * transaction. With it the group commit is for lag display only.
 */
export interface CheckpointStore {
  /** Called once per assignment, before anything is fetched; answers where to start. Undefined: the log's start. */
  claim(partition: TopicPartition): Promise<bigint | undefined>;
  /** The partition is taken away or the consumer stops; the handler has returned or its deadline is over. */
  release(partition: TopicPartition): Promise<void>;
}

export interface ConsumerOptions {
  /** `<app>.<purpose>`; one group, one set of topics, one meaning. */
  readonly group: string;
  readonly topics: readonly string[];
  /** Where a partition without commit and checkpoint starts. Default 'earliest'. */
  readonly startFrom?: 'earliest' | 'latest';
  /** Default 500. */
  readonly batchRecordsMax?: number;
  /** Bytes of keys, values and headers. Default 4 MiB. */
  readonly batchBytesMax?: number;
  /** How long a smaller batch may wait for more. Default 5 ms. */
  readonly batchWaitMsMax?: number;
  /**
   * How long all partitions gather after an answer of the broker with little in it; what comes after a quiet moment does
   * not wait. Default 0.
   */
  readonly fetchPauseMs?: number;
  /** Left out: the group has no retry tiers, and `retry` counts as a fault of the handler. */
  readonly retry?: { readonly attemptsMax: number; readonly delaysMs: readonly number[] };
  readonly checkpoints?: CheckpointStore;
  /** How long a stop or a rebalance waits for the handler in hand. Default 5 s. */
  readonly drainTimeoutMs?: number;
  /** Default 10 s. */
  readonly sessionTimeoutMs?: number;
  /** A handler that neither returns nor throws for so long loses its partitions to others. Default 5 min. */
  readonly stuckAfterMs?: number;
}

export interface PartitionHealth extends TopicPartition {
  /** The next offset that the handler has not finished. */
  readonly nextOffset: bigint | undefined;
  readonly endOffset: bigint | undefined;
  /** Events between the two; undefined until both are known. */
  readonly lagRecords: bigint | undefined;
  /** Age of the oldest record that is not handled; 0 at the end of the log. */
  readonly lagSeconds: number;
  /** Milliseconds since `nextOffset` last moved or the partition was found at its end. */
  readonly noProgressMs: number;
  /** Why the partition waits: the last error of its handler, or of its decoding. */
  readonly stoppedBy: string | undefined;
}

export interface ConsumerHealth {
  readonly group: string;
  readonly state: GroupState;
  readonly partitions: readonly PartitionHealth[];
  /** The last error of joining or of the connection, while it lasts. */
  readonly error: string | undefined;
}

/** A running consumer; handlers are never called after `stop` has resolved. */
export interface RunningConsumer {
  health(): ConsumerHealth;
  /** Ends intake, drains what is in hand within `drainTimeoutMs`, commits, leaves the group. */
  stop(): Promise<void>;
}
