import { parse, v5, v7 } from 'uuid';
import type { Brand } from './brand.js';
import { InvalidInputError } from './errors.js';

/** Lower case letters, digits and hyphens, 1 to 63 of them. The first tenant of a deployment is `default`. */
export type TenantId = Brand<string, 'TenantId'>;

export const tenantIdPattern = /^[a-z0-9-]{1,63}$/;

/** @throws {@link InvalidInputError} when the text breaks `tenantIdPattern`. */
export function tenantId(text: string): TenantId {
  if (!tenantIdPattern.test(text)) {
    throw new InvalidInputError('Tenant id', [{ pointer: '', detail: `must match ${tenantIdPattern.source}` }]);
  }
  return text as TenantId;
}

export const defaultTenant = tenantId('default');

const drawnBytes = 16;
const pool = new Uint8Array(256 * drawnBytes);
let poolAt = pool.length;
let lastMs = 0;
let sequence = 0;

/**
 * A new id for what we make ourselves: UUIDv7, so ids sort by the time they were made. Random bytes are drawn ahead:
 * asking the system for each id was a twentieth of what an HTTP request costs.
 */
export function newId(): string {
  if (poolAt === pool.length) {
    crypto.getRandomValues(pool);
    poolAt = 0;
  }
  const random = pool.subarray(poolAt, (poolAt += drawnBytes));
  const nowMs = Date.now();
  // A clock that goes back, or a millisecond with many ids: the sequence goes on, so that order holds.
  if (nowMs > lastMs) {
    lastMs = nowMs;
    sequence = new DataView(random.buffer, random.byteOffset).getUint32(6) >>> 1;
  } else {
    sequence = (sequence + 1) >>> 0;
    if (sequence === 0) lastMs += 1;
  }
  return v7({ random, msecs: lastMs, seq: sequence });
}

const text = new TextEncoder();
/** The namespace of derived ids. Changing it would give old repeats new ids: never do. */
const derivedIdNamespace = parse('6f1f8dd6-3c5b-5d0e-9e57-0d3c4b0a7c11');

/**
 * The id that these parts always give (UUIDv5): a request that is repeated after a crash gives its events the ids they
 * had the first time. Parts are length-prefixed, so ('ab','c') and ('a','bc') differ.
 */
export function derivedId(...parts: readonly (string | number | bigint)[]): string {
  const name = parts.map(String).map((part) => `${part.length}:${part}`);
  return v5(text.encode(name.join('')), derivedIdNamespace);
}
