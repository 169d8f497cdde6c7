import type { RawHeaders } from '@chorda/contracts';
import type { IncomingHeaders, IncomingRecord, OutgoingHeaders } from '../../port.js';
import { ByteReader } from './byte-reader.js';
import { codecs, compress, inflate, type WritableCodec } from './compression.js';
import { crc32c } from './crc32c.js';

/** Kafka's record batch, magic 2: a header of 61 bytes, then the records, compressed as one block or not. */
const headerBytes = 61;
const crcFrom = 21;
const logAppendTimeFlag = 0x08;
const transactionalFlag = 0x10;
const controlFlag = 0x20;

type HeaderToWrite = readonly [name: string, value: string | Buffer];

export interface RecordToWrite {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly HeaderToWrite[];
  readonly timestampMs: number;
}

/** A record as it will be written, but for what depends on its place in a batch. */
export interface PackedRecord {
  readonly timestampMs: number;
  /** From the length of the key to the last header. */
  readonly body: Buffer;
  /** Bytes of key, value, header names and header values; the framing adds at most 30 and 10 a header. */
  readonly contentBytes: number;
}

export interface ProducerIdentity {
  readonly producerId: bigint;
  readonly producerEpoch: number;
  readonly baseSequence: number;
}

export function headersToWrite(headers: OutgoingHeaders): readonly HeaderToWrite[] {
  const pairs: HeaderToWrite[] = [];
  for (const name of Object.keys(headers)) {
    const value = headers[name];
    if (value === undefined) continue;
    if (typeof value === 'string' || Buffer.isBuffer(value)) pairs.push([name, value]);
    else for (const single of value) pairs.push([name, single]);
  }
  return pairs;
}

const names = new Map<string, Buffer>();
const namesMax = 1_000;

/** Names are few and values many: making the bytes of both anew was a twentieth of an append. */
function nameBytes(name: string): Buffer {
  let bytes = names.get(name);
  if (bytes === undefined) {
    bytes = Buffer.from(name);
    if (names.size >= namesMax) names.clear();
    names.set(name, bytes);
  }
  return bytes;
}

/** Writes everything once, when the record is sent, so that a batch only copies it, whatever becomes of the batch. */
export function packRecord({ key, value, headers, timestampMs }: RecordToWrite): PackedRecord {
  let bytes = blobBytes(key) + blobBytes(value) + varintBytes(headers.length);
  let contentBytes = (key?.length ?? 0) + (value?.length ?? 0);
  for (const [name, text] of headers) {
    const nameLength = nameBytes(name).length;
    const valueLength = lengthOf(text);
    contentBytes += nameLength + valueLength;
    bytes += varintBytes(nameLength) + nameLength + varintBytes(valueLength) + valueLength;
  }
  const body = Buffer.allocUnsafe(bytes);
  let at = writeBlob(body, 0, key);
  at = writeBlob(body, at, value);
  at = writeVarint(body, at, headers.length);
  for (const [name, text] of headers) {
    at = writeBlob(body, at, nameBytes(name));
    if (typeof text === 'string') at = writeText(body, at, text);
    else at = writeBlob(body, at, text);
  }
  return { timestampMs, body, contentBytes };
}

function lengthOf(value: string | Buffer): number {
  return typeof value === 'string' ? Buffer.byteLength(value) : value.length;
}

function writeText(bytes: Buffer, from: number, text: string): number {
  const at = writeVarint(bytes, from, Buffer.byteLength(text));
  return at + bytes.write(text, at);
}

export function encodeRecordBatch(
  records: readonly PackedRecord[],
  identity: ProducerIdentity,
  compression: { readonly codec: WritableCodec; readonly bytesMin: number },
): Buffer {
  const baseTimestamp = records[0]!.timestampMs;
  let bytesAtMost = headerBytes;
  let maxTimestamp = baseTimestamp;
  for (const { body, timestampMs } of records) {
    bytesAtMost += body.length + 30;
    if (timestampMs > maxTimestamp) maxTimestamp = timestampMs;
  }
  let bytes = Buffer.allocUnsafe(bytesAtMost);
  let end = headerBytes;
  for (let index = 0; index < records.length; index++) {
    end = writeRecord(bytes, end, records[index]!, index, records[index]!.timestampMs - baseTimestamp);
  }
  let codec: WritableCodec = 'none';
  if (compression.codec !== 'none' && end - headerBytes >= compression.bytesMin) {
    const compressed = compress(compression.codec, bytes.subarray(headerBytes, end));
    if (compressed.length < end - headerBytes) {
      codec = compression.codec;
      bytes = Buffer.concat([bytes.subarray(0, headerBytes), compressed]);
      end = bytes.length;
    }
  }
  bytes.writeBigInt64BE(0n, 0);
  bytes.writeInt32BE(end - 12, 8);
  bytes.writeInt32BE(-1, 12);
  bytes.writeInt8(2, 16);
  bytes.writeInt16BE(codecs[codec], 21);
  bytes.writeInt32BE(records.length - 1, 23);
  bytes.writeBigInt64BE(BigInt(baseTimestamp), 27);
  bytes.writeBigInt64BE(BigInt(maxTimestamp), 35);
  bytes.writeBigInt64BE(identity.producerId, 43);
  bytes.writeInt16BE(identity.producerEpoch, 51);
  bytes.writeInt32BE(identity.baseSequence, 53);
  bytes.writeInt32BE(records.length, 57);
  bytes.writeUInt32BE(crc32c(bytes.subarray(crcFrom, end)), 17);
  return bytes.subarray(0, end);
}

