import type { AnyEvent } from '@chorda/contracts';
import type { Message } from '@chorda/messaging';
import type pg from 'pg';
import { insertRows, loadRows, upsertRows } from '../bulk/bulk-write.js';
import type { Columns, ReadModelTable, RowOf } from '../bulk/table.js';
import { handling } from './errors.js';
import { contextOf, type EventContext, type ProjectionOf } from './projection.js';

export interface LatestDefinition<E extends AnyEvent, C extends Columns, K extends keyof C & string> {
  readonly name: string;
  readonly version: number;
  readonly topics: readonly string[];
  readonly table: ReadModelTable<C>;
  /** Other events change nothing. */
  readonly types: readonly E['type'][];
  /** The key columns, of what is known of an event without its payload. Events of one key have one record key. */
  readonly key: (context: EventContext) => Pick<RowOf<C>, K>;
  /**
   * The whole row. It is not asked about events that a later one of the same batch has overtaken, so it must have an answer
   * for every lawful event: one that it cannot take would be parked in some batches and not in others.
   */
  readonly row: (event: E, context: EventContext) => RowOf<C>;
}

/**
 * A projection whose row is what the last event of its key says: nothing is read before it is written, and of each batch
 * only the last event of each key is decoded.
 */
export function defineLatest<E extends AnyEvent>() {
  return <C extends Columns, K extends keyof C & string>(definition: LatestDefinition<E, C, K>): ProjectionOf<C> => ({
    name: definition.name,
    version: definition.version,
    topics: definition.topics,
    table: definition.table,
    apply: async (tx, messages) => {
      const { last, count } = lastOfKeys(definition, messages);
      await upsertRows(tx, definition.table, rowsOf(definition, last));
      return count;
    },
    fill: async (tx, messages) => {
      const { last, count } = lastOfKeys(definition, messages);
      await addOrReplace(tx, definition.table, rowsOf(definition, last));
      return count;
    },
    onTable: ({ version, table: name }) =>
      defineLatest<E>()({ ...definition, version, table: { ...definition.table, name } }),
  });
}

type Last<E extends AnyEvent> = ReadonlyMap<string, Message<E>>;

function lastOfKeys<E extends AnyEvent, C extends Columns, K extends keyof C & string>(
  { types, key }: LatestDefinition<E, C, K>,
  messages: readonly Message[],
): { readonly last: Last<E>; readonly count: number } {
  const wanted = new Set<string>(types);
  const isWanted = (message: Message): message is Message<E> => wanted.has(message.envelope.event.type);
  const last = new Map<string, Message<E>>();
  let count = 0;
  for (const message of messages) {
    if (!isWanted(message)) continue;
    count += 1;
    last.set(
      handling(message, () => keyText(Object.values(key(contextOf(message))))),
      message,
    );
  }
  return { last, count };
}

function rowsOf<E extends AnyEvent, C extends Columns, K extends keyof C & string>(
  { name, table, row }: LatestDefinition<E, C, K>,
  last: Last<E>,
): readonly RowOf<C>[] {
  return [...last].map(([key, message]) =>
    handling(message, () => {
      const made = row(message.event, contextOf(message));
      // Two keys for one row would make what stands there a matter of how the log is cut into batches.
      if (keyText(table.key.map((column) => made[column])) !== key)
        throw new TypeError(`The row of ${name} has another key than its event`);
      return made;
    }),
  );
}

/** By COPY where they are many: nobody else writes the table, so no key can have come meanwhile. */
async function addOrReplace<C extends Columns>(
  tx: pg.ClientBase,
  table: ReadModelTable<C>,
  rows: readonly RowOf<C>[],
): Promise<void> {
  if (rows.length === 0) return;
  const keyOf = (row: RowOf<C>) => keyText(table.key.map((column) => row[column]));
  const known = new Set((await loadRows(tx, table, rows)).map(keyOf));
  const isKnown = (row: RowOf<C>) => known.has(keyOf(row));
  await insertRows(
    tx,
    table,
    rows.filter((row) => !isKnown(row)),
  );
  await upsertRows(tx, table, rows.filter(isKnown));
}

/** Lengths before the parts keep `a`, `bc` apart from `ab`, `c`. */
function keyText(values: readonly unknown[]): string {
  let key = '';
  for (const value of values) {
    const part = String(value);
    key += `${part.length}:${part}`;
  }
  return key;
}
