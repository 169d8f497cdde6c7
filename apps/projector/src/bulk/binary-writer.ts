import { storableText } from './text.js';

/** Milliseconds from the Unix epoch to Postgres's own, 2000-01-01. */
const postgresEpochMs = 946_684_800_000;

/** Up to here a loop is quicker than a call into the engine, which ids are mostly made of. */
const shortTextMax = 64;

/** A buffer that grows by doubling. */
export class BinaryWriter {
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

  /** As an int64, with its length before it. */
  safeInteger(value: number): void {
    this.reserve(12);
    const high = Math.floor(value / 2 ** 32);
    this.length = this.buffer.writeInt32BE(8, this.length);
    this.length = this.buffer.writeInt32BE(high, this.length);
    this.length = this.buffer.writeUInt32BE(value - high * 2 ** 32, this.length);
  }

  /** With its length before it; milliseconds since the Unix epoch. Exact: in the years 1 to 9999 microseconds may pass 2^53. */
  timestamp(timeMs: number): void {
    const microseconds = (Math.trunc(timeMs) - postgresEpochMs) * 1000;
    if (Number.isSafeInteger(microseconds)) this.safeInteger(microseconds);
    else this.int64((BigInt(Math.trunc(timeMs)) - BigInt(postgresEpochMs)) * 1000n);
  }

  /** Hex digits as bytes, with their length before them. */
  hex(value: string): void {
    const length = value.length / 2;
    this.reserve(4 + length);
    this.length = this.buffer.writeInt32BE(length, this.length);
    this.length += this.buffer.write(value, this.length, 'hex');
  }

  double(value: number): void {
    this.reserve(8);
    this.length = this.buffer.writeDoubleBE(value, this.length);
  }

  bytes(value: Buffer): void {
    this.reserve(value.length);
    this.length += value.copy(this.buffer, this.length);
  }

  /** With its length before it; U+0000, which Postgres cannot keep, as U+FFFD. */
  text(value: string): void {
    this.reserve(4 + value.length * 3);
    const written = value.length <= shortTextMax ? this.ascii(value) : -1;
    const bytes = written < 0 ? this.buffer.write(storableText(value), this.length + 4, 'utf8') : written;
    this.buffer.writeInt32BE(bytes, this.length);
    this.length += 4 + bytes;
  }

  done(): Buffer {
    return this.buffer.subarray(0, this.length);
  }

  /** -1 where one of the characters is none of ASCII, or is U+0000. */
  private ascii(value: string): number {
    const { buffer } = this;
    const from = this.length + 4;
    for (let at = 0; at < value.length; at++) {
      const code = value.charCodeAt(at);
      if (code === 0 || code > 0x7f) return -1;
      buffer[from + at] = code;
    }
    return value.length;
  }

  private reserve(bytes: number): void {
    if (this.length + bytes <= this.buffer.length) return;
    const grown = Buffer.allocUnsafe(Math.max(this.buffer.length * 2, this.length + bytes));
    this.buffer.copy(grown, 0, 0, this.length);
    this.buffer = grown;
  }
}
