import { serialize } from 'node:v8';
import type { Aggregate, StreamRef, Typed } from '@chorda/domain';
import { isPlanted } from '@chorda/platform';
import type pg from 'pg';
import { outcomeBody } from '../outcome.js';
import { definitionOf } from '../turn/definition-of.js';
import type { StreamState, TimerChange, TurnOutcome, TurnRecord } from '../turn/turn.js';
import { arrayParam } from './array-param.js';
import type { PartitionClaim } from './partition-row.js';

/** All that one turn writes. */
export interface TurnWrites {
  readonly records: readonly TurnRecord[];
  readonly outcomes: readonly TurnOutcome[];
  readonly streams: readonly StreamWrite[];
  readonly timers: readonly TimerChange[];
  readonly nextCommandOffset: bigint;
  readonly nextSeq: bigint;
  /** What the brokers have acknowledged by now. */
  readonly publishedSeq: bigint;
  readonly publishedOffset: bigint;
  /** A higher one than the claim's, where the log has events of owners that the database does not know. */
  readonly epoch?: bigint;
}

export interface StreamWrite extends StreamState {
  readonly snapshot: Snapshot | undefined;
}

interface Snapshot {
  readonly bytes: Buffer;
  readonly version: number;
}

/**
 * Streams whose last snapshot is `every` events ago get a new one. A snapshot is a saving and nothing else: a state that
 * cannot be cloned is told of and folded from its events again.
 */
export function streamWrites<States, Command extends Typed, Event extends Typed>(
  aggregate: Aggregate<States, Command, Event>,
  changed: Iterable<StreamState>,
  every: number,
  onUnkept: (stream: StreamRef, error: unknown) => void,
): readonly StreamWrite[] {
  return [...changed].map((state) => {
    if (state.version - state.snapshotAt < BigInt(every)) return { ...state, snapshot: undefined };
    try {
      const { snapshotVersion: version } = definitionOf(aggregate, state.stream);
      return { ...state, snapshotAt: state.version, snapshot: { bytes: serialize(state.state), version } };
    } catch (error) {
      onUnkept(state.stream, error);
      return { ...state, snapshot: undefined };
    }
  });
}

/** A turn of one partition, to be written on what its claim says. */
export interface TurnToCommit {
  readonly claim: PartitionClaim;
  readonly writes: TurnWrites;
}

export type Committed =
  | { readonly kind: 'committed' }
  /** Another owner has the partition, or it stands elsewhere than the claim says. Nothing was written. */
  | { readonly kind: 'fenced' }
  /** Commands among the outcomes were decided before: their places there. Nothing was written of this partition. */
  | { readonly kind: 'repeats'; readonly places: readonly number[] };

export interface CommitAnswer {
  /** By the clock of the database: milliseconds since the Unix epoch. */
  readonly nowMs: number;
  /** One for each turn, in their order. */
  readonly turns: readonly Committed[];
}

/**
 * Writes turns of partitions of one kind, one of each partition at most: one statement, which is one transaction, whatever
 * their number and size. Each is written or not by how its own partition stands; where the statement fails, none is.
 */
export async function commitTurns(
  pool: pg.Pool | pg.ClientBase,
  turns: readonly TurnToCommit[],
): Promise<CommitAnswer> {
  return commit(pool, turns, true);
}

/**
 * Writes one turn, whatever outcomes are known already.
 *
 * @returns False where the partition has another owner, or stands elsewhere than the claim says.
 */
export async function commitTurn(
  pool: pg.Pool | pg.ClientBase,
  claim: PartitionClaim,
  writes: TurnWrites,
): Promise<boolean> {
  const { turns } = await commit(pool, [{ claim, writes }], false);
  return turns[0]?.kind === 'committed';
}

async function commit(
  pool: pg.Pool | pg.ClientBase,
  turns: readonly TurnToCommit[],
  asksForRepeats: boolean,
): Promise<CommitAnswer> {
  const { rows } = await pool.query<CommitRow>({
    name: 'decisions: commit turns',
    text: commitStatement,
    values: [
      ...[turns[0]?.claim.kind, asksForRepeats],
      ...partitionColumns(turns),
      ...recordColumns(turns),
      ...streamColumns(turns),
      ...timerColumns(turns),
      ...outcomeColumns(turns),
    ],
  });
  const [row] = rows;
  if (!row) throw new TypeError('A row with the clock always comes');
  return { nowMs: Number(row.now_ms), turns: committedOf(row, turns) };
}

interface CommitRow {
  readonly now_ms: string;
  readonly owned: readonly number[] | null;
  /** Among the outcomes of all turns, from 1. */
  readonly repeats: readonly string[] | null;
}

