import { storableText } from './text.js';
import { columnsOf, type BaseType, type Column, type TableShape } from './table.js';

const signature = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1');
const trailer = -1;
/** Milliseconds from the Unix epoch to Postgres's own, 2000-01-01. */
const postgresEpochMs = 946_684_800_000n;
const textOid = 25;

type Row = Readonly<Record<string, unknown>>;

/**
 * Rows in the binary format of COPY, in one buffer: no quoting, no parsing of numbers and times in the server, and
 * bytes stay as they are, where a text format doubles them.
 */
export function encodeBinaryCopy(table: TableShape, rows: readonly Row[]): Buffer {
  const columns = columnsOf(table);
  const out = new Writer(64 * 1024);
  out.bytes(signature);
  for (const row of rows) {
    out.int16(columns.length);
    for (const column of columns) writeValue(out, column, row[column.name]);
  }
  out.int16(trailer);
  return out.done();
}

function writeValue(out: Writer, column: Column, value: unknown): void {
  if (value === null || value === undefined) return out.int32(-1);
  writers[column.type](out, value, column.name);
}

const writers: Readonly<Record<BaseType, (out: Writer, value: unknown, column: string) => void>> = {
  text: (out, value, column) => out.text(storableText(textOf(value, column))),
  'text[]': (out, value, column) => writeTextArray(out, value, column),
  int: (out, value, column) => {
    out.int32(4);
    out.int32(numberOf(value, column));
  },
  count: (out, value, column) => out.int64(BigInt(numberOf(value, column))),
  bigint: (out, value, column) => out.int64(bigintOf(value, column)),
  double: (out, value, column) => {
    out.int32(8);
    out.double(numberOf(value, column));
  },
  boolean: (out, value) => {
    out.int32(1);
    out.byte(value === true ? 1 : 0);
  },
  timestamp: (out, value, column) => {
    out.int64((BigInt(Math.trunc(numberOf(value, column))) - postgresEpochMs) * 1000n);
  },
  bytes: (out, value, column) => {
    if (!Buffer.isBuffer(value)) throw wrongValue(column, 'bytes');
    out.int32(value.length);
    out.bytes(value);
  },
};

function writeTextArray(out: Writer, value: unknown, column: string): void {
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

/** A buffer that grows by doubling. */
class Writer {
  private buffer: Buffer;
  private length = 0;

  constructor(capacity: number) {
    this.buffer = Buffer.allocUnsafe(capacity);
  }

  byte(value: number): void {
    this.reserve(1);
    this.length = this.buffer.writeUInt8(value, this.length);
  }

  int16(value: number): void {
    this.reserve(2);
    this.length = this.buffer.writeInt16BE(value, this.length);
  }

  int32(value: number): void {
    this.reserve(4);
    this.length = this.buffer.writeInt32BE(value, this.length);
  }

  /** With its length before it. */
  int64(value: bigint): void {
    this.reserve(12);
    this.length = this.buffer.writeInt32BE(8, this.length);
    this.length = this.buffer.writeBigInt64BE(value, this.length);
  }

  double(value: number): void {
    this.reserve(8);
    this.length = this.buffer.writeDoubleBE(value, this.length);
  }

  bytes(value: Buffer): void {
    this.reserve(value.length);
    this.length += value.copy(this.buffer, this.length);
  }

  /** With its length before it. */
  text(value: string): void {
    this.reserve(4 + value.length * 3);
    const written = this.buffer.write(value, this.length + 4, 'utf8');
    this.buffer.writeInt32BE(written, this.length);
    this.length += 4 + written;
  }

  done(): Buffer {
    return this.buffer.subarray(0, this.length);
  }

  private reserve(bytes: number): void {
    if (this.length + bytes <= this.buffer.length) return;
    const grown = Buffer.allocUnsafe(Math.max(this.buffer.length * 2, this.length + bytes));
    this.buffer.copy(grown, 0, 0, this.length);
    this.buffer = grown;
  }
}
