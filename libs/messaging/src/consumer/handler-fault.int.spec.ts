import { afterAll, beforeAll, expect, it } from 'vitest';
import { EngineBench, noteOf, until } from './engine.fixture.spec.js';

const topic = 'system.events';
let bench: EngineBench;

beforeAll(async () => {
  bench = await EngineBench.open(topic);
});
afterAll(() => bench.close());

it('a throw holds its partition, moves no offset and sets nothing aside, while other partitions go on', async () => {
  const group = 'spec.throws';
  // By murmur2 over three partitions these two services are apart.
  const broken = await bench.producer.send(bench.encode('svc-a', 'first'));
  let other = 'svc-b';
  for (let index = 0; bench.encode(other).partition === broken.partition; index++) other = `svc-b${index}`;
  await bench.send('svc-a', 'second');
  const calls: string[] = [];
  const done: string[] = [];
  let isBroken = true;
  const consumer = await bench.consume({ group, topics: [topic] }, (batch) => {
    calls.push(...batch.messages.map(({ event }) => noteOf(event)));
    if (isBroken && batch.partition === broken.partition) throw new Error('the table is locked');
    done.push(...batch.messages.map(({ event }) => noteOf(event)));
    return batch.allDone();
  });

  await until('it was tried several times', () => calls.filter((note) => note === 'first').length >= 3);
  await bench.send(other, 'elsewhere');
  await until('another partition goes on', () => done.includes('elsewhere'));
  const held = consumer.health().partitions.find((one) => one.topic === topic && one.partition === broken.partition);
  expect(held).toMatchObject({ nextOffset: 0n, stoppedBy: 'the table is locked', lagRecords: 2n });
  expect(held!.noProgressMs).toBeGreaterThan(0);
  const committed = await bench.admin.committedOffsets(group, [topic]);
  expect(committed.find(({ partition }) => partition === broken.partition)).toBeUndefined();
  expect(await bench.deadLetters()).toEqual([]);

  isBroken = false;
  await until('it goes on from the same offset', () => done.includes('second'));
  expect(done.filter((note) => note !== 'elsewhere')).toEqual(['first', 'second']);
  await until('it is at the end', () => consumer.health().partitions.every((one) => one.stoppedBy === undefined));
  expect(await bench.metrics.metrics()).toMatch(
    /chorda_consumer_waits_total\{group="spec.throws".*cause="handler"\} [3-9]/,
  );
});

it('a retry wish without tiers is a fault of the handler', async () => {
  const group = 'spec.no-tiers';
  await bench.send('svc-c', 'unsure');
  const consumer = await bench.consume({ group, topics: [topic] }, (batch) => {
    const outcomes = batch.allDone();
    for (const message of batch) outcomes.retry(message, 1_000, new Error('later, please'));
    return outcomes;
  });
  await until('it is said', () =>
    consumer.health().partitions.some(({ stoppedBy }) => /no retry tiers/.test(stoppedBy ?? '')),
  );
});
