import type { CallOptions } from './access.js';
import type { Http } from './http.js';

/** Stands in a field of an event or a read model for a value of more than 64 KiB. */
export interface PayloadRef {
  /** Where it lies, relative to the gateway's address. */
  readonly uri: string;
  /** Of its JSON text, bytes. */
  readonly length: number;
  /** Of the same bytes; also its name. */
  readonly sha256: string;
}

/** Whether a value is a reference to another. */
export function isPayloadRef(value: unknown): value is PayloadRef {
  if (typeof value !== 'object' || value === null || !('sha256' in value) || !('uri' in value)) return false;
  return Object.keys(value).length === 3 && 'length' in value && value.uri === `/v1/payloads/${String(value.sha256)}`;
}

/** `client.payloads`: values that stand elsewhere as references. */
export class PayloadsApi {
  readonly #http: Http;

  constructor(http: Http) {
    this.#http = http;
  }

  /** The value that a reference, or its SHA-256, names. */
  async get(of: PayloadRef | string, options: CallOptions = {}): Promise<unknown> {
    const sha256 = typeof of === 'string' ? of : of.sha256;
    return this.#http.json({ method: 'GET', path: `/v1/payloads/${encodeURIComponent(sha256)}`, ...options });
  }

  /** The value itself, where it is no reference. */
  async whole(value: unknown, options: CallOptions = {}): Promise<unknown> {
    return isPayloadRef(value) ? this.get(value, options) : value;
  }
}
