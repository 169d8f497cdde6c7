import { createHash } from 'node:crypto';
import { Problem } from '../http/problem.js';

/** The draft wants a quoted text, most senders leave the quotes out: both are taken. */
const pattern = /^(?:"([\x21\x23-\x7e]{1,255})"|([\x21\x23-\x7e]{1,255}))$/;

/** @throws {@link Problem} `INVALID_REQUEST` */
export function readIdempotencyKey(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  const [, quoted, bare] = pattern.exec(header) ?? [];
  const key = quoted ?? bare;
  if (key !== undefined) return key;
  const issues = [{ pointer: '', header: 'idempotency-key', detail: 'must be 1 to 255 printable ASCII characters' }];
  throw new Problem('INVALID_REQUEST', 'Idempotency-Key is not well-formed', { issues });
}

/**
 * What was sent: the media type, the attributes that binary mode keeps in headers, whether all must be valid, and the
 * body as it came. What only says how to be answered (`ack`, `wait`, `projections`) may differ in a repeat.
 */
export function fingerprintOf(
  contentType: string,
  rawHeaders: readonly string[],
  validate: string,
  body: Buffer,
): Buffer {
  const hash = createHash('sha256');
  hash.update(`${(contentType.split(';', 1)[0] ?? '').trim().toLowerCase()}\n${validate}\n`);
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = (rawHeaders[at] ?? '').toLowerCase();
    if (name.startsWith('ce-')) hash.update(`${name}:${rawHeaders[at + 1] ?? ''}\n`);
  }
  return hash.update('\n').update(body).digest();
}
