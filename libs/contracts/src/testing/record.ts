import type { EncodedEvent, EncodedRecord } from '../codec/record-codec.js';

/** A record as a consumer gets it from the broker. */
export function asReceived(record: EncodedRecord): EncodedEvent & { readonly value: Buffer } {
  const headers = Object.entries(record.headers).map(([name, value]) => [name, Buffer.from(value)]);
  return {
    topic: record.topic,
    key: record.key,
    value: Buffer.from(record.value),
    headers: Object.fromEntries(headers),
  };
}
