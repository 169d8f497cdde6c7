import type { TenantId } from '@chorda/kernel';

/** A fact in the past tense; `type` is its name in the catalogue, `data` the payload of its Avro schema. */
export interface Event<Type extends string, Data> {
  readonly type: Type;
  readonly data: Data;
}

/** What section 5 of the design adds to a decision: its place in its stream and where it was decided. */
export interface DecisionMetadata {
  /** Counts the events of one aggregate without gaps, from 1 (`ce_streamversion`). */
  readonly streamVersion: bigint;
  /** Counts the events of one partition without gaps (`ce_partitionseq`). */
  readonly partitionSeq?: bigint;
  /** The owner's epoch (`ce_epoch`). */
  readonly epoch?: bigint;
  readonly commandId?: string;
  readonly commandOffset?: bigint;
}

/** The CloudEvents 1.0 context of an event, in our names. One event is (tenantId, source, id). */
export interface EventMetadata {
  /** The sender's id, 1 to 256 bytes of UTF-8. */
  readonly id: string;
  /** URI reference of who says so. */
  readonly source: string;
  /** What the event is about; with the tenant it is the record's key. */
  readonly subject: string;
  readonly tenantId: TenantId;
  /** When it happened: milliseconds since the Unix epoch. */
  readonly timeMs: number;
  readonly correlationId: string;
  readonly causationId?: string;
  /** W3C trace context. */
  readonly traceparent?: string;
  readonly tracestate?: string;
  readonly decision?: DecisionMetadata;
}
