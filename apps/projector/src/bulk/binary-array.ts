import { writeValue } from './binary-copy.js';
import { BinaryWriter } from './binary-writer.js';
import type { BaseType, Column } from './table.js';
import { storableText } from './text.js';

interface ArrayValues {
  readonly text: string;
  /** 32 hex digits. */
  readonly uuid: string;
  readonly bigint: bigint;
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
  readonly bytes: Buffer;
}

/** Of Postgres's own types, the same in every database. */
const oids: Readonly<Record<keyof ArrayValues, number>> = {
  text: 25,
  uuid: 2950,
  bigint: 20,
  timestamp: 1184,
  bytes: 17,
};

const writers: { readonly [Type in keyof ArrayValues]: (out: BinaryWriter, value: ArrayValues[Type]) => void } = {
  text: (out, value) => out.text(value),
  uuid: (out, value) => out.hex(value),
  bigint: (out, value) => out.int64(value),
  timestamp: (out, value) => out.timestamp(value),
  bytes: (out, value) => {
    out.int32(value.length);
    out.bytes(value);
  },
};

/**
 * A parameter for `$1::text[]` and the like in Postgres's binary format, which `pg` takes as a buffer: a thousand values
 * in text form are quoted one by one here and parsed one by one there.
 */
export function binaryArray<Type extends keyof ArrayValues, Item>(
  type: Type,
  items: readonly Item[],
  valueOf: (item: Item) => ArrayValues[Type],
): Buffer {
  const out = new BinaryWriter(20 + items.length * 24);
  out.int32(items.length === 0 ? 0 : 1);
  out.int32(0); // No nulls inside.
  out.int32(oids[type]);
  if (items.length > 0) {
    out.int32(items.length);
    out.int32(1); // Arrays count from one.
  }
  for (const item of items) writers[type](out, valueOf(item));
  return out.done();
}

/** A list of texts goes as the text of its array: UNNEST would flatten a list of lists. */
const columnOids: Readonly<Record<BaseType, number>> = {
  text: 25,
  'text[]': 25,
  int: 23,
  count: 20,
  bigint: 20,
  double: 701,
  decimal: 1700,
  boolean: 16,
  timestamp: 1184,
  bytes: 17,
};

/** The values of one column as such a parameter, with nulls. */
export function binaryColumn(column: Column, rows: readonly Readonly<Record<string, unknown>>[]): Buffer {
  const out = new BinaryWriter(20 + rows.length * 24);
  out.int32(rows.length === 0 ? 0 : 1);
  out.int32(1); // There may be nulls.
  out.int32(columnOids[column.type]);
  if (rows.length > 0) {
    out.int32(rows.length);
    out.int32(1);
  }
  const { name } = column;
  for (const row of rows) {
    if (column.type === 'text[]') writeListText(out, name, row[name]);
    else writeValue(out, column, row[name]);
  }
  return out.done();
}

function writeListText(out: BinaryWriter, column: string, value: unknown): void {
  if (value === null || value === undefined) return out.int32(-1);
  if (!Array.isArray(value)) throw new TypeError(`Column ${column} takes a list of texts`);
  out.text(`{${value.map((item) => `"${storableText(String(item)).replace(/["\\]/g, '\\$&')}"`).join(',')}}`);
}
