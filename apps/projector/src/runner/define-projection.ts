import type { AnyEvent } from '@chorda/contracts';
import type { Message } from '@chorda/messaging';
import type pg from 'pg';
import { insertRows, loadRows, lockRows, upsertRows } from '../bulk/bulk-write.js';
import type { Columns, ReadModelTable, RowOf, TableShape } from '../bulk/table.js';
import { handling } from './errors.js';
import { contextOf, type EventContext, type EventOf, type ProjectionOf } from './projection.js';

export interface ProjectionDefinition<E extends AnyEvent, C extends Columns> {
  readonly name: string;
  /** A new version fills tables of its own; readers move over once it has caught up. */
  readonly version: number;
  readonly topics: readonly string[];
  readonly table: ReadModelTable<C>;
  /**
   * Rows are folded from events with different record keys, and so of several partitions: a count over all agents of a
   * user. They are then locked while a batch folds them, and what they hold must not depend on the order of events with
   * different keys. Left out: all events of a row have one key, such as an agent's.
   */
  readonly shared?: true;
  /** The row that an event of a new key begins with, its key columns included; it also names the event's key. */
  readonly begin: (event: E, context: EventContext) => RowOf<C>;
  /** Pure; an event type that is not here changes nothing. */
  readonly evolve: {
    readonly [Type in E['type']]?: (row: RowOf<C>, event: EventOf<E, Type>, context: EventContext) => RowOf<C>;
  };
}

/**
 * A projection that folds events into one row a key: the touched rows are loaded once, the batch is folded in memory,
 * and each touched key is written once, however many events it had.
 */
export function defineProjection<E extends AnyEvent>() {
  return <C extends Columns>(definition: ProjectionDefinition<E, C>): ProjectionOf<C> => ({
    name: definition.name,
    version: definition.version,
    topics: definition.topics,
    table: definition.table,
    apply: (tx, messages) => foldBatch(definition, tx, messages),
    fill: (tx, messages) => foldBatch(definition, tx, messages, definition.shared !== true),
    onTable: ({ version, table: name }) =>
      defineProjection<E>()({ ...definition, version, table: { ...definition.table, name } }),
  });
}

async function foldBatch<E extends AnyEvent, C extends Columns>(
  definition: ProjectionDefinition<E, C>,
  tx: pg.ClientBase,
  messages: readonly Message[],
  addsInBulk = false,
): Promise<number> {
  const { table } = definition;
  const touched: Touch<E, C>[] = [];
  const rows = new Map<string, RowOf<C>>();
  for (const message of messages) {
    const handler = handlerOf(definition, message);
    if (!handler) continue;
    // The compiler has checked at its definition that a handler of this type takes this event.
    const event = message.envelope.event as E;
    const context = contextOf(message);
    const row = handling(message, () => definition.begin(event, context));
    const key = keyOf(table, row);
    if (!rows.has(key)) rows.set(key, row);
    touched.push({ message, event, context, handler, key });
  }
  if (touched.length === 0) return 0;
  const load = definition.shared ? lockRows : loadRows;
  const known = new Set<string>();
  for (const row of await load(tx, table, [...rows.values()])) {
    const key = keyOf(table, row);
    known.add(key);
    rows.set(key, row);
  }
  for (const { message, event, context, handler, key } of touched) {
    const row = rows.get(key);
    if (row)
      rows.set(
        key,
        handling(message, () => handler(row, event, context)),
      );
  }
  if (addsInBulk) {
    const [old, added] = [[...rows].filter(([key]) => known.has(key)), [...rows].filter(([key]) => !known.has(key))];
    // By COPY where they are many: nobody else writes the table, so no key can have come meanwhile.
    await insertRows(
      tx,
      table,
      added.map(([, row]) => row),
    );
    await upsertRows(
      tx,
      table,
      old.map(([, row]) => row),
    );
  } else {
    await upsertRows(tx, table, [...rows.values()]);
  }
  return touched.length;
}

/** An event of the batch that changes a row. */
interface Touch<E, C extends Columns> {
  readonly message: Message;
  readonly event: E;
  readonly context: EventContext;
  readonly handler: Handler<E, C>;
  readonly key: string;
}

type Handler<E, C extends Columns> = (row: RowOf<C>, event: E, context: EventContext) => RowOf<C>;

function handlerOf<E extends AnyEvent, C extends Columns>(
  definition: ProjectionDefinition<E, C>,
  message: Message,
): Handler<E, C> | undefined {
  // The table of handlers is keyed by the type that each of them takes, which the compiler has checked at its definition.
  const handlers = definition.evolve as Readonly<Record<string, Handler<E, C> | undefined>>;
  return Object.hasOwn(handlers, message.envelope.event.type) ? handlers[message.envelope.event.type] : undefined;
}

/** Lengths before the parts keep `a`, `bc` apart from `ab`, `c`. */
function keyOf(table: TableShape, row: Readonly<Record<string, unknown>>): string {
  let key = '';
  for (const name of table.key) {
    const part = String(row[name]);
    key += `${part.length}:${part}`;
  }
  return key;
}
