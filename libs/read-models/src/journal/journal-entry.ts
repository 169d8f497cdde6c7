import type { TenantId } from '@chorda/kernel';

/** One event as it stands in the log. */
export interface JournalEntry {
  readonly tenantId: TenantId;
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  /** Kafka's time of the record, milliseconds since the epoch. */
  readonly recordTimeMs: number;
  /** The event's own time (`ce_time`). */
  readonly eventTimeMs: number;
  readonly eventId: string;
  readonly type: string;
  readonly source: string;
  readonly subject: string;
  readonly correlationId: string;
  readonly causationId?: string;
  readonly traceparent?: string;
  readonly streamVersion?: bigint;
  /** The stream that the version counts; left out where it is the subject's own. */
  readonly stream?: string;
  /** SHA-256 of the canonical schema that `payload` was written with. */
  readonly schemaFingerprint: Buffer;
  /** Avro without framing; `EventCodec.decodePayload` reads it. */
  readonly payload: Buffer;
}
