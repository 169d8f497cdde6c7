import type { WireRequest } from '../kafkajs-internals.js';
import { ByteReader } from './byte-reader.js';
import { ByteWriter } from './byte-writer.js';

/** The three requests that carry the load, or that kafkajs speaks too old a version of. All others are kafkajs's own. */
const produceKey = 0;
const fetchKey = 1;
const metadataKey = 3;
const initProducerIdKey = 22;

function wireRequest<Answer>(
  apiKey: number,
  apiVersion: number,
  apiName: string,
  body: Buffer,
  read: (reader: ByteReader) => Answer,
  requestTimeout: number | null = null,
): WireRequest<Answer> {
  return {
    request: { apiKey, apiVersion, apiName, encode: () => Promise.resolve({ buf: body, buffer: body }) },
    response: {
      decode: (payload) => Promise.resolve({ answer: read(new ByteReader(payload)), clientSideThrottleTime: 0 }),
      parse: ({ answer }) => Promise.resolve(answer),
    },
    requestTimeout,
  };
}

export interface PartitionToProduce {
  readonly topic: string;
  readonly partition: number;
  readonly batch: Buffer;
}

export interface ProducedPartition {
  readonly topic: string;
  readonly partition: number;
  readonly errorCode: number;
  readonly baseOffset: bigint;
  readonly errorMessage: string | null;
}

/** Produce v8, acks=all. */
export function produceRequest(
  partitions: readonly PartitionToProduce[],
  timeoutMs: number,
): WireRequest<ProducedPartition[]> {
  const bytes = partitions.reduce((sum, { batch, topic }) => sum + batch.length + topic.length + 32, 64);
  const writer = new ByteWriter(bytes).nullableString(null).int16(-1).int32(timeoutMs);
  writer.array([...byTopic(partitions)], ([topic, ofTopic]) => {
    writer.string(topic).array(ofTopic, ({ partition, batch }) => {
      writer.int32(partition).int32(batch.length).raw(batch);
    });
  });
  return wireRequest(produceKey, 8, 'Produce', writer.finish(), readProduced);
}

function readProduced(reader: ByteReader): ProducedPartition[] {
  const topics = reader.array(() => {
    const topic = reader.string();
    return reader.array((): ProducedPartition => {
      const partition = reader.int32();
      const errorCode = reader.int16();
      const baseOffset = reader.int64();
      reader.int64();
      reader.int64();
      const recordErrors = reader.array(() => (reader.int32(), reader.nullableString()));
      const errorMessage = reader.nullableString() ?? recordErrors.find((message) => message !== null) ?? null;
      return { topic, partition, errorCode, baseOffset, errorMessage };
    });
  });
  return topics.flat();
}

export interface PartitionToFetch {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
}

export interface FetchedPartition {
  readonly topic: string;
  readonly partition: number;
  readonly errorCode: number;
  /** One past the last record that all in-sync replicas have and no open transaction holds back. */
  readonly endOffset: bigint;
  readonly startOffset: bigint;
  readonly aborted: readonly { readonly producerId: bigint; readonly firstOffset: bigint }[];
  readonly records: Buffer | null;
}

export interface FetchLimits {
  readonly waitMsMax: number;
  readonly bytesMax: number;
  readonly partitionBytesMax: number;
}

/** Fetch v11, read committed, without a fetch session. */
export function fetchRequest(
  partitions: readonly PartitionToFetch[],
  limits: FetchLimits,
): WireRequest<FetchedPartition[]> {
  const writer = new ByteWriter(partitions.length * 64 + 128)
    .int32(-1)
    .int32(limits.waitMsMax)
    .int32(1)
    .int32(limits.bytesMax)
    .int8(1)
    .int32(0)
    .int32(-1);
  writer.array([...byTopic(partitions)], ([topic, ofTopic]) => {
    writer.string(topic).array(ofTopic, ({ partition, offset }) => {
      writer.int32(partition).int32(-1).int64(offset).int64(-1n).int32(limits.partitionBytesMax);
    });
  });
  writer.int32(0).string('');
  return wireRequest(fetchKey, 11, 'Fetch', writer.finish(), readFetched);
}

