import avro, { type Type } from 'avsc';
import { decimalFromBytes, decimalToBytes, formatDecimal, parseDecimal } from '../payload/decimal.js';
import { isAvroObject, type AvroJson } from '../schema/avro.js';

/** avsc's type of a schema; writer and reader types must both come from here (mtth/avsc#362). */
export function avroType(schema: AvroJson): Type {
  return avro.Type.forSchema(avroSchema(schema), {
    logicalTypes: { decimal: DecimalType },
    // Null in a union is null, never {"string": ...}: the only unions are ["null", T].
    wrapUnions: 'never',
    omitRecordMethods: true,
    typeHook: (part) => longType(part),
  });
}

/** avsc types schemas by their exact shape, which is not known of one that was parsed; avsc checks it itself. */
function avroSchema(schema: AvroJson): avro.Schema {
  const parsed: avro.Schema = JSON.parse(JSON.stringify(schema));
  return parsed;
}

/** A long is a number only where the schema says so: a timestamp, or `"range": "safe"`. */
function longType(schema: unknown): Type | undefined {
  if (schema === 'long') return bigintLong;
  const part = schema as AvroJson;
  if (!isAvroObject(part) || part['type'] !== 'long') return undefined;
  return part['range'] === 'safe' || part['logicalType'] === 'timestamp-millis' ? safeLong : bigintLong;
}

/**
 * avsc's own long loses a bit below -2^52 and refuses 2^53-1, so both kinds of long are read and written here. avsc
 * hands over the varint's bytes, and copies what it is given before it asks again: one scratch buffer is enough.
 */
const scratch = Buffer.alloc(10);

const safeLong = avro.types.LongType.__with(
  {
    fromBuffer: readSafeLong,
    toBuffer: writeSafeLong,
    fromJSON: Number,
    toJSON: Number,
    isValid: Number.isSafeInteger,
    compare: (a: number, b: number) => a - b,
  },
  true,
);

const bigintLong = avro.types.LongType.__with(
  {
    fromBuffer: readBigint,
    toBuffer: writeBigint,
    fromJSON: BigInt,
    toJSON: String,
    isValid: (value: unknown) => typeof value === 'bigint' && BigInt.asIntN(64, value) === value,
    compare: (a: bigint, b: bigint) => (a < b ? -1 : a > b ? 1 : 0),
  },
  true,
);

/** Halves of 28 bits, since the zigzag form of a safe integer needs 54 and a number holds 53. */
function readSafeLong(varint: Buffer): number {
  let low = 0;
  let high = 0;
  for (let index = 0; index < varint.length; index += 1) {
    const bits = (varint[index] ?? 0) & 0x7f;
    if (index < 4) low |= bits << (7 * index);
    else high += bits * 2 ** (7 * index - 28);
  }
  const half = high * 2 ** 27 + (low >>> 1);
  return low & 1 ? -half - 1 : half;
}

function writeSafeLong(value: number): Buffer {
  // -value - 1 is at least 0 and exact, and its lowest bit is appended as the sign.
  const half = value < 0 ? -(value + 1) : value;
  let low = (half % 2 ** 27) * 2 + (value < 0 ? 1 : 0);
  let high = Math.floor(half / 2 ** 27);
  let length = 0;
  while (high > 0 ? length < 4 : low >= 0x80) {
    scratch[length++] = (low & 0x7f) | 0x80;
    low >>>= 7;
  }
  if (high === 0) {
    scratch[length++] = low;
    return scratch.subarray(0, length);
  }
  for (; high >= 0x80; high = Math.floor(high / 128)) scratch[length++] = (high % 128) | 0x80;
  scratch[length++] = high;
  return scratch.subarray(0, length);
}

function readBigint(varint: Buffer): bigint {
  let zigzag = 0n;
  for (let index = varint.length - 1; index >= 0; index -= 1) {
    zigzag = (zigzag << 7n) | BigInt((varint[index] ?? 0) & 0x7f);
  }
  return BigInt.asIntN(64, (zigzag >> 1n) ^ -(zigzag & 1n));
}

function writeBigint(value: bigint): Buffer {
  let zigzag = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
  let length = 0;
  for (; zigzag >= 0x80n; zigzag >>= 7n) scratch[length++] = Number(zigzag & 0x7fn) | 0x80;
  scratch[length++] = Number(zigzag);
  return scratch.subarray(0, length);
}

/** Avro's decimal as exact text. */
class DecimalType extends avro.types.LogicalType {
  private readonly precision: number;
  private readonly scale: number;

  constructor(schema: avro.Schema, options?: object) {
    super(schema, options);
    const parameters: { precision: number; scale?: number } = JSON.parse(JSON.stringify(schema));
    this.precision = parameters.precision;
    this.scale = parameters.scale ?? 0;
  }

  protected override _fromValue(bytes: Buffer): string {
    return formatDecimal(decimalFromBytes(bytes), this.scale);
  }

  /** `undefined` is how avsc is told that the value does not fit. */
  protected override _toValue(text: unknown): Buffer | undefined {
    if (typeof text !== 'string') return undefined;
    const unscaled = parseDecimal(text, this.precision, this.scale);
    return typeof unscaled === 'bigint' ? decimalToBytes(unscaled) : undefined;
  }

  protected override _resolve(writer: Type): unknown {
    // A decimal of another scale has the same bytes and another meaning.
    return writer instanceof DecimalType && writer.scale === this.scale ? (text: string) => text : undefined;
  }
}
