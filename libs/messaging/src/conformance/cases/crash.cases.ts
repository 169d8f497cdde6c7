import type { Bench } from '../bench.js';
import { testSessionMs } from '../collector.js';
import type { ConformanceCase } from '../conformance-case.js';
import { checkHistory, unless, type Finding, type SeenRecord, type SentRecord } from '../history.js';
import { numberedRecord } from '../numbered-record.js';
import { sendAll } from '../bench.js';
import { becomes, settles } from '../wait-until.js';
import { notedAcknowledgements, notedRecords } from '../child-notes.js';

const recordCount = 120;

async function sendToOnePartition(bench: Bench, topic: string): Promise<readonly SentRecord[]> {
  const producer = await bench.producer();
  const records = Array.from({ length: recordCount }, (_, index) =>
    numberedRecord({ topic, partition: 0, key: `key-${index % 3}`, index }),
  );
  const sent = await sendAll(producer, records);
  await producer.close();
  return sent;
}

/** The dead reader had handled 70 records and committed 50: the next one begins there, and misses nothing. */
async function redeliveryAfterKill(bench: Bench): Promise<readonly Finding[]> {
  const topic = await bench.createTopic('redelivery', 1);
  const sent = await sendToOnePartition(bench, topic);
  // Longer than any commit interval, so that whatever it would commit here is committed.
  const atCrashPoint = { dieAfterMs: 1_500 };
  const group = { group: 'redelivery', topic, sessionTimeoutMs: testSessionMs };
  const child = bench.child('consume.child', { ...group, driver: bench.driverName, holdAfter: 70, atCrashPoint });
  await child.reached('mid-batch', 20_000);
  const { signal } = await child.ended;
  const handledByChild = notedRecords(child);

  const seen: SeenRecord[] = [];
  const next = bench.collect(seen, { reader: 'next', group: group.group, topics: [topic] });
  const handled = () => new Set([...handledByChild, ...seen].map((record) => record.id)).size;
  await becomes(() => next.assignments.length > 0, 25_000);
  await settles(handled, recordCount, 4_000);
  await next.stop();
  return [
    ...unless(signal === 'SIGKILL' && handledByChild.length === 70, 'vacuous', `the reader ended by ${signal}`),
    ...checkHistory(sent, [...handledByChild, ...seen], { repeats: 'across-assignments' }),
  ];
}

/** Every id that the dead producer had written down as acknowledged is in the topic, where it was said to be. */
async function acknowledgedIsKept(bench: Bench): Promise<readonly Finding[]> {
  const partitions = 3;
  const topic = await bench.createTopic('acknowledged', partitions);
  const child = bench.child('produce.child', {
    driver: bench.driverName,
    topic,
    partitions,
    records: 20_000,
    dieAfterAcknowledged: 1_000,
  });
  await child.reached('mid-send', 30_000);
  const { signal } = await child.ended;
  const acknowledged = notedAcknowledgements(child);
  const seen = await bench.readAll(topic);
  // What was sent and not acknowledged may be there too: it is not looked for, and not held against anybody.
  const answered = new Set(acknowledged.map((record) => record.id));
  const unanswered = seen.filter((record) => !answered.has(record.id)).map(({ id, key }) => ({ id, key }));
  const bySending = [...acknowledged, ...unanswered].sort((one, other) => sequenceOf(one.id) - sequenceOf(other.id));
  return [
    ...unless(signal === 'SIGKILL' && acknowledged.length >= 1_000, 'vacuous', `the producer ended by ${signal}`),
    ...checkHistory(bySending, seen, { repeats: 'never' }),
  ];
}

function sequenceOf(id: string): number {
  return Number(id.slice(id.lastIndexOf('-') + 1));
}

export const crashCases: readonly ConformanceCase[] = [
  {
    name: 'delivers again what a reader killed in mid-batch had not committed',
    timeoutMs: 60_000,
    findings: redeliveryAfterKill,
  },
  {
    name: 'has every record in the log that a killed producer was told is there',
    timeoutMs: 60_000,
    findings: acknowledgedIsKept,
  },
];
