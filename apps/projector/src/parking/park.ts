import { encodeParkedHeaders } from '@chorda/read-models';
import type { IncomingRecord } from '@chorda/messaging';
import type pg from 'pg';
import { PartitionFencedError } from '../runner/errors.js';
import type { Projection } from '../runner/projection.js';
import { sequenceIdOf } from './aggregate-key.js';
import type { Arrival } from './arrival.js';
import { ProjectionStoppedError, type ParkBounds } from './park-bounds.js';

/** What parking wrote, for the memory of the claim once it is committed. */
export interface Parked {
  readonly arrivals: readonly Arrival[];
  /** Sequences that began. */
  readonly begun: readonly Arrival[];
  /** What a sequence waited for has come. */
  readonly isRetryWanted: boolean;
}

interface AddedRow {
  readonly tenant_id: string;
  readonly sequence_id: string;
  readonly offset: string;
}

/**
 * Writes arrivals into the parked sequences of their aggregates, in the transaction that moves the checkpoint past them.
 * What is there already stays as it is: the same record, brought again by a redrive, only asks for a retry.
 *
 * @throws {@link ProjectionStoppedError} past a bound; the transaction must then be given up.
 */
export async function park(
  tx: pg.ClientBase,
  projection: Pick<Projection, 'name' | 'version'>,
  arrivals: readonly Arrival[],
  bounds: ParkBounds,
): Promise<Parked> {
  if (arrivals.length === 0) return { arrivals: [], begun: [], isRetryWanted: false };
  const placed = arrivals.map((arrival) => {
    return { arrival, sequenceId: sequenceIdOf(projection, arrival.origin, arrival.key) };
  });
  // Late versions look for their place among those that wait, which have to be there then.
  const added = new Set<string>();
  for (const isFiller of [false, true]) {
    const chosen = placed.filter(({ arrival }) => (arrival.isFiller ?? false) === isFiller);
    if (chosen.length === 0) continue;
    for (const row of await addEvents(tx, projection, chosen)) added.add(`${row.sequence_id} ${row.offset}`);
  }
  const isAdded = ({ sequenceId, arrival }: Placed) => added.has(`${sequenceId} ${arrival.origin.offset}`);
  const begun = await saveSequences(tx, projection, placed, isAdded, bounds);
  const isRetryWanted = arrivals.some(wantsRetry);
  return { arrivals: placed.filter(isAdded).map(({ arrival }) => arrival), begun, isRetryWanted };
}

interface Placed {
  readonly arrival: Arrival;
  readonly sequenceId: string;
}

async function addEvents(
  tx: pg.ClientBase,
  { name, version }: Pick<Projection, 'name' | 'version'>,
  placed: readonly Placed[],
): Promise<readonly AddedRow[]> {
  const column = <Value>(value: (arrival: Arrival) => Value) => placed.map(({ arrival }) => value(arrival));
  const { rows } = await tx.query<AddedRow>(
    `INSERT INTO parked_events (tenant_id, sequence_id, projection, version, topic, partition, "offset", order_offset,
       stream_version, record_time, event_id, event_type, key, value, headers, parked_at)
     SELECT tenant_id, sequence_id, $1, $2, topic, partition, "offset",
       CASE WHEN is_filler THEN coalesce((SELECT min(behind.order_offset) FROM parked_events behind
         WHERE behind.tenant_id = given.tenant_id AND behind.sequence_id = given.sequence_id
           AND behind.stream_version > given.stream_version), "offset") ELSE "offset" END,
       stream_version, record_time, event_id, event_type, key, value, headers, now()
     FROM unnest($3::text[], $4::text[], $5::text[], $6::int[], $7::bigint[], $8::bigint[], $9::timestamptz[], $10::text[],
       $11::text[], $12::bytea[], $13::bytea[], $14::bytea[], $15::boolean[])
       AS given (tenant_id, sequence_id, topic, partition, "offset", stream_version, record_time, event_id, event_type,
         key, value, headers, is_filler)
     ON CONFLICT (tenant_id, sequence_id, "offset") DO NOTHING
     RETURNING tenant_id, sequence_id, "offset"`,
    [
      name,
      version,
      column(({ key }) => key.tenantId),
      placed.map(({ sequenceId }) => sequenceId),
      column(({ origin }) => origin.topic),
      column(({ origin }) => origin.partition),
      column(({ origin }) => origin.offset),
      column(({ message }) => message?.envelope.metadata.decision?.streamVersion),
      column(({ record }) => new Date(record.timestampMs).toISOString()),
      column(({ message }) => message?.envelope.metadata.id),
      column(({ message }) => message?.envelope.event.type),
      column(({ record }) => record.key),
      column(({ record }) => record.value),
      column(({ record }) => headersOf(record)),
      column(({ isFiller }) => isFiller ?? false),
    ],
  );
  return rows;
}

/** A foreign client may write header lengths that do not hold: then nothing can be kept of them. */
function headersOf(record: IncomingRecord): Buffer {
  try {
    return encodeParkedHeaders(record.headers);
  } catch {
    return encodeParkedHeaders({});
  }
}

interface SequenceSum {
  readonly first: Placed;
  readonly cause: Arrival;
  readonly events: number;
  readonly bytes: number;
  readonly lastOffset: bigint;
  readonly isRetryWanted: boolean;
}

