import type { Message } from '@chorda/messaging';
import { isPlanted } from '@chorda/platform';
import type pg from 'pg';
import { withoutRepeats, type PartOfLog } from './event-identities.js';
import { StreamGaps, streamName } from './stream-gaps.js';

/** Versions of a stream that never came before one that did. */
export interface VersionGap {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly stream: string;
  /** The version that should have come. */
  readonly expected: bigint;
  readonly found: bigint;
  /** The event that came. */
  readonly message: Message;
  /** It was found before, and the record is read again. */
  readonly isKnown?: true;
}

export interface SortedEvents {
  /** To be applied, in offset order within each partition. */
  readonly first: readonly Message[];
  readonly repeats: readonly Message[];
  /** Of events in `first`, also of one that is read again: nothing of it is decided by who had it before. */
  readonly gaps: readonly VersionGap[];
  /** Those of `first` that bring a version that was missing. */
  readonly fillers: ReadonlySet<Message>;
}

interface Stream {
  readonly tenantId: string;
  readonly topic: string;
  readonly stream: string;
  readonly partition: number;
  version: bigint;
  offset: bigint;
  /** That were found now. */
  gaps: number;
  /** Whether versions of it were ever missing. */
  hadGaps: boolean;
  isChanged: boolean;
}

const noFillers: ReadonlySet<Message> = new Set();

/**
 * Leaves out what was applied before: facts and decisions by their identity, decisions also by the version of their
 * stream, which has no window. All of it is written in the transaction of the rows.
 *
 * @param parts Of different partitions.
 */
export async function withoutApplied(tx: pg.ClientBase, parts: readonly PartOfLog[]): Promise<SortedEvents> {
  const messages = parts.length === 1 ? (parts[0]?.messages ?? []) : parts.flatMap((part) => part.messages);
  if (messages.length === 0) return { first: [], repeats: [], gaps: [], fillers: noFillers };
  const { first, repeats } = await withoutRepeats(tx, parts);
  const decisions = messages.filter((message) => versionOf(message) !== undefined);
  if (decisions.length === 0 || isPlanted('no-version-check')) return { first, repeats, gaps: [], fillers: noFillers };
  const { stale, gaps, fillers } = await checkVersions(tx, decisions, new Set(repeats));
  if (stale.size === 0) return { first, repeats, gaps, fillers };
  const isFresh = (message: Message) => !stale.has(message);
  return { first: first.filter(isFresh), repeats: [...repeats, ...stale], gaps, fillers };
}

/** What the counts alone say of a decision; those of streams that lack versions are looked at once more. */
interface Verdicts {
  readonly stale: Set<Message>;
  readonly gaps: VersionGap[];
  /** Of streams in which versions were missing: what came before its stream's version, or is read again. */
  readonly doubtful: Message[];
}

/**
 * A record at or before the offset that brought its stream's version is read again (or comes late, by a redrive): it was
 * decided then, so it is a repeat where it was written down as one, and else it is applied. After that offset a version
 * that is not higher is a repeat, unless it was missing, and one that is not the next shows a gap.
 */
async function checkVersions(
  tx: pg.ClientBase,
  decisions: readonly Message[],
  dropped: ReadonlySet<Message>,
): Promise<Pick<SortedEvents, 'gaps' | 'fillers'> & { readonly stale: ReadonlySet<Message> }> {
  const streams = await loadStreams(tx, decisions);
  const again = decisions.filter((message) => message.origin.offset <= (streams.get(keyOf(message))?.offset ?? -1n));
  const writtenDown = again.length === 0 ? new Set<Message>() : await loadRepeats(tx, again);
  const { stale, gaps, doubtful } = judge(decisions, dropped, streams, writtenDown);
  await saveStreams(tx, [...streams.values()]);
  const fillers = new Set<Message>();
  if (gaps.length > 0 || doubtful.length > 0) {
    const known = await StreamGaps.load(tx, [...gaps.map(({ message }) => message), ...doubtful]);
    for (const gap of gaps) known.add(gap);
    for (const message of doubtful) {
      const version = versionOf(message) ?? 0n;
      if (known.fill(message, version)) fillers.add(message);
      else if (stale.has(message)) continue;
      else gaps.push(...known.before(message, version, message.origin.offset));
    }
    for (const filler of fillers) stale.delete(filler);
    await known.save(tx);
  }
  if (stale.size > 0) await writeDown(tx, [...stale]);
  return { stale, gaps, fillers };
}

function judge(
  decisions: readonly Message[],
  dropped: ReadonlySet<Message>,
  streams: Map<string, Stream>,
  writtenDown: ReadonlySet<Message>,
): Verdicts {
  const verdicts: Verdicts = { stale: new Set(), gaps: [], doubtful: [] };
  for (const message of decisions) {
    const stream = streams.get(keyOf(message)) ?? begin(message);
    streams.set(keyOf(message), stream);
    const found = versionOf(message) ?? 0n;
    const isDropped = dropped.has(message);
    if (message.origin.offset <= stream.offset) {
      if (isDropped) continue;
      if (writtenDown.has(message)) verdicts.stale.add(message);
      else if (stream.hadGaps) verdicts.doubtful.push(message);
    } else if (found <= stream.version) {
      if (isDropped) continue;
      verdicts.stale.add(message);
      if (stream.hadGaps) verdicts.doubtful.push(message);
    } else {
      // What its identity told to be a repeat moves the count and shows no gap: it stands in another log's streams.
      if (!isDropped && found > stream.version + 1n) verdicts.gaps.push(gapOf(message, stream, found));
      advance(stream, message, found);
    }
  }
  return verdicts;
}

