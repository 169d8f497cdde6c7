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

interface Gathered {
  readonly messages: Message[];
  readonly unreadable: Unreadable[];
}

/** Reads spans of the log outside of any group, in batches large enough for bulk writes. */
export class LogReader {
  private readonly notInRegistry = new Set<number>();

  constructor(
    private readonly driver: KafkaDriver,
    private readonly codec: Pick<EventCodec, 'decode' | 'learn'>,
    private readonly limits: BatchLimits,
  ) {}

  /**
   * The last batch ends at `to`, also where the log has control records there, or nothing at all.
   *
   * @param recordsMax How many records the batch that is read has, of at most so many; asked again while it is read.
   */
  async *batches(
    { lane, partition, partitionCount, from, to }: LogSpan,
    signal: AbortSignal,
    recordsMax: (most: number) => number = (most) => most,
  ): AsyncGenerator<LogBatch> {
    const place = { topic: lane.topic, partition };
    let gathered: Gathered = { messages: [], unreadable: [] };
    let [records, bytes, first] = [0, 0, from];
    const batchTo = (nextOffset: bigint): LogBatch => {
      const batch = { ...place, ...gathered, firstOffset: first, nextOffset };
      gathered = { messages: [], unreadable: [] };
      [records, bytes, first] = [0, 0, nextOffset];
      return batch;
    };
    for await (const chunk of this.driver.scan({ ...place, from, to, signal })) {
      for (const record of chunk.records) bytes += (record.value?.length ?? 0) + (record.key?.length ?? 0) + 256;
      records += chunk.records.length;
      await this.decode(gathered, lane, partitionCount, chunk.records);
      // A fetch has many chunks in memory: those who have come meanwhile are let in between them.
      await nextTurn();
      const isFull = records >= recordsMax(this.limits.recordsMax) || bytes >= this.limits.bytesMax;
      if (isFull) yield batchTo(chunk.nextOffset < to ? chunk.nextOffset : to);
    }
    if (!signal.aborted && first < to) yield batchTo(to);
  }

  /** Whether the record at that place can be decoded today. */
  async isReadable(lane: Lane, partition: number, partitionCount: number, offset: bigint): Promise<boolean> {
    const span = { lane, partition, partitionCount, from: offset, to: offset + 1n };
    for await (const { messages } of this.batches(span, new AbortController().signal)) return messages.length > 0;
    return false;
  }

  private async decode(
    { messages, unreadable }: Gathered,
    lane: Lane,
    partitionCount: number,
    records: readonly IncomingRecord[],
  ): Promise<void> {
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

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
