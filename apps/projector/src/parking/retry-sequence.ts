import {
  SchemaNotFoundError,
  UndecodableRecordError,
  WriterSchemaUnknownError,
  type EventCodec,
} from '@chorda/contracts';
import type { Message } from '@chorda/messaging';
import { crashPoint, isPlanted } from '@chorda/platform';
import { inTransaction } from '@chorda/read-models';
import type pg from 'pg';
import type { Worker } from '../runner/apply-slice.js';
import { PartitionFencedError } from '../runner/errors.js';
import { withoutApplied } from '../runner/stream-versions.js';
import { StreamGaps } from '../runner/stream-gaps.js';
import { applyApart } from './apply-apart.js';
import { faultOfGap, faultOfUnreadable, type Fault } from './fault.js';
import { loadFront, removeApplied, saveStuck, type ParkedRecord, type SequencePlace } from './parked-sequence.js';

/** `settled`: nothing of it waits any more. `stuck`: its next event fails. `more`: a batch went through, others wait. */
export type RetryResult = 'settled' | 'stuck' | 'more';

interface Front {
  readonly read: readonly (ParkedRecord & { readonly message: Message })[];
  /** The record behind them that cannot be read. */
  readonly unreadable: { readonly record: ParkedRecord['record']; readonly fault: Fault } | undefined;
}

/**
 * Applies the front of a parked sequence, in its order, in one transaction under the claim of its partition: what the
 * live projection writes meanwhile waits for the checkpoint's row, and then queues behind, or goes past a sequence that
 * is no more. It ends before the first event that fails, whose error is then the sequence's.
 *
 * @throws {@link PartitionFencedError} when the partition is another owner's; nothing is written then.
 */
export async function retryFront(
  pool: pg.Pool,
  codec: Pick<EventCodec, 'decode' | 'learn'>,
  worker: Worker,
  place: SequencePlace,
): Promise<RetryResult> {
  // Schemas are learned, and tables prepared, before anything is locked. What the look finds is read again below.
  const ahead = await readFront(codec, await loadFront(pool, place), { mayLearn: true });
  await worker.projection.prepare?.(
    pool,
    ahead.read.map(({ message }) => message),
  );
  try {
    const result = await inTransaction(pool, async (tx) => {
      await lockClaim(tx, worker, place);
      const records = await loadFront(tx, place);
      const applied = await applyFront(
        tx,
        worker,
        place,
        records,
        await readFront(codec, records, { mayLearn: false }),
      );
      crashPoint('retry-before-commit');
      return applied;
    });
    crashPoint('retry-after-commit');
    return result;
  } catch (error) {
    worker.projection.forget?.();
    throw error;
  }
}

/** Raises the revision too, so that the partition's next batch reads anew what is parked. */
async function lockClaim(tx: pg.ClientBase, { claim }: Worker, { topic, partition }: SequencePlace): Promise<void> {
  const { rowCount } = await tx.query(
    `UPDATE checkpoints SET parked_revision = parked_revision + 1
     WHERE projection = $1 AND version = $2 AND topic = $3 AND partition = $4 AND owner_epoch = $5`,
    [claim.projection, claim.version, topic, partition, claim.epoch],
  );
  if (rowCount !== 1) throw new PartitionFencedError(topic, partition, 'another owner has claimed it');
}

async function applyFront(
  tx: pg.ClientBase,
  { projection, claim }: Worker,
  place: SequencePlace,
  records: readonly ParkedRecord[],
  { read, unreadable }: Front,
): Promise<RetryResult> {
  const fresh = read.filter(({ wasRead }) => !wasRead).map(({ message }) => message);
  // Told apart from repeats now, since that could not be done when they were parked.
  const { repeats } = await withoutApplied(tx, [{ messages: fresh }]);
  const dropped = new Set(repeats);
  const messages = read.map(({ message }) => message).filter((message) => !dropped.has(message));
  const gap = projection.isHistory === true ? undefined : await firstGap(tx, messages, claim.nextOffset - 1n);
  const direct = gap ? messages.slice(0, messages.indexOf(gap.message)) : messages;
  crashPoint('retry-before-rows');
  const { parked } = await applyApart(tx, projection, isPlanted('retry-out-of-order') ? direct.toReversed() : direct);
  if (isPlanted('retry-rows-apart')) await tx.query('COMMIT; BEGIN');
  crashPoint('retry-after-rows');
  const failed = parked.find(({ fault }) => fault);
  const stuck = failed?.fault
    ? { record: failed.record, fault: failed.fault, eventType: failed.message?.envelope.event.type ?? null }
    : gap
      ? { record: gap.message.record, fault: faultOfGap(gap), eventType: gap.message.envelope.event.type }
      : unreadable && { ...unreadable, eventType: null };
  const end = stuck ? records.findIndex(({ record }) => record.offset === stuck.record.offset) : records.length;
  const isLeft = await removeApplied(
    tx,
    place,
    records.slice(0, end).map(({ record }) => record),
  );
  if (!stuck) return isLeft ? 'more' : 'settled';
  await saveStuck(tx, place, { offset: stuck.record.offset, eventType: stuck.eventType, fault: stuck.fault });
  return 'stuck';
}

/** The first event before which a version is missing that nobody has accepted as lost, or that is still to be read. */
async function firstGap(tx: pg.ClientBase, messages: readonly Message[], readOffset: bigint) {
  const versionOf = ({ envelope }: Message) => envelope.metadata.decision?.streamVersion;
  const decisions = messages.filter((message) => versionOf(message) !== undefined);
  if (decisions.length === 0) return undefined;
  const gaps = await StreamGaps.load(tx, decisions);
  for (const message of decisions) {
    const [gap] = gaps.before(message, versionOf(message) ?? 0n, readOffset);
    if (gap) return gap;
  }
  return undefined;
}

async function readFront(
  codec: Pick<EventCodec, 'decode' | 'learn'>,
  records: readonly ParkedRecord[],
  { mayLearn }: { readonly mayLearn: boolean },
): Promise<Front> {
  const read: (ParkedRecord & { readonly message: Message })[] = [];
  for (const parked of records) {
    const { record } = parked;
    try {
      const envelope = await decode(codec, record, mayLearn);
      const { topic, partition, offset } = record;
      read.push({
        ...parked,
        message: { record, envelope, event: envelope.event, origin: { topic, partition, offset } },
      });
    } catch (error) {
      if (error instanceof UndecodableRecordError) {
        return { read, unreadable: { record, fault: faultOfUnreadable({ error, reason: error.reason }) } };
      }
      if (error instanceof SchemaNotFoundError || error instanceof WriterSchemaUnknownError) {
        return { read, unreadable: { record, fault: faultOfUnreadable({ error, reason: 'unknown_schema' }) } };
      }
      throw error;
    }
  }
  return { read, unreadable: undefined };
}

async function decode(codec: Pick<EventCodec, 'decode' | 'learn'>, record: ParkedRecord['record'], mayLearn: boolean) {
  try {
    return codec.decode(record);
  } catch (error) {
    if (!mayLearn || !(error instanceof WriterSchemaUnknownError)) throw error;
    await codec.learn(error.schemaId);
    return codec.decode(record);
  }
}
