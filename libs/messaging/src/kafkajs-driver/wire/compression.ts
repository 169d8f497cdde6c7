import { constants, gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib';

/** The codec bits of a record batch. */
export const codecs = { none: 0, gzip: 1, snappy: 2, lz4: 3, zstd: 4 } as const;
export type WritableCodec = 'none' | 'gzip' | 'zstd';

const codecNames = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];

export function compress(codec: WritableCodec, bytes: Buffer): Buffer {
  if (codec === 'gzip') return gzipSync(bytes, { level: 1 });
  if (codec === 'zstd') return zstdCompressSync(bytes, { params: { [constants.ZSTD_c_compressionLevel]: 1 } });
  return bytes;
}

/**
 * Synchronous, since a bounded block costs less than a turn through the thread pool.
 *
 * @throws Error with a reason for people: over the bound, broken, or a codec that Node does not have.
 */
export function inflate(codec: number, bytes: Buffer, bytesMax: number): Buffer {
  const inflateOrThrow = inflaterOf(codec);
  try {
    return inflateOrThrow(bytes, bytesMax);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    const name = codecNames[codec];
    if (code === 'ERR_BUFFER_TOO_LARGE') throw new Error(`a ${name} batch inflates to more than ${bytesMax} bytes`);
    throw new Error(`a ${name} batch is broken (${code})`);
  }
}

function inflaterOf(codec: number): (bytes: Buffer, bytesMax: number) => Buffer {
  if (codec === codecs.gzip)
    return (bytes, maxOutputLength) => gunzipSync(bytes, { maxOutputLength, chunkSize: chunkBytesFor(bytes.length) });
  if (codec === codecs.zstd)
    return (bytes, maxOutputLength) =>
      zstdDecompressSync(bytes, { maxOutputLength, chunkSize: chunkBytesFor(bytes.length) });
  const name = codecNames[codec] ?? `number ${codec}`;
  throw new Error(
    `codec ${name} is not supported: give the topic compression.type=zstd, so that the broker re-encodes`,
  );
}

/**
 * The output comes in pieces of this size, and the last one is kept whole. Node's own 16 KiB for each batch of two records
 * grow outside of its heap, 8 MB a second where 500 such batches come.
 */
function chunkBytesFor(compressedBytes: number): number {
  return Math.min(Math.max(compressedBytes * 4, 1_024), 64 * 1_024);
}