function committedOf(row: CommitRow, turns: readonly TurnToCommit[]): readonly Committed[] {
  const owned = new Set(row.owned);
  const repeats = (row.repeats ?? []).map((place) => Number(place) - 1);
  let first = 0;
  return turns.map(({ claim, writes }) => {
    const end = first + writes.outcomes.length;
    const places = repeats.filter((place) => place >= first && place < end).map((place) => place - first);
    first = end;
    if (owned.has(claim.partition)) return { kind: 'committed' };
    return places.length > 0 ? { kind: 'repeats', places } : { kind: 'fenced' };
  });
}

const epochCheck = isPlanted('decisions-no-epoch') ? 't.epoch IS NOT NULL' : 'p.epoch = t.epoch';
const isOwned = 'partition = ANY (ARRAY (SELECT partition FROM owned))';

const commitStatement = `WITH turns AS MATERIALIZED (
    SELECT * FROM unnest($3::int[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[],
      $10::bigint[], $11::bigint[]) AS t (partition, epoch, next_epoch, seq, command_offset, next_seq,
      next_command_offset, published_seq, published_offset)
  ), outcomes AS MATERIALIZED (
    SELECT * FROM unnest($46::int[], $47::text[], $48::text[], $49::bigint[], $50::text[], $51::text[]) WITH ORDINALITY
      AS o (partition, tenant_id, command_id, seq, status, body, place)
  ), repeats AS MATERIALIZED (
    SELECT o.place, o.partition FROM outcomes o
    CROSS JOIN LATERAL (SELECT FROM decision_outcomes d WHERE d.tenant_id = o.tenant_id AND d.kind = $1
      AND d.command_id = o.command_id LIMIT 1) AS known
    WHERE $2::boolean
  ), owned AS (
    UPDATE decision_partitions p SET next_partition_seq = t.next_seq, next_command_offset = t.next_command_offset,
      published_seq = t.published_seq, published_offset = t.published_offset, epoch = t.next_epoch, updated_at = now(),
      stopped_reason = NULL
    FROM turns t
    WHERE p.kind = $1 AND p.partition = t.partition AND ${epochCheck} AND p.next_partition_seq = t.seq
      AND p.next_command_offset = t.command_offset AND t.partition <> ALL (ARRAY (SELECT partition FROM repeats))
    RETURNING p.partition
  ), events AS (
    INSERT INTO decision_events (kind, partition, tenant_id, partition_seq, stream_kind, stream_id, version, subject,
      type, topic, time_ms, value, headers)
    SELECT $1, e.* FROM unnest($12::int[], $13::text[], $14::bigint[], $15::text[], $16::text[], $17::bigint[],
      $18::text[], $19::text[], $20::text[], $21::bigint[], $22::bytea[], $23::text[]) AS e (partition)
    WHERE e.${isOwned}
  ), streams AS (
    INSERT INTO decision_streams AS known (kind, partition, tenant_id, stream_kind, stream_id, subject, version,
      snapshot, snapshot_version, snapshot_at)
    SELECT $1, s.* FROM unnest($24::int[], $25::text[], $26::text[], $27::text[], $28::text[], $29::bigint[],
      $30::bytea[], $31::int[], $32::bigint[]) AS s (partition)
    WHERE s.${isOwned}
    ON CONFLICT (tenant_id, kind, stream_kind, stream_id) DO UPDATE SET version = excluded.version,
      snapshot = coalesce(excluded.snapshot, known.snapshot),
      snapshot_version = coalesce(excluded.snapshot_version, known.snapshot_version),
      snapshot_at = CASE WHEN excluded.snapshot IS NULL THEN known.snapshot_at ELSE excluded.snapshot_at END
  ), gone AS (
    DELETE FROM decision_timers t
    USING unnest($33::int[], $34::text[], $35::text[], $36::text[], $37::text[])
      AS g (partition, tenant_id, stream_kind, stream_id, id)
    WHERE g.${isOwned} AND t.tenant_id = g.tenant_id AND t.kind = $1 AND t.stream_kind = g.stream_kind
      AND t.stream_id = g.stream_id AND t.timer_id = g.id
  ), timers AS (
    INSERT INTO decision_timers AS known (kind, partition, tenant_id, stream_kind, stream_id, timer_id, subject, due_ms,
      correlation_id)
    SELECT $1, t.* FROM unnest($38::int[], $39::text[], $40::text[], $41::text[], $42::text[], $43::text[],
      $44::bigint[], $45::text[]) AS t (partition)
    WHERE t.${isOwned}
    ON CONFLICT (tenant_id, kind, stream_kind, stream_id, timer_id) DO UPDATE SET due_ms = excluded.due_ms,
      correlation_id = excluded.correlation_id
  ), told AS (
    INSERT INTO decision_outcomes AS known (kind, partition, tenant_id, command_id, partition_seq, status, body)
    SELECT $1, o.partition, o.tenant_id, o.command_id, o.seq, o.status, o.body FROM outcomes o WHERE o.${isOwned}
    ON CONFLICT (tenant_id, kind, command_id) DO UPDATE SET partition_seq = excluded.partition_seq,
      status = excluded.status, body = excluded.body, decided_at = now()
  )
  SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now_ms,
    (SELECT array_agg(partition) FROM owned) AS owned, (SELECT array_agg(place) FROM repeats) AS repeats`;

