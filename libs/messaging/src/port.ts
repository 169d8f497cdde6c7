/**
 * Kafka in our words. Everything above this file speaks these types; no type of a client library leaves its driver, so
 * that a second driver can be put through the same conformance suite.
 */

import type { RawHeaders } from '@chorda/contracts';

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** A place in the log. Offsets are bigint here and nowhere a number; they may have holes (control records). */
export interface RecordPlace extends TopicPartition {
  readonly offset: bigint;
}

/** Header values by name. A name may repeat: then its value is the list, in order. */
export type OutgoingHeaders = Readonly<Record<string, string | Buffer | readonly (string | Buffer)[]>>;
export type IncomingHeaders = Readonly<Record<string, Buffer | readonly Buffer[] | undefined>>;

export interface OutgoingRecord {
  /** Name from the topic catalogue, without `CHORDA_TOPIC_PREFIX`: the driver adds that. */
  readonly topic: string;
  /** Left out: Java-compatible murmur2 of `key`. A record without key and partition is refused. */
  readonly partition?: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: OutgoingHeaders;
  /** Milliseconds since the epoch; left out: the time of sending. */
  readonly timestampMs?: number;
}

/** Bytes are the record's own: holding one record does not pin the fetch that brought it. */
export interface IncomingRecord extends RecordPlace {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: IncomingHeaders;
  /** The same, not cut out yet: a driver that has them so spares a buffer for each header that nobody asks for. */
  readonly rawHeaders?: RawHeaders | undefined;
  /** Milliseconds since the epoch, as the broker keeps it. */
  readonly timestampMs: number;
}

/** Idempotent, acks=all. Records of one key that are sent in order are appended in order. */
export interface Producer {
  /**
   * Resolves when all in-sync replicas have the record.
   *
   * @throws {@link RecordTooLargeError} before anything is sent. Not retriable.
   * @throws {@link ProducerQueueFullError} when `queueBytesMax` already waits. Retriable.
   * @throws {@link DeliveryUnknownError} when no acknowledgement came within `deliveryTimeoutMs`: the record may appear.
   */
  send(record: OutgoingRecord): Promise<RecordPlace>;
  /** Waits for everything that was sent so far, then closes. Bounded by `deliveryTimeoutMs`. */
  close(): Promise<void>;
}

/** Keys are the names of `CHORDA_*` and `KAFKA_*` settings in our words; secrets never appear in a message. */
export interface KafkaConnection {
  /** `host:port` of one or more brokers; the others are learned. */
  readonly brokers: readonly string[];
  /** Before every topic and group, added and taken away inside the driver. Empty for none. */
  readonly topicPrefix: string;
  readonly clientId: string;
  /** Present: TLS. Texts are PEM; without `caPem` the system's authorities count. */
  readonly ssl?: KafkaTls;
  readonly sasl?: KafkaSasl;
}

export interface KafkaTls {
  readonly caPem?: string;
  readonly certPem?: string;
  readonly keyPem?: string;
}

export type KafkaSasl =
  | {
      readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
      readonly username: string;
      readonly password: string;
    }
  /** `token` is asked anew before each authentication. */
  | { readonly mechanism: 'oauthbearer'; readonly token: () => Promise<string> };

export interface ProducerOptions {
  /** Keys, values and headers that may wait for an acknowledgement. Default 64 MiB. */
  readonly queueBytesMax?: number;
  /** From `send` to the answer. Default 30 s. */
  readonly deliveryTimeoutMs?: number;
  /** Key, value and headers of one record. Default 1 MiB and 64 KiB. */
  readonly recordBytesMax?: number;
  /** Default: see `compressionBytesMin`. */
  readonly compression?: 'none' | 'gzip' | 'zstd';
  /** A batch of fewer bytes goes uncompressed. Default 1 KiB. */
  readonly compressionBytesMin?: number;
  /** Records of a batch, which is stored whole or not at all. Default 500. */
  readonly batchRecordsMax?: number;
  /** Keys, values and headers of a batch; a record above it goes alone. Default 256 KiB. */
  readonly batchBytesMax?: number;
  /** A batch that a broker finds too large is refused, and not sent in halves. Default false. */
  readonly keepsBatchesWhole?: boolean;
  /**
   * Requests to one broker follow each other no closer; at most 5. A record that comes alone does not wait, and of many
   * that come one by one several share a request. Default 0: as soon as nothing is in flight there.
   */
  readonly requestEveryMs?: number;
  /** Told of each request to a broker: how many records share it, and their bytes as they travel. */
  readonly onRequest?: (records: number, bytes: number) => void;
}

/** What a partition gives to its reader in one go. */
export interface RecordChunk {
  /** In offset order; empty where the range held control or aborted records alone. */
  readonly records: readonly IncomingRecord[];
  readonly firstOffset: bigint;
  /** One past the last offset that this chunk covers. */
  readonly nextOffset: bigint;
}

export interface ReadLimits {
  readonly recordsMax: number;
  readonly bytesMax: number;
  /** How long a smaller chunk may wait for more. */
  readonly waitMsMax: number;
}

/**
 * One assignment of one partition to this process. It ends for good when the partition is taken away: a later assignment
 * of the same partition is another object with a higher epoch.
 */
