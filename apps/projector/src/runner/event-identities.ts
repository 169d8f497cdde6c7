import type { Message, TopicPartition } from '@chorda/messaging';
import { isPlanted } from '@chorda/platform';
import type pg from 'pg';
import { binaryArray } from '../bulk/binary-array.js';
import { Firsts, identify, type Identified } from './identify.js';
import { entriesOf, isTimely, moveHead, searchBlocks } from './identity-blocks.js';
import { IdentityTable, identityBytes, type KnownIdentity } from './identity-table.js';
import { TransactionOfSeveralError } from './errors.js';
import { IdentityWindow } from './identity-window.js';

/** A repeat further away than this from its first occurrence counts as an event of its own. */
export const identityWindowMs = 30 * 86_400_000;

/**
 * Leaves out what the partition has brought before: a request that was sent again, or a producer that was restarted,
 * makes a new record of the same event, which no offset can tell. It is found here, once for all projections of the
 * partition, in the transaction of their rows; what was a repeat is written down, so that a rebuild decides alike.
 *
 * Reading the same record again finds the identity under its own offset: that is no repeat. Offsets here are those of the
 * topic where the record first stood.
 *
 * Ids with a time in them are kept in blocks of one row a batch, of which the partition's owner holds the newest in
 * memory; others are rows of `event_identities`, and so are those whose time is not that of their record.
 *
 * @param parts Of different partitions.
 */
export async function withoutRepeats(tx: pg.ClientBase, parts: readonly PartOfLog[]): Promise<Sorted> {
  if (isPlanted('no-identity-check')) return { first: parts.flatMap(({ messages }) => messages), repeats: [] };
  const sorted: { readonly first: Message[]; readonly repeats: Message[] } = { first: [], repeats: [] };
  for (const together of spansOf(parts)) {
    const { first, repeats } = await sortOut(tx, together);
    for (const message of first) sorted.first.push(message);
    for (const message of repeats) sorted.repeats.push(message);
  }
  return sorted;
}

/** Messages of one partition, in offset order. */
export interface PartOfLog {
  readonly messages: readonly Message[];
  /**
   * Of the owner, for records that it reads from the partition itself. Left out: they come from elsewhere (a redrive, a
   * retry of what was parked), and the owner is told by its head that it does not know them.
   */
  readonly window?: IdentityWindow | undefined;
}

interface Sorted {
  readonly first: readonly Message[];
  readonly repeats: readonly Message[];
}

/** Cuts a batch where it goes over the window, as one that reads years of log in a row does: in a span all may repeat. */
function spansOf(parts: readonly PartOfLog[]): readonly (readonly PartOfLog[])[] {
  const spans = parts.map(({ messages, window }) => cutByTime(messages).map((span) => ({ messages: span, window })));
  // The usual case: what came together is sorted out together.
  return spans.every((each) => each.length <= 1) ? [spans.flat()] : spans.flat().map((span) => [span]);
}

function cutByTime(messages: readonly Message[]): readonly (readonly Message[])[] {
  const spans: Message[][] = [];
  let startMs = -Infinity;
  for (const message of messages) {
    const timeMs = message.record.timestampMs;
    if (timeMs - startMs > identityWindowMs) {
      spans.push([]);
      startMs = timeMs;
    }
    spans.at(-1)?.push(message);
  }
  return spans;
}

async function sortOut(tx: pg.ClientBase, parts: readonly PartOfLog[]): Promise<Sorted> {
  const identifiedOf = parts.map(({ messages }) => identify(messages));
  const identified = identifiedOf.length === 1 ? (identifiedOf[0] ?? []) : identifiedOf.flat();
  const firsts = new Firsts(identified);
  const isFirst = (entry: Identified) => firsts.isFirst(entry);
  const candidatesOf = firsts.hasRepeats ? identifiedOf.map((entries) => entries.filter(isFirst)) : identifiedOf;
  const elsewhere = candidatesOf.filter((_, index) => !parts[index]?.window).flat();
  if (elsewhere.length > 0) await compareFromElsewhere(tx, elsewhere, firsts);
  const inOrder = parts.flatMap(({ window }, index) =>
    window ? [{ window, candidates: candidatesOf[index] ?? [] }] : [],
  );
  if (inOrder.length > 0) await compareInOrder(tx, inOrder, firsts);
  if (!firsts.hasRepeats) return { first: identified.map(({ message }) => message), repeats: [] };
  const repeats = identified.filter((entry) => !isFirst(entry));
  await writeDown(tx, repeats, firsts);
  return {
    first: identified.filter(isFirst).map(({ message }) => message),
    repeats: repeats.map(({ message }) => message),
  };
}

