import {
  partitionOf,
  UndecodableRecordError,
  WriterSchemaUnknownError,
  type AnyEvent,
  type EncodedEvent,
} from '@chorda/contracts';
import type { Carried, Envelope, Message } from '../consumer-contract.js';
import { WrongPartitionError } from '../errors.js';
import type { IncomingRecord, RecordPlace } from '../port.js';
import type { Lane } from './lanes.js';
import { reasonOf, retryStateOf, type DeadLetterCause } from './set-aside.js';

/** What the engine needs of a codec. */
export interface RecordDecoder {
  decode(record: EncodedEvent): Envelope<Carried>;
  learn(schemaId: number): Promise<void>;
}

export interface SetAside {
  readonly record: IncomingRecord;
  /** Where it first stood; undefined where its headers do not hold. */
  readonly origin: RecordPlace | undefined;
  readonly cause: DeadLetterCause;
}

export interface DecodedRecords<E extends Carried> {
  readonly messages: readonly Message<E>[];
  readonly setAside: readonly SetAside[];
  /** How many records that is; all of them, unless a schema has to be learned first. */
  readonly count: number;
  readonly schemaToLearn: number | undefined;
}

/**
 * Decodes as far as the known schemas reach. What will never be readable, and what stands in another partition than its
 * key says, is for the dead-letter topic.
 *
 * @param notInRegistry Schema ids that the registry said it does not have.
 * @throws whatever the codec throws beside its own errors: a fault of ours, and no record's.
 */
export function decodeRecords<E extends Carried = AnyEvent>(
  records: readonly IncomingRecord[],
  lane: Lane,
  partitionCount: number,
  codec: RecordDecoder,
  notInRegistry: ReadonlySet<number>,
): DecodedRecords<E> {
  const messages: Message<E>[] = [];
  const setAside: SetAside[] = [];
  for (let count = 0; count < records.length; count++) {
    const record = records[count]!;
    try {
      // Only there does the partition carry the order; a lane has another number of partitions.
      if (lane.kind === 'source') checkPartition(record, partitionCount);
      messages.push(toMessage<E>(record, lane, codec));
    } catch (error) {
      if (error instanceof WriterSchemaUnknownError && !notInRegistry.has(error.schemaId)) {
        return { messages, setAside, count, schemaToLearn: error.schemaId };
      }
      setAside.push({ record, origin: originIfKnown(lane, record), cause: causeOf(error, record) });
    }
  }
  return { messages, setAside, count: records.length, schemaToLearn: undefined };
}

function checkPartition({ topic, partition, key }: IncomingRecord, partitionCount: number): void {
  if (key === null) return;
  const expected = partitionOf(key, partitionCount);
  if (expected !== partition) throw new WrongPartitionError(topic, partition, expected);
}

function toMessage<E extends Carried>(record: IncomingRecord, lane: Lane, codec: RecordDecoder): Message<E> {
  const origin = originIn(lane, record);
  const envelope = codec.decode(record) as Envelope<E>;
  return { record, envelope, event: envelope.event, origin };
}

/** A foreign client may write header lengths that do not hold; the record is then bad, and nothing else is. */
function originIn(lane: Lane, record: IncomingRecord): RecordPlace {
  try {
    return lane.kind === 'source' ? record : retryStateOf(record).origin;
  } catch (error) {
    throw new UndecodableRecordError('bad_header', 'the headers are cut short', { cause: error });
  }
}

function originIfKnown(lane: Lane, record: IncomingRecord): RecordPlace | undefined {
  try {
    return originIn(lane, record);
  } catch {
    return undefined;
  }
}

function causeOf(error: unknown, record: IncomingRecord): DeadLetterCause {
  if (error instanceof WrongPartitionError)
    return { stage: 'partition', error, reason: 'wrong_partition', attempts: 0 };
  if (error instanceof WriterSchemaUnknownError) {
    const unknown = new UndecodableRecordError(
      'unknown_schema',
      `the registry has no schema with id ${error.schemaId}`,
    );
    return { stage: 'decode', error: unknown, reason: 'unknown_schema', attempts: 0 };
  }
  if (error instanceof UndecodableRecordError) {
    return { stage: 'decode', error, reason: reasonOf(error), attempts: retryAttempts(record, error) };
  }
  throw error;
}

function retryAttempts(record: IncomingRecord, error: UndecodableRecordError): number {
  return error.reason === 'bad_header' ? 0 : retryStateOf(record).attempts;
}
