import { sendAll, type Bench } from '../bench.js';
import type { ChildOrders } from '../child.js';
import type { ConformanceCase } from '../conformance-case.js';
import { checkHistory, unless, type Finding, type SeenRecord } from '../history.js';
import { numberedRecord } from '../numbered-record.js';
import { becomes } from '../wait-until.js';

type Codec = ChildOrders['foreign-producer.child']['codec'];

interface Poison {
  readonly codec: Codec;
  /** Zero bytes: a bomb is far over what a driver may inflate, and small on the wire. */
  readonly valueBytes: number;
}

/**
 * A foreign client's batch between good records of one partition. The driver stops that partition there with the offset
 * named, delivers what came before, leaves the other partition alone, and lives on.
 */
async function unreadableBatch(bench: Bench, poison: Poison): Promise<readonly Finding[]> {
  // The broker keeps the batch as it came: with a codec of its own it would write it anew, and nothing would be wrong.
  const topic = await bench.createTopic('unreadable', 2, { 'compression.type': 'producer' });
  const producer = await bench.producer();
  const records = Array.from({ length: 40 }, (_, index) =>
    numberedRecord({ topic, partition: index % 2, key: `key-${index % 2}`, index }),
  );
  const before = await sendAll(producer, records.slice(0, 20));
  const foreign = bench.child('foreign-producer.child', { topic, partition: 0, id: 'poison', ...poison });
  await foreign.reached('poison', 30_000);
  const after = await sendAll(producer, records.slice(20));
  await producer.close();

  const seen: SeenRecord[] = [];
  const reader = bench.collect(seen, { reader: 'r', group: 'unreadable', topics: [topic] });
  await becomes(() => reader.unreadable.has(0) || seen.length > 30, 15_000);
  const stopped = reader.unreadable.has(0);
  await becomes(() => seen.length >= 30, 5_000);
  const state = reader.states.at(-1);
  const error = reader.unreadable.get(0);
  await reader.stop();
  const committed = (await bench.committed('unreadable', topic)).get(0);
  const readable = [...before, ...after.filter((record) => record.place?.partition === 1)];
  return [
    ...unless(stopped, 'not-told', `nothing was said of the ${poison.codec} batch`),
    ...unless(error?.name === 'PartitionUnreadableError', 'wrong-error', `it is said as ${error?.name}`),
    ...unless(/\b10\b/.test(error?.message ?? ''), 'wrong-error', `offset 10 is not named: ${error?.message}`),
    ...unless(state === 'running', 'crashed', `the consumer is ${state}: ${reader.errors.at(-1)?.message}`),
    ...unless(
      committed === 10n,
      'committed-unhandled',
      `the stopped partition is committed at ${committed}, not at 10`,
    ),
    ...checkHistory(readable, seen, { repeats: 'never' }),
  ];
}

function unreadable(what: string, poison: Poison): ConformanceCase {
  return {
    name: `stops a partition at ${what}, and nothing else`,
    timeoutMs: 60_000,
    findings: (bench) => unreadableBatch(bench, poison),
  };
}

/** 64 MiB of zeros: at most 64 KiB on the wire, four times what a batch may inflate to. */
const bombBytes = 64 << 20;

export const unreadableBatchCases: readonly ConformanceCase[] = [
  unreadable('an lz4 batch', { codec: 'lz4', valueBytes: 100 }),
  unreadable('a snappy batch', { codec: 'snappy', valueBytes: 100 }),
  unreadable('a gzip bomb', { codec: 'gzip', valueBytes: bombBytes }),
  unreadable('a zstd bomb', { codec: 'zstd', valueBytes: bombBytes }),
];
