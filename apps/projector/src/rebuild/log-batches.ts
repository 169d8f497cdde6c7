import type { EventCodec } from '@chorda/contracts';
import { SchemaNotFoundError } from '@chorda/contracts';
import {
  decodeRecords,
  type IncomingRecord,
  type KafkaDriver,
  type Lane,
  type Message,
  type TopicPartition,
} from '@chorda/messaging';
import { readableKey } from '../parking/aggregate-key.js';
import type { Unreadable } from '../parking/arrival.js';
import { faultOfUnreadable } from '../parking/fault.js';

/** A span of one partition, decoded. */
export interface LogBatch extends TopicPartition {
  readonly messages: readonly Message[];
  /** Records that cannot be decoded and have a key that they can be parked by. */
  readonly unreadable: readonly Unreadable[];
  readonly firstOffset: bigint;
  readonly nextOffset: bigint;
}

export interface LogSpan {
  readonly lane: Lane;
  readonly partition: number;
  readonly partitionCount: number;
  readonly from: bigint;
  /** Exclusive. */
  readonly to: bigint;
}

export interface BatchLimits {
  readonly recordsMax: number;
  readonly bytesMax: number;
}

/** Reads spans of the log outside of any group, in batches large enough for bulk writes. */
export class LogReader {
  private readonly notInRegistry = new Set<number>();

  constructor(
    private readonly driver: KafkaDriver,
    private readonly codec: Pick<EventCodec, 'decode' | 'learn'>,
    private readonly limits: BatchLimits,
  ) {}

  /** The last batch ends at `to`, also where the log has control records there, or nothing at all. */
  async *batches(
    { lane, partition, partitionCount, from, to }: LogSpan,
    signal: AbortSignal,
  ): AsyncGenerator<LogBatch> {
    const place = { topic: lane.topic, partition };
    let records: IncomingRecord[] = [];
    let bytes = 0;
    let first = from;
    const decoded = async (nextOffset: bigint): Promise<LogBatch> => {
      const batch = await this.decode(place, lane, partitionCount, records, { firstOffset: first, nextOffset });
      [records, bytes, first] = [[], 0, nextOffset];
      return batch;
    };
    for await (const chunk of this.driver.scan({ ...place, from, to, signal })) {
      for (const record of chunk.records) bytes += (record.value?.length ?? 0) + (record.key?.length ?? 0) + 256;
      records.push(...chunk.records);
      const isFull = records.length >= this.limits.recordsMax || bytes >= this.limits.bytesMax;
      if (isFull) yield await decoded(chunk.nextOffset < to ? chunk.nextOffset : to);
    }
    if (!signal.aborted && first < to) yield await decoded(to);
  }

  /** Whether the record at that place can be decoded today. */
  async isReadable(lane: Lane, partition: number, partitionCount: number, offset: bigint): Promise<boolean> {
    const span = { lane, partition, partitionCount, from: offset, to: offset + 1n };
    for await (const { messages } of this.batches(span, new AbortController().signal)) return messages.length > 0;
    return false;
  }

  private async decode(
    place: TopicPartition,
    lane: Lane,
    partitionCount: number,
    records: readonly IncomingRecord[],
    bounds: Pick<LogBatch, 'firstOffset' | 'nextOffset'>,
  ): Promise<LogBatch> {
    const messages: Message[] = [];
    const unreadable: Unreadable[] = [];
    for (let rest = records; rest.length > 0;) {
      const part = decodeRecords(rest, lane, partitionCount, this.codec, this.notInRegistry);
      messages.push(...part.messages);
      for (const { record, cause } of part.setAside) {
        const key = cause.stage === 'decode' ? readableKey(record.key) : undefined;
        if (key) unreadable.push({ key, record, origin: record, fault: faultOfUnreadable(cause) });
      }
      rest = rest.slice(part.count);
      if (part.schemaToLearn !== undefined) await this.learn(part.schemaToLearn);
    }
    return { ...place, messages, unreadable, ...bounds };
  }

  private async learn(schemaId: number): Promise<void> {
    try {
      await this.codec.learn(schemaId);
    } catch (error) {
      if (!(error instanceof SchemaNotFoundError)) throw error;
      this.notInRegistry.add(schemaId);
    }
  }
}
