import type { TopicPartition } from '@chorda/messaging';
import type pg from 'pg';
import { binaryArray } from '../bulk/binary-array.js';
import { identityBytes, type KnownIdentity } from './identity-table.js';

/** An identity as a block keeps it. */
export interface BlockEntry extends KnownIdentity {
  readonly idTimeMs: number;
  /** Where its 16 bytes are. */
  readonly bytes: Buffer;
  readonly at: number;
}

export interface IdentityHead {
  readonly lastBlock: bigint;
  /** The highest time of an id that is in `event_identities` and may be in no block. */
  readonly tableUntilMs: number;
}

export interface IdentityBlock {
  readonly firstOffset: bigint;
  readonly recordedFromMs: number;
  /** The latest record time up to and with this block. */
  readonly latestMs: number;
  readonly identities: Buffer;
}

/** An id is of its record's time when it was made at most so long before it, and by a clock at most so far ahead. */
export const idDelayMsMax = 60_000;
export const idAheadMsMax = 2_000;
/** Records of one block lie so close together, so that a search by time knows where to end. */
const blockSpanMsMax = 60_000;
const entryBytes = identityBytes + 8;
/** Blocks that a window may be made of: at a few events a second each holds one. */
const blocksLoadedMax = 300;
/** Times of ids that lie closer are looked up as one span. */
const spanGapMs = 1_000;
const spansPerSearch = 200;

/** Whether a block alone answers for it: then a search by the id's time finds it. */
export function isTimely({ idTimeMs, timeMs }: Pick<BlockEntry, 'idTimeMs' | 'timeMs'>): boolean {
  return idTimeMs >= timeMs - idDelayMsMax && idTimeMs <= timeMs + idAheadMsMax;
}

/** Makes the row that all writers of a partition's identities move, and by that queue behind one another. */
export async function loadHead(tx: pg.ClientBase, { topic, partition }: TopicPartition): Promise<IdentityHead> {
  const { rows } = await tx.query<{ last_block: string; table_until_ms: string }>({
    name: 'load identity head',
    text: `INSERT INTO event_identity_heads AS known (topic, partition, last_block, table_until_ms) VALUES ($1, $2, 0, 0)
      ON CONFLICT (topic, partition) DO UPDATE SET last_block = known.last_block
      RETURNING last_block, table_until_ms`,
    values: [topic, partition],
  });
  return { lastBlock: BigInt(rows[0]?.last_block ?? 0), tableUntilMs: Number(rows[0]?.table_until_ms ?? 0) };
}

/** Tells the owner of a partition that identities have come that are in no block of its own. */
export async function moveHead(
  tx: pg.ClientBase,
  { topic, partition }: TopicPartition,
  tableUntilMs: number,
): Promise<void> {
  await tx.query(
    `INSERT INTO event_identity_heads AS known (topic, partition, last_block, table_until_ms) VALUES ($1, $2, 1, $3)
     ON CONFLICT (topic, partition) DO UPDATE SET last_block = known.last_block + 1,
       table_until_ms = greatest(known.table_until_ms, excluded.table_until_ms)`,
    [topic, partition, tableUntilMs],
  );
}

/** The newest blocks, newest first, and what the one before them says of its time; as many as hold `entriesMin`. */
export async function loadNewestBlocks(
  tx: pg.ClientBase,
  { topic, partition }: TopicPartition,
  entriesMin: number,
): Promise<{ readonly blocks: readonly IdentityBlock[]; readonly beforeMs: number }> {
  const { rows } = await tx.query<BlockRow & { readonly held: string }>({
    name: 'load identity blocks',
    text: `SELECT first_offset, recorded_from_ms, latest_ms, before.held,
        CASE WHEN before.held < $3 THEN identities END AS identities
      FROM (SELECT block, coalesce(sum(entries) OVER (ORDER BY block DESC ROWS BETWEEN UNBOUNDED PRECEDING
          AND 1 PRECEDING), 0) AS held
        FROM (SELECT block, entries FROM event_identity_blocks WHERE topic = $1 AND partition = $2
          ORDER BY block DESC LIMIT $4) AS newest) AS before
      JOIN event_identity_blocks USING (block) WHERE topic = $1 AND partition = $2
      ORDER BY block DESC`,
    values: [topic, partition, entriesMin, blocksLoadedMax],
  });
  const blocks = rows.flatMap((row) => (row.identities === null ? [] : [toBlock(row, row.identities)]));
  const isWhole = blocks.length === rows.length && rows.length < blocksLoadedMax;
  if (isWhole) return { blocks, beforeMs: -Infinity };
  // The last one read stands for all before it, and is not part of the window.
  const before = rows[blocks.length] ?? rows.at(-1);
  const kept = rows[blocks.length] === undefined ? blocks.slice(0, -1) : blocks;
  return { blocks: kept, beforeMs: Number(before?.latest_ms) };
}