function versionOf({ envelope }: Message): bigint | undefined {
  return envelope.metadata.decision?.streamVersion;
}

function keyOf({ envelope: { metadata }, origin }: Message): string {
  // No tenant and no topic has a slash in it.
  return `${metadata.tenantId}/${origin.topic}/${streamName(metadata)}`;
}

function begin({ envelope: { metadata }, origin }: Message): Stream {
  const { topic, partition } = origin;
  const none = { version: 0n, offset: -1n, gaps: 0, hadGaps: false, isChanged: false };
  return { tenantId: metadata.tenantId, topic, stream: streamName(metadata), partition, ...none };
}

function gapOf(message: Message, stream: Stream, found: bigint): VersionGap {
  stream.gaps++;
  stream.hadGaps = true;
  const { topic, partition, offset } = message.origin;
  return { topic, partition, offset, stream: stream.stream, expected: stream.version + 1n, found, message };
}

function advance(stream: Stream, { origin }: Message, version: bigint): void {
  stream.version = version;
  stream.offset = origin.offset;
  stream.isChanged = true;
}

async function loadStreams(tx: pg.ClientBase, decisions: readonly Message[]): Promise<Map<string, Stream>> {
  const wanted = [...new Map(decisions.map((message) => [keyOf(message), begin(message)])).values()];
  const { rows } = await tx.query<{ place: string; version: string; offset: string; had_gaps: boolean }>({
    name: 'load stream versions',
    text: `SELECT mine.place, known.version, known."offset", known.gaps > 0 AS had_gaps
      FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY AS mine (tenant_id, topic, stream, place)
      JOIN stream_versions known USING (tenant_id, topic, stream)`,
    values: [
      wanted.map(({ tenantId }) => tenantId),
      wanted.map(({ topic }) => topic),
      wanted.map(({ stream }) => stream),
    ],
  });
  const streams = new Map<string, Stream>();
  for (const row of rows) {
    const stream = wanted[Number(row.place) - 1];
    if (!stream) continue;
    const { tenantId, topic, stream: name } = stream;
    streams.set(`${tenantId}/${topic}/${name}`, {
      ...stream,
      version: BigInt(row.version),
      offset: BigInt(row.offset),
      hadGaps: row.had_gaps,
    });
  }
  return streams;
}

/** In the order of the key, so that a redrive and its source, which may touch the same streams at once, do not lock each other. */
async function saveStreams(tx: pg.ClientBase, streams: readonly Stream[]): Promise<void> {
  const changed = streams.filter(({ isChanged }) => isChanged);
  if (changed.length === 0) return;
  await tx.query({
    name: 'save stream versions',
    text: `INSERT INTO stream_versions AS known (tenant_id, topic, stream, partition, version, "offset", gaps)
      SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::int[], $5::bigint[], $6::bigint[], $7::bigint[])
        AS mine (tenant_id, topic, stream, partition, version, "offset", gaps)
      ORDER BY tenant_id, topic, stream
      ON CONFLICT (tenant_id, topic, stream) DO UPDATE SET
        version = excluded.version, "offset" = excluded."offset", gaps = known.gaps + excluded.gaps
      WHERE known.version < excluded.version`,
    values: [
      changed.map(({ tenantId }) => tenantId),
      changed.map(({ topic }) => topic),
      changed.map(({ stream }) => stream),
      changed.map(({ partition }) => partition),
      changed.map(({ version }) => version),
      changed.map(({ offset }) => offset),
      changed.map(({ gaps }) => gaps),
    ],
  });
}

async function loadRepeats(tx: pg.ClientBase, messages: readonly Message[]): Promise<ReadonlySet<Message>> {
  const { rows } = await tx.query<{ place: string }>(
    `SELECT mine.place FROM unnest($1::text[], $2::text[], $3::int[], $4::bigint[])
       WITH ORDINALITY AS mine (tenant_id, topic, partition, "offset", place)
     JOIN event_repeats USING (tenant_id, topic, partition, "offset")`,
    placesOf(messages),
  );
  return new Set(
    rows.flatMap(({ place }) => {
      const message = messages[Number(place) - 1];
      return message ? [message] : [];
    }),
  );
}

async function writeDown(tx: pg.ClientBase, repeats: readonly Message[]): Promise<void> {
  await tx.query(
    `INSERT INTO event_repeats (tenant_id, topic, partition, "offset", event_id, source, record_time, stream_version)
     SELECT * FROM unnest($1::text[], $2::text[], $3::int[], $4::bigint[], $5::text[], $6::text[], $7::timestamptz[],
       $8::bigint[])
     ON CONFLICT DO NOTHING`,
    [
      ...placesOf(repeats),
      repeats.map(({ envelope }) => envelope.metadata.id),
      repeats.map(({ envelope }) => envelope.metadata.source),
      repeats.map(({ record }) => new Date(record.timestampMs).toISOString()),
      repeats.map(versionOf),
    ],
  );
}

/** Where the records stand that were read: what a redrive brings has a place of its own. */
function placesOf(messages: readonly Message[]): unknown[][] {
  return [
    messages.map(({ envelope }) => envelope.metadata.tenantId),
    messages.map(({ record }) => record.topic),
    messages.map(({ record }) => record.partition),
    messages.map(({ record }) => record.offset),
  ];
}
