import type { JsonValue } from './json.js';

/**
 * Stands in a field for a JSON value that is too large to travel in every record: where it lies (a URI reference, relative
 * to the gateway's address, as `dataref` of CloudEvents), how many bytes its text has, and their SHA-256, which is also
 * its name: the same value is kept once, and what lies there can be checked.
 */
export interface PayloadRef {
  readonly uri: string;
  readonly length: number;
  readonly sha256: string;
}

/** Values whose JSON text has more bytes are kept by reference. */
export const inlineBytesMax = 64 * 1024;

const hex = /^[0-9a-f]{64}$/;
const path = '/v1/payloads/';

export function isSha256(text: string): boolean {
  return hex.test(text);
}

export function payloadRef(sha256: string, length: number): PayloadRef {
  return { uri: `${path}${sha256}`, length, sha256 };
}

/** Undefined for any other value: a reference has these three members, which agree, and none beside them. */
export function asPayloadRef(value: JsonValue | undefined): PayloadRef | undefined {
  if (typeof value !== 'object' || value === null || !('sha256' in value)) return undefined;
  const { uri, length, sha256 } = value;
  if (typeof sha256 !== 'string' || !hex.test(sha256) || uri !== `${path}${sha256}`) return undefined;
  if (typeof length !== 'number' || !Number.isSafeInteger(length) || length < 0) return undefined;
  return Object.keys(value).length === 3 ? payloadRef(sha256, length) : undefined;
}
