import type { Message } from '@chorda/messaging';
import { crashPoint } from '@chorda/platform';
import { inTransaction } from '@chorda/read-models';
import type pg from 'pg';
import { applyApart } from '../parking/apply-apart.js';
import type { Arrival } from '../parking/arrival.js';
import { faultOfGap, isEventFault, type Fault } from '../parking/fault.js';
import { park } from '../parking/park.js';
import type { ParkBounds } from '../parking/park-bounds.js';
import { sortOut } from '../parking/sort-out.js';
import { checkpointTable } from '../runner/checkpoint-table.js';
import { PartitionFencedError } from '../runner/errors.js';
import type { Projection } from '../runner/projection.js';
import type { LogBatch, LogReader } from './log-batches.js';
import type { Pacing } from './pacing.js';
import type { RateLimit } from './rate-limit.js';
import type { ClaimedPlace } from './rebuild-place.js';

export interface FillParts {
  readonly pool: pg.Pool;
  /** On the tables that are filled. */
  readonly projection: Projection;
  readonly reader: LogReader;
  readonly limit: RateLimit;
  readonly pacing: Pacing;
  readonly bounds: ParkBounds;
  readonly onFilled: (result: 'applied' | 'repeat' | 'parked' | 'ignored', events: number) => void;
}

/** What live decided of these records, which a rebuild decides alike. */
interface Decided {
  readonly repeats: ReadonlySet<bigint>;
  readonly gaps: ReadonlyMap<Message, Fault>;
}

/**
 * Fills one partition from its checkpoint up to an offset that the live projection has passed: rows and checkpoint in one
 * transaction a batch, by compare-and-set, as live does it. The next batch is read and decoded while Postgres writes.
 *
 * What was a repeat, what was discarded and which versions were missing is not found out again: live wrote it down. What
 * cannot be applied is parked under the version that is filled.
 *
 * @throws {@link PartitionFencedError} when somebody else has claimed the partition.
 */
export async function fillPartition(
  parts: FillParts,
  place: ClaimedPlace,
  to: bigint,
  signal: AbortSignal,
): Promise<void> {
  const { lane, partition, partitionCount, claim, startOffset } = place;
  const from = claim.nextOffset > startOffset ? claim.nextOffset : startOffset;
  if (from >= to) return writeBatch(parts, place, emptyBatch(place, to));
  const batches = parts.reader.batches({ lane, partition, partitionCount, from, to }, signal, parts.pacing.recordsMax);
  let reading = batches.next();
  try {
    for (;;) {
      const { value: batch } = await reading;
      if (batch === undefined || signal.aborted) return;
      await parts.limit.take(batch.messages.length, signal);
      if (signal.aborted) return;
      reading = batches.next();
      // Told where it is awaited; until then it is nobody's unhandled rejection.
      reading.catch(() => undefined);
      const startMs = performance.now();
      await writeBatch(parts, place, batch);
      await parts.pacing.rest(batch.messages.length, performance.now() - startMs, signal);
    }
  } finally {
    await reading.catch(() => undefined);
    await batches.return(undefined);
  }
}

async function writeBatch(parts: FillParts, place: ClaimedPlace, batch: LogBatch): Promise<void> {
  const { pool, projection } = parts;
  await projection.prepare?.(pool, batch.messages);
  let committed: () => void;
  try {
    committed = await writeOnce(parts, place, batch, false);
  } catch (error) {
    projection.forget?.();
    if (!isEventFault(error)) throw error;
    await projection.prepare?.(pool, batch.messages);
    committed = await writeOnce(parts, place, batch, true);
  }
  crashPoint('rebuild-after-commit');
  place.claim.nextOffset = batch.nextOffset;
  committed();
}