interface CandidatesOf {
  readonly window: IdentityWindow;
  readonly candidates: readonly Identified[];
}

/** A window that was not the newest is read anew, once: the head is locked from then on. */
const triesMax = 2;

async function compareInOrder(tx: pg.ClientBase, parts: readonly CandidatesOf[], firsts: Firsts): Promise<void> {
  for (let tries = 1; ; tries++) {
    const sorted = [];
    for (const { window, candidates } of parts) {
      await window.ready(tx);
      const timed = candidates.every(({ isTimed }) => isTimed)
        ? candidates
        : candidates.filter(({ isTimed }) => isTimed);
      sorted.push({ window, ...(await sortTimed(tx, timed, window)) });
    }
    const additions = sorted.map(({ window, added }) => ({ window, entries: added }));
    if (await IdentityWindow.append(tx, additions)) {
      for (const { repeated } of sorted) for (const [identity, offset] of repeated) firsts.cameAt(identity, offset);
      const alsoInTable = sorted.flatMap(({ added }) => added.filter((entry) => !isTimely(entry)));
      const untimed = parts.flatMap(({ candidates }) => candidates.filter(({ isTimed }) => !isTimed));
      return compareWithTable(tx, [...untimed, ...alsoInTable], firsts);
    }
    if (parts.length > 1) throw new TransactionOfSeveralError('the identities of a partition have moved');
    if (tries === triesMax) throw new Error('The identities of a partition moved under their lock');
  }
}

interface TimedSorted {
  readonly added: readonly Identified[];
  readonly repeated: ReadonlyMap<string, bigint>;
}

async function sortTimed(
  tx: pg.ClientBase,
  timed: readonly Identified[],
  window: IdentityWindow,
): Promise<TimedSorted> {
  const added: Identified[] = [];
  const repeated = new Map<string, bigint>();
  const unsure: Identified[] = [];
  for (const entry of timed) {
    const known = window.find(entry.bytes, entry.at);
    if (known && !isPast(entry.message, known.timeMs)) {
      if (!isSameRecord(entry.message, known.offset)) repeated.set(entry.identity, known.offset);
    } else if (known || window.isWhole(entry.idTimeMs)) added.push(entry);
    else unsure.push(entry);
  }
  if (unsure.length === 0) return { added, repeated };
  const known = await loadKnown(tx, unsure);
  for (const entry of unsure) {
    const first = known.get(entry.identity);
    if (first === undefined) added.push(entry);
    else if (!isSameRecord(entry.message, first.offset)) repeated.set(entry.identity, first.offset);
  }
  // Blocks are in the order of their offsets.
  added.sort((a, b) => (a.message.origin.offset < b.message.origin.offset ? -1 : 1));
  return { added, repeated };
}

/** Under the heads of their partitions, so that their owners append nothing meanwhile and look anew afterwards. */
async function compareFromElsewhere(
  tx: pg.ClientBase,
  candidates: readonly Identified[],
  firsts: Firsts,
): Promise<void> {
  const timed = candidates.filter(({ isTimed }) => isTimed);
  const byPlace = Map.groupBy(timed, placeOf);
  for (const [, entries] of [...byPlace].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const [first] = entries;
    const untilMs = entries.reduce((until, { idTimeMs }) => Math.max(until, idTimeMs), 0);
    if (first) await moveHead(tx, first.message.origin, untilMs);
  }
  // What a redrive brings is compared first: afterwards an identity that it added could not be told from an old one.
  const known = await loadKnown(tx, candidates);
  const added: Identified[] = [];
  for (const entry of candidates) {
    const first = known.get(entry.identity);
    if (first === undefined) added.push(entry);
    else if (!isSameRecord(entry.message, first.offset)) firsts.cameAt(entry.identity, first.offset);
  }
  await addOrReplace(tx, added);
}

