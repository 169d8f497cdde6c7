import { randomBytes } from 'node:crypto';
import { sleep } from '@chorda/kernel';
import { sendAll, type Bench } from '../bench.js';
import type { ConformanceCase } from '../conformance-case.js';
import { checkHistory, unless, type Finding, type SeenRecord } from '../history.js';
import { numberedRecord } from '../numbered-record.js';
import type { IncomingHeaders, IncomingRecord } from '../../port.js';
import { becomes, waitUntil } from '../wait-until.js';

const everyByte = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));

async function headerFidelity(bench: Bench): Promise<readonly Finding[]> {
  const topic = await bench.createTopic('headers', 1);
  const producer = await bench.producer();
  const headers = {
    id: 'header-0',
    repeated: ['first', everyByte, '', 'first'],
    binary: everyByte,
    empty: '',
    'ключ 🔑': 'значение 🗝 \u0000 \u{10ffff}',
    toString: 'a name that objects have too',
  };
  await producer.send({ topic, partition: 0, key: null, value: null, headers });
  await producer.send({ topic, partition: 0, key: Buffer.alloc(0), value: everyByte, headers: { id: 'header-1' } });
  await producer.close();
  const got: IncomingRecord[] = [];
  const onRecord = (record: IncomingRecord) => void got.push(record);
  const reader = bench.collect([], { reader: 'r', group: 'headers', topics: [topic], onRecord });
  await waitUntil('both records', () => got.length === 2, 20_000);
  await reader.stop();
  const [first, second] = got;
  return [
    ...unless(first?.key === null && first.value === null, 'wrong-bytes', 'a null key or value became something'),
    ...unless(second?.key?.length === 0, 'wrong-bytes', 'an empty key became something else'),
    ...unless(second?.value?.equals(everyByte) === true, 'wrong-bytes', 'a value changed'),
    ...Object.entries(headers).flatMap(([name, value]) =>
      unless(sameHeader(first?.headers, name, value), 'wrong-bytes', `header ${JSON.stringify(name)} changed`),
    ),
    ...unless(Object.keys(first?.headers ?? {}).length === Object.keys(headers).length, 'wrong-bytes', 'a header more'),
  ];
}

function sameHeader(
  got: IncomingHeaders | undefined,
  name: string,
  sent: string | Buffer | (string | Buffer)[],
): boolean {
  const value = got && Object.hasOwn(got, name) ? got[name] : undefined;
  const [left, right] = [[value ?? []].flat(), [sent].flat().map((part) => Buffer.from(part))];
  return left.length === right.length && left.every((part, at) => right[at]?.equals(part));
}

/** One byte over the limit is refused by name before it is sent; the largest lawful one is delivered, and read. */
async function oversizedRecord(bench: Bench): Promise<readonly Finding[]> {
  const topic = await bench.createTopic('oversized', 1, { 'max.message.bytes': String(2 << 20) });
  const producer = await bench.producer();
  const base = numberedRecord({ topic, partition: 0, key: 'key', index: 0 });
  const refused = await producer.send({ ...base, value: randomBytes((1 << 20) + (64 << 10)) }).then(
    () => 'nothing',
    (error: unknown) => (error instanceof Error ? error.name : 'no error'),
  );
  const large = { ...numberedRecord({ topic, partition: 0, key: 'key', index: 1 }), value: randomBytes(1 << 20) };
  const after = numberedRecord({ topic, partition: 0, key: 'key', index: 2 });
  const sent = await sendAll(producer, [large, after]);
  await producer.close();
  const seen: SeenRecord[] = [];
  const got: Buffer[] = [];
  // A reader whose buffer is far smaller than the record must still get past it.
  const reader = bench.collect(seen, {
    reader: 'r',
    group: 'oversized',
    topics: [topic],
    partitionBufferBytesMax: 64 << 10,
    onRecord: (record) => void got.push(record.value ?? Buffer.alloc(0)),
  });
  await becomes(() => seen.length >= 2, 20_000);
  await reader.stop();
  return [
    ...unless(refused === 'RecordTooLargeError', 'not-refused', `a record over the limit got ${refused}`),
    ...unless(
      sent.every((record) => record.place),
      'not-told',
      'a lawful record was not acknowledged',
    ),
    ...unless(got[0]?.equals(large.value) === true, 'wrong-bytes', 'the large record changed on its way'),
    ...checkHistory(sent, seen, { repeats: 'never' }),
  ];
}

/** One partition's reader does nothing for two seconds: the others flow, and it goes on at once when it is awake. */
async function pausedPartition(bench: Bench): Promise<readonly Finding[]> {
  const topic = await bench.createTopic('paused', 2);
  const producer = await bench.producer();
  const records = Array.from({ length: 6_000 }, (_, index) => ({
    ...numberedRecord({ topic, partition: index % 2, key: `key-${index % 2}`, index }),
    value: randomBytes(2_000),
  }));
  const sent = await sendAll(producer, records.slice(0, 5_000));
  const seen: SeenRecord[] = [];
  const gate = Promise.withResolvers<void>();
  const onRecord = (record: IncomingRecord) => (record.partition === 0 ? gate.promise : undefined);
  const reader = bench.collect(seen, { reader: 'r', group: 'paused', topics: [topic], onRecord });
  const ofPartition = (partition: number) => seen.filter((record) => record.partition === partition).length;
  const flowed = await becomes(() => ofPartition(1) >= 2_500, 15_000);
  const handledWhilePaused = ofPartition(0);
  // Sent after the pause: a client whose fetch loop sleeps when a partition is paused is late with these.
  await sleep(2_000);
  const lateSent = await sendAll(producer, records.slice(5_000));
  const lateFlowed = await becomes(() => ofPartition(1) >= 3_000, 3_000);
  gate.resolve();
  const resumed = await becomes(() => ofPartition(0) > 0, 1_000);
  await becomes(() => seen.length >= records.length, 20_000);
  await reader.stop();
  await producer.close();
  return [
    ...unless(handledWhilePaused === 0, 'vacuous', 'the partition was not paused'),
    ...unless(flowed && lateFlowed, 'stuck', 'a paused partition held up another'),
    ...unless(resumed, 'stuck', 'the partition did not go on within 1 s'),
    ...checkHistory([...sent, ...lateSent], seen, { repeats: 'never' }),
  ];
}

export const recordCases: readonly ConformanceCase[] = [
  { name: 'carries headers, keys and values byte for byte', timeoutMs: 45_000, findings: headerFidelity },
  { name: 'refuses an oversized record and gets past a large one', timeoutMs: 45_000, findings: oversizedRecord },
  { name: 'lets a paused partition hold up no other', timeoutMs: 60_000, findings: pausedPartition },
];
