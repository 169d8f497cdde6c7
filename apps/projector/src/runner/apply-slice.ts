import type { Message, OperationRecorder, TopicPartition } from '@chorda/messaging';
import { crashPoint } from '@chorda/platform';
import type pg from 'pg';
import { aggregateKeyOf } from '../parking/aggregate-key.js';
import { applyApart } from '../parking/apply-apart.js';
import type { Arrival, Unreadable } from '../parking/arrival.js';
import { faultOfGap } from '../parking/fault.js';
import { ProjectionStoppedError, type LastMinute, type ParkBounds } from '../parking/park-bounds.js';
import { park } from '../parking/park.js';
import { loadParkedKeys, lockSources, ParkedKeys, raiseRevision } from '../parking/parked-keys.js';
import { sortOut } from '../parking/sort-out.js';
import type { Claim } from './checkpoint-table.js';
import type { IdentityWindow } from './identity-window.js';
import type { ProjectionMetrics } from './projection-metrics.js';
import type { Projection } from './projection.js';
import { withoutApplied, type SortedEvents, type VersionGap } from './stream-versions.js';

/** One projection in one partition that this process has claimed. */
export interface Worker {
  readonly projection: Projection;
  readonly claim: Claim;
  readonly parked: ParkedKeys;
  readonly lastMinute: LastMinute;
  /** Why it goes no further than its checkpoint. */
  stop?: ProjectionStoppedError;
}

/** Part of a batch that is one transaction. */
export interface Slice extends TopicPartition {
  /** The topic whose records these are: another one where a redrive brought them. */
  readonly source: string;
  readonly messages: readonly Message[];
  /** Records that cannot be decoded, of keys that can be read. */
  readonly unreadable: readonly Unreadable[];
  /** Other records that are on the dead-letter topic alone. */
  readonly deadLettered: readonly { readonly offset: bigint; readonly reason: string }[];
  readonly nextOffset: bigint;
}

export interface SliceParts {
  readonly metrics: ProjectionMetrics;
  readonly operations: Pick<OperationRecorder, 'record'>;
  readonly bounds: ParkBounds;
  readonly onGaps: (gaps: readonly VersionGap[]) => void;
  readonly onParked: (projection: Projection, begun: readonly Arrival[]) => void;
  /** A parked sequence has what it waited for. */
  readonly onRetryWanted: () => void;
}

/** `whole`: what fails, fails the slice. `apart`: events that fail are found and parked. */
export type SliceMode = 'whole' | 'apart';

/**
 * Writes a slice for each worker, behind the statement that has moved and locked their checkpoints.
 *
 * @param revisions What that statement says of each worker's parked sequences.
 * @param window Of the partition; in doubt, unless the transaction is committed.
 * @returns What to do once it is committed.
 */
export async function applySlice(
  tx: pg.ClientBase,
  parts: SliceParts,
  slice: Slice,
  workers: readonly Worker[],
  revisions: readonly bigint[],
  mode: SliceMode,
  window: IdentityWindow,
): Promise<readonly (() => void)[]> {
  const parkedOf = await parkedKeysOf(tx, slice, workers, revisions);
  const isOwnLog = slice.source === slice.topic;
  const sorted = await withoutApplied(tx, [{ messages: slice.messages, window: isOwnLog ? window : undefined }]);
  if (slice.deadLettered.length > 0 && isOwnLog) await rememberDeadLetters(tx, slice);
  const committed: (() => void)[] = [];
  for (const worker of workers) {
    const parked = parkedOf.get(worker) ?? worker.parked;
    committed.push(...(await applyFor(tx, parts, slice, { worker, parked, sorted, mode })));
    committed.push(() =>
      parts.metrics.events.inc({ projection: worker.projection.name, result: 'repeat' }, sorted.repeats.length),
    );
  }
  committed.push(...tellGaps(parts, sorted.gaps, slice, workers));
  return committed;
}

/**
 * The owner of a partition keeps its parked keys in memory and reads them again when somebody else has changed them. What
 * a redrive brings is of partitions that may be another process's: those are locked, and asked each time.
 */
async function parkedKeysOf(
  tx: pg.ClientBase,
  slice: Slice,
  workers: readonly Worker[],
  revisions: readonly bigint[],
): Promise<ReadonlyMap<Worker, ParkedKeys>> {
  if (slice.source === slice.topic) {
    const changed = workers.flatMap((worker, index) => {
      const revision = revisions[index] ?? -1n;
      return worker.parked.revision === revision ? [] : [{ ...worker, revision }];
    });
    if (changed.length > 0) await loadParkedKeys(tx, slice.topic, [slice.partition], changed);
    return new Map();
  }
  const partitions = [...slice.messages, ...slice.unreadable].map(({ origin }) => origin.partition);
  const found = new Map(workers.map((worker) => [worker, new ParkedKeys()]));
  if (partitions.length === 0) return found;
  const claims = workers.map(({ claim }) => claim);
  await lockSources(tx, claims, slice.source, partitions);
  const wanted = [...found].map(([{ claim }, parked]) => ({ claim, parked, revision: -1n }));
  await loadParkedKeys(tx, slice.source, partitions, wanted, { fromCheckpoint: false });
  return found;
}

