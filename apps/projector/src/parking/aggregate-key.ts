import { isUtf8 } from 'node:buffer';
import { hash } from 'node:crypto';
import type { Message, TopicPartition } from '@chorda/messaging';

/** What events are parked by: the key of their record, `<tenant>/<subject>`. */
export interface AggregateKey {
  readonly tenantId: string;
  /** The subject: the name of the aggregate's stream. */
  readonly stream: string;
  readonly text: string;
}

/** A tenant's id, a slash and 256 bytes: what the codec takes as a subject. */
const keyBytesMax = 63 + 1 + 256;
// eslint-disable-next-line no-control-regex
const keyPattern = /^([a-z0-9-]{1,63})\/([^\u0000-\u001f\u007f-\u009f]+)$/;

export function aggregateKeyOf({ envelope: { metadata } }: Message): AggregateKey {
  const { tenantId, subject } = metadata;
  return { tenantId, stream: subject, text: `${tenantId}/${subject}` };
}

/** Of a record that cannot be decoded. Undefined: its key names nobody, so nobody waits behind it. */
export function readableKey(key: Buffer | null): AggregateKey | undefined {
  if (key === null || key.length > keyBytesMax || !isUtf8(key)) return undefined;
  const [text, tenantId, stream] = keyPattern.exec(key.toString('utf8')) ?? [];
  return text && tenantId && stream ? { tenantId, stream, text } : undefined;
}

/** 128 bits of SHA-256. Parts are length-prefixed by JSON, so no two lists of parts give the same text. */
export function sequenceIdOf(
  projection: { readonly name: string; readonly version: number },
  { topic, partition }: TopicPartition,
  key: AggregateKey,
): string {
  const parts = [projection.name, projection.version, topic, partition, key.text];
  return hash('sha256', JSON.stringify(parts), 'hex').slice(0, 32);
}
