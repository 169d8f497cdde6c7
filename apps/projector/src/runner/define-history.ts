import type { AnyEvent } from '@chorda/contracts';
import type { Message } from '@chorda/messaging';
import { dayOf } from '@chorda/read-models';
import { insertRows } from '../bulk/bulk-write.js';
import type { Columns, ReadModelTable, RowOf } from '../bulk/table.js';
import type { DayPartitions } from './day-partitions.js';
import { handling } from './errors.js';
import { contextOf, type EventContext, type Projection } from './projection.js';

export interface HistoryDefinition<E extends AnyEvent, C extends Columns> {
  readonly name: string;
  readonly version: number;
  readonly topics: readonly string[];
  /** Partitioned by day of record time. */
  readonly table: ReadModelTable<C>;
  readonly days: DayPartitions;
  readonly type: E['type'];
  readonly row: (event: E, context: EventContext) => RowOf<C>;
}

/** A projection that adds one row for each event of its type and changes none. */
export function defineHistory<E extends AnyEvent>() {
  return <C extends Columns>(definition: HistoryDefinition<E, C>): Projection => {
    const isKept = (message: Message): message is Message<E> =>
      message.envelope.event.type === definition.type && definition.days.keeps(message.record.timestampMs);
    return {
      name: definition.name,
      version: definition.version,
      topics: definition.topics,
      table: definition.table,
      days: definition.days,
      isHistory: true,
      prepare: (pool, messages) =>
        definition.days.ensure(pool, new Set(messages.filter(isKept).map(({ record }) => dayOf(record.timestampMs)))),
      forget: () => definition.days.forget(),
      apply: async (tx, messages) => {
        const rows = messages
          .filter(isKept)
          .map((message) => handling(message, () => definition.row(message.envelope.event, contextOf(message))));
        await insertRows(tx, definition.table, rows);
        return rows.length;
      },
      onTable: ({ version, table }) =>
        defineHistory<E>()({
          ...definition,
          version,
          table: { ...definition.table, name: table },
          days: definition.days.forTable(table),
        }),
    };
  };
}
