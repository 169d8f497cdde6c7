import { hash } from 'node:crypto';
import type { Message } from '@chorda/messaging';
import { isPlanted } from '@chorda/platform';
import type pg from 'pg';
import { binaryArray } from '../bulk/binary-array.js';

/** A repeat further away than this from its first occurrence counts as an event of its own. */
export const identityWindowMs = 30 * 86_400_000;

/** The first occurrence of an identity; `entry` is left out when no record in hand is it. */
interface First {
  readonly offset: bigint;
  readonly entry?: Identified;
}

interface Identified {
  readonly message: Message;
  readonly identity: string;
}

/**
 * Leaves out what the partition has brought before: a request that was sent again, or a producer that was restarted,
 * makes a new record of the same event, which no offset can tell. It is found here, once for all projections of the
 * partition, in the transaction of their rows; what was a repeat is written down, so that a rebuild decides alike.
 *
 * Reading the same record again finds the identity under its own offset: that is no repeat. Offsets here are those of the
 * topic where the record first stood.
 */
export async function withoutRepeats(tx: pg.ClientBase, messages: readonly Message[]): Promise<Sorted> {
  if (isPlanted('no-identity-check')) return { first: messages, repeats: [] };
  const sorted: { readonly first: Message[]; readonly repeats: Message[] } = { first: [], repeats: [] };
  for (const span of spansOf(messages)) {
    const { first, repeats } = await sortOut(tx, span);
    sorted.first.push(...first);
    sorted.repeats.push(...repeats);
  }
  return sorted;
}

interface Sorted {
  readonly first: readonly Message[];
  readonly repeats: readonly Message[];
}

/** Cuts a batch where it goes over the window, as one that reads years of log in a row does: in a span all may repeat. */
function spansOf(messages: readonly Message[]): readonly (readonly Message[])[] {
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

async function sortOut(tx: pg.ClientBase, messages: readonly Message[]): Promise<Sorted> {
  const identified = messages.map((message) => ({ message, identity: identityOf(message) }));
  const firsts = new Map<string, First>();
  for (const entry of identified) {
    const { identity, message } = entry;
    if (!firsts.has(identity)) firsts.set(identity, { offset: message.origin.offset, entry });
  }
  const candidates = [...firsts.values()].flatMap(({ entry }) => (entry ? [entry] : []));
  // What a redrive brings is compared first: afterwards an identity that it added could not be told from an old one.
  const isRedriven = messages.some(({ record, origin }) => record.topic !== origin.topic);
  if (isRedriven) await compareWithKnown(tx, candidates, firsts);
  if (!(await insertAll(tx, candidates)) && !isRedriven) await compareWithKnown(tx, candidates, firsts);
  const isFirst = (entry: Identified) => firsts.get(entry.identity)?.entry === entry;
  const repeats = identified.filter((entry) => !isFirst(entry));
  if (repeats.length > 0) await writeDown(tx, repeats, firsts);
  return {
    first: identified.filter(isFirst).map(({ message }) => message),
    repeats: repeats.map(({ message }) => message),
  };
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
  return pruned;
}

/** Hex digits of a UUIDv7's time in milliseconds. */
const timeDigits = 12;
const uuidVersion7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/**
 * 128 bits: of SHA-256, and where the event's id is a UUIDv7, its time first and 80 bits of SHA-256 behind. New keys
 * then stand next to one another in the index, which stays in memory however large the window grows; by hash alone,
 * each would touch a page of its own. Parts are length-prefixed by JSON, so no two lists of parts give the same text.
 */
function identityOf({ origin, envelope: { metadata } }: Message): string {
  const { id, tenantId, source } = metadata;
  const digest = hash('sha256', JSON.stringify([origin.topic, origin.partition, tenantId, source, id]), 'hex');
  if (!uuidVersion7.test(id)) return digest.slice(0, 32);
  return id.slice(0, 8) + id.slice(9, 13) + digest.slice(0, 32 - timeDigits);
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

/** A known identity that is past the window has lived out its time, pruned or not: the record in hand takes its place. */
async function compareWithKnown(
  tx: pg.ClientBase,
  candidates: readonly Identified[],
  firsts: Map<string, First>,
): Promise<void> {
  const known = await loadKnown(tx, candidates);
  const replaced: Identified[] = [];
  for (const candidate of candidates) {
    const first = known.get(candidate.identity);
    if (first === undefined || isSameRecord(candidate.message, first.offset)) continue;
    if (candidate.message.record.timestampMs - first.timeMs > identityWindowMs) replaced.push(candidate);
    else firsts.set(candidate.identity, { offset: first.offset });
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

async function loadKnown(tx: pg.ClientBase, candidates: readonly Identified[]) {
  const { rows } = await tx.query<{ identity: string; first_offset: string; record_time: Date }>(
    `SELECT replace(identity::text, '-', '') AS identity, first_offset, record_time
     FROM event_identities JOIN unnest($1::text[], $2::uuid[]) AS mine (tenant_id, identity) USING (tenant_id, identity)`,
    identityArrays(candidates).slice(0, 2),
  );
  return new Map(
    rows.map((row) => [row.identity, { offset: BigInt(row.first_offset), timeMs: row.record_time.getTime() }]),
  );
}

function identityArrays(identified: readonly Identified[]): Buffer[] {
  return [
    binaryArray('text', identified, ({ message }) => message.envelope.metadata.tenantId),
    binaryArray('uuid', identified, ({ identity }) => identity),
    binaryArray('bigint', identified, ({ message }) => message.origin.offset),
    binaryArray('timestamp', identified, ({ message }) => message.record.timestampMs),
  ];
}

async function writeDown(
  tx: pg.ClientBase,
  repeats: readonly Identified[],
  firsts: ReadonlyMap<string, First>,
): Promise<void> {
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
      repeats.map(({ identity }) => firsts.get(identity)?.offset),
      repeats.map(({ message }) => message.envelope.metadata.id),
      repeats.map(({ message }) => message.envelope.metadata.source),
      repeats.map(({ message }) => new Date(message.record.timestampMs).toISOString()),
    ],
  );
}
