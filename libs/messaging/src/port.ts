/**
 * Kafka in our words. Everything above this file speaks these types; no type of a client library leaves its driver, so
 * that a second driver can be put through the same conformance suite.
 */

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