interface OfPartition<Item> {
  readonly partition: number;
  readonly item: Item;
}

/** What the turns hold of one sort, in their order, each with its partition. */
function itemsOf<Item>(
  turns: readonly TurnToCommit[],
  of: (writes: TurnWrites) => readonly Item[],
): readonly OfPartition<Item>[] {
  return turns.flatMap(({ claim: { partition }, writes }) => of(writes).map((item) => ({ partition, item })));
}

function partitionColumns(turns: readonly TurnToCommit[]): readonly unknown[] {
  return [
    arrayParam('int', turns, ({ claim }) => claim.partition),
    arrayParam('bigint', turns, ({ claim }) => claim.epoch),
    arrayParam('bigint', turns, ({ claim, writes }) => writes.epoch ?? claim.epoch),
    arrayParam('bigint', turns, ({ claim }) => claim.nextSeq),
    arrayParam('bigint', turns, ({ claim }) => claim.nextCommandOffset),
    arrayParam('bigint', turns, ({ writes }) => writes.nextSeq),
    arrayParam('bigint', turns, ({ writes }) => writes.nextCommandOffset),
    arrayParam('bigint', turns, ({ writes }) => writes.publishedSeq),
    arrayParam('bigint', turns, ({ writes }) => writes.publishedOffset),
  ];
}

function recordColumns(turns: readonly TurnToCommit[]): readonly unknown[] {
  const records = itemsOf(turns, (writes) => writes.records);
  return [
    arrayParam('int', records, ({ partition }) => partition),
    arrayParam('text', records, ({ item }) => item.tenantId),
    arrayParam('bigint', records, ({ item }) => item.seq),
    arrayParam('text', records, ({ item }) => item.stream?.kind ?? null),
    arrayParam('text', records, ({ item }) => item.stream?.id ?? null),
    arrayParam('bigint', records, ({ item }) => item.version ?? null),
    arrayParam('text', records, ({ item }) => item.subject),
    arrayParam('text', records, ({ item }) => item.type),
    arrayParam('text', records, ({ item }) => item.topic),
    arrayParam('bigint', records, ({ item }) => BigInt(item.timeMs)),
    arrayParam('bytes', records, ({ item }) => item.body.value),
    arrayParam('text', records, ({ item }) => JSON.stringify(item.body.headers)),
  ];
}

function streamColumns(turns: readonly TurnToCommit[]): readonly unknown[] {
  const streams = itemsOf(turns, (writes) => writes.streams);
  return [
    arrayParam('int', streams, ({ partition }) => partition),
    arrayParam('text', streams, ({ item }) => item.tenantId),
    arrayParam('text', streams, ({ item }) => item.stream.kind),
    arrayParam('text', streams, ({ item }) => item.stream.id),
    arrayParam('text', streams, ({ item }) => item.subject),
    arrayParam('bigint', streams, ({ item }) => item.version),
    arrayParam('bytes', streams, ({ item }) => item.snapshot?.bytes ?? null),
    arrayParam('int', streams, ({ item }) => item.snapshot?.version ?? null),
    arrayParam('bigint', streams, ({ item }) => item.snapshotAt),
  ];
}

/** Those that are gone, then those that are set. */
function timerColumns(turns: readonly TurnToCommit[]): readonly unknown[] {
  const timers = itemsOf(turns, (writes) => writes.timers);
  const gone = timers.filter(({ item }) => item.dueMs === undefined);
  const set = timers.filter(({ item }) => item.dueMs !== undefined);
  const keys = (changes: readonly OfPartition<TimerChange>[]) => [
    arrayParam('int', changes, ({ partition }) => partition),
    arrayParam('text', changes, ({ item }) => item.tenantId),
    arrayParam('text', changes, ({ item }) => item.stream.kind),
    arrayParam('text', changes, ({ item }) => item.stream.id),
    arrayParam('text', changes, ({ item }) => item.timerId),
  ];
  return [
    ...keys(gone),
    ...keys(set),
    arrayParam('text', set, ({ item }) => item.subject),
    arrayParam('bigint', set, ({ item }) => BigInt(Math.ceil(item.dueMs ?? 0))),
    arrayParam('text', set, ({ item }) => item.correlationId),
  ];
}

function outcomeColumns(turns: readonly TurnToCommit[]): readonly unknown[] {
  const outcomes = itemsOf(turns, (writes) => writes.outcomes);
  return [
    arrayParam('int', outcomes, ({ partition }) => partition),
    arrayParam('text', outcomes, ({ item }) => item.tenantId),
    arrayParam('text', outcomes, ({ item }) => item.commandId),
    arrayParam('bigint', outcomes, ({ item }) => item.seq),
    arrayParam('text', outcomes, ({ item }) => item.outcome.status),
    arrayParam('text', outcomes, ({ item }) => outcomeBody(item.outcome)),
  ];
}