interface BlockRow {
  readonly first_offset: string;
  readonly recorded_from_ms: string;
  readonly latest_ms: string;
  readonly identities: Buffer | null;
}

function toBlock(row: BlockRow, identities: Buffer): IdentityBlock {
  return {
    firstOffset: BigInt(row.first_offset),
    recordedFromMs: Number(row.recorded_from_ms),
    latestMs: Number(row.latest_ms),
    identities,
  };
}

/** In the order in which they were recorded. */
export function* entriesOf(block: IdentityBlock): Generator<KnownIdentity & { readonly at: number }> {
  const { identities, firstOffset, recordedFromMs } = block;
  for (let at = 0; at + entryBytes <= identities.length; at += entryBytes) {
    const offset = firstOffset + BigInt(identities.readUInt32BE(at + identityBytes));
    yield { at, offset, timeMs: recordedFromMs + identities.readUInt32BE(at + identityBytes + 4) };
  }
}

/** What a batch brought, to stand behind the block that this process wrote or read last, in offset order. */
export interface BlockAppend {
  readonly place: TopicPartition;
  /** As this process knows it. */
  readonly head: IdentityHead;
  readonly entries: readonly BlockEntry[];
  /** The latest record time before them. */
  readonly latestMs: number;
  readonly tableUntilMs: number;
}

/**
 * @returns How many blocks each of them became; undefined where a head was not as given. Of one alone nothing was written
 *   then; of several some may have been, and the transaction is to be given up.
 */
export async function appendBlocks(
  tx: pg.ClientBase,
  appends: readonly BlockAppend[],
): Promise<readonly number[] | undefined> {
  const made = appends.map(({ entries, latestMs }) => cut(entries, latestMs));
  const blocks = made.flatMap((each, index) => each.map((block, nth) => ({ ...block, index, nth: nth + 1 })));
  const { rowCount } = await tx.query({
    name: 'append identity blocks',
    text: `WITH mine AS (
        SELECT * FROM unnest($1::text[], $2::int[], $3::bigint[], $4::bigint[], $5::bigint[], $6::int[])
          WITH ORDINALITY AS given (topic, partition, last_block, seen_until_ms, table_until_ms, added, nth)
      ), head AS (
        UPDATE event_identity_heads known SET last_block = known.last_block + added,
          table_until_ms = greatest(known.table_until_ms, mine.table_until_ms)
        FROM mine WHERE known.topic = mine.topic AND known.partition = mine.partition
          AND known.last_block = mine.last_block AND known.table_until_ms = mine.seen_until_ms
        RETURNING known.topic, known.partition, mine.last_block, mine.nth)
      INSERT INTO event_identity_blocks (topic, partition, block, first_offset, entries, recorded_from_ms,
        recorded_to_ms, latest_ms, id_from_ms, id_to_ms, identities)
      SELECT topic, partition, head.last_block + block, first_offset, octet_length(identities) / ${entryBytes},
        recorded_from_ms, recorded_to_ms, latest_ms, id_from_ms, id_to_ms, identities
      FROM head JOIN unnest($7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[],
        $13::bigint[], $14::bigint[], $15::bytea[]) AS added (nth, block, first_offset, recorded_from_ms,
        recorded_to_ms, latest_ms, id_from_ms, id_to_ms, identities) USING (nth)`,
    values: [
      appends.map(({ place }) => place.topic),
      appends.map(({ place }) => place.partition),
      appends.map(({ head }) => head.lastBlock),
      appends.map(({ head }) => head.tableUntilMs),
      appends.map(({ tableUntilMs }) => tableUntilMs),
      made.map((each) => each.length),
      binaryArray('bigint', blocks, ({ index }) => BigInt(index + 1)),
      binaryArray('bigint', blocks, ({ nth }) => BigInt(nth)),
      binaryArray('bigint', blocks, ({ firstOffset }) => firstOffset),
      ...(['recordedFromMs', 'recordedToMs', 'latestMs', 'idFromMs', 'idToMs'] as const).map((name) =>
        binaryArray('bigint', blocks, (block) => BigInt(block[name])),
      ),
      binaryArray('bytes', blocks, ({ identities }) => identities),
    ],
  });
  return rowCount === blocks.length ? made.map((each) => each.length) : undefined;
}

