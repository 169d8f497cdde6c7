import type { Batch } from '@chorda/messaging';
import { crashPoint } from '@chorda/platform';
import type pg from 'pg';
import { aggregateKeyOf } from '../parking/aggregate-key.js';
import type { Slice, SliceParts, Worker } from './apply-slice.js';
import { TransactionOfSeveralError } from './errors.js';
import type { IdentityWindow } from './identity-window.js';
import type { Projection } from './projection.js';
import { withoutApplied } from './stream-versions.js';

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
 * Writes what several partitions have brought, behind the statement that has moved and locked their checkpoints. What is
 * not of the usual kind, parks nothing here: the transaction is given up for it.
 *
 * @param revisions What that statement says of each worker's parked sequences, member by member.
 * @returns What to do once it is committed.
 * @throws {@link TransactionOfSeveralError} where a batch needs a transaction of its own.
 */
export async function applyTogether(
  tx: pg.ClientBase,
  { metrics, projections }: Pick<SliceParts, 'metrics'> & { readonly projections: readonly Projection[] },
  members: readonly Member[],
  revisions: readonly bigint[],
): Promise<readonly (() => void)[]> {
  const workers = members.flatMap((member) => member.workers);
  if (workers.some(({ parked }, index) => parked.revision !== revisions[index])) {
    throw new TransactionOfSeveralError('somebody has changed what is parked');
  }
  const parts = members.map(({ slice: { messages }, window }) => ({ messages, window }));
  const { first, repeats, gaps, fillers } = await withoutApplied(tx, parts);
  if (gaps.length > 0 || fillers.size > 0) throw new TransactionOfSeveralError('a stream lacks versions');
  const committed: (() => void)[] = [];
  const placesOf = placesByProjection(members);
  // In the order in which every transaction writes them, so that no two wait for each other's rows.
  for (const projection of projections) {
    const places = placesOf.get(projection);
    if (!places) continue;
    const isOwn = ({ origin }: Placed) => places.has(`${origin.topic}/${origin.partition}`);
    const isAll = places.size === members.length;
    const messages = isAll ? first : first.filter(isOwn);
    const repeated = isAll ? repeats.length : repeats.filter(isOwn).length;
    const applied = messages.length === 0 ? 0 : await projection.apply(tx, messages);
    crashPoint(`after-rows-${projection.name}`);
    committed.push(() => {
      const count = (result: string, by: number) => metrics.events.inc({ projection: projection.name, result }, by);
      count('applied', applied);
      count('ignored', messages.length - applied);
      count('repeat', repeated);
    });
  }
  committed.push(() => {
    for (const member of members)
      for (const { lastMinute } of member.workers) lastMinute.add(member.slice.messages.length, 0);
  });
  return committed;
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
