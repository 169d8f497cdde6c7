import {
  fullName,
  isAvroObject,
  isList,
  isPrimitive,
  namespaceOf,
  type AvroJson,
  type AvroObject,
} from '../schema/avro.js';
import type { FieldType, RecordShape } from '../schema/event-schema.js';
import { isJsonAt } from '../payload/json-bytes.js';
import { isTimestamp } from '../payload/timestamp.js';
import type { UndecodableReason } from './errors.js';

/** Array items and map entries that one event may hold, all of them together. */
export const itemsMax = 65_536;
/** Items of which the bytes say nothing about their number: `array<null>` counts for free otherwise. */
const emptyItemsMax = 1024;
/** Nesting of a value; only a foreign recursive schema comes near it. */
const depthMax = 64;

/** What a scan found wrong, and where. */
export class AvroFault extends Error {
  private readonly path: string[] = [];

  constructor(
    readonly reason: UndecodableReason,
    readonly rule: string,
  ) {
    super(rule);
  }

  within(name: string): this {
    this.path.unshift(name);
    return this;
  }

  get pointer(): string {
    return this.path.map((name) => `/${name}`).join('');
  }
}

/**
 * Walks bytes [start, end) and throws {@link AvroFault} unless they are one value of the schema, and nothing else.
 *
 * @param texts Where the marked fields of the record are is written there: start and end of each, -1 where it is null.
 */
export type Scan = (bytes: Buffer, start: number, end: number, texts?: Int32Array) => void;

export interface ScanOptions {
  /** Texts that the reader takes for JSON must be that. */
  readonly checksJson?: true;
  /** Fields of the record itself, each a text or null, whose places are asked for. */
  readonly marked?: readonly string[];
}

/**
 * Compiles the walk that goes before avsc's own decoding. avsc believes declared counts (5 bytes can claim 2 million
 * items) and lets a negative length move its cursor back; what has passed here can do neither.
 *
 * @param reader The type it will be read as, for the bounds that only the reader's schema states.
 */
export function compileScan(writer: AvroJson, reader?: RecordShape, options: ScanOptions = {}): Scan {
  const of: FieldType | undefined = reader && { kind: 'record', record: reader };
  const step = new ScanCompiler(options).compile(writer, undefined, of);
  const cursor = new Cursor();
  return (bytes, start, end, texts) => {
    cursor.reset(bytes, start, end, texts?.fill(-1));
    step(cursor);
    if (cursor.at !== end) throw new AvroFault('trailing_bytes', `${end - cursor.at} bytes follow the value`);
  };
}

type Step = (cursor: Cursor) => void;

class Cursor {
  bytes: Buffer = Buffer.alloc(0);
  at = 0;
  end = 0;
  depth = 0;
  texts: Int32Array | undefined;
  private items = 0;
  private emptyItems = 0;

  reset(bytes: Buffer, start: number, end: number, texts: Int32Array | undefined): void {
    this.bytes = bytes;
    this.texts = texts;
    this.at = start;
    this.end = end;
    this.depth = 0;
    this.items = 0;
    this.emptyItems = 0;
  }

  advance(length: number): void {
    this.at += length;
    if (this.at > this.end) throw new AvroFault('truncated', 'ends before its length');
  }

  /** A zigzag varint; exact up to 2^53, beyond that only its size is right. */
  long(): number {
    const { bytes } = this;
    let low = 0;
    let shift = 0;
    let high = 0;
    for (let count = 0; count < 10; count += 1) {
      if (this.at >= this.end) throw new AvroFault('truncated', 'ends inside a number');
      const byte = bytes[this.at] ?? 0;
      this.at += 1;
      if (count < 4) low |= (byte & 0x7f) << shift;
      else high += (byte & 0x7f) * 2 ** (shift - 28);
      shift += 7;
      if (byte < 0x80) return unzigzag(low, high);
    }
    throw new AvroFault('invalid_value', 'is a number of more than 10 bytes');
  }

  skipLong(): void {
    const first = this.at;
    while (this.at < this.end) {
      const byte = this.bytes[this.at] ?? 0;
      this.at += 1;
      if (byte < 0x80) return;
      if (this.at - first >= 10) throw new AvroFault('invalid_value', 'is a number of more than 10 bytes');
    }
    throw new AvroFault('truncated', 'ends inside a number');
  }

  skipText(): void {
    const length = this.long();
    if (length < 0) throw new AvroFault('invalid_value', 'has a negative length');
    this.advance(length);
  }

  skipJson(): void {
    const length = this.long();
    if (length < 0) throw new AvroFault('invalid_value', 'has a negative length');
    const start = this.at;
    this.advance(length);
    if (!isJsonAt(this.bytes, start, this.at)) throw new AvroFault('invalid_value', 'is no JSON text');
  }