/** Adds what is new; where something was there, it is looked at. */
async function compareWithTable(tx: pg.ClientBase, candidates: readonly Identified[], firsts: Firsts): Promise<void> {
  if (candidates.length > 0 && !(await insertAll(tx, candidates))) await compareWithKnown(tx, candidates, firsts);
}

/** Deletes identities that are past the window, in steps that hold no lock for long. @returns How many went. */
export async function pruneIdentities(pool: pg.Pool, nowMs = Date.now(), stepsMax = 20): Promise<number> {
  const before = new Date(nowMs - identityWindowMs).toISOString();
  let pruned = 0;
  for (let step = 0; step < stepsMax; step++) {
    const { rowCount } = await pool.query(
      `DELETE FROM event_identities WHERE ctid = ANY (ARRAY(
         SELECT ctid FROM event_identities WHERE record_time < $1 LIMIT 5000))`,
      [before],
    );
    pruned += rowCount ?? 0;
    if ((rowCount ?? 0) < 5000) break;
  }
  return pruned + (await pruneBlocks(pool, nowMs - identityWindowMs, stepsMax));
}

/** @returns How many identities were in them. */
async function pruneBlocks(pool: pg.Pool, beforeMs: number, stepsMax: number): Promise<number> {
  let pruned = 0;
  for (let step = 0; step < stepsMax; step++) {
    const { rows } = await pool.query<{ entries: number }>(
      `DELETE FROM event_identity_blocks WHERE ctid = ANY (ARRAY(
         SELECT ctid FROM event_identity_blocks WHERE recorded_to_ms < $1 LIMIT 500)) RETURNING entries`,
      [beforeMs],
    );
    pruned += rows.reduce((sum, { entries }) => sum + entries, 0);
    if (rows.length < 500) break;
  }
  return pruned;
}

/** Whether none of them was there: the usual case, which needs no second look. */
async function insertAll(tx: pg.ClientBase, candidates: readonly Identified[]): Promise<boolean> {
  const { rowCount } = await tx.query({
    name: 'insert identities',
    text: `INSERT INTO event_identities (tenant_id, identity, first_offset, record_time)
      SELECT * FROM unnest($1::text[], $2::uuid[], $3::bigint[], $4::timestamptz[])
      ON CONFLICT DO NOTHING`,
    values: identityArrays(candidates),
  });
  return rowCount === candidates.length;
}

/** None of them is there, unless it is past the window: nobody else adds identities while their checkpoint is locked. */
async function addOrReplace(tx: pg.ClientBase, added: readonly Identified[]): Promise<void> {
  if (added.length === 0) return;
  await tx.query(
    `INSERT INTO event_identities (tenant_id, identity, first_offset, record_time)
     SELECT * FROM unnest($1::text[], $2::uuid[], $3::bigint[], $4::timestamptz[])
     ON CONFLICT (tenant_id, identity) DO UPDATE SET first_offset = excluded.first_offset,
       record_time = excluded.record_time`,
    identityArrays(added),
  );
}

/** A known identity that is past the window has lived out its time, pruned or not: the record in hand takes its place. */
async function compareWithKnown(tx: pg.ClientBase, candidates: readonly Identified[], firsts: Firsts): Promise<void> {
  const known = await loadFromTable(tx, candidates);
  const replaced: Identified[] = [];
  for (const candidate of candidates) {
    const first = known.get(candidate.identity);
    if (first === undefined || isSameRecord(candidate.message, first.offset)) continue;
    if (isPast(candidate.message, first.timeMs)) replaced.push(candidate);
    else firsts.cameAt(candidate.identity, first.offset);
  }
  if (replaced.length === 0) return;
  await tx.query(
    `UPDATE event_identities known SET first_offset = mine.first_offset, record_time = mine.record_time
     FROM unnest($1::text[], $2::uuid[], $3::bigint[], $4::timestamptz[])
       AS mine (tenant_id, identity, first_offset, record_time)
     WHERE known.tenant_id = mine.tenant_id AND known.identity = mine.identity`,
    identityArrays(replaced),
  );
}

/**
 * A record that is read again, for a projection that had not come so far. What a redrive brings is never that: it comes
 * on a topic of its own, and if its identity is known, the event was applied.
 */
