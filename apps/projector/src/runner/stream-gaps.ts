import type { Message } from '@chorda/messaging';
import type pg from 'pg';
import type { VersionGap } from './stream-versions.js';

/** Versions that were not there where a later one stood, first and last included. */
interface MissingVersions {
  readonly from: bigint;
  readonly to: bigint;
  /** Of the event that showed it. */
  readonly foundOffset: bigint;
  /** Of the event that brought it after all, which is then one version. */
  readonly filledOffset?: bigint | undefined;
}

interface GapRow {
  readonly tenant_id: string;
  readonly topic: string;
  readonly stream: string;
  readonly from_version: string;
  readonly to_version: string;
  readonly found_offset: string;
  readonly filled_offset: string | null;
}

interface StreamOfGaps {
  readonly tenantId: string;
  readonly topic: string;
  readonly stream: string;
  readonly partition: number;
  missing: readonly MissingVersions[];
  isChanged: boolean;
}

/** Which versions some streams lacked, of those that nobody has accepted as lost. Asked for only where there may be some. */
export class StreamGaps {
  private constructor(private readonly streams: ReadonlyMap<string, StreamOfGaps>) {}

  /** Of the streams of these messages. */
  static async load(tx: pg.ClientBase, messages: readonly Message[]): Promise<StreamGaps> {
    const streams = new Map(messages.map((message) => [keyOf(message), streamOf(message)]));
    const wanted = [...streams.values()];
    const { rows } = await tx.query<GapRow>(
      `SELECT known.tenant_id, known.topic, known.stream, known.from_version, known.to_version, known.found_offset,
         known.filled_offset
       FROM stream_gaps known JOIN unnest($1::text[], $2::text[], $3::text[]) AS mine (tenant_id, topic, stream)
         USING (tenant_id, topic, stream)
       WHERE accepted_at IS NULL ORDER BY from_version`,
      streamArrays(wanted),
    );
    for (const row of rows) {
      const stream = streams.get(`${row.tenant_id}/${row.topic}/${row.stream}`);
      if (stream) stream.missing = [...stream.missing, missingIn(row)];
    }
    return new StreamGaps(streams);
  }

  add({ message, expected, found, offset }: VersionGap): void {
    const stream = this.streams.get(keyOf(message));
    if (!stream) return;
    stream.missing = [...stream.missing, { from: expected, to: found - 1n, foundOffset: offset }];
    stream.isChanged = true;
  }

  /** Whether this record brings a version that was missing; it no longer is. */
  fill(message: Message, version: bigint): boolean {
    const stream = this.streams.get(keyOf(message));
    const { offset } = message.origin;
    const found = stream?.missing.find(({ from, to }) => from <= version && version <= to);
    if (!stream || !found) return false;
    if (found.filledOffset !== undefined) return found.filledOffset === offset;
    const parts = [
      { ...found, to: version - 1n },
      { ...found, from: version, to: version, filledOffset: offset },
      { ...found, from: version + 1n },
    ].filter(({ from, to }) => from <= to);
    stream.missing = stream.missing.flatMap((each) => (each === found ? parts : each));
    stream.isChanged = true;
    return true;
  }

  /** Whether the version before this one is missing for who has read up to `readOffset`. */
  before(message: Message, version: bigint, readOffset: bigint): readonly VersionGap[] {
    const isMissing = ({ from, to, filledOffset }: MissingVersions) =>
      from < version && version <= to + 1n && (filledOffset === undefined || filledOffset > readOffset);
    const missing = this.streams.get(keyOf(message))?.missing.find(isMissing);
    if (!missing) return [];
    const { topic, partition, offset } = message.origin;
    const stream = streamName(message.envelope.metadata);
    return [{ topic, partition, offset, stream, expected: missing.from, found: version, message, isKnown: true }];
  }

  async save(tx: pg.ClientBase): Promise<void> {
    const changed = [...this.streams.values()].filter(({ isChanged }) => isChanged);
    if (changed.length === 0) return;
    await tx.query(
      `DELETE FROM stream_gaps USING unnest($1::text[], $2::text[], $3::text[]) AS mine (tenant_id, topic, stream)
       WHERE stream_gaps.tenant_id = mine.tenant_id AND stream_gaps.topic = mine.topic
         AND stream_gaps.stream = mine.stream AND accepted_at IS NULL`,
      streamArrays(changed),
    );
    const missing = changed.flatMap((stream) => stream.missing.map((each) => ({ ...stream, ...each })));
    await tx.query(
      `INSERT INTO stream_gaps (tenant_id, topic, stream, partition, from_version, to_version, found_offset, filled_offset)
       SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::int[], $5::bigint[], $6::bigint[], $7::bigint[],
         $8::bigint[])
       ON CONFLICT DO NOTHING`,
      [
        ...streamArrays(missing),
        missing.map(({ partition }) => partition),
        missing.map(({ from }) => from),
        missing.map(({ to }) => to),
        missing.map(({ foundOffset }) => foundOffset),
        missing.map(({ filledOffset }) => filledOffset),
      ],
    );
  }
}

/** Whose versions a decision counts. An agent and its executions have one subject, and versions of their own. */
export function streamName({ decision, subject }: Message['envelope']['metadata']): string {
  return decision?.stream ?? subject;
}

function keyOf({ envelope: { metadata }, origin }: Message): string {
  return `${metadata.tenantId}/${origin.topic}/${streamName(metadata)}`;
}

function streamOf({ envelope: { metadata }, origin }: Message): StreamOfGaps {
  const { topic, partition } = origin;
  return { tenantId: metadata.tenantId, topic, stream: streamName(metadata), partition, missing: [], isChanged: false };
}

function streamArrays(streams: readonly Pick<StreamOfGaps, 'tenantId' | 'topic' | 'stream'>[]): string[][] {
  return [
    streams.map(({ tenantId }) => tenantId),
    streams.map(({ topic }) => topic),
    streams.map(({ stream }) => stream),
  ];
}

function missingIn(row: GapRow): MissingVersions {
  const filledOffset = row.filled_offset === null ? undefined : BigInt(row.filled_offset);
  return {
    from: BigInt(row.from_version),
    to: BigInt(row.to_version),
    foundOffset: BigInt(row.found_offset),
    filledOffset,
  };
}
