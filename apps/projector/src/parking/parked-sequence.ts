import { decodeParkedHeaders } from '@chorda/read-models';
import type { IncomingRecord, TopicPartition } from '@chorda/messaging';
import type pg from 'pg';
import type { Fault } from './fault.js';

/** Which parked sequence. */
export interface SequencePlace extends TopicPartition {
  readonly tenantId: string;
  readonly sequenceId: string;
}

/** A parked event as the log had it. */
export interface ParkedRecord {
  readonly record: IncomingRecord;
  /** Whether it was decoded, and told from repeats, when it was parked. */
  readonly wasRead: boolean;
}

interface EventRow {
  readonly offset: string;
  readonly record_time: Date;
  readonly event_id: string | null;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Buffer;
}

/** One retry transaction takes so many events, and stops short of so many bytes; a larger event goes alone. */
const retryEventsMax = 200;
const retryBytesMax = 4 * 1024 * 1024;

/** The front of a sequence, in the order in which it is to be applied. */
export async function loadFront(
  client: pg.ClientBase | pg.Pool,
  { tenantId, sequenceId, topic, partition }: SequencePlace,
): Promise<readonly ParkedRecord[]> {
  const { rows } = await client.query<EventRow>(
    `SELECT "offset", record_time, event_id, key, value, headers FROM (
       SELECT *, row_number() OVER place AS number,
         sum(coalesce(octet_length(value), 0)) OVER place - coalesce(octet_length(value), 0) AS bytes_before
       FROM parked_events WHERE tenant_id = $1 AND sequence_id = $2
       WINDOW place AS (ORDER BY order_offset, coalesce(stream_version, 9223372036854775807), "offset")
     ) AS waiting
     WHERE number <= $3 AND bytes_before < $4 ORDER BY number`,
    [tenantId, sequenceId, retryEventsMax, retryBytesMax],
  );
  return rows.map((row) => ({
    record: {
      topic,
      partition,
      offset: BigInt(row.offset),
      key: row.key,
      value: row.value,
      headers: decodeParkedHeaders(row.headers),
      timestampMs: row.record_time.getTime(),
    },
    wasRead: row.event_id !== null,
  }));
}

/** Takes the applied events out. @returns Whether any are left. */
export async function removeApplied(
  tx: pg.ClientBase,
  { tenantId, sequenceId }: SequencePlace,
  applied: readonly IncomingRecord[],
): Promise<boolean> {
  const { rows } = await tx.query<{ left: boolean }>(
    `WITH gone AS (
       DELETE FROM parked_events WHERE tenant_id = $1 AND sequence_id = $2 AND "offset" = ANY ($3::bigint[])
       RETURNING coalesce(octet_length(value), 0) + coalesce(octet_length(key), 0) AS bytes
     )
     UPDATE parked_sequences SET events = events - (SELECT count(*) FROM gone), updated_at = now(),
       bytes = bytes - (SELECT coalesce(sum(bytes), 0) FROM gone)
     WHERE tenant_id = $1 AND sequence_id = $2 RETURNING events > 0 AS left`,
    [tenantId, sequenceId, applied.map(({ offset }) => offset)],
  );
  if (rows[0]?.left === true) return true;
  await tx.query('DELETE FROM parked_sequences WHERE tenant_id = $1 AND sequence_id = $2', [tenantId, sequenceId]);
  return false;
}

/** The retry came to an event that fails: it is now the front, with its own error. */
export async function saveStuck(
  tx: pg.ClientBase,
  { tenantId, sequenceId }: SequencePlace,
  front: { readonly offset: bigint; readonly eventType: string | null; readonly fault: Fault },
): Promise<void> {
  const { offset, eventType, fault } = front;
  await tx.query(
    `UPDATE parked_sequences SET reason = $3, fingerprint = $4, error_class = $5, error_code = $6, error_message = $7,
       event_type = $8, first_offset = $9, retries = retries + 1, retried_at = now(), updated_at = now(),
       retry_requested_at = NULL, retry_requested_by = NULL
     WHERE tenant_id = $1 AND sequence_id = $2`,
    [
      tenantId,
      sequenceId,
      fault.reason,
      fault.fingerprint,
      fault.errorClass,
      fault.errorCode,
      fault.message,
      eventType,
      offset,
    ],
  );
}