function readFetched(reader: ByteReader): FetchedPartition[] {
  reader.int32();
  reader.int16();
  reader.int32();
  const topics = reader.array(() => {
    const topic = reader.string();
    return reader.array((): FetchedPartition => {
      const partition = reader.int32();
      const errorCode = reader.int16();
      reader.int64();
      const endOffset = reader.int64();
      const startOffset = reader.int64();
      const aborted = reader.array(() => ({ producerId: reader.int64(), firstOffset: reader.int64() }));
      reader.int32();
      return { topic, partition, errorCode, endOffset, startOffset, aborted, records: reader.nullableBytes() };
    });
  });
  return topics.flat();
}

export interface ClusterMetadata {
  readonly brokers: readonly { readonly nodeId: number; readonly host: string; readonly port: number }[];
  readonly controllerId: number;
  readonly topics: readonly TopicMetadata[];
}

export interface TopicMetadata {
  readonly name: string;
  readonly errorCode: number;
  readonly topicId: string;
  readonly partitions: readonly PartitionMetadata[];
}

export interface PartitionMetadata {
  readonly partition: number;
  readonly errorCode: number;
  /** -1 while there is none. */
  readonly leader: number;
  readonly replicas: number;
}

/**
 * Metadata v12: names the error of each topic, where kafkajs's version throws the first one for all, and has topic ids.
 * Null asks for every topic. It is a "flexible" request: its header ends with tags, whose empty list is the first byte.
 */
export function metadataRequest(topics: readonly string[] | null): WireRequest<ClusterMetadata> {
  const writer = new ByteWriter().int8(0).unsignedVarint(topics === null ? 0 : topics.length + 1);
  for (const topic of topics ?? []) writer.int64(0n).int64(0n).compactString(topic).unsignedVarint(0);
  writer.int8(0).int8(0).unsignedVarint(0);
  return wireRequest(metadataKey, 12, 'Metadata', writer.finish(), readMetadata);
}

function readMetadata(reader: ByteReader): ClusterMetadata {
  reader.skipTags();
  reader.int32();
  const brokers = reader.compactArray(() => {
    const broker = { nodeId: reader.int32(), host: reader.compactString(), port: reader.int32() };
    reader.compactNullableString();
    reader.skipTags();
    return broker;
  });
  reader.compactNullableString();
  const controllerId = reader.int32();
  const topics = reader.compactArray((): TopicMetadata => {
    const errorCode = reader.int16();
    const name = reader.compactNullableString() ?? '';
    const topicId = uuidOf(reader.slice(16));
    reader.int8();
    const partitions = reader.compactArray(() => readPartition(reader));
    reader.int32();
    reader.skipTags();
    return { name, errorCode, topicId, partitions };
  });
  return { brokers, controllerId, topics };
}

function readPartition(reader: ByteReader): PartitionMetadata {
  const errorCode = reader.int16();
  const partition = reader.int32();
  const leader = reader.int32();
  reader.int32();
  const replicas = reader.compactArray(() => reader.int32()).length;
  reader.compactArray(() => reader.int32());
  reader.compactArray(() => reader.int32());
  reader.skipTags();
  return { errorCode, partition, leader, replicas };
}

function uuidOf(bytes: Buffer): string {
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** InitProducerId v1 without a transaction. */
export function initProducerIdRequest(): WireRequest<{ errorCode: number; producerId: bigint; producerEpoch: number }> {
  const writer = new ByteWriter().nullableString(null).int32(60_000);
  return wireRequest(initProducerIdKey, 1, 'InitProducerId', writer.finish(), (reader) => {
    reader.int32();
    return { errorCode: reader.int16(), producerId: reader.int64(), producerEpoch: reader.int16() };
  });
}

function byTopic<Item extends { readonly topic: string }>(items: readonly Item[]): Map<string, Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const group = groups.get(item.topic);
    if (group) group.push(item);
    else groups.set(item.topic, [item]);
  }
  return groups;
}
