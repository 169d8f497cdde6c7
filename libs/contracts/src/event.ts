import type { Brand, TenantId } from '@chorda/kernel';

/** A fact in the past tense; `type` is its name in the catalogue, `data` the payload of its Avro schema. */
export interface Event<Type extends string, Data> {
  readonly type: Type;
  readonly data: Data;
}

/** What somebody asks for, as an imperative; the decision engine makes events of it, or refuses it. */
export interface Command<Type extends string, Data> {
  readonly type: Type;
  readonly data: Data;
}

/** What an executor is to do; it answers with a command. */
export interface Work<Type extends string, Data> {
  readonly type: Type;
  readonly data: Data;
}

/** A part of an answer as it comes, for showing it at once; nothing is folded from it. */
export interface Delta<Type extends string, Data> {
  readonly type: Type;
  readonly data: Data;
}

/** The text of a JSON value, made by `jsonText`: kept as text, so that nobody pays for parsing what is passed on. */
export type JsonText = Brand<string, 'JsonText'>;

/** An exact decimal number as text, such as `-12.5`: no exponent, no more digits than its field holds. */
export type Decimal = string;

declare const timestamp: unique symbol;

/**
 * Milliseconds since the Unix epoch, within the years 0001 to 9999 that RFC 3339 text can say. Any number may stand
 * here; the mark is for types, which can tell by it where the JSON form has a text.
 */
export type TimestampMs = number & { readonly [timestamp]?: never };

/**
 * What section 5 of the design adds to an event that the decision engine published: its place in its stream and where
 * it was decided.
 */
export interface DecisionMetadata {
  /**
   * Counts the events of one aggregate without gaps, from 1 (`ce_streamversion`). A fact that the engine writes beside
   * a decision is in no stream and has none.
   */
  readonly streamVersion?: bigint;
  /**
   * The stream that the version counts, such as `execution-<id>` (`ce_stream`). Left out where the subject has one stream
   * alone, whose name is the subject.
   */
  readonly stream?: string;
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

/** The context of a command. Its id is the command id: the same id twice has the effect of once. */
export interface CommandMetadata extends Omit<EventMetadata, 'decision'> {
  /** Id of the user, key or service that gave it (`ce_actor`). */
  readonly actor?: string;
}
