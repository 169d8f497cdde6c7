import type { AnyEvent, EventMetadata } from '@chorda/contracts';
import type { Message } from '@chorda/messaging';
import type pg from 'pg';
import type { Columns, ReadModelTable, TableShape } from '../bulk/table.js';
import type { DayPartitions } from './day-partitions.js';

/**
 * Folds or copies events into tables of its own. The runner owns the transaction, the checkpoint and the order; a
 * projection only writes. A new version has tables of its own.
 */
export interface Projection {
  readonly name: string;
  readonly version: number;
  readonly topics: readonly string[];
  /** What it fills: tests read it, and its migration is made from it. */
  readonly table: TableShape;
  /** Where its table is cut by day of record time. */
  readonly days?: DayPartitions;
  /**
   * Each event is a row of its own and changes no other: versions that are missing from a stream keep nothing from being
   * right. Left out: an event behind a gap is parked.
   */
  readonly isHistory?: true;
  /** Before the transaction: what the tables need to take these messages. Repeats cost nothing. */
  prepare?(pool: pg.Pool, messages: readonly Message[]): Promise<void>;
  /** A batch failed: what `prepare` remembers may no longer be so. */
  forget?(): void;
  /**
   * Writes messages of one partition, in offset order, through `tx` alone. None of them was applied before.
   *
   * @returns How many of them changed something.
   */
  apply(tx: pg.ClientBase, messages: readonly Message[]): Promise<number>;
  /** The same for batches of ten thousand into a table that nobody else writes. Left out: `apply` does it. */
  fill?(tx: pg.ClientBase, messages: readonly Message[]): Promise<number>;
  /** The same code on another table of the same shape, under another version: see `rebuild/generations.ts`. */
  onTable?(place: TablePlace): Projection;
}

export interface TablePlace {
  readonly version: number;
  readonly table: string;
}

/** A projection whose columns the compiler knows: what a spec expects of its rows is checked against them. */
export interface ProjectionOf<C extends Columns> extends Projection {
  readonly table: ReadModelTable<C>;
}

/** An event as a handler sees it. */
export type EventOf<E extends AnyEvent, Type extends E['type']> = Extract<E, { readonly type: Type }>;

/** What else is known of an event: its CloudEvents context, and where the log keeps it. */
export interface EventContext {
  readonly metadata: EventMetadata;
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly recordTimeMs: number;
}

/** Places are those where the record first stood: what a redrive brings back is the same event at the same place. */
export function contextOf({ envelope, record, origin }: Message): EventContext {
  return {
    metadata: envelope.metadata,
    topic: origin.topic,
    partition: origin.partition,
    offset: origin.offset,
    recordTimeMs: record.timestampMs,
  };
}
