import { sleep } from '@chorda/kernel';
import type { AssignedPartition, GroupConsumerOptions, GroupState, IncomingRecord, KafkaDriver } from '../port.js';
import type { SeenRecord } from './history.js';

export interface CollectorOptions extends Omit<GroupConsumerOptions, 'run' | 'onState'> {
  /** Names this reader in the history. */
  readonly reader: string;
  readonly chunkRecordsMax?: number;
  /** Called before a record counts as handled; may hold the partition up. */
  readonly onRecord?: (record: IncomingRecord, partition: AssignedPartition) => Promise<void> | void;
}

/** A reader of the plainest kind: handles each record in turn, then commits the chunk. */
export interface Collector {
  readonly states: readonly GroupState[];
  readonly errors: readonly Error[];
  /** What reading a partition threw, by partition number. */
  readonly unreadable: ReadonlyMap<number, Error>;
  /** `partition/epoch`, one for each assignment. */
  readonly assignments: readonly string[];
  stop(): Promise<void>;
}

export const testSessionMs = 6_000;

/** Reads `topics` into `history`, which several collectors may share. */
export function collect(driver: KafkaDriver, history: SeenRecord[], options: CollectorOptions): Collector {
  const { reader, chunkRecordsMax = 100, onRecord, ...group } = options;
  const states: GroupState[] = [];
  const errors: Error[] = [];
  const unreadable = new Map<number, Error>();
  const assignments: string[] = [];
  const handle = async (partition: AssignedPartition, record: IncomingRecord) => {
    await onRecord?.(record, partition);
    history.push({ ...seenRecord(record), reader, epoch: partition.epoch, handledAtMs: Date.now() });
  };
  const run = async (partition: AssignedPartition) => {
    assignments.push(`${partition.topic}/${partition.partition}/${partition.epoch}`);
    await partition.start(undefined);
    while (!partition.intake.aborted) {
      const chunk = await partition
        .read({ recordsMax: chunkRecordsMax, bytesMax: 1 << 20, waitMsMax: 5 })
        .catch((error: unknown) => {
          unreadable.set(partition.partition, error instanceof Error ? error : new Error(String(error)));
          return 'unreadable' as const;
        });
      if (chunk === undefined) return;
      if (chunk === 'unreadable') await sleep(200, partition.intake);
      else {
        for (const record of chunk.records) {
          if (partition.owned.aborted) return;
          await handle(partition, record);
        }
        partition.commit(chunk.nextOffset);
      }
    }
  };
  const onState = (state: GroupState, error: Error | undefined) => {
    states.push(state);
    if (error) errors.push(error);
  };
  const consumer = driver.consume({ sessionTimeoutMs: testSessionMs, ...group, run, onState });
  return { states, errors, unreadable, assignments, stop: () => consumer.stop() };
}

/** Ids travel in the header `id`, so that any value can be sent. */
export function seenRecord(record: IncomingRecord): Omit<SeenRecord, 'reader' | 'epoch' | 'handledAtMs'> {
  const id = record.headers['id'];
  return {
    topic: record.topic,
    partition: record.partition,
    offset: record.offset,
    id: Buffer.isBuffer(id) ? id.toString() : '',
    key: record.key?.toString() ?? '',
  };
}
