import { catalogueTopic, partitionOf, type EncodedRecord } from '@chorda/contracts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { OutgoingRecord } from '../port.js';
import { EngineBench, noteOf, until } from './engine.fixture.spec.js';

const topic = 'system.events';
let bench: EngineBench;

beforeAll(async () => {
  bench = await EngineBench.open(topic);
});
afterAll(() => bench.close());

const unknownSchema = `urn:chorda:schema:system.HealthCheck:${'0'.repeat(64)}`;

const poisons: [reason: string, spoil: (good: EncodedRecord) => Partial<OutgoingRecord>][] = [
  ['bad_magic', ({ value }) => ({ value: Buffer.concat([Buffer.from([7]), value.subarray(1)]) })],
  ['truncated', ({ value }) => ({ value: value.subarray(0, value.length - 3) })],
  ['no_value', () => ({ value: null })],
  ['bad_key', () => ({ key: null, partition: 0 })],
  [
    'unknown_schema',
    ({ value, headers }) => ({
      value: Buffer.concat([Buffer.from([0, 0x7f, 0xff, 0xff, 0xff]), value.subarray(5)]),
      headers: { ...headers, ce_dataschema: unknownSchema },
    }),
  ],
  // The alerts of a health check: an array that announces two thousand million items in five bytes.
  [
    'bomb',
    ({ value }) => ({
      value: Buffer.concat([value.subarray(0, value.length - 30), Buffer.from([0xfe, 0xff, 0xff, 0xff, 0x0f])]),
    }),
  ],
];

it('sets each kind of poison aside with its bytes and headers, and hands over what stands before and behind it', async () => {
  const service = 'poisoned';
  const group = 'spec.poison';
  const seen: string[] = [];
  await bench.send(service, 'before');
  const sent: { reason: string; record: OutgoingRecord; offset: bigint; partition: number }[] = [];
  const { partitions } = catalogueTopic(topic)!;
  const home = partitionOf(bench.encode(service).key, partitions);
  for (const [reason, spoil] of poisons) {
    const good = bench.encode(service, reason);
    const record = { ...good, headers: { ...good.headers, 'x-kept': reason }, ...spoil(good) };
    sent.push({ reason, record, ...(await bench.producer.send(record)) });
  }
  const misplaced = { ...bench.encode(service, 'misplaced'), partition: (home + 1) % partitions };
  sent.push({ reason: 'wrong_partition', record: misplaced, ...(await bench.producer.send(misplaced)) });
  await bench.send(service, 'behind');

  const consumer = await bench.consume({ group, topics: [topic] }, (batch) => {
    for (const { event } of batch) seen.push(noteOf(event));
    return batch.allDone();
  });

  await until('the good ones are handled', () => seen.length === 2);
  expect(seen).toEqual(['before', 'behind']);
  await until('nothing is left', () => consumer.health().partitions.every(({ lagRecords }) => lagRecords === 0n));
  const letters = await bench.deadLetters();
  for (const { reason, record, partition, offset } of sent) {
    const letter = letters.find(({ origin }) => origin.partition === partition && origin.offset === offset);
    expect(letter, reason).toMatchObject({ group, origin: { topic } });
    if (reason !== 'bomb') expect(letter!.reason).toBe(reason);
    expect(letter!.record.value).toEqual(record.value);
    expect(letter!.record.key).toEqual(record.key);
    for (const [name, value] of Object.entries(record.headers)) {
      expect(String(letter!.record.headers[name])).toBe(value);
    }
  }
  expect(letters).toHaveLength(sent.length);
});
