import { partitionOf, SchemaNotFoundError, UndecodableRecordError, WriterSchemaUnknownError } from '@chorda/contracts';
import type { Typed } from '@chorda/domain';
import {
  reasonOf,
  WrongPartitionError,
  type DeadLetterCause,
  type IncomingRecord,
  type RecordChunk,
} from '@chorda/messaging';
import type { DecisionCodec } from '../decision-codec.js';
import type { TurnCommand } from '../turn/turn.js';

/** A record of the command topic that waits for its turn. */
export interface QueuedCommand<Command extends Typed> {
  readonly record: IncomingRecord;
  /** Where the partition goes on when this one is settled. */
  readonly nextOffset: bigint;
  readonly bytes: number;
  /** Undefined: nobody will ever read it. */
  readonly command: TurnCommand<Command> | undefined;
  readonly cause: DeadLetterCause | undefined;
}

/**
 * Decodes what the log gave. What can never be read, or stands in another partition than its key says, stays in its place
 * of the queue, for the dead-letter topic.
 *
 * @throws RegistryUnavailableError when a schema that is newer than this build cannot be asked for. Retriable.
 */
export async function queueCommands<Command extends Typed>(
  chunk: RecordChunk,
  codec: Pick<DecisionCodec<Command, never>, 'decodeCommand' | 'learn'>,
  partitions: number,
): Promise<readonly QueuedCommand<Command>[]> {
  const queued: QueuedCommand<Command>[] = [];
  for (const [index, record] of chunk.records.entries()) {
    const nextOffset = chunk.records[index + 1]?.offset ?? chunk.nextOffset;
    const bytes = (record.key?.length ?? 0) + (record.value?.length ?? 0) + 256;
    queued.push({ record, nextOffset, bytes, ...(await read(record, codec, partitions)) });
  }
  return queued;
}

type Read<Command extends Typed> = Pick<QueuedCommand<Command>, 'command' | 'cause'>;

async function read<Command extends Typed>(
  record: IncomingRecord,
  codec: Pick<DecisionCodec<Command, never>, 'decodeCommand' | 'learn'>,
  partitions: number,
): Promise<Read<Command>> {
  try {
    checkPartition(record, partitions);
    const { command, context } = await decode(record, codec);
    return { command: { context, command, offset: record.offset, timer: undefined }, cause: undefined };
  } catch (error) {
    return { command: undefined, cause: causeOf(error) };
  }
}

async function decode<Command extends Typed>(
  record: IncomingRecord,
  codec: Pick<DecisionCodec<Command, never>, 'decodeCommand' | 'learn'>,
) {
  try {
    return codec.decodeCommand(record);
  } catch (error) {
    if (!(error instanceof WriterSchemaUnknownError)) throw error;
    await codec.learn(error.schemaId);
    return codec.decodeCommand(record);
  }
}

/** An aggregate's commands in two partitions would have two owners. */
function checkPartition({ topic, partition, key }: IncomingRecord, partitions: number): void {
  if (key === null) throw new UndecodableRecordError('bad_key', 'a command has the key of its aggregate');
  const expected = partitionOf(key, partitions);
  if (expected !== partition) throw new WrongPartitionError(topic, partition, expected);
}

function causeOf(error: unknown): DeadLetterCause {
  if (error instanceof WrongPartitionError) {
    return { stage: 'partition', error, reason: 'wrong_partition', attempts: 0 };
  }
  if (error instanceof SchemaNotFoundError || error instanceof WriterSchemaUnknownError) {
    return { stage: 'decode', error, reason: 'unknown_schema', attempts: 0 };
  }
  if (error instanceof UndecodableRecordError) return { stage: 'decode', error, reason: reasonOf(error), attempts: 0 };
  throw error;
}
