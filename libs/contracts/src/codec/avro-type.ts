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
    typeHook: (part) => (isBigintLong(part) ? bigintLong : undefined),
  });
}

/** avsc types schemas by their exact shape, which is not known of one that was parsed; avsc checks it itself. */
function avroSchema(schema: AvroJson): avro.Schema {
  const parsed: avro.Schema = JSON.parse(JSON.stringify(schema));
  return parsed;
}

/** A long is a number only where the schema says so: a timestamp, or `"range": "safe"`. */
function isBigintLong(schema: unknown): boolean {
  if (schema === 'long') return true;
  const part = schema as AvroJson;
  return isAvroObject(part) && part['type'] === 'long' && part['range'] !== 'safe' && part['logicalType'] === undefined;
}

/** avsc copies the bytes before it asks again, so one buffer serves every number. */
const longBytes = Buffer.alloc(8);

const bigintLong = avro.types.LongType.__with({
  fromBuffer: (bytes: Buffer) => bytes.readBigInt64LE(),
  toBuffer: (value: bigint) => {
    longBytes.writeBigInt64LE(value);
    return longBytes;
  },
  fromJSON: BigInt,
  toJSON: String,
  isValid: (value: unknown) => typeof value === 'bigint' && BigInt.asIntN(64, value) === value,
  compare: (a: bigint, b: bigint) => (a < b ? -1 : a > b ? 1 : 0),
});

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