function writeRecord(
  bytes: Buffer,
  from: number,
  { body }: PackedRecord,
  offsetDelta: number,
  timestampDelta: number,
): number {
  const length = 1 + varintBytes(timestampDelta) + varintBytes(offsetDelta) + body.length;
  let at = writeVarint(bytes, from, length);
  bytes[at++] = 0;
  at = writeVarint(bytes, at, timestampDelta);
  at = writeVarint(bytes, at, offsetDelta);
  return at + body.copy(bytes, at);
}

/** Zigzag by arithmetic: a timestamp may lie further than 32 bits of milliseconds from the batch's first. */
function zigzag(value: number): number {
  return value >= 0 ? value * 2 : -value * 2 - 1;
}

function varintBytes(value: number): number {
  let rest = zigzag(value);
  let bytes = 1;
  while (rest >= 0x80) {
    rest = Math.floor(rest / 0x80);
    bytes++;
  }
  return bytes;
}

function writeVarint(bytes: Buffer, from: number, value: number): number {
  let rest = zigzag(value);
  let at = from;
  while (rest >= 0x80) {
    bytes[at++] = (rest % 0x80) | 0x80;
    rest = Math.floor(rest / 0x80);
  }
  bytes[at++] = rest;
  return at;
}

function blobBytes(blob: Buffer | null): number {
  return blob === null ? 1 : varintBytes(blob.length) + blob.length;
}

function writeBlob(bytes: Buffer, from: number, blob: Buffer | null): number {
  if (blob === null) return writeVarint(bytes, from, -1);
  const at = writeVarint(bytes, from, blob.length);
  blob.copy(bytes, at);
  return at + blob.length;
}

/** A batch as it lies in the log; the header is read, the records are not yet. */
export interface RawBatch {
  readonly bytes: Buffer;
  readonly baseOffset: bigint;
  readonly nextOffset: bigint;
  readonly producerId: bigint;
  readonly control: boolean;
  readonly transactional: boolean;
}

/**
 * Cuts what a fetch brought for one partition into batches, each with bytes of its own. The broker may cut the last one
 * short; it comes whole with the next fetch.
 *
 * @throws Error with a reason where the bytes are no batch of this format.
 */
export function splitBatches(bytes: Buffer): RawBatch[] {
  const batches: RawBatch[] = [];
  let at = 0;
  while (bytes.length - at >= headerBytes) {
    const length = bytes.readInt32BE(at + 8) + 12;
    if (length < headerBytes) throw new Error('a batch announces less than its header');
    if (bytes[at + 16] !== 2) throw new Error(`a batch has format ${bytes[at + 16]}, only 2 is known`);
    if (length > bytes.length - at) break;
    const own = Buffer.from(bytes.subarray(at, at + length));
    const baseOffset = own.readBigInt64BE(0);
    const attributes = own.readInt16BE(21);
    batches.push({
      bytes: own,
      baseOffset,
      nextOffset: baseOffset + BigInt(own.readInt32BE(23)) + 1n,
      producerId: own.readBigInt64BE(43),
      control: (attributes & controlFlag) !== 0,
      transactional: (attributes & transactionalFlag) !== 0,
    });
    at += length;
  }
  return batches;
}

/** Whether a control batch says "aborted" (type 0) rather than "committed". */
export function isAbortMarker(batch: RawBatch): boolean {
  const reader = new ByteReader(batch.bytes, headerBytes);
  reader.varint();
  reader.int8();
  reader.varlong();
  reader.varint();
  const keyLength = reader.varint();
  return keyLength >= 4 && reader.slice(keyLength).readInt16BE(2) === 0;
}

