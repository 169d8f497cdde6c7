import { afterAll, beforeAll, expect, it } from 'vitest';
import { redrive } from '../dead-letters/redrive.js';
import type { Message } from '../consumer-contract.js';
import { EngineBench, noteOf, until } from './engine.fixture.spec.js';

const topic = 'system.events';
let bench: EngineBench;

beforeAll(async () => {
  bench = await EngineBench.open(topic);
});
afterAll(() => bench.close());

it('comes again after the delay of its tier, and is dead after the bounded number of attempts', async () => {
  const group = 'spec.tiers';
  const tries: { atMs: number; message: Message }[] = [];
  const others: string[] = [];
  const options = { group, topics: [topic], retry: { attemptsMax: 3, delaysMs: [300, 900] } };
  await bench.consume(options, (batch) => {
    const outcomes = batch.allDone();
    for (const message of batch) {
      if (noteOf(message.event) !== 'shaky') {
        others.push(noteOf(message.event));
        continue;
      }
      tries.push({ atMs: Date.now(), message });
      outcomes.retry(message, tries.length === 1 ? 100 : 500, new Error(`try ${tries.length}`));
    }
    return outcomes;
  });
  const place = await bench.producer.send(bench.encode('shaky-service', 'shaky'));
  await bench.send('shaky-service', 'not held back');

  await until('it was tried three times', () => tries.length === 3);
  await until('it is dead', async () => (await bench.deadLetters()).length === 1);

  expect(others).toEqual(['not held back']);
  expect(tries[1]!.atMs - tries[0]!.atMs).toBeGreaterThanOrEqual(300);
  expect(tries[2]!.atMs - tries[1]!.atMs).toBeGreaterThanOrEqual(900);
  expect(tries.map(({ message }) => message.origin)).toEqual([
    expect.objectContaining(place),
    expect.objectContaining(place),
    expect.objectContaining(place),
  ]);
  expect(new Set(tries.map(({ message }) => message.envelope.metadata.id)).size).toBe(1);
  const [letter] = await bench.deadLetters();
  expect(letter).toMatchObject({ group, origin: place, attempts: 3, stage: 'retry', errorMessage: 'try 3' });
  expect(Object.keys(letter!.record.headers).filter((name) => name.startsWith('retry-'))).toEqual([]);
});

it('a redrive goes to its group alone, keeps the event id, and leaves the source topic as it is', async () => {
  const group = 'spec.redriven';
  const seen: Message[] = [];
  const bystander: string[] = [];
  let isMended = false;
  await bench.consume({ group, topics: [topic], startFrom: 'latest' }, (batch) => {
    const outcomes = batch.allDone();
    for (const message of batch) {
      if (!noteOf(message.event).startsWith('odd')) continue;
      if (isMended) seen.push(message);
      else outcomes.dead(message, new RangeError('cannot place this one'));
    }
    return outcomes;
  });
  const sent = [await bench.send('odd-service', 'odd 1'), await bench.send('odd-service', 'odd 2')];
  // `latest` counts from the join on: sent again until the group is there.
  await until('both are set aside', async () => {
    const letters = (await bench.deadLetters()).filter((letter) => letter.group === group);
    if (letters.length < 2) sent.push(await bench.send('odd-service', `odd ${sent.length + 1}`));
    return letters.length >= 2;
  });
  await bench.consume({ group: 'spec.bystander', topics: [topic], startFrom: 'latest' }, (batch) => {
    bystander.push(...batch.messages.map(({ event }) => noteOf(event)));
    return batch.allDone();
  });
  const letters = (await bench.deadLetters()).filter((letter) => letter.group === group);
  const before = await bench.admin.offsets(topic);
  isMended = true;

  const dry = await redrive(bench.driver, { topic, group, dryRun: true });
  expect(dry.map(({ letter }) => letter.place)).toEqual(letters.map(({ place }) => place));
  const [first, ...rest] = letters;
  const one = await redrive(bench.driver, { topic, group, places: [first!.place] });
  expect(one.map(({ letter }) => letter.eventId)).toEqual([first!.eventId]);
  const all = await redrive(bench.driver, { topic, group });
  expect(all).toHaveLength(rest.length);

  await until('they are handled', () => seen.length === letters.length);
  expect(seen.map(({ envelope }) => envelope.metadata.id)).toEqual(letters.map(({ eventId }) => eventId));
  expect(seen.map(({ origin }) => origin)).toEqual(letters.map(({ origin }) => expect.objectContaining(origin)));
  expect(await redrive(bench.driver, { topic, group })).toEqual([]);
  expect(await bench.admin.offsets(topic)).toEqual(before);
  expect(bystander).toEqual([]);
});
