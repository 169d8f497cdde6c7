import { constants, zstdCompressSync } from 'node:zlib';
import type { EncodedBody } from '../decision-codec.js';

/** Of a header: its lengths beside name and value. */
const headerOverheadBytes = 4;
/** Of a record: its lengths, its place in the batch, its time. */
const recordOverheadBytes = 32;

/**
 * What one batch of the log takes, and so what the events of one command may be: a batch is stored whole or not at all, and
 * what one command decided is never in the log by half.
 */
export const publicationBounds = {
  recordsMax: 20_000,
  /** As readers inflate it; they take 16 MiB. */
  bytesMax: 14 * 1024 * 1024,
  /** As it is sent. Brokers take 2 MiB (`max.message.bytes`). */
  compressedBytesMax: 1_792 * 1024,
} as const;

/** Of events and work of one command, as they lie in the database. */
export const madeBytesMax = 32 * 1024 * 1024;

const levelOfProducers = { [constants.ZSTD_c_compressionLevel]: 1 };

/** What a record takes in a batch, and a little more. */
export function recordBytes(key: Uint8Array, { value, headers }: EncodedBody): number {
  let bytes = key.length + value.length + recordOverheadBytes;
  for (const name in headers) bytes += name.length + Buffer.byteLength(headers[name] ?? '') + headerOverheadBytes;
  return bytes;
}

export interface PublicationTooLarge {
  readonly bytes: number;
  readonly bytesMax: number;
  /** Which of the bounds it is. */
  readonly measured: 'inflated' | 'compressed';
}

/** Undefined: they fit in one batch. */
export function tooLargeToPublish(key: Uint8Array, bodies: readonly EncodedBody[]): PublicationTooLarge | undefined {
  const { bytesMax, compressedBytesMax } = publicationBounds;
  const bytes = bodies.reduce((sum, body) => sum + recordBytes(key, body), 0);
  // As most do, so that nothing is compressed twice for it.
  if (bytes <= compressedBytesMax) return undefined;
  if (bytes > bytesMax) return { bytes, bytesMax, measured: 'inflated' };
  const content = bodies.flatMap(({ value, headers }) => [value, Buffer.from(JSON.stringify(headers))]);
  const compressed = zstdCompressSync(Buffer.concat(content), { params: levelOfProducers }).length;
  if (compressed <= compressedBytesMax) return undefined;
  return { bytes: compressed, bytesMax: compressedBytesMax, measured: 'compressed' };
}
