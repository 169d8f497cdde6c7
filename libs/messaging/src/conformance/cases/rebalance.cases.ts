import { sleep } from '@chorda/kernel';
import { sendAll, type Bench } from '../bench.js';
import { testSessionMs, type Collector } from '../collector.js';
import type { ConformanceCase } from '../conformance-case.js';
import { checkHistory, unless, type Finding, type SeenRecord, type SentRecord } from '../history.js';
import { numberedRecord } from '../numbered-record.js';
import { settles } from '../wait-until.js';

const partitionCount = 6;
const group = 'storm';
const rounds = 8;

/** Members come and go every second while records flow; each leaves in order, so that little is delivered again. */
async function storm(bench: Bench): Promise<readonly Finding[]> {
  const topic = await bench.createTopic('storm', partitionCount);
  const seen: SeenRecord[] = [];
  const members: Collector[] = [];
  const everyone: Collector[] = [];
  const join = (reader: string) => {
    // Each member is a client of its own, and slow enough that a rebalance finds records in its hand.
    const onRecord = (record: { offset: bigint }) => (record.offset % 16n === 0n ? sleep(5) : undefined);
    const member = bench.collect(seen, { reader, group, topics: [topic], onRecord }, bench.newDriver());
    members.push(member);
    everyone.push(member);
  };
  join('member-0');
  const stopSending = new AbortController();
  const sending = sendUntil(bench, topic, stopSending.signal);
  for (let round = 1; round <= rounds; round += 1) {
    await sleep(1_000);
    if (members.length < 3) join(`member-${round}`);
    else await members.shift()?.stop();
  }
  stopSending.abort();
  const sent = await sending;
  // A session time-out may lie in between, when a member was slow to leave.
  await settles(() => new Set(seen.map((record) => record.id)).size, sent.length, testSessionMs + 4_000);
  const assignments = everyone.reduce((sum, member) => sum + member.assignments.length, 0);
  await Promise.all(members.map((member) => member.stop()));
  const repeats = seen.length - new Set(seen.map((record) => record.id)).size;
  return [
    ...unless(assignments >= partitionCount * 4, 'vacuous', `only ${assignments} assignments were made`),
    ...unless(sent.length >= 1_000, 'vacuous', `only ${sent.length} records flowed`),
    ...unless(
      repeats <= sent.length / 5,
      'duplicate',
      `${repeats} of ${sent.length} came again though all left in order`,
    ),
    ...checkHistory(sent, seen, { repeats: 'across-assignments' }),
  ];
}

async function sendUntil(bench: Bench, topic: string, signal: AbortSignal): Promise<readonly SentRecord[]> {
  const producer = await bench.producer();
  const sent: SentRecord[] = [];
  for (let index = 0; !signal.aborted; index += 12) {
    const records = Array.from({ length: 12 }, (_, at) =>
      numberedRecord({ topic, partition: at % partitionCount, key: `key-${at}`, index: index + at }),
    );
    sent.push(...(await sendAll(producer, records)));
    await sleep(25);
  }
  await producer.close();
  return sent;
}

export const rebalanceCases: readonly ConformanceCase[] = [
  { name: 'loses nothing in a storm of members that join and leave', timeoutMs: 90_000, findings: storm },
];
