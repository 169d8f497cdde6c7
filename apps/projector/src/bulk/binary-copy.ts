import { writeNumeric } from './binary-numeric.js';
import { BinaryWriter } from './binary-writer.js';
import { storableText } from './text.js';
import { columnsOf, type BaseType, type Column, type TableShape } from './table.js';

const signature = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1');
const trailer = -1;
const textOid = 25;

type Row = Readonly<Record<string, unknown>>;

/** Rows of one buffer: some two milliseconds of work, after which others may have their turn. */
const rowsOfPart = 500;

/**
 * Rows in the binary format of COPY, in buffers that belong together: no quoting, no parsing of numbers and times in the
 * server, and bytes stay as they are, where a text format doubles them.
 */
export function* binaryCopyParts(table: TableShape, rows: readonly Row[]): Generator<Buffer> {
  const columns = columnsOf(table);
  for (let from = 0; from === 0 || from < rows.length; from += rowsOfPart) {
    const out = new BinaryWriter(64 * 1024);
    if (from === 0) out.bytes(signature);
    const end = Math.min(rows.length, from + rowsOfPart);
    for (let at = from; at < end; at++) {
      const row = rows[at]!;
      out.int16(columns.length);
      for (const column of columns) writeValue(out, column, row[column.name]);
    }
    if (end === rows.length) out.int16(trailer);
    yield out.done();
  }
}

/** The same in one buffer. */
export function encodeBinaryCopy(table: TableShape, rows: readonly Row[]): Buffer {
  return Buffer.concat([...binaryCopyParts(table, rows)]);
}

/** A value of a column, with its length before it: COPY and arrays have the same form. */
export function writeValue(out: BinaryWriter, column: Column, value: unknown): void {
  if (value === null || value === undefined) return out.int32(-1);
  writers[column.type](out, value, column.name);
}

const writers: Readonly<Record<BaseType, (out: BinaryWriter, value: unknown, column: string) => void>> = {
  text: (out, value, column) => out.text(textOf(value, column)),
  'text[]': (out, value, column) => writeTextArray(out, value, column),
  int: (out, value, column) => {
    out.int32(4);
    out.int32(numberOf(value, column));
  },
  count: (out, value, column) => out.safeInteger(numberOf(value, column)),
  bigint: (out, value, column) => out.int64(bigintOf(value, column)),
  double: (out, value, column) => {
    out.int32(8);
    out.double(numberOf(value, column));
  },
  decimal: (out, value, column) => writeNumeric(out, textOf(value, column)),
  boolean: (out, value) => {
    out.int32(1);
    out.byte(value === true ? 1 : 0);
  },
  timestamp: (out, value, column) => out.timestamp(numberOf(value, column)),
  bytes: (out, value, column) => {
    if (!Buffer.isBuffer(value)) throw wrongValue(column, 'bytes');
    out.int32(value.length);
    out.bytes(value);
  },
};

function writeTextArray(out: BinaryWriter, value: unknown, column: string): void {
  if (!Array.isArray(value)) throw wrongValue(column, 'a list of texts');
  const items = value.map((item) => Buffer.from(storableText(textOf(item, column)), 'utf8'));
  const dimensions = items.length === 0 ? 0 : 1;
  out.int32(12 + dimensions * 8 + items.reduce((sum, item) => sum + 4 + item.length, 0));
  out.int32(dimensions);
  out.int32(0); // No nulls inside.
  out.int32(textOid);
  if (dimensions === 1) {
    out.int32(items.length);
    out.int32(1); // Arrays count from one.
  }
  for (const item of items) {
    out.int32(item.length);
    out.bytes(item);
  }
}

function textOf(value: unknown, column: string): string {
  if (typeof value !== 'string') throw wrongValue(column, 'a text');
  return value;
}

function numberOf(value: unknown, column: string): number {
  if (typeof value !== 'number') throw wrongValue(column, 'a number');
  return value;
}

function bigintOf(value: unknown, column: string): bigint {
  if (typeof value !== 'bigint') throw wrongValue(column, 'a bigint');
  return value;
}

function wrongValue(column: string, wanted: string): TypeError {
  return new TypeError(`Column ${column} takes ${wanted}`);
}
