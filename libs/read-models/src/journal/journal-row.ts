import { tenantId } from '@chorda/kernel';
import type { JournalEntry } from './journal-entry.js';

/** A row as `pg` gives it: bigint as text, timestamptz as Date, bytea as Buffer. */
export interface JournalRow {
  readonly tenant_id: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
  readonly record_time: Date;
  readonly event_time: Date;
  readonly event_id: string;
  readonly type: string;
  readonly source: string;
  readonly subject: string;
  readonly correlation_id: string;
  readonly causation_id: string | null;
  readonly traceparent: string | null;
  readonly stream_version: string | null;
  readonly stream: string | null;
  readonly schema_fingerprint: Buffer;
  readonly payload: Buffer;
}

export const entryColumns = `tenant_id, topic, partition, "offset", record_time, event_time, event_id, type, source,
  subject, correlation_id, causation_id, traceparent, stream_version, stream, schema_fingerprint, payload`;

export function toEntry(row: JournalRow): JournalEntry {
  return {
    tenantId: tenantId(row.tenant_id),
    topic: row.topic,
    partition: row.partition,
    offset: BigInt(row.offset),
    recordTimeMs: row.record_time.getTime(),
    eventTimeMs: row.event_time.getTime(),
    eventId: row.event_id,
    type: row.type,
    source: row.source,
    subject: row.subject,
    correlationId: row.correlation_id,
    ...(row.causation_id !== null && { causationId: row.causation_id }),
    ...(row.traceparent !== null && { traceparent: row.traceparent }),
    ...(row.stream_version !== null && { streamVersion: BigInt(row.stream_version) }),
    ...(row.stream !== null && { stream: row.stream }),
    schemaFingerprint: row.schema_fingerprint,
    payload: row.payload,
  };
}
