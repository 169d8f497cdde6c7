/** Kafka's primitive types, written one behind the other into a buffer that grows. */
export class ByteWriter {
  private bytes: Buffer;
  private at = 0;

  constructor(initialBytes = 512) {
    this.bytes = Buffer.allocUnsafe(initialBytes);
  }

  int8(value: number): this {
    this.reserve(1);
    this.at = this.bytes.writeInt8(value, this.at);
    return this;
  }

  int16(value: number): this {
    this.reserve(2);
    this.at = this.bytes.writeInt16BE(value, this.at);
    return this;
  }

  int32(value: number): this {
    this.reserve(4);
    this.at = this.bytes.writeInt32BE(value, this.at);
    return this;
  }

  int64(value: bigint): this {
    this.reserve(8);
    this.at = this.bytes.writeBigInt64BE(value, this.at);
    return this;
  }

  string(value: string): this {
    const length = Buffer.byteLength(value);
    this.int16(length);
    this.reserve(length);
    this.at += this.bytes.write(value, this.at, 'utf8');
    return this;
  }

  nullableString(value: string | null): this {
    return value === null ? this.int16(-1) : this.string(value);
  }

  raw(value: Buffer): this {
    this.reserve(value.length);
    value.copy(this.bytes, this.at);
    this.at += value.length;
    return this;
  }

  unsignedVarint(value: number): this {
    this.reserve(5);
    let rest = value;
    while (rest > 0x7f) {
      this.bytes[this.at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.bytes[this.at++] = rest;
    return this;
  }

  compactString(value: string): this {
    const text = Buffer.from(value);
    return this.unsignedVarint(text.length + 1).raw(text);
  }

  array<Item>(items: readonly Item[], write: (item: Item) => void): this {
    this.int32(items.length);
    for (const item of items) write(item);
    return this;
  }

  finish(): Buffer {
    return this.bytes.subarray(0, this.at);
  }

  private reserve(more: number): void {
    if (this.at + more <= this.bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.bytes.length * 2, this.at + more));
    this.bytes.copy(larger, 0, 0, this.at);
    this.bytes = larger;
  }
}
