import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sleep } from '@chorda/kernel';
import { sendAll, type Bench } from '../bench.js';
import { notedRecords } from '../child-notes.js';
import { testSessionMs } from '../collector.js';
import type { ConformanceCase } from '../conformance-case.js';
import { checkHistory, inTimeOrder, unless, type Finding, type SeenRecord } from '../history.js';
import { numberedRecord } from '../numbered-record.js';
import { becomes, settles, waitUntil } from '../wait-until.js';

const recordCount = 100;
const group = 'zombie';

/**
 * A reader is stopped with 50 records in its hand until the group has given its partition away, and wakes up. The new
 * owner has committed 10 by then: if the sleeper's commit of 50 were taken, a crash of the owner would lose 40.
 */
async function zombie(bench: Bench): Promise<readonly Finding[]> {
  const topic = await bench.createTopic('zombie', 1);
  const producer = await bench.producer();
  const records = Array.from({ length: recordCount }, (_, index) =>
    numberedRecord({ topic, partition: 0, key: `key-${index % 3}`, index }),
  );
  const sent = await sendAll(producer, records);
  await producer.close();
  const orders = { group, topic, sessionTimeoutMs: testSessionMs, driver: bench.driverName };
  const sleeper = bench.child('consume.child', { ...orders, holdAfter: 20, atCrashPoint: 'hold' });
  await sleeper.reached('mid-batch', 20_000);
  sleeper.signal('SIGSTOP');
  const asleepAtMs = performance.now();

  const seen: SeenRecord[] = [];
  const gate = Promise.withResolvers<void>();
  const onRecord = () => (seen.length >= 10 ? gate.promise : undefined);
  const owner = bench.collect(seen, {
    reader: 'owner',
    group,
    topics: [topic],
    chunkRecordsMax: 10,
    drainTimeoutMs: 20_000,
    onRecord,
  });
  try {
    const committed = async () => (await bench.committed(group, topic)).get(0);
    await waitUntil('the new owner committed 10', async () => (await committed()) === 10n, 40_000);
    const asleepMs = performance.now() - asleepAtMs;
    sleeper.signal('SIGCONT');
    writeFileSync(join(bench.folder, 'go-on'), '');
    await sleeper.reached('committed-what-it-held', 10_000);
    await sleep(2_000); // Longer than any commit interval.
    const afterZombie = await committed();
    gate.resolve();
    const told = await becomes(() => existsSync(join(bench.folder, 'told-that-it-lost-the-partition')), 5_000);
    // Awake, the sleeper is a member again, and may be given the partition.
    const handled = () => new Set([...notedRecords(sleeper), ...seen].map((record) => record.id)).size;
    await settles(handled, recordCount, 5_000);
    return [
      ...unless(asleepMs > testSessionMs, 'vacuous', `the reader slept ${Math.round(asleepMs)} ms only`),
      ...unless(afterZombie === 10n, 'zombie-commit', `the committed offset moved from 10 to ${afterZombie}`),
      ...unless(told, 'not-told', 'the reader that lost its partition was never told'),
      ...checkHistory(sent, inTimeOrder(notedRecords(sleeper), seen), { repeats: 'across-assignments' }),
    ];
  } finally {
    gate.resolve();
    await owner.stop();
  }
}

export const zombieCases: readonly ConformanceCase[] = [
  {
    name: 'lets a reader that slept past its session change nothing',
    timeoutMs: 90_000,
    findings: zombie,
  },
];
