import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate, zstdDecompress } from 'node:zlib';
import { OutboundFailedError } from './outbound-errors.js';

type Decode = (bytes: Buffer, bounds: { readonly maxOutputLength: number }) => Promise<Buffer>;

const decoders = new Map<string, Decode>([
  ['gzip', promisify(gunzip)],
  ['x-gzip', promisify(gunzip)],
  ['deflate', promisify(inflate)],
  ['br', promisify(brotliDecompress)],
  ['zstd', promisify(zstdDecompress)],
]);

export interface BoundedBody {
  readonly bytes: Buffer;
  readonly truncated: boolean;
}

/** The first `bytesMax` bytes of a body. The rest is not read: a body without an end ends here too. */
export async function readBounded(body: AsyncIterable<Uint8Array>, bytesMax: number): Promise<BoundedBody> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    length += chunk.byteLength;
    if (length > bytesMax) return { bytes: Buffer.concat(chunks, length).subarray(0, bytesMax), truncated: true };
  }
  return { bytes: Buffer.concat(chunks, length), truncated: false };
}

/**
 * @throws OutboundFailedError for an encoding that was not asked for and is not known, and for one that does not hold, such
 * as one that grows past the bound: what is inside is then of no use.
 */
export async function decoded(body: BoundedBody, encoding: string | undefined, bytesMax: number): Promise<BoundedBody> {
  if (encoding === undefined || encoding === '' || encoding === 'identity') return body;
  const decode = decoders.get(encoding.trim().toLowerCase());
  const unusable = (why: string, cause?: unknown) =>
    new OutboundFailedError('RESPONSE_UNREADABLE', `the response ${why}`, 'done', false, { cause });
  if (decode === undefined) throw unusable(`is encoded as ${encoding.slice(0, 100)}, which is not known here`);
  if (body.truncated) throw unusable(`is larger than ${bytesMax} bytes and compressed`);
  try {
    return { bytes: await decode(body.bytes, { maxOutputLength: bytesMax }), truncated: false };
  } catch (error) {
    throw unusable(`cannot be read as ${encoding}, or is larger than ${bytesMax} bytes`, error);
  }
}
