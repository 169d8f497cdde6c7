import { partitionOf } from '@chorda/contracts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { CheckpointStore } from '../consumer-contract.js';
import type { TopicPartition } from '../port.js';
import { EngineBench, noteOf, until } from './engine.fixture.spec.js';

const topic = 'system.events';
const service = 'checkpointed';
let bench: EngineBench;

beforeAll(async () => {
  bench = await EngineBench.open(topic);
});
afterAll(() => bench.close());

/** Knows one place, and writes down when it is asked and told. */
class OnePlace implements CheckpointStore {
  readonly calls: string[] = [];

  constructor(
    private readonly partition: number,
    private readonly offset: bigint,
    private failures = 0,
  ) {}

  claim({ topic: of, partition }: TopicPartition): Promise<bigint | undefined> {
    if (of !== topic || partition !== this.partition) return Promise.resolve(undefined);
    if (this.failures-- > 0) return Promise.reject(new Error('the database is away'));
    this.calls.push('claim');
    return Promise.resolve(this.offset);
  }

  release({ topic: of, partition }: TopicPartition): Promise<void> {
    if (of === topic && partition === this.partition) this.calls.push('release');
    return Promise.resolve();
  }
}

it('starts where the checkpoint says, whatever the group has committed, and is told when it ends', async () => {
  const home = partitionOf(bench.encode(service).key, 3);
  for (let index = 0; index < 10; index++) await bench.send(service, `note ${index}`);
  const group = 'spec.checkpoints';
  const first = await bench.consume({ group, topics: [topic] }, (batch) => batch.allDone());
  await until('the group has committed its end', async () => {
    const committed = await bench.admin.committedOffsets(group, [topic]);
    return committed.some(({ partition, offset }) => partition === home && offset === 10n);
  });
  await first.stop();

  const seen: string[] = [];
  const checkpoints = new OnePlace(home, 4n, 2);
  const second = await bench.consume({ group, topics: [topic], checkpoints }, (batch) => {
    if (batch.topic === topic && batch.partition === home) checkpoints.calls.push(`batch ${batch.firstOffset}`);
    for (const { event } of batch) seen.push(noteOf(event));
    return batch.allDone();
  });
  await until('it has caught up', () => seen.length === 6);
  await second.stop();

  expect(seen).toEqual([4, 5, 6, 7, 8, 9].map((index) => `note ${index}`));
  expect(checkpoints.calls.slice(0, 2)).toEqual(['claim', 'batch 4']);
  expect(checkpoints.calls.at(-1)).toBe('release');
});

it('a checkpoint beyond the end of the log stops the partition with its reason, and reads nothing', async () => {
  const home = partitionOf(bench.encode(service).key, 3);
  const seen: string[] = [];
  const checkpoints = new OnePlace(home, 1_000n);
  const consumer = await bench.consume({ group: 'spec.beyond', topics: [topic], checkpoints }, (batch) => {
    if (batch.partition === home) seen.push(...batch.messages.map(({ event }) => noteOf(event)));
    return batch.allDone();
  });
  await until('it says why', () =>
    consumer.health().partitions.some(({ stoppedBy }) => /1000 is beyond the end/.test(stoppedBy ?? '')),
  );
  expect(seen).toEqual([]);
});
