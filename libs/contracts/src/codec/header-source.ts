import { UndecodableRecordError } from './errors.js';
import { isSameAt } from './same-bytes.js';

/** Header values by name, as a consumer gets them. */
export type RecordHeaders = Readonly<Record<string, Buffer | readonly Buffer[] | undefined>>;

/** Headers as they lie in a record of Kafka's format 2: `bytes` hold their number and then each of them from `at` on. */
export interface RawHeaders {
  readonly bytes: Buffer;
  readonly at: number;
}

export const headerNames = [
  'content-type',
  'ce_specversion',
  'ce_id',
  'ce_type',
  'ce_source',
  'ce_time',
  'ce_subject',
  'ce_dataschema',
  'ce_tenantid',
  'ce_correlationid',
  'ce_causationid',
  'ce_streamversion',
  'ce_stream',
  'ce_partitionseq',
  'ce_epoch',
  'ce_commandid',
  'ce_commandoffset',
  'ce_actor',
  'traceparent',
  'tracestate',
] as const;
export type HeaderName = (typeof headerNames)[number];

/** Where the codec reads a record's headers from; which of the two ways is a matter of speed alone. */
export interface HeaderSource {
  /** @throws {@link UndecodableRecordError} `bad_header` where it comes more than once. */
  only(name: HeaderName): string | undefined;
  /** Of one that may come more than once. */
  last(name: HeaderName): string | undefined;
  /** Whether it comes once and is this. */
  is(name: HeaderName, expected: Buffer): boolean;
}

/** Headers that somebody has cut out already. */
export class CutHeaders implements HeaderSource {
  constructor(private readonly headers: RecordHeaders) {}

  only(name: HeaderName): string | undefined {
    const value = this.headers[name];
    if (value === undefined) return undefined;
    return Buffer.isBuffer(value) ? value.toString('utf8') : failTwice(name);
  }

  last(name: HeaderName): string | undefined {
    const value = this.headers[name];
    return (Buffer.isBuffer(value) ? value : value?.at(-1))?.toString('utf8');
  }

  is(name: HeaderName, expected: Buffer): boolean {
    const value = this.headers[name];
    return Buffer.isBuffer(value) && value.equals(expected);
  }
}

const slotOf = new Map<string, number>(headerNames.map((name, slot) => [name, slot]));
const slots: Readonly<Record<string, number>> = Object.fromEntries(slotOf);
/** Headers whose values repeat from record to record: their texts are kept. */
const repeating = new Set<HeaderName>(['ce_type', 'ce_source', 'ce_dataschema', 'ce_tenantid', 'ce_subject']);
const keptTexts = 256;
const keptBytesMax = 256;

interface KnownName {
  readonly bytes: Buffer;
  /** -1: none of ours. */
  readonly slot: number;
}

interface KnownText {
  readonly bytes: Buffer;
  readonly text: string;
}

/**
 * Reads headers where they lie: a buffer and a string a header and record cost more than the whole decoding of the
 * payload. One index serves all records, one behind the other; it is synchronous and keeps nothing of a record but the
 * texts that repeat, of which it holds a bounded number.
 *
 * Names are compared with those that the record before had at the same place, and repeating values with what was there
 * before, byte by byte; a text is made only of what differs.
 */
export class HeaderIndex implements HeaderSource {
  /** Of the record that was read last. */
  bytes: Buffer = Buffer.alloc(0);
  private readonly counts = new Uint32Array(headerNames.length);
  private readonly starts = new Uint32Array(headerNames.length);
  private readonly ends = new Uint32Array(headerNames.length);
  private readonly namesAt: KnownName[] = [];
  private readonly texts = new Map(
    [...repeating].map((name) => [name, Array.from<KnownText | undefined>({ length: keptTexts })]),
  );
  private at = 0;