  /** Counts items before any of them is made. */
  admit(count: number, itemBytesMin: number): void {
    this.items += count;
    if (itemBytesMin === 0) this.emptyItems += count;
    if (count * itemBytesMin > this.end - this.at)
      throw new AvroFault('bomb', `claims ${count} items, its bytes cannot hold them`);
    if (this.items > itemsMax || this.emptyItems > emptyItemsMax)
      throw new AvroFault('bomb', `claims more than ${itemsMax} items`);
  }
}

function unzigzag(low: number, high: number): number {
  if (high === 0) return (low >>> 1) ^ -(low & 1);
  const half = high * 2 ** 27 + (low >>> 1);
  return low & 1 ? -half - 1 : half;
}

interface Compiled {
  readonly step: Step;
  /** The fewest bytes that a value has. */
  readonly bytesMin: number;
}

class ScanCompiler {
  private readonly named = new Map<string, Compiled>();
  private nesting = 0;

  constructor(private readonly options: ScanOptions) {}

  compile(schema: AvroJson, namespace: string | undefined, reader: FieldType | undefined): Step {
    return this.node(schema, namespace, reader).step;
  }

  private node(schema: AvroJson | undefined, namespace: string | undefined, reader: FieldType | undefined): Compiled {
    if (isList(schema)) return this.union(schema, namespace, reader);
    if (typeof schema === 'string') {
      if (isPrimitive(schema)) return primitive(schema, reader, this.options);
      const known = this.named.get(fullName(schema, namespace));
      if (!known) throw new TypeError(`Avro type ${schema} is not defined`);
      return known;
    }
    if (!isAvroObject(schema)) throw new TypeError('Not an Avro schema');
    // A schema from the registry is foreign input: its own nesting must not exhaust the stack.
    if (++this.nesting > depthMax) throw new TypeError(`Avro schema is nested more than ${depthMax} deep`);
    try {
      return this.complex(schema, namespace, reader?.kind === 'nullable' ? reader.of : reader);
    } finally {
      this.nesting -= 1;
    }
  }

  private complex(schema: AvroObject, namespace: string | undefined, reader: FieldType | undefined): Compiled {
    switch (schema['type']) {
      case 'record':
      case 'error':
        return this.record(schema, namespace, reader?.kind === 'record' ? reader.record : undefined);
      case 'enum':
        return this.define(schema, namespace, enumeration(schema));
      case 'fixed':
        return this.define(schema, namespace, fixed(Number(schema['size'])));
      case 'array':
        return this.blocks(schema['items'], namespace, reader?.kind === 'array' ? reader.items : undefined, false);
      case 'map':
        return this.blocks(schema['values'], namespace, undefined, true);
      default:
        return this.node(schema['type'], namespace, reader);
    }
  }

  private define(schema: AvroObject, namespace: string | undefined, compiled: Compiled): Compiled {
    this.named.set(fullName(String(schema['name']), namespaceOf(schema, namespace)), compiled);
    return compiled;
  }

  private record(schema: AvroObject, outer: string | undefined, reader: RecordShape | undefined): Compiled {
    const namespace = namespaceOf(schema, outer);
    const names: string[] = [];
    const steps: Step[] = [];
    const step: Step = (cursor) => {
      if (++cursor.depth > depthMax) throw new AvroFault('bomb', `is nested more than ${depthMax} deep`);
      let index = 0;
      try {
        for (; index < steps.length; index += 1) steps[index]?.(cursor);
      } catch (error) {
        throw error instanceof AvroFault ? error.within(names[index] ?? '') : error;
      }
      cursor.depth -= 1;
    };
    // Known by name before its fields are, for a schema that refers to itself; its least size then counts as none.
    this.define(schema, outer, { step, bytesMin: 0 });
    let bytesMin = 0;
    for (const field of isList(schema['fields']) ? schema['fields'] : []) {
      if (!isAvroObject(field)) throw new TypeError('Not a field of an Avro record');
      const name = String(field['name']);
      const compiled = this.node(field['type'], namespace, reader?.fields.find((own) => own.name === name)?.type);
      names.push(name);
      const isMarked = this.nesting === 1 && isTextField(field['type']);
      const mark = isMarked ? (this.options.marked?.indexOf(name) ?? -1) : -1;
      steps.push(mark < 0 ? compiled.step : marking(compiled.step, mark, isList(field['type'])));
      bytesMin += compiled.bytesMin;
    }
    return this.define(schema, outer, { step, bytesMin });
  }

  private union(branches: readonly AvroJson[], namespace: string | undefined, reader: FieldType | undefined): Compiled {
    const of = reader?.kind === 'nullable' ? reader.of : reader;
    const steps = branches.map((branch) => this.node(branch, namespace, of).step);
    const step: Step = (cursor) => {
      const branch = steps[cursor.long()];
      if (!branch) throw new AvroFault('invalid_value', 'names a branch that its union does not have');
      branch(cursor);
    };
    return { step, bytesMin: 1 };
  }