export interface AssignedPartition extends TopicPartition {
  /** Counts up over all assignments of this consumer. */
  readonly epoch: number;
  /** What the group had committed when the partition was assigned. */
  readonly committedOffset: bigint | undefined;
  /** Aborts when intake ends (rebalance or stop): finish what is in hand, commit, return. */
  readonly intake: AbortSignal;
  /** Aborts when the partition is no longer ours, or the drain deadline is over: what is in hand is worth nothing now. */
  readonly owned: AbortSignal;
  /** One past the last record of the log, as last seen. */
  readonly endOffset: bigint | undefined;
  /**
   * Starts fetching at `offset`, and answers it. Undefined: the committed offset, else what `startFrom` says. Again: moves
   * there.
   */
  start(offset: bigint | undefined): Promise<bigint>;
  /** Drops what was fetched and fetches nothing until `start`: for who has nobody to read for. The partition stays ours. */
  rest(): void;
  /**
   * The next records, at least one offset further. Undefined once `intake` aborted.
   *
   * @throws {@link PartitionUnreadableError} names the offset; the same call gives the same error until the log is mended.
   */
  read(limits: ReadLimits): Promise<RecordChunk | undefined>;
  /** Everything before `nextOffset` is done. Sent with the next interval, with the assignment's own generation. */
  commit(nextOffset: bigint): void;
  /** Tells the watchdog that whoever holds the records is alive. `read` and `commit` tell it too. */
  progress(): void;
}

export type GroupState = 'joining' | 'running' | 'rebalancing' | 'crashed' | 'stopped';

export interface GroupConsumerOptions {
  readonly group: string;
  readonly topics: readonly string[];
  /** Where a partition without committed offset starts. Default 'earliest'. */
  readonly startFrom?: 'earliest' | 'latest';
  /** Default 5 s. */
  readonly drainTimeoutMs?: number;
  /** The broker takes the partitions away when it hears nothing for so long. Default 10 s. */
  readonly sessionTimeoutMs?: number;
  /** Default a sixth of the session, at most 1 s. */
  readonly heartbeatIntervalMs?: number;
  /** A reader that says nothing for so long loses its partitions to others. Default 5 min. */
  readonly stuckAfterMs?: number;
  /** Default 500 ms. */
  readonly commitIntervalMs?: number;
  /** Fetched bytes that may wait, a partition. Default 2 MiB. */
  readonly partitionBufferBytesMax?: number;
  /** What one batch of the log may inflate to. Default 16 MiB. */
  readonly inflatedBytesMax?: number;
  /**
   * How long to gather after an answer with little in it. A broker answers as soon as there is one record: a reader that
   * can wait a moment spares both of them most of their requests. Default 0.
   */
  readonly fetchPauseMs?: number;
  /**
   * Called for every assigned partition; handles it until `intake` aborts, then returns. At most one call a partition
   * runs at any time. A throw is a fault of ours: the consumer crashes, and joins again after a back-off.
   */
  readonly run: (partition: AssignedPartition) => Promise<void>;
  readonly onState?: (state: GroupState, error: Error | undefined) => void;
}

export interface GroupConsumer {
  readonly state: GroupState;
  /** Ends intake, drains within `drainTimeoutMs`, commits, leaves the group. */
  stop(): Promise<void>;
}

export interface ScanRange extends TopicPartition {
  readonly from: bigint;
  /** Exclusive. */
  readonly to: bigint;
  readonly signal?: AbortSignal;
}

export interface KafkaDriver {
  readonly topicPrefix: string;
  createProducer(options?: ProducerOptions): Promise<Producer>;
  /**
   * Reads a range of one partition, without a group and without any commit.
   *
   * @throws {@link PartitionUnreadableError} {@link TopicMissingError} {@link BrokerUnavailableError}
   */
  scan(range: ScanRange): AsyncIterable<RecordChunk>;
  /** Joins in the background; a broker that is away shows in `state`. */
  consume(options: GroupConsumerOptions): GroupConsumer;
  admin(): Promise<KafkaAdmin>;
  /** Closes what was made from it and is still open. */
  close(): Promise<void>;
}

export interface TopicSpec {
  readonly name: string;
  readonly partitions: number;
  readonly replicationFactor: number;
  readonly config: Readonly<Record<string, string>>;
}

export interface TopicState {
  readonly name: string;
  /** Kafka's own id of the topic; another id under the same name means it was deleted and made anew. */
  readonly topicId: string | undefined;
  readonly partitions: number;
  readonly replicationFactor: number;
  readonly config: Readonly<Record<string, string>>;
}

export interface KafkaAdmin {
  listTopics(): Promise<readonly string[]>;
  describeTopics(names: readonly string[]): Promise<readonly TopicState[]>;
  createTopics(specs: readonly TopicSpec[]): Promise<void>;
  alterTopicConfig(name: string, config: Readonly<Record<string, string>>): Promise<void>;
  deleteTopics(names: readonly string[]): Promise<void>;
  /** Log start and end (the next offset to be written) of every partition. */
  offsets(topic: string): Promise<readonly { partition: number; start: bigint; end: bigint }[]>;
  committedOffsets(group: string, topics: readonly string[]): Promise<readonly RecordPlace[]>;
  deleteGroups(groups: readonly string[]): Promise<void>;
  close(): Promise<void>;
}