interface NewBlock extends IdentityBlock {
  readonly recordedToMs: number;
  readonly idFromMs: number;
  readonly idToMs: number;
}

function cut(entries: readonly BlockEntry[], latestMs: number): readonly NewBlock[] {
  const blocks: NewBlock[] = [];
  let latest = latestMs;
  for (let from = 0; from < entries.length;) {
    const [end, times] = spanFrom(entries, from);
    const own = entries.slice(from, end);
    latest = Math.max(latest, times.toMs);
    blocks.push(packed(own, times, latest));
    from = end;
  }
  return blocks;
}

/** Where the block that begins at `from` ends, and the record times in it. */
function spanFrom(entries: readonly BlockEntry[], from: number): readonly [number, { fromMs: number; toMs: number }] {
  let [fromMs, toMs] = [Infinity, -Infinity];
  for (let index = from; index < entries.length; index++) {
    const timeMs = entries[index]?.timeMs ?? 0;
    const [least, most] = [Math.min(fromMs, timeMs), Math.max(toMs, timeMs)];
    if (most - least > blockSpanMsMax) return [index, { fromMs, toMs }];
    [fromMs, toMs] = [least, most];
  }
  return [entries.length, { fromMs, toMs }];
}

function packed(entries: readonly BlockEntry[], times: { fromMs: number; toMs: number }, latestMs: number): NewBlock {
  const firstOffset = entries[0]?.offset ?? 0n;
  const identities = Buffer.allocUnsafe(entries.length * entryBytes);
  let [idFromMs, idToMs] = [Number.MAX_SAFE_INTEGER, 0];
  let at = 0;
  for (const entry of entries) {
    entry.bytes.copy(identities, at, entry.at, entry.at + identityBytes);
    identities.writeUInt32BE(Number(entry.offset - firstOffset), at + identityBytes);
    identities.writeUInt32BE(entry.timeMs - times.fromMs, at + identityBytes + 4);
    at += entryBytes;
    // The others are in `event_identities` too, and would make this span as wide as the worst clock.
    if (!isTimely(entry)) continue;
    idFromMs = Math.min(idFromMs, entry.idTimeMs);
    idToMs = Math.max(idToMs, entry.idTimeMs);
  }
  return {
    firstOffset,
    recordedFromMs: times.fromMs,
    recordedToMs: times.toMs,
    latestMs,
    idFromMs,
    idToMs,
    identities,
  };
}

/** Blocks in which ids of these times may be, where blocks alone answer for them; handed over one by one. */
export async function searchBlocks(
  tx: pg.ClientBase,
  { topic, partition }: TopicPartition,
  idTimesMs: readonly number[],
  found: (block: IdentityBlock) => void,
): Promise<void> {
  const spans = spansOf(idTimesMs);
  for (let at = 0; at < spans.length; at += spansPerSearch) {
    const some = spans.slice(at, at + spansPerSearch);
    const { rows } = await tx.query<BlockRow & { readonly identities: Buffer }>({
      name: 'search identity blocks',
      text: `SELECT first_offset, recorded_from_ms, latest_ms, identities FROM event_identity_blocks
        WHERE topic = $1 AND partition = $2 AND block = ANY (ARRAY(
          SELECT block FROM unnest($3::bigint[], $4::bigint[]) AS wanted (from_ms, to_ms)
          JOIN event_identity_blocks ON topic = $1 AND partition = $2
            AND recorded_to_ms BETWEEN from_ms - ${idAheadMsMax} AND to_ms + ${idDelayMsMax + blockSpanMsMax}
            AND id_from_ms <= to_ms AND id_to_ms >= from_ms))
        ORDER BY block`,
      values: [
        ...[topic, partition],
        binaryArray('bigint', some, ([fromMs]) => BigInt(fromMs)),
        binaryArray('bigint', some, ([, toMs]) => BigInt(toMs)),
      ],
    });
    for (const row of rows) found(toBlock(row, row.identities));
  }
}

function spansOf(timesMs: readonly number[]): readonly (readonly [number, number])[] {
  const spans: [number, number][] = [];
  for (const timeMs of [...timesMs].sort((a, b) => a - b)) {
    const last = spans.at(-1);
    if (last && timeMs - last[1] <= spanGapMs) last[1] = timeMs;
    else spans.push([timeMs, timeMs]);
  }
  return spans;
}
