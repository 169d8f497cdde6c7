import type { OutgoingRecord } from '../port.js';

export interface NumberedRecord {
  readonly topic: string;
  readonly partition: number;
  readonly key: string;
  readonly index: number;
}

/** A record whose id says what it is; its value is 100 bytes and more. */
export function numberedRecord({ topic, partition, key, index }: NumberedRecord): OutgoingRecord {
  const id = `${key}-${index}`;
  const value = Buffer.from(`${id} ${'.'.repeat(100)}`);
  return { topic, partition, key: Buffer.from(key), value, headers: { id } };
}
