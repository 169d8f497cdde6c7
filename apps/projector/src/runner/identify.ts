import { hash } from 'node:crypto';
import { MetadataOnDemand } from '@chorda/contracts';
import type { Message, TopicPartition } from '@chorda/messaging';
import type { BlockEntry } from './identity-blocks.js';
import { identityBytes } from './identity-table.js';

/** An event with its identity, as a block keeps it. */
export class Identified implements BlockEntry {
  readonly timeMs: number;
  readonly offset: bigint;

  constructor(
    readonly message: Message,
    readonly bytes: Buffer,
    readonly at: number,
    /** Whether its id has a time in it, which is then `idTimeMs`. */
    readonly isTimed: boolean,
    readonly idTimeMs: number,
  ) {
    this.timeMs = message.record.timestampMs;
    this.offset = message.origin.offset;
  }

  /** Its 16 bytes, a character each: for what is looked up in the database, which few are. */
  get identity(): string {
    return this.bytes.toString('latin1', this.at, this.at + identityBytes);
  }

  isSame({ bytes, at }: Identified): boolean {
    for (let index = identityBytes - 1; index >= 0; index--) {
      if (this.bytes[this.at + index] !== bytes[at + index]) return false;
    }
    return true;
  }
}

/** Of a UUIDv7's time in milliseconds. */
const timeBytes = 6;
const uuidBytes = 36;
const dash = 0x2d;

/** Of lower case hex digits; -1 for all other characters. */
const digits = new Int8Array(256).fill(-1);
for (let digit = 0; digit < 16; digit++) digits[digit.toString(16).charCodeAt(0)] = digit;

/**
 * 128 bits: of SHA-256, and where the event's id is a UUIDv7, its time first and 80 bits of SHA-256 behind. New keys
 * then stand next to one another in the index, which stays in memory however large the window grows; by hash alone,
 * each would touch a page of its own. Parts are length-prefixed by JSON, so no two lists of parts give the same text.
 */
export function identify(messages: readonly Message[]): readonly Identified[] {
  const bytes = Buffer.allocUnsafe(messages.length * identityBytes);
  const hasher = new SenderHash();
  return messages.map((message, index) => {
    const { metadata } = message.envelope;
    const at = index * identityBytes;
    hasher.beSender(message);
    const isTimed =
      metadata instanceof MetadataOnDemand
        ? writeUuidTime(metadata.bytes, metadata.idStart, metadata.idEnd, bytes, at)
        : writeUuidTime(Buffer.from(metadata.id), 0, Buffer.byteLength(metadata.id), bytes, at);
    if (!isTimed) {
      bytes.write(hasher.ofText(metadata.id), at, identityBytes, 'latin1');
      return new Identified(message, bytes, at, false, 0);
    }
    const digest =
      metadata instanceof MetadataOnDemand
        ? hasher.ofUuid(metadata.bytes, metadata.idStart)
        : hasher.ofText(metadata.id);
    bytes.write(digest, at + timeBytes, identityBytes - timeBytes, 'latin1');
    return new Identified(message, bytes, at, true, bytes.readUIntBE(at, timeBytes));
  });
}

/** SHA-256 of the list of topic, partition, tenant, source and id as JSON; a sender's first four are made once. */
class SenderHash {
  private last: { readonly origin: Message['origin']; readonly tenantId: string; readonly source: string } | undefined;
  private before = '';
  /** The list with room for a UUID, which as JSON needs no escape. */
  private scratch = Buffer.alloc(0);

  beSender({ origin, envelope: { metadata } }: Message): void {
    const { tenantId, source } = metadata;
    const { last } = this;
    if (last && source === last.source && tenantId === last.tenantId && isSamePartition(origin, last.origin)) return;
    this.before = `${JSON.stringify([origin.topic, origin.partition, tenantId, source]).slice(0, -1)},`;
    this.last = { origin, tenantId, source };
    this.scratch = Buffer.from(`${this.before}"${'-'.repeat(uuidBytes)}"]`);
  }

  ofUuid(bytes: Buffer, start: number): string {
    const { scratch } = this;
    const at = scratch.length - uuidBytes - 2;
    for (let index = 0; index < uuidBytes; index++) scratch[at + index] = bytes[start + index]!;
    return hash('sha256', scratch, 'binary');
  }

  ofText(id: string): string {
    return hash('sha256', `${this.before}${JSON.stringify(id)}]`, 'binary');
  }
}

/** Writes the time of a UUIDv7 in lower case; false for any other id, and then nothing. */
function writeUuidTime(bytes: Buffer, start: number, end: number, target: Buffer, at: number): boolean {
  if (end - start !== uuidBytes || bytes[start + 14] !== 0x37) return false;
  for (let index = 0; index < uuidBytes; index++) {
    const byte = bytes[start + index]!;
    const isDash = index === 8 || index === 13 || index === 18 || index === 23;
    if (isDash ? byte !== dash : digits[byte]! < 0) return false;
  }
  // The variant: 8, 9, a or b.
  if ((digits[bytes[start + 19]!]! & 0xc) !== 0x8) return false;
  for (let index = 0; index < timeBytes; index++) {
    const from = start + index * 2 + (index >= 4 ? 1 : 0);
    target[at + index] = (digits[bytes[from]!]! << 4) | digits[bytes[from + 1]!]!;
  }
  return true;
}

function isSamePartition(a: TopicPartition, b: TopicPartition): boolean {
  return a.partition === b.partition && a.topic === b.topic;
}

/** The first occurrence of each identity that a batch brings. */
export class Firsts {
  /** Those that come again in the batch, with the one before them. */
  private readonly again = new Map<Identified, Identified>();
  private readonly before = new Map<string, bigint>();

  constructor(identified: readonly Identified[]) {
    const slots = new Int32Array(2 ** Math.ceil(Math.log2(identified.length * 2 + 2))).fill(-1);
    const mask = slots.length - 1;
    for (let index = 0; index < identified.length; index++) {
      const entry = identified[index]!;
      let slot = entry.bytes.readUInt32LE(entry.at + 8) & mask;
      for (; ; slot = (slot + 1) & mask) {
        const known = identified[slots[slot]!];
        if (known === undefined) {
          slots[slot] = index;
          break;
        }
        if (known.isSame(entry)) {
          this.again.set(entry, known);
          break;
        }
      }
    }
  }

  get hasRepeats(): boolean {
    return this.again.size > 0 || this.before.size > 0;
  }

  isFirst(entry: Identified): boolean {
    return !this.again.has(entry) && (this.before.size === 0 || !this.before.has(entry.identity));
  }

  /** It came before, by no record in hand. */
  cameAt(identity: string, offset: bigint): void {
    this.before.set(identity, offset);
  }

  offsetOf(entry: Identified): bigint | undefined {
    return this.before.get(entry.identity) ?? this.again.get(entry)?.offset;
  }
}