async function applyFor(
  tx: pg.ClientBase,
  parts: SliceParts,
  slice: Slice,
  given: {
    readonly worker: Worker;
    readonly parked: ParkedKeys;
    readonly sorted: SortedEvents;
    readonly mode: SliceMode;
  },
): Promise<readonly (() => void)[]> {
  const { projection, claim, lastMinute } = given.worker;
  const isNew = ({ record }: { readonly record: { readonly offset: bigint } }) => record.offset >= claim.nextOffset;
  const { first, gaps, fillers } = given.sorted;
  const messages = claim.nextOffset <= (first[0]?.record.offset ?? claim.nextOffset) ? first : first.filter(isNew);
  const unreadable = slice.unreadable.filter(isNew);
  const isHistory = projection.isHistory === true;
  const faults = new Map(isHistory ? [] : gaps.map((gap) => [gap.message, faultOfGap(gap)]));
  const sorted = sortOut(given.parked, {
    messages,
    unreadable,
    gaps: faults,
    fillers: isHistory ? new Set() : fillers,
  });
  const applied = await applyDirect(tx, projection, sorted.direct, given.mode);
  crashPoint(`after-rows-${projection.name}`);
  const arrivals = [...sorted.parked, ...applied.parked];
  const count = (result: string, by: number) => () =>
    parts.metrics.events.inc({ projection: projection.name, result }, by);
  const counts = [
    count('applied', applied.applied),
    count('ignored', messages.length + unreadable.length - applied.applied - arrivals.length),
  ];
  const failed = arrivals.filter(({ fault }) => fault !== undefined).length;
  counts.push(() => lastMinute.add(messages.length, failed));
  if (arrivals.length === 0) return counts;
  if (lastMinute.isPast(parts.bounds, messages.length, failed)) {
    const why = `more than ${parts.bounds.shareMax * 100} % of the last minute's events could not be applied`;
    throw new ProjectionStoppedError(projection, 'share', `${why}, the last of them: ${lastWords(arrivals)}`);
  }
  return [...counts, ...(await parkAll(tx, parts, slice, given.worker, arrivals))];
}

async function applyDirect(tx: pg.ClientBase, projection: Projection, messages: readonly Message[], mode: SliceMode) {
  if (mode === 'apart') return applyApart(tx, projection, messages);
  return { applied: await projection.apply(tx, messages), parked: [] };
}

async function parkAll(
  tx: pg.ClientBase,
  parts: SliceParts,
  slice: Slice,
  { projection, claim, parked }: Worker,
  arrivals: readonly Arrival[],
): Promise<readonly (() => void)[]> {
  const written = await park(tx, projection, arrivals, parts.bounds);
  crashPoint('after-parked');
  const isRedrive = slice.source !== slice.topic;
  if (isRedrive)
    await raiseRevision(
      tx,
      claim,
      arrivals.map(({ origin }) => origin),
    );
  return [
    () => {
      const { metrics } = parts;
      for (const { fault } of written.arrivals) {
        metrics.parked.inc({ projection: projection.name, reason: fault?.reason ?? 'behind' });
      }
      if (!isRedrive) for (const { origin, key } of written.arrivals) parked.add(origin.partition, key);
      if (written.isRetryWanted) parts.onRetryWanted();
      if (written.begun.length > 0) parts.onParked(projection, written.begun);
    },
  ];
}

/** An aggregate that is parked by everyone shows no gap: its missing version may be among what is parked. */
function tellGaps(
  parts: SliceParts,
  gaps: readonly VersionGap[],
  slice: Slice,
  workers: readonly Worker[],
): readonly (() => void)[] {
  const isHeld = ({ message, isKnown }: VersionGap) => {
    if (isKnown) return true;
    const key = aggregateKeyOf(message);
    if (slice.unreadable.some((each) => each.key.text === key.text)) return true;
    return workers.every(({ parked }) => parked.eventsOf(message.origin.partition, key) !== undefined);
  };
  const told = gaps.filter((gap) => !isHeld(gap));
  if (told.length === 0) return [];
  const count = () => told.forEach(({ topic }) => parts.metrics.versionGaps.inc({ topic }));
  return [count, () => parts.onGaps(told)];
}

function lastWords(arrivals: readonly Arrival[]): string {
  return arrivals.findLast(({ fault }) => fault)?.fault?.message ?? '';
}

async function rememberDeadLetters(tx: pg.ClientBase, { topic, partition, deadLettered }: Slice): Promise<void> {
  await tx.query(
    `INSERT INTO dead_lettered_records (topic, partition, "offset", reason)
     SELECT $1, $2, * FROM unnest($3::bigint[], $4::text[]) ON CONFLICT DO NOTHING`,
    [topic, partition, deadLettered.map(({ offset }) => offset), deadLettered.map(({ reason }) => reason)],
  );
}
