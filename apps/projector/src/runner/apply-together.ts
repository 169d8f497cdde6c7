import type { Batch } from '@chorda/messaging';
import { crashPoint, isPlanted } from '@chorda/platform';
import type pg from 'pg';
import { aggregateKeyOf } from '../parking/aggregate-key.js';
import type { Slice, SliceParts, Worker } from './apply-slice.js';
import { checkpointTable, type CheckpointMove } from './checkpoint-table.js';
import { TransactionOfSeveralError } from './errors.js';
import type { IdentityWindow } from './identity-window.js';
import type { Projection } from './projection.js';
import { withoutApplied, type SortedEvents } from './stream-versions.js';

/** A batch of one partition in a transaction that others share. */
export interface Member {
  readonly batch: Batch;
  readonly slice: Slice;
  /** All of them begin at or before the batch. */
  readonly workers: readonly Worker[];
  readonly window: IdentityWindow;
}

/** A batch of more gains nothing by sharing, and would make the others wait. */
const recordsMax = 200;

/**
 * Whether a batch is of the usual kind: of the partition's own log, all of it readable, nothing of its aggregates parked
 * or discarded, and everything known that is asked of memory. Every other one has a transaction of its own.
 */
export function canShare({ batch, slice, workers, window }: Member): boolean {
  const { messages, firstOffset, setAside } = batch;
  if (messages.length === 0 || messages.length > recordsMax || setAside.length > 0) return false;
  if (slice.source !== slice.topic || !window.isReady) return false;
  return workers.every(
    ({ claim, parked, stop }) =>
      stop === undefined &&
      claim.nextOffset <= firstOffset &&
      parked.revision >= 0n &&
      (parked.isEmpty ||
        messages.every((message) => {
          const { partition, offset } = message.origin;
          return (
            parked.eventsOf(partition, aggregateKeyOf(message)) === undefined && !parked.isDiscarded(partition, offset)
          );
        })),
  );
}

/**
 * Writes what several partitions have brought. Each step sends all its statements before it waits for an answer, so a
 * transaction of a dozen statements waits four times and not twelve. What is not of the usual kind, parks nothing here: the
 * transaction is given up for it.
 *
 * @param tx Of a pool whose statements are sent as they come; its transaction is begun here.
 * @returns What to do once it is committed.
 * @throws {@link TransactionOfSeveralError} where a batch needs a transaction of its own.
 */
export async function applyTogether(
  tx: pg.ClientBase,
  { metrics, projections }: Pick<SliceParts, 'metrics'> & { readonly projections: readonly Projection[] },
  members: readonly Member[],
  moves: readonly CheckpointMove[],
): Promise<readonly (() => void)[]> {
  const parts = members.map(({ slice: { messages }, window }) => ({ messages, window }));
  const [, revisions, sorted] = await answersOf([
    tx.query(begin),
    checkpointTable.advanceAll(tx, moves),
    withoutApplied(tx, parts),
  ]);
  checkUsual(members, revisions, sorted);
  if (isPlanted('checkpoint-before-rows')) await answersOf([tx.query('COMMIT'), tx.query('BEGIN')]);
  crashPoint('before-rows');
  const placesOf = placesByProjection(members);
  const committed: (() => void)[] = members.map((member) => () => {
    for (const { lastMinute } of member.workers) lastMinute.add(member.slice.messages.length, 0);
  });
  // Sent in the order in which every transaction writes them, so that no two wait for each other's rows.
  const written = projections.map(async (projection) => {
    const places = placesOf.get(projection);
    if (places)
      committed.push(await applyFor(tx, metrics, projection, sorted, places.size === members.length || places));
  });
  await answersOf(written);
  return committed;
}

/** A prepared one goes with the statements behind it. */
const begin = { name: 'begin', text: 'BEGIN' };

function checkUsual(
  members: readonly Member[],
  revisions: readonly bigint[] | undefined,
  { gaps, fillers }: SortedEvents,
): void {
  if (!revisions) throw new TransactionOfSeveralError('a checkpoint stands elsewhere');
  const workers = members.flatMap((member) => member.workers);
  if (workers.some(({ parked }, index) => parked.revision !== revisions[index])) {
    throw new TransactionOfSeveralError('somebody has changed what is parked');
  }
  if (gaps.length > 0 || fillers.size > 0) throw new TransactionOfSeveralError('a stream lacks versions');
}

async function applyFor(
  tx: pg.ClientBase,
  metrics: SliceParts['metrics'],
  projection: Projection,
  { first, repeats }: SortedEvents,
  places: ReadonlySet<string> | true,
): Promise<() => void> {
  const isOwn = ({ origin }: Placed) => places === true || places.has(`${origin.topic}/${origin.partition}`);
  const messages = places === true ? first : first.filter(isOwn);
  const applied = messages.length === 0 ? 0 : await projection.apply(tx, messages);
  crashPoint(`after-rows-${projection.name}`);
  return () => {
    const count = (result: string, by: number) => metrics.events.inc({ projection: projection.name, result }, by);
    count('applied', applied);
    count('ignored', messages.length - applied);
    count('repeat', repeats.filter(isOwn).length);
  };
}

/** Waits for all of them before it tells of one that failed: nothing may be sent behind the end of its transaction. */
async function answersOf<const T extends readonly Promise<unknown>[]>(sent: T) {
  await Promise.allSettled(sent);
  return Promise.all(sent);
}

interface Placed {
  readonly origin: { readonly topic: string; readonly partition: number };
}

/** Which partitions each projection reads. */
function placesByProjection(members: readonly Member[]): ReadonlyMap<Projection, ReadonlySet<string>> {
  const places = new Map<Projection, Set<string>>();
  for (const { slice, workers } of members) {
    for (const { projection } of workers) {
      const own = places.get(projection) ?? new Set();
      places.set(projection, own.add(`${slice.topic}/${slice.partition}`));
    }
  }
  return places;
}
