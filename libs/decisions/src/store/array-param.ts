/** Of Postgres's own types, the same in every database. */
const oids = { int: 23, bigint: 20, text: 25, bytes: 17 } as const;

interface Values {
  readonly int: number;
  readonly bigint: bigint;
  readonly text: string;
  readonly bytes: Buffer;
}

const fixedBytes: Readonly<Partial<Record<keyof Values, number>>> = { int: 4, bigint: 8 };

/**
 * A parameter for `$1::text[]` and the like in Postgres's binary format, which `pg` takes as a buffer: in text form each
 * value is quoted here and parsed there, and bytes travel as twice as many digits.
 */
export function arrayParam<Type extends keyof Values, Item>(
  type: Type,
  items: readonly Item[],
  valueOf: (item: Item) => Values[Type] | null,
): Buffer {
  const values = items.map(valueOf);
  const bytes = Buffer.allocUnsafe(20 + values.reduce((sum: number, value) => sum + 4 + sizeOf(type, value), 0));
  bytes.writeInt32BE(values.length === 0 ? 0 : 1, 0);
  bytes.writeInt32BE(1, 4); // There may be nulls.
  bytes.writeInt32BE(oids[type], 8);
  if (values.length === 0) return bytes.subarray(0, 12);
  bytes.writeInt32BE(values.length, 12);
  bytes.writeInt32BE(1, 16); // Arrays count from one.
  let at = 20;
  for (const value of values) at = write(bytes, at, type, value);
  return bytes;
}

type Value = Values[keyof Values];

function sizeOf(type: keyof Values, value: Value | null): number {
  if (value === null) return 0;
  if (typeof value === 'string') return Buffer.byteLength(value);
  return Buffer.isBuffer(value) ? value.length : (fixedBytes[type] ?? 0);
}

function write(bytes: Buffer, at: number, type: keyof Values, value: Value | null): number {
  if (value === null) return bytes.writeInt32BE(-1, at);
  const size = sizeOf(type, value);
  const from = bytes.writeInt32BE(size, at);
  if (typeof value === 'bigint') return bytes.writeBigInt64BE(value, from);
  if (typeof value === 'number') return bytes.writeInt32BE(value, from);
  if (typeof value === 'string') return from + bytes.write(value, from);
  return from + value.copy(bytes, from);
}
