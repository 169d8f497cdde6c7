import { deserialize } from 'node:v8';
import type { Aggregate, Typed } from '@chorda/domain';
import { isPlanted } from '@chorda/platform';
import type pg from 'pg';
import type { DecisionCodec } from '../decision-codec.js';
import { streamKey } from '../stream-name.js';
import { definitionOf } from '../turn/definition-of.js';
import type { StreamPlace, StreamState } from '../turn/turn.js';
import { jsonHeaders } from './json-headers.js';

/** Rows of one read. A stream has more behind its snapshot only after the version of its snapshots was raised. */
const rowsMax = 5_000;

export interface StreamSource<States, Command extends Typed, Event extends Typed> {
  readonly aggregate: Aggregate<States, Command, Event>;
  readonly codec: Pick<DecisionCodec<Command, Event>, 'decodeEvent'>;
}

interface StreamRow {
  readonly place: string;
  readonly subject: string;
  readonly snapshot: Buffer | null;
  readonly snapshot_version: number | null;
  readonly snapshot_at: string;
}

interface EventRow {
  readonly place: string;
  readonly version: string;
  readonly topic: string;
  readonly value: Buffer;
  readonly headers: string;
  readonly subject: string;
}

interface Folding {
  readonly wanted: StreamPlace;
  subject: string;
  version: bigint;
  snapshotAt: bigint;
  state: unknown;
}

/**
 * The states of streams, folded from their snapshots and what came after: two reads, however many streams there are. A
 * stream that has no event yet is in its initial state.
 */
export async function loadStreams<States, Command extends Typed, Event extends Typed>(
  pool: pg.Pool | pg.ClientBase,
  source: StreamSource<States, Command, Event>,
  wanted: readonly StreamPlace[],
): Promise<ReadonlyMap<string, StreamState>> {
  if (wanted.length === 0) return new Map();
  const { kind } = source.aggregate;
  const folding = wanted.map((place): Folding => {
    const { initialState } = definitionOf(source.aggregate, place.stream);
    return { wanted: place, subject: place.subject, version: 0n, snapshotAt: 0n, state: initialState };
  });
  const { rows } = await pool.query<StreamRow>({
    name: 'decisions: load streams',
    text: `SELECT mine.place, s.subject, s.snapshot, s.snapshot_version, s.snapshot_at
      FROM unnest($2::text[], $3::text[], $4::text[]) WITH ORDINALITY AS mine (tenant_id, stream_kind, stream_id, place)
      CROSS JOIN LATERAL (
        SELECT * FROM decision_streams s WHERE s.tenant_id = mine.tenant_id AND s.kind = $1
          AND s.stream_kind = mine.stream_kind AND s.stream_id = mine.stream_id LIMIT 1
      ) s`,
    values: [kind, ...placesOf(wanted)],
  });
  const existing = rows.flatMap((row) => {
    const each = folding[Number(row.place) - 1];
    if (!each) return [];
    each.subject = row.subject;
    takeSnapshot(source, each, row);
    return [each];
  });
  await foldEvents(pool, source, existing);
  return new Map(
    folding.map(({ wanted: { tenantId, stream }, ...state }) => {
      return [streamKey(tenantId, stream), { tenantId, stream, ...state }];
    }),
  );
}

function takeSnapshot<States, Command extends Typed, Event extends Typed>(
  { aggregate }: StreamSource<States, Command, Event>,
  folding: Folding,
  { snapshot, snapshot_version, snapshot_at }: StreamRow,
): void {
  const { snapshotVersion } = definitionOf(aggregate, folding.wanted.stream);
  const isStale = snapshot_version !== snapshotVersion && !isPlanted('decisions-stale-snapshot');
  if (snapshot === null || isStale) return;
  try {
    folding.state = deserialize(snapshot);
  } catch {
    // A snapshot is a saving and nothing else: one that cannot be read is folded anew from the events.
    return;
  }
  folding.version = folding.snapshotAt = BigInt(snapshot_at);
}

async function foldEvents<States, Command extends Typed, Event extends Typed>(
  pool: pg.Pool | pg.ClientBase,
  { aggregate, codec }: StreamSource<States, Command, Event>,
  folding: readonly Folding[],
): Promise<void> {
  for (let rest = folding; rest.length > 0;) {
    const { rows } = await pool.query<EventRow>({
      name: 'decisions: load events',
      text: `SELECT mine.place, e.version, e.topic, e.value, e.headers, e.subject
        FROM unnest($2::text[], $3::text[], $4::text[], $5::bigint[]) WITH ORDINALITY
          AS mine (tenant_id, stream_kind, stream_id, folded, place)
        CROSS JOIN LATERAL (
          SELECT * FROM decision_events e WHERE e.tenant_id = mine.tenant_id AND e.kind = $1
            AND e.stream_kind = mine.stream_kind AND e.stream_id = mine.stream_id AND e.version > mine.folded
            AND e.version IS NOT NULL
          ORDER BY e.version LIMIT $6
        ) e
        ORDER BY mine.place, e.version LIMIT $6`,
      values: [
        aggregate.kind,
        ...placesOf(rest.map(({ wanted }) => wanted)),
        rest.map(({ version }) => version),
        rowsMax,
      ],
    });
    let last = -1;
    for (const row of rows) {
      last = Number(row.place) - 1;
      const each = rest[last];
      if (each) fold(each, row, codec, aggregate);
    }
    // A full read may have ended in the middle of a stream.
    rest = rows.length < rowsMax ? [] : rest.slice(Math.max(0, last));
  }
}

function fold<States, Command extends Typed, Event extends Typed>(
  folding: Folding,
  row: EventRow,
  codec: Pick<DecisionCodec<Command, Event>, 'decodeEvent'>,
  aggregate: Aggregate<States, Command, Event>,
): void {
  const { tenantId, stream } = folding.wanted;
  const { event } = codec.decodeEvent(storedRecord(tenantId, row));
  folding.state = definitionOf(aggregate, stream).evolve(folding.state, event);
  folding.version = BigInt(row.version);
}

/** The record that a row of `decision_events` is. */
export function storedRecord(tenant: string, row: Pick<EventRow, 'topic' | 'value' | 'headers' | 'subject'>) {
  const key = Buffer.from(`${tenant}/${row.subject}`);
  return { topic: row.topic, key, value: row.value, headers: jsonHeaders(row.headers) };
}

function placesOf(places: readonly StreamPlace[]): readonly (readonly string[])[] {
  return [
    places.map(({ tenantId }) => tenantId),
    places.map(({ stream }) => stream.kind),
    places.map(({ stream }) => stream.id),
  ];
}
