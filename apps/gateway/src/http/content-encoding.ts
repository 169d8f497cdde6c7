import type { Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip, createZstdDecompress } from 'node:zlib';
import { Problem } from './problem.js';

const inflaters = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  br: createBrotliDecompress,
  zstd: createZstdDecompress,
} as const;

export const contentEncodings: readonly string[] = ['gzip', 'br', 'zstd'];

/**
 * The body as it was before it was compressed; the body itself where it was not. Nothing is gathered here: whoever reads
 * it counts bytes, and destroys it at its own bound, so that a small body which inflates without end costs no more.
 *
 * @throws {@link Problem} `UNSUPPORTED_MEDIA_TYPE` for an encoding that is not known, or several.
 */
export function inflated(encodingHeader: string | undefined, body: Readable): Readable {
  if (encodingHeader === undefined) return body;
  const encoding = encodingHeader.trim().toLowerCase();
  if (encoding === 'identity') return body;
  if (!Object.hasOwn(inflaters, encoding)) {
    throw new Problem(
      'UNSUPPORTED_MEDIA_TYPE',
      `Content-Encoding must be one of ${contentEncodings.join(', ')}, once`,
      {
        headers: { 'accept-encoding': contentEncodings.join(', ') },
      },
    );
  }
  const inflater = inflaters[encoding as keyof typeof inflaters]();
  // It may fail before anybody reads it, and a stream that fails to nobody ends the process. Who reads it is told too.
  inflater.on('error', () => undefined);
  body.once('error', (error) => inflater.destroy(error));
  // An inflater that is given up must not leave the request paused: the answer waits for its end.
  inflater.once('close', () => {
    body.unpipe(inflater);
    body.resume();
  });
  return body.pipe(inflater);
}

/** What a reader tells the sender of a stream that failed: of its encoding, or that it broke off. */
export function unreadable(error: unknown): Problem {
  if (error instanceof Problem) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return /^Z_|^ERR_(?:_|BROTLI|ZSTD|ZLIB)|^ZSTD_/.test(code)
    ? new Problem('INVALID_REQUEST', 'The body is not what Content-Encoding says, or is cut')
    : new Problem('INVALID_REQUEST', 'The body broke off');
}