/**
 * The records of a batch at or behind `from`.
 *
 * @throws Error with a reason: broken bytes, a codec that Node lacks, more than `inflatedBytesMax`.
 */
export function decodeRecordBatch(
  batch: RawBatch,
  place: { readonly topic: string; readonly partition: number },
  from: bigint,
  inflatedBytesMax: number,
): IncomingRecord[] {
  const { bytes } = batch;
  if (crc32c(bytes.subarray(crcFrom)) !== bytes.readUInt32BE(17)) throw new Error('a batch fails its checksum');
  const attributes = bytes.readInt16BE(21);
  const codec = attributes & 0x07;
  const body = bytes.subarray(headerBytes);
  const inflated = codec === 0 ? body : inflate(codec, body, inflatedBytesMax);
  const reader = new ByteReader(inflated);
  const baseTimestamp = Number(bytes.readBigInt64BE(27));
  const appendTimeMs = (attributes & logAppendTimeFlag) === 0 ? undefined : Number(bytes.readBigInt64BE(35));
  const count = bytes.readInt32BE(57);
  const copies = new RecordCopies(inflated.length);
  const records: IncomingRecord[] = [];
  for (let index = 0; index < count; index++) {
    const own = copies.of(reader.slice(reader.varint()));
    const record = new LogRecord(own, place, batch.baseOffset, baseTimestamp, appendTimeMs);
    if (record.offset >= from) records.push(record);
  }
  return records;
}

const slabBytes = 32 * 1024;

/**
 * Copies of records, so that whoever keeps one keeps neither the batch nor the fetch, but up to a slab of neighbours:
 * the pool of `Buffer.from` is a quarter as large, and making it anew for every ten records was 4 % of decoding. A slab is
 * no larger than what is left of its batch: whole ones for batches of two records, 500 of them a second, were 16 MB a
 * second outside of the heap for half a megabyte of records, and what grows there makes V8 collect all of its heap.
 */
class RecordCopies {
  private slab = Buffer.alloc(0);
  private at = 0;

  constructor(private bytesLeft: number) {}

  of(bytes: Buffer): Buffer {
    if (bytes.length > slabBytes / 4) return Buffer.from(bytes);
    if (this.at + bytes.length > this.slab.length) {
      const size = Math.max(bytes.length, Math.min(slabBytes, this.bytesLeft));
      // Small ones come out of Node's pool; others are not to hold a part of it.
      this.slab = size < Buffer.poolSize / 2 ? Buffer.allocUnsafe(size) : Buffer.allocUnsafeSlow(size);
      this.at = 0;
    }
    this.bytesLeft -= bytes.length;
    const start = this.at;
    this.at += bytes.copy(this.slab, start);
    return this.slab.subarray(start, this.at);
  }
}

/** Headers are cut out of the record's bytes when somebody asks for them, once. */
class LogRecord implements IncomingRecord, RawHeaders {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly timestampMs: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  /** Where the headers begin. */
  readonly at: number;
  private cut: IncomingHeaders | undefined;

  constructor(
    readonly bytes: Buffer,
    place: { readonly topic: string; readonly partition: number },
    baseOffset: bigint,
    baseTimestamp: number,
    appendTimeMs: number | undefined,
  ) {
    const reader = new ByteReader(bytes, 1);
    this.topic = place.topic;
    this.partition = place.partition;
    const timestampDelta = Number(reader.varlong());
    this.timestampMs = appendTimeMs ?? baseTimestamp + timestampDelta;
    this.offset = baseOffset + BigInt(reader.varint());
    this.key = readBlob(reader);
    this.value = readBlob(reader);
    this.at = reader.at;
  }

  get rawHeaders(): RawHeaders {
    return this;
  }

  get headers(): IncomingHeaders {
    return (this.cut ??= readHeaders(new ByteReader(this.bytes, this.at)));
  }
}

function readBlob(reader: ByteReader): Buffer | null {
  const length = reader.varint();
  return length < 0 ? null : reader.slice(length);
}

function readHeaders(reader: ByteReader): IncomingHeaders {
  // No prototype: a header may be called `__proto__`.
  const headers: Record<string, Buffer | readonly Buffer[] | undefined> = Object.create(null);
  for (let count = reader.varint(); count > 0; count--) {
    const name = reader.slice(reader.varint()).toString('utf8');
    const value = readBlob(reader) ?? Buffer.alloc(0);
    const before = headers[name];
    if (before === undefined) headers[name] = value;
    else headers[name] = Buffer.isBuffer(before) ? [before, value] : [...before, value];
  }
  return headers;
}