  private blocks(
    items: AvroJson | undefined,
    namespace: string | undefined,
    reader: FieldType | undefined,
    keyed: boolean,
  ): Compiled {
    const { step: item, bytesMin } = this.node(items, namespace, reader);
    const itemBytesMin = bytesMin + (keyed ? 1 : 0);
    const step: Step = (cursor) => {
      if (++cursor.depth > depthMax) throw new AvroFault('bomb', `is nested more than ${depthMax} deep`);
      let index = 0;
      for (let count = cursor.long(); count !== 0; count = cursor.long()) {
        // A negative count is followed by the block's length in bytes; avsc reads over it, so it decides nothing.
        if (count < 0) cursor.skipLong();
        cursor.admit(Math.abs(count), itemBytesMin);
        try {
          for (let left = Math.abs(count); left > 0; left -= 1, index += 1) {
            if (keyed) cursor.skipText();
            item(cursor);
          }
        } catch (error) {
          throw error instanceof AvroFault ? error.within(String(index)) : error;
        }
      }
      cursor.depth -= 1;
    };
    return { step, bytesMin: 1 };
  }
}

function isTextField(type: AvroJson | undefined): boolean {
  if (isList(type)) return type.length === 2 && type[0] === 'null' && isTextField(type[1]);
  return type === 'string' || (isAvroObject(type) && type['type'] === 'string');
}

/** The text of a field is behind its length, and where it may be null, behind the branch: its bytes end with it. */
function marking(step: Step, mark: number, isNullable: boolean): Step {
  return (cursor) => {
    const first = cursor.at;
    step(cursor);
    const { texts, at } = cursor;
    if (texts === undefined || (isNullable && cursor.bytes[first] === 0)) return;
    cursor.at = isNullable ? first + 1 : first;
    const length = cursor.long();
    texts[mark * 2] = at - length;
    texts[mark * 2 + 1] = at;
    cursor.at = at;
  };
}

function primitive(name: string, reader: FieldType | undefined, { checksJson }: ScanOptions): Compiled {
  const of = reader?.kind === 'nullable' ? reader.of : reader;
  switch (name) {
    case 'null':
      return { step: () => undefined, bytesMin: 0 };
    case 'boolean':
      return { step: scanBoolean, bytesMin: 1 };
    case 'int':
      return { step: scanInt, bytesMin: 1 };
    case 'long':
      return { step: scanLong(of), bytesMin: 1 };
    case 'float':
      return { step: (cursor) => finite(cursor, 4), bytesMin: 4 };
    case 'double':
      return { step: (cursor) => finite(cursor, 8), bytesMin: 8 };
    default:
      if (checksJson && of?.kind === 'json') return { step: (cursor) => cursor.skipJson(), bytesMin: 1 };
      return { step: (cursor) => cursor.skipText(), bytesMin: 1 };
  }
}

function scanBoolean(cursor: Cursor): void {
  cursor.advance(1);
  if ((cursor.bytes[cursor.at - 1] ?? 0) > 1) throw new AvroFault('invalid_value', 'is neither true nor false');
}

function scanInt(cursor: Cursor): void {
  const value = cursor.long();
  if (value < -(2 ** 31) || value > 2 ** 31 - 1) throw new AvroFault('invalid_value', 'does not fit in 32 bits');
}

function scanLong(reader: FieldType | undefined): Step {
  if (reader?.kind === 'timestamp') {
    return (cursor) => {
      if (!isTimestamp(cursor.long())) throw new AvroFault('invalid_value', 'is a time outside the years 1 to 9999');
    };
  }
  if (reader?.kind === 'long' && reader.safe) {
    return (cursor) => {
      if (!Number.isSafeInteger(cursor.long())) throw new AvroFault('invalid_value', 'is beyond 2^53-1');
    };
  }
  return (cursor) => cursor.skipLong();
}

function finite(cursor: Cursor, length: 4 | 8): void {
  cursor.advance(length);
  const top = ((cursor.bytes[cursor.at - 1] ?? 0) << 8) | (cursor.bytes[cursor.at - 2] ?? 0);
  const exponent = length === 8 ? 0x7ff0 : 0x7f80;
  // JSON has no name for infinity and NaN.
  if ((top & exponent) === exponent) throw new AvroFault('invalid_value', 'is not a finite number');
}

function enumeration(schema: AvroObject): Compiled {
  const symbols = isList(schema['symbols']) ? schema['symbols'].length : 0;
  const step: Step = (cursor) => {
    const index = cursor.long();
    if (index < 0 || index >= symbols)
      throw new AvroFault('invalid_value', 'names a symbol that its enum does not have');
  };
  return { step, bytesMin: 1 };
}

function fixed(size: number): Compiled {
  return { step: (cursor) => cursor.advance(size), bytesMin: size };
}
