import { serialize } from 'node:v8';
import type { Aggregate, StreamRef, Typed } from '@chorda/domain';
import { isPlanted } from '@chorda/platform';
import type pg from 'pg';
import { outcomeBody } from '../outcome.js';
import { definitionOf } from '../turn/definition-of.js';
import type { StreamState, TimerChange, TurnOutcome, TurnRecord } from '../turn/turn.js';
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

/**
 * Writes a turn: one statement, which is one transaction, whatever its size. It writes nothing where the partition has
 * another owner, or stands elsewhere than the claim says.
 *
 * @returns False for the latter.
 */
export async function commitTurn(
  pool: pg.Pool | pg.ClientBase,
  claim: PartitionClaim,
  writes: TurnWrites,
): Promise<boolean> {
  const { rows } = await pool.query<{ owned: string }>({
    name: 'decisions: commit a turn',
    text: commitStatement,
    values: [
      ...[claim.kind, claim.partition, claim.epoch, claim.nextSeq, claim.nextCommandOffset],
      ...[writes.nextSeq, writes.nextCommandOffset, writes.publishedSeq, writes.publishedOffset],
      ...recordColumns(writes.records),
      ...streamColumns(writes.streams),
      ...timerColumns(writes.timers),
      ...outcomeColumns(writes.outcomes),
      writes.epoch ?? claim.epoch,
    ],
  });
  return rows[0]?.owned === '1';
}

const epochCheck = isPlanted('decisions-no-epoch') ? '$3::bigint IS NOT NULL' : 'epoch = $3';

const commitStatement = `WITH owned AS (
    UPDATE decision_partitions SET next_partition_seq = $6, next_command_offset = $7, published_seq = $8,
      published_offset = $9, epoch = $45, updated_at = now(), stopped_reason = NULL
    WHERE kind = $1 AND partition = $2 AND ${epochCheck} AND next_partition_seq = $4 AND next_command_offset = $5
    RETURNING kind, partition
  ), events AS (
    INSERT INTO decision_events (kind, partition, tenant_id, partition_seq, stream_kind, stream_id, version, subject,
      type, topic, time_ms, value, headers)
    SELECT owned.kind, owned.partition, e.*
    FROM owned, unnest($10::text[], $11::bigint[], $12::text[], $13::text[], $14::bigint[], $15::text[], $16::text[],
      $17::text[], $18::bigint[], $19::bytea[], $20::text[]) AS e
  ), streams AS (
    INSERT INTO decision_streams AS known (kind, partition, tenant_id, stream_kind, stream_id, subject, version,
      snapshot, snapshot_version, snapshot_at)
    SELECT owned.kind, owned.partition, s.*
    FROM owned, unnest($21::text[], $22::text[], $23::text[], $24::text[], $25::bigint[], $26::bytea[], $27::int[],
      $28::bigint[]) AS s
    ON CONFLICT (tenant_id, kind, stream_kind, stream_id) DO UPDATE SET version = excluded.version,
      snapshot = coalesce(excluded.snapshot, known.snapshot),
      snapshot_version = coalesce(excluded.snapshot_version, known.snapshot_version),
      snapshot_at = CASE WHEN excluded.snapshot IS NULL THEN known.snapshot_at ELSE excluded.snapshot_at END
  ), gone AS (
    DELETE FROM decision_timers t
    USING owned, unnest($29::text[], $30::text[], $31::text[], $32::text[]) AS g (tenant_id, stream_kind, stream_id, id)
    WHERE t.tenant_id = g.tenant_id AND t.kind = owned.kind AND t.stream_kind = g.stream_kind
      AND t.stream_id = g.stream_id AND t.timer_id = g.id
  ), timers AS (
    INSERT INTO decision_timers AS known (kind, partition, tenant_id, stream_kind, stream_id, timer_id, subject, due_ms,
      correlation_id)
    SELECT owned.kind, owned.partition, t.*
    FROM owned, unnest($33::text[], $34::text[], $35::text[], $36::text[], $37::text[], $38::bigint[], $39::text[]) AS t
    ON CONFLICT (tenant_id, kind, stream_kind, stream_id, timer_id) DO UPDATE SET due_ms = excluded.due_ms,
      correlation_id = excluded.correlation_id
  ), outcomes AS (
    INSERT INTO decision_outcomes AS known (kind, partition, tenant_id, command_id, partition_seq, status, body)
    SELECT owned.kind, owned.partition, o.*
    FROM owned, unnest($40::text[], $41::text[], $42::bigint[], $43::text[], $44::text[]) AS o
    ON CONFLICT (tenant_id, kind, command_id) DO UPDATE SET partition_seq = excluded.partition_seq,
      status = excluded.status, body = excluded.body, decided_at = now()
  )
  SELECT count(*) AS owned FROM owned`;

function recordColumns(records: readonly TurnRecord[]): readonly unknown[] {
  return [
    records.map(({ tenantId }) => tenantId),
    records.map(({ seq }) => seq),
    records.map(({ stream }) => stream?.kind ?? null),
    records.map(({ stream }) => stream?.id ?? null),
    records.map(({ version }) => version ?? null),
    records.map(({ subject }) => subject),
    records.map(({ type }) => type),
    records.map(({ topic }) => topic),
    records.map(({ timeMs }) => timeMs),
    records.map(({ body }) => body.value),
    records.map(({ body }) => JSON.stringify(body.headers)),
  ];
}

function streamColumns(streams: readonly StreamWrite[]): readonly unknown[] {
  return [
    streams.map(({ tenantId }) => tenantId),
    streams.map(({ stream }) => stream.kind),
    streams.map(({ stream }) => stream.id),
    streams.map(({ subject }) => subject),
    streams.map(({ version }) => version),
    streams.map(({ snapshot }) => snapshot?.bytes ?? null),
    streams.map(({ snapshot }) => snapshot?.version ?? null),
    streams.map(({ snapshotAt }) => snapshotAt),
  ];
}

function timerColumns(timers: readonly TimerChange[]): readonly unknown[] {
  const gone = timers.filter(({ dueMs }) => dueMs === undefined);
  const set = timers.filter(({ dueMs }) => dueMs !== undefined);
  const keys = (changes: readonly TimerChange[]) => [
    changes.map(({ tenantId }) => tenantId),
    changes.map(({ stream }) => stream.kind),
    changes.map(({ stream }) => stream.id),
    changes.map(({ timerId }) => timerId),
  ];
  return [
    ...keys(gone),
    ...keys(set),
    set.map(({ subject }) => subject),
    set.map(({ dueMs }) => Math.ceil(dueMs ?? 0)),
    set.map(({ correlationId }) => correlationId),
  ];
}

function outcomeColumns(outcomes: readonly TurnOutcome[]): readonly unknown[] {
  return [
    outcomes.map(({ tenantId }) => tenantId),
    outcomes.map(({ commandId }) => commandId),
    outcomes.map(({ seq }) => seq),
    outcomes.map(({ outcome }) => outcome.status),
    outcomes.map(({ outcome }) => outcomeBody(outcome)),
  ];
}