async function saveSequences(
  tx: pg.ClientBase,
  { name, version }: Pick<Projection, 'name' | 'version'>,
  placed: readonly Placed[],
  isAdded: (placed: Placed) => boolean,
  bounds: ParkBounds,
): Promise<readonly Arrival[]> {
  const sums = [...Map.groupBy(placed, ({ sequenceId }) => sequenceId).values()].map((members) =>
    sumOf(members, isAdded),
  );
  const column = <Value>(value: (sum: SequenceSum) => Value) => sums.map(value);
  const { rows } = await tx.query<{ sequence_id: string; events: string; is_new: boolean }>(
    `INSERT INTO parked_sequences AS known (tenant_id, sequence_id, projection, version, topic, partition, aggregate_key,
       events, bytes, first_offset, last_offset, reason, fingerprint, error_class, error_code, error_message, event_type,
       parked_at, updated_at, retry_requested_at, retry_requested_by)
     SELECT tenant_id, sequence_id, $1, $2, topic, partition, aggregate_key, events, bytes, first_offset, last_offset,
       reason, fingerprint, error_class, error_code, error_message, event_type, now(), now(),
       CASE WHEN is_retry_wanted THEN now() END, CASE WHEN is_retry_wanted THEN 'projector' END
     FROM unnest($3::text[], $4::text[], $5::text[], $6::int[], $7::text[], $8::bigint[], $9::bigint[], $10::bigint[],
       $11::bigint[], $12::text[], $13::text[], $14::text[], $15::text[], $16::text[], $17::text[], $18::boolean[])
       AS given (tenant_id, sequence_id, topic, partition, aggregate_key, events, bytes, first_offset, last_offset, reason,
         fingerprint, error_class, error_code, error_message, event_type, is_retry_wanted)
     ORDER BY tenant_id, sequence_id
     ON CONFLICT (tenant_id, sequence_id) DO UPDATE SET
       events = known.events + excluded.events, bytes = known.bytes + excluded.bytes, updated_at = now(),
       last_offset = greatest(known.last_offset, excluded.last_offset),
       retry_requested_at = coalesce(known.retry_requested_at, excluded.retry_requested_at),
       retry_requested_by = coalesce(known.retry_requested_by, excluded.retry_requested_by)
     RETURNING sequence_id, events, (xmax = 0) AS is_new`,
    [
      name,
      version,
      column(({ first }) => first.arrival.key.tenantId),
      column(({ first }) => first.sequenceId),
      column(({ first }) => first.arrival.origin.topic),
      column(({ first }) => first.arrival.origin.partition),
      column(({ first }) => first.arrival.key.text),
      column(({ events }) => events),
      column(({ bytes }) => bytes),
      column(({ first }) => first.arrival.origin.offset),
      column(({ lastOffset }) => lastOffset),
      column(({ cause }) => cause.fault?.reason ?? ''),
      column(({ cause }) => cause.fault?.fingerprint ?? ''),
      column(({ cause }) => cause.fault?.errorClass ?? ''),
      column(({ cause }) => cause.fault?.errorCode),
      column(({ cause }) => cause.fault?.message ?? ''),
      column(({ cause }) => cause.message?.envelope.event.type),
      column(({ isRetryWanted }) => isRetryWanted),
    ],
  );
  const known = new Map(rows.map((row) => [row.sequence_id, row]));
  const begun = sums.filter(({ first }) => known.get(first.sequenceId)?.is_new === true).map(({ cause }) => cause);
  for (const { fault, origin } of begun) {
    if (fault) continue;
    throw new PartitionFencedError(origin.topic, origin.partition, 'a sequence that it took to be parked is gone');
  }
  await checkBounds(tx, { name, version }, bounds, { begun: begun.length, rows });
  return begun;
}

function sumOf(members: readonly Placed[], isAdded: (placed: Placed) => boolean): SequenceSum {
  const [first] = members;
  if (first === undefined) throw new TypeError('A sequence without events');
  const added = members.filter(isAdded);
  const bytesOf = ({ arrival: { record } }: Placed) => (record.key?.length ?? 0) + (record.value?.length ?? 0);
  return {
    first,
    cause: members.find(({ arrival }) => arrival.fault)?.arrival ?? first.arrival,
    events: added.length,
    bytes: added.reduce((sum, each) => sum + bytesOf(each), 0),
    lastOffset: members.reduce((last, { arrival: { origin } }) => (origin.offset > last ? origin.offset : last), 0n),
    isRetryWanted: members.some(({ arrival }) => wantsRetry(arrival)),
  };
}

/** A version that was missing, or a record that an operator has sent through again. */
function wantsRetry({ isFiller, record, origin, fault }: Arrival): boolean {
  return !fault && (isFiller === true || record.topic !== origin.topic);
}

async function checkBounds(
  tx: pg.ClientBase,
  { name, version }: Pick<Projection, 'name' | 'version'>,
  { eventsMax, aggregatesMax }: ParkBounds,
  written: { readonly begun: number; readonly rows: readonly { readonly events: string }[] },
): Promise<void> {
  if (written.rows.some(({ events }) => Number(events) > eventsMax)) {
    throw new ProjectionStoppedError(
      { name, version },
      'count',
      `more than ${eventsMax} events of one aggregate are parked`,
    );
  }
  if (written.begun === 0) return;
  const { rows } = await tx.query<{ past: boolean }>(
    'SELECT count(*) > $3 AS past FROM parked_sequences WHERE projection = $1 AND version = $2',
    [name, version, aggregatesMax],
  );
  if (rows[0]?.past === true) {
    throw new ProjectionStoppedError({ name, version }, 'count', `more than ${aggregatesMax} aggregates are parked`);
  }
}
