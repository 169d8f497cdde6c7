import { sendAll, type Bench } from '../bench.js';
import type { ConformanceCase } from '../conformance-case.js';
import { checkHistory, unless, type Finding, type SeenRecord, type SentRecord } from '../history.js';
import { numberedRecord } from '../numbered-record.js';
import { becomes } from '../wait-until.js';

const keyCount = 40;
const partitionCount = 4;

function keyedRecords(topic: string, count: number) {
  return Array.from({ length: count }, (_, index) => {
    const key = index % keyCount;
    return numberedRecord({ topic, partition: key % partitionCount, key: `key-${key}`, index });
  });
}

/** A group reads while the producer sends, chunk by chunk: what arrives late may not overtake. */
async function orderOfAKey(bench: Bench): Promise<readonly Finding[]> {
  const topic = await bench.createTopic('order', partitionCount);
  const producer = await bench.producer();
  const seen: SeenRecord[] = [];
  const reader = bench.collect(seen, { reader: 'r', group: 'order', topics: [topic], chunkRecordsMax: 37 });
  const records = keyedRecords(topic, 4_000);
  const sent: SentRecord[] = [];
  for (let from = 0; from < records.length; from += 250) {
    sent.push(...(await sendAll(producer, records.slice(from, from + 250))));
  }
  await becomes(() => seen.length >= records.length, 20_000);
  await reader.stop();
  await producer.close();
  return checkHistory(sent, seen, { repeats: 'never' });
}

async function concurrentSends(bench: Bench): Promise<readonly Finding[]> {
  const topic = await bench.createTopic('concurrent', partitionCount);
  const producer = await bench.producer();
  const sent = await sendAll(producer, keyedRecords(topic, 10_000));
  await producer.close();
  const seen = await bench.readAll(topic);
  const refused = sent.filter((record) => !record.place).length;
  return [
    ...unless(refused === 0, 'not-told', `${refused} of 10,000 sends were not acknowledged by a healthy broker`),
    ...checkHistory(sent, seen, { repeats: 'never' }),
  ];
}

export const orderCases: readonly ConformanceCase[] = [
  { name: 'keeps the order of a key', timeoutMs: 45_000, findings: orderOfAKey },
  {
    name: 'keeps every acknowledged id of 10,000 concurrent sends, once and in order',
    timeoutMs: 45_000,
    findings: concurrentSends,
  },
];