async function writeOnce(parts: FillParts, place: ClaimedPlace, batch: LogBatch, apart: boolean): Promise<() => void> {
  const { pool, projection } = parts;
  return inTransaction(pool, async (tx) => {
    if (!(await checkpointTable.advance(tx, place, [place.claim], batch.nextOffset))) {
      throw new PartitionFencedError(place.topic, place.partition, 'the rebuild of it was taken over');
    }
    crashPoint('rebuild-before-rows');
    const { repeats, gaps } = await readDecided(tx, projection, batch);
    const messages = await withoutReadAgain(parts, place, batch, repeats);
    const sorted = sortOut(place.parked, { messages, unreadable: batch.unreadable, gaps, fillers: new Set() });
    const { applied, parked } = apart
      ? await applyApart(tx, projection, sorted.direct)
      : { applied: await applyInBulk(tx, projection, sorted.direct), parked: [] };
    const arrivals: readonly Arrival[] = [...sorted.parked, ...parked];
    const written = await park(tx, projection, arrivals, parts.bounds);
    crashPoint('rebuild-before-commit');
    return () => {
      for (const { origin, key } of written.arrivals) place.parked.add(origin.partition, key);
      parts.onFilled('applied', applied);
      parts.onFilled('repeat', batch.messages.length - messages.length);
      parts.onFilled('parked', arrivals.length);
      parts.onFilled('ignored', messages.length + batch.unreadable.length - applied - arrivals.length);
    };
  });
}

function applyInBulk(tx: pg.ClientBase, projection: Projection, messages: readonly Message[]): Promise<number> {
  if (messages.length === 0) return Promise.resolve(0);
  return (projection.fill ?? projection.apply)(tx, messages);
}

async function readDecided(tx: pg.ClientBase, projection: Projection, batch: LogBatch): Promise<Decided> {
  const span = [batch.topic, batch.partition, batch.firstOffset, batch.nextOffset];
  const repeats = await tx.query<{ offset: string }>(
    'SELECT "offset" FROM event_repeats WHERE topic = $1 AND partition = $2 AND "offset" >= $3 AND "offset" < $4',
    span,
  );
  const decided = {
    repeats: new Set(repeats.rows.map(({ offset }) => BigInt(offset))),
    gaps: new Map<Message, Fault>(),
  };
  if (projection.isHistory === true) return decided;
  const gaps = await tx.query<{ stream: string; from_version: string; to_version: string; found_offset: string }>(
    `SELECT stream, from_version, to_version, found_offset FROM stream_gaps
     WHERE topic = $1 AND partition = $2 AND found_offset >= $3 AND found_offset < $4 AND accepted_at IS NULL`,
    span,
  );
  for (const row of gaps.rows) {
    const offset = BigInt(row.found_offset);
    const message = batch.messages.find(({ origin }) => origin.offset === offset);
    if (message === undefined) continue;
    const { stream } = row;
    const [expected, found] = [BigInt(row.from_version), BigInt(row.to_version) + 1n];
    const { topic, partition } = batch;
    decided.gaps.set(message, faultOfGap({ topic, partition, offset, stream, expected, found, message }));
  }
  return decided;
}

/**
 * Without repeats. A redrive brings what could not be decoded when live read it; where it can be decoded today, the
 * rebuild has read it at its own place already.
 */
async function withoutReadAgain(
  { reader }: FillParts,
  { lane, partitionCount, partition: at }: ClaimedPlace,
  { messages }: LogBatch,
  repeats: ReadonlySet<bigint>,
): Promise<readonly Message[]> {
  const first = repeats.size === 0 ? messages : messages.filter(({ record }) => !repeats.has(record.offset));
  if (lane.kind === 'source') return first;
  const source = { ...lane, kind: 'source', topic: lane.source } as const;
  const kept: Message[] = [];
  for (const message of first) {
    const { partition, offset } = message.origin;
    const isThere = await reader.isReadable(source, partition ?? at, partitionCount, offset);
    if (!isThere) kept.push(message);
  }
  return kept;
}

function emptyBatch({ topic, partition, claim }: ClaimedPlace, to: bigint): LogBatch {
  return { topic, partition, messages: [], unreadable: [], firstOffset: claim.nextOffset, nextOffset: to };
}