  /** @throws {@link UndecodableRecordError} `bad_header`: a foreign client may write lengths that do not hold. */
  read({ bytes, at }: RawHeaders): this {
    this.bytes = bytes;
    this.at = at;
    this.counts.fill(0);
    const count = this.varint();
    for (let index = 0; index < count; index++) {
      const slot = this.nameAt(index);
      const length = Math.max(0, this.varint());
      const start = this.at;
      this.skip(length);
      if (slot < 0) continue;
      this.counts[slot]! += 1;
      this.starts[slot] = start;
      this.ends[slot] = this.at;
    }
    return this;
  }

  only(name: HeaderName): string | undefined {
    const count = this.counts[slots[name]!]!;
    if (count === 0) return undefined;
    return count === 1 ? this.text(name) : failTwice(name);
  }

  last(name: HeaderName): string | undefined {
    return this.counts[slots[name]!] === 0 ? undefined : this.text(name);
  }

  is(name: HeaderName, expected: Buffer): boolean {
    const slot = slots[name]!;
    return this.counts[slot] === 1 && isSame(this.bytes, this.starts[slot]!, this.ends[slot]!, expected);
  }

  has(name: HeaderName): boolean {
    return this.counts[slots[name]!]! > 0;
  }

  /** Whether it comes once and is 1 to `bytesMax` printable characters of ASCII: sound, without a string of it. */
  isPlain(name: HeaderName, bytesMax: number): boolean {
    const slot = slots[name]!;
    const { bytes } = this;
    const start = this.starts[slot]!;
    const end = this.ends[slot]!;
    if (this.counts[slot] !== 1 || end === start || end - start > bytesMax) return false;
    for (let at = start; at < end; at++) if (bytes[at]! < 0x20 || bytes[at]! > 0x7e) return false;
    return true;
  }

  /** Where the header begins that came last of this name; only of one that `has` found. */
  startOf(name: HeaderName): number {
    return this.starts[slots[name]!]!;
  }

  endOf(name: HeaderName): number {
    return this.ends[slots[name]!]!;
  }

  private text(name: HeaderName): string {
    const { bytes } = this;
    const start = this.starts[slots[name]!]!;
    const end = this.ends[slots[name]!]!;
    const kept = this.texts.get(name);
    if (!kept || end - start > keptBytesMax) return bytes.toString('utf8', start, end);
    const place = placeOf(bytes, start, end);
    const known = kept[place];
    if (known && isSame(bytes, start, end, known.bytes)) return known.text;
    const text = bytes.toString('utf8', start, end);
    kept[place] = { bytes: Buffer.from(bytes.subarray(start, end)), text };
    return text;
  }

  private nameAt(index: number): number {
    const length = this.varint();
    const start = this.at;
    this.skip(length);
    const known = this.namesAt[index];
    if (known && isSame(this.bytes, start, this.at, known.bytes)) return known.slot;
    const own = Buffer.from(this.bytes.subarray(start, this.at));
    const slot = slotOf.get(own.toString('utf8')) ?? -1;
    if (slot >= 0 && index < headerNames.length * 2) this.namesAt[index] = { bytes: own, slot };
    return slot;
  }

  private skip(length: number): void {
    if (length < 0 || length > this.bytes.length - this.at) throw cutShort();
    this.at += length;
  }

  /** Zigzag, 32 bits. */
  private varint(): number {
    const { bytes } = this;
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      if (this.at >= bytes.length) break;
      const byte = bytes[this.at++]!;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return (value >>> 1) ^ -(value & 1);
    }
    throw cutShort();
  }
}

function isSame(bytes: Buffer, start: number, end: number, other: Buffer): boolean {
  return isSameAt(bytes, start, end, other, 0, other.length);
}

/** Ids that count up differ in their last characters. */
function placeOf(bytes: Buffer, start: number, end: number): number {
  let hash = end - start;
  for (let at = Math.max(start, end - 4); at < end; at++) hash = (Math.imul(hash, 31) + bytes[at]!) | 0;
  return (hash >>> 0) % keptTexts;
}

function failTwice(name: string): never {
  throw new UndecodableRecordError('bad_header', `${name} comes more than once`);
}

function cutShort(): UndecodableRecordError {
  return new UndecodableRecordError('bad_header', 'the headers are cut short');
}
