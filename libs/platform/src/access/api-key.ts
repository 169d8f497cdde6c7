import { createHash, randomBytes, randomInt, timingSafeEqual } from 'node:crypto';
import { crc32 } from 'node:zlib';

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const idAlphabet = '0123456789abcdefghijklmnopqrstuvwxyz';
const idLength = 12;
/** 256 bits in base 62. */
const secretLength = 43;
const checksumLength = 6;
const keyPattern = new RegExp(
  `^chd_([0-9a-z]{${idLength}})_([0-9A-Za-z]{${secretLength}})([0-9A-Za-z]{${checksumLength}})$`,
);

export interface NewApiKey {
  /** The visible part, by which the key is found and named. */
  readonly keyId: string;
  /** `chd_<id>_<secret><checksum>`: shown once, never stored. */
  readonly text: string;
  /** What is stored: SHA-256 of the whole text. */
  readonly secretHash: Buffer;
}

/**
 * A new API key with 256 random bits. Because the secret is that long, one SHA-256 protects it at rest as well as a
 * slow hash would, and a request costs microseconds. The checksum lets scanners and typos be told from real keys
 * without asking the database.
 */
export function createApiKey(): NewApiKey {
  const keyId = Array.from({ length: idLength }, () => idAlphabet[randomInt(idAlphabet.length)]).join('');
  const body = `chd_${keyId}_${toBase62(BigInt(`0x${randomBytes(32).toString('hex')}`), secretLength)}`;
  const text = body + checksumOf(body);
  return { keyId, text, secretHash: hashApiKey(text) };
}

/** The key's id when the text has the form of a key and its checksum is right; else undefined. */
export function parseApiKey(text: string): { readonly keyId: string } | undefined {
  const match = keyPattern.exec(text);
  const keyId = match?.[1];
  if (keyId === undefined) return undefined;
  const body = text.slice(0, -checksumLength);
  return checksumOf(body) === text.slice(-checksumLength) ? { keyId } : undefined;
}

export function hashApiKey(text: string): Buffer {
  return createHash('sha256').update(text, 'utf8').digest();
}

/** In constant time, so that an answer's delay tells nothing of the stored hash. */
export function apiKeyMatches(text: string, secretHash: Buffer): boolean {
  const given = hashApiKey(text);
  return given.length === secretHash.length && timingSafeEqual(given, secretHash);
}

/** What may be shown of a key. */
export function redactApiKey(text: string): string {
  const parsed = parseApiKey(text);
  return parsed ? `chd_${parsed.keyId}_[redacted]` : '[redacted]';
}

function checksumOf(body: string): string {
  return toBase62(BigInt(crc32(body)), checksumLength);
}

function toBase62(value: bigint, length: number): string {
  let text = '';
  for (let rest = value; text.length < length; rest /= 62n) text = (alphabet[Number(rest % 62n)] ?? '') + text;
  return text;
}
