import { afterAll, beforeAll, expect, it } from 'vitest';
import { EngineBench, noteOf, until } from './engine.fixture.spec.js';

const topic = 'system.events';
let bench: EngineBench;

beforeAll(async () => {
  bench = await EngineBench.open(topic);
});
afterAll(() => bench.close());

const pause = (durationMs: number) => new Promise((resolve) => setTimeout(resolve, durationMs));

it('a stop finishes and commits the batch in hand, hands out no more, and leaves the group at once', async () => {
  const group = 'spec.drain';
  await bench.send('svc', 'in hand');
  const events: string[] = [];
  let isLate = false;
  // Nobody waits for its end below: who leaves well keeps nothing from the next one.
  const sessionTimeoutMs = 60_000;
  const options = { group, topics: [topic], batchRecordsMax: 1, sessionTimeoutMs };
  const consumer = await bench.consume(options, async (batch) => {
    if (isLate) events.push('called after the stop');
    events.push(`begins ${noteOf(batch.messages[0]!.event)}`);
    await pause(700);
    events.push(`ends ${noteOf(batch.messages[0]!.event)}, ${batch.signal.aborted ? 'given up' : 'still ours'}`);
    return batch.allDone();
  });
  await until('the handler has it', () => events.length === 1);
  await bench.send('svc', 'behind');
  await consumer.stop();
  isLate = true;
  expect(events).toEqual(['begins in hand', 'ends in hand, still ours']);
  expect(consumer.health().state).toBe('stopped');

  const rest: string[] = [];
  const next = await bench.consume({ group, topics: [topic] }, (batch) => {
    rest.push(...batch.messages.map(({ event }) => noteOf(event)));
    return batch.allDone();
  });
  await until('the next member goes on', () => rest.length === 1, sessionTimeoutMs / 2);
  expect(rest).toEqual(['behind']);
  await next.stop();
});

it('a handler that is too slow for the drain is told so, and what it held is handled again elsewhere', async () => {
  const group = 'spec.too-slow';
  const told: string[] = [];
  let release: () => void = () => undefined;
  const slow = await bench.consume({ group, topics: [topic], drainTimeoutMs: 300 }, async (batch) => {
    batch.signal.addEventListener('abort', () => told.push('lost'));
    told.push('holds');
    await new Promise<void>((resolve) => (release = resolve));
    return batch.allDone();
  });
  await until('it holds a batch', () => told.includes('holds'));
  const stopping = slow.stop();
  await until('it is told', () => told.includes('lost'));
  release();
  await stopping;
  const again: string[] = [];
  const other = await bench.consume({ group, topics: [topic] }, (batch) => {
    again.push(...batch.messages.map(({ event }) => noteOf(event)));
    return batch.allDone();
  });
  await until('all of it is handled again', () => again.length === 2);
  expect([...again].sort()).toEqual(['behind', 'in hand']);
  await other.stop();
});

it('a handler that never returns loses its partitions to others, and its late end commits nothing', async () => {
  const group = 'spec.stuck';
  let release: () => void = () => undefined;
  let calls = 0;
  const stuck = await bench.consume({ group, topics: [topic], stuckAfterMs: 1_000 }, async (batch) => {
    calls++;
    await new Promise<void>((resolve) => (release = resolve));
    return batch.allDone();
  });
  await until('it is stuck', () => calls === 1);
  // Before the other one joins: a rebalance that comes first takes the partitions away all the same, without a word.
  await until('it says so', () => /does not return/.test(stuck.health().error ?? ''));
  expect(stuck.health().state).toBe('crashed');
  const rest: string[] = [];
  const other = await bench.consume({ group, topics: [topic] }, (batch) => {
    rest.push(...batch.messages.map(({ event }) => noteOf(event)));
    return batch.allDone();
  });
  await until('the other one has all', () => rest.includes('in hand') && rest.includes('behind'), 20_000);
  release();
  await until('it joins again', () => stuck.health().state === 'running', 20_000);
  await other.stop();
});