function isSameRecord({ record, origin }: Message, firstOffset: bigint): boolean {
  return record.topic === origin.topic && origin.offset === firstOffset;
}

function isPast({ record }: Message, firstTimeMs: number): boolean {
  return record.timestampMs - firstTimeMs > identityWindowMs;
}

/** Those of `event_identities` and of the blocks that are within the window; of several the first. */
async function loadKnown(
  tx: pg.ClientBase,
  candidates: readonly Identified[],
): Promise<ReadonlyMap<string, KnownIdentity>> {
  const known = new Map<string, KnownIdentity>();
  const note = ({ identity, message }: Identified, found: KnownIdentity | undefined) => {
    if (found === undefined || isPast(message, found.timeMs)) return;
    const before = known.get(identity);
    if (before === undefined || found.offset < before.offset) known.set(identity, found);
  };
  const inTable = await loadFromTable(tx, candidates);
  for (const entry of candidates) note(entry, inTable.get(entry.identity));
  const timed = candidates.filter(({ isTimed }) => isTimed);
  for (const entries of Map.groupBy(timed, placeOf).values()) await findInBlocks(tx, entries, note);
  return known;
}

function placeOf({ message: { origin } }: Identified): string {
  return `${origin.topic}/${origin.partition}`;
}

async function findInBlocks(
  tx: pg.ClientBase,
  entries: readonly Identified[],
  note: (entry: Identified, found: KnownIdentity | undefined) => void,
): Promise<void> {
  const [first] = entries;
  if (!first) return;
  const place: TopicPartition = first.message.origin;
  const times = entries.map(({ idTimeMs }) => idTimeMs);
  await searchBlocks(tx, place, times, (block) => {
    const table = new IdentityTable();
    for (const entry of entriesOf(block)) table.add(block.identities, entry.at, entry);
    for (const entry of entries) note(entry, table.find(entry.bytes, entry.at));
  });
}

async function loadFromTable(
  tx: pg.ClientBase,
  candidates: readonly Identified[],
): Promise<ReadonlyMap<string, KnownIdentity>> {
  const { rows } = await tx.query<{ identity: string; first_offset: string; record_time: Date }>(
    `SELECT replace(identity::text, '-', '') AS identity, first_offset, record_time
     FROM event_identities JOIN unnest($1::text[], $2::uuid[]) AS mine (tenant_id, identity) USING (tenant_id, identity)`,
    identityArrays(candidates).slice(0, 2),
  );
  return new Map(
    rows.map((row) => [
      Buffer.from(row.identity, 'hex').toString('latin1'),
      { offset: BigInt(row.first_offset), timeMs: row.record_time.getTime() },
    ]),
  );
}

function identityArrays(identified: readonly Identified[]): Buffer[] {
  return [
    binaryArray('text', identified, ({ message }) => message.envelope.metadata.tenantId),
    binaryArray('uuid', identified, ({ bytes, at }) => bytes.toString('hex', at, at + identityBytes)),
    binaryArray('bigint', identified, ({ message }) => message.origin.offset),
    binaryArray('timestamp', identified, ({ message }) => message.record.timestampMs),
  ];
}

async function writeDown(tx: pg.ClientBase, repeats: readonly Identified[], firsts: Firsts): Promise<void> {
  await tx.query(
    `INSERT INTO event_repeats (tenant_id, topic, partition, "offset", first_offset, event_id, source, record_time)
     SELECT * FROM unnest($1::text[], $2::text[], $3::int[], $4::bigint[], $5::bigint[], $6::text[], $7::text[],
       $8::timestamptz[])
     ON CONFLICT DO NOTHING`,
    [
      repeats.map(({ message }) => message.envelope.metadata.tenantId),
      repeats.map(({ message }) => message.record.topic),
      repeats.map(({ message }) => message.record.partition),
      repeats.map(({ message }) => message.record.offset),
      repeats.map((entry) => firsts.offsetOf(entry)),
      repeats.map(({ message }) => message.envelope.metadata.id),
      repeats.map(({ message }) => message.envelope.metadata.source),
      repeats.map(({ message }) => new Date(message.record.timestampMs).toISOString()),
    ],
  );
}
