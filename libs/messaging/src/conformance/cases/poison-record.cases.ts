import type { EncodedRecord, EventCodec } from '@chorda/contracts';
import { listDeadLetters } from '../../dead-letters/list-dead-letters.js';
import type { DeadLetter } from '../../dead-letters/dead-letter.js';
import type { OutgoingRecord } from '../../port.js';
import type { Bench } from '../bench.js';
import type { ConformanceCase } from '../conformance-case.js';
import { connectedCodec, createEngineTopic, encodedEvent, engineTopic, servicesApart, startEngine } from '../engine.js';
import { unless, type Finding } from '../history.js';
import { becomes } from '../wait-until.js';

interface Poison {
  readonly what: string;
  /** Why it is set aside, as its dead letter has it. */
  readonly reason: string;
  readonly spoil: (good: EncodedRecord, codec: EventCodec) => OutgoingRecord;
}

const poisons: readonly Poison[] = [
  {
    what: 'a bad magic byte',
    reason: 'bad_magic',
    spoil: (good) => ({ ...good, value: Buffer.concat([Buffer.from([7]), good.value.subarray(1)]) }),
  },
  {
    what: 'a schema id that the registry does not have',
    reason: 'unknown_schema',
    spoil: (good) => ({
      ...good,
      value: Buffer.concat([Buffer.from([0, 0x7f, 0xff, 0xff, 0xff]), good.value.subarray(5)]),
      headers: { ...good.headers, ce_dataschema: `urn:chorda:schema:system.HealthCheck:${'0'.repeat(64)}` },
    }),
  },
  {
    what: 'a truncated body',
    reason: 'truncated',
    spoil: (good) => ({ ...good, value: good.value.subarray(0, -3) }),
  },
  { what: 'an Avro bomb', reason: 'bomb', spoil: (good) => ({ ...good, value: bomb(good.value) }) },
  {
    what: 'a key in the wrong partition',
    reason: 'wrong_partition',
    spoil: (good) => ({ ...good, partition: (good.partition + 1) % 3 }),
  },
];

/** An array that announces 25 million strings in place of the event's one alert, and ends there: a few bytes in all. */
function bomb(value: Buffer): Buffer {
  const oneAlert = Buffer.concat([Buffer.from([2, 'poison'.length * 2]), Buffer.from('poison')]);
  const array = value.indexOf(oneAlert);
  if (array < 0) throw new Error('The event is not laid out as this test takes it to be');
  return Buffer.concat([value.subarray(0, array), Buffer.from([0x80, 0xe1, 0xeb, 0x17])]);
}

/** Poison between good records of its key: it alone is set aside, with every byte, and the others are handled in order. */
async function poisonRecord(bench: Bench, registryUrl: string, poison: Poison): Promise<readonly Finding[]> {
  const codec = await connectedCodec(bench, registryUrl);
  await createEngineTopic(bench);
  const { one, other } = servicesApart(codec);
  const producer = await bench.producer();
  const send = (service: string, id: string) => producer.send(encodedEvent(codec, service, id));
  await send(one, 'before');
  const bad = poison.spoil(encodedEvent(codec, one, 'poison'), codec);
  const place = await producer.send({ ...bad, headers: { ...bad.headers, 'x-kept': 'as it was' } });
  await send(one, 'behind');
  await send(other, 'elsewhere');
  const { consumer, done, group } = await startEngine(bench, codec);
  const handled = await becomes(() => done.length >= 3, 15_000);
  const atEnd = () => consumer.health().partitions.every(({ lagRecords }) => lagRecords === 0n);
  const passed = await becomes(atEnd, 5_000);
  await consumer.stop();
  const letters = await listDeadLetters(bench.driver, { group });
  const [letter] = letters;
  return [
    ...unless(handled && passed, 'stuck', `only ${done.join(', ')} got past`),
    ...unless(done.filter((id) => id !== 'elsewhere').join() === 'before,behind', 'out-of-order', done.join()),
    ...unless(letters.length === 1, 'lost', `${letters.length} records were set aside, not 1`),
    ...unless(letter?.reason === poison.reason, 'wrong-error', `set aside for ${letter?.reason}, not ${poison.reason}`),
    ...unless(letter?.origin.offset === place.offset, 'wrong-place', `said to have stood at ${letter?.origin.offset}`),
    ...unless(letter !== undefined && sameBytes(letter, bad), 'wrong-bytes', 'not set aside as it was'),
  ];
}

function sameBytes({ record }: DeadLetter, sent: OutgoingRecord): boolean {
  const headersKept = Object.entries(sent.headers).every(([name, value]) => String(record.headers[name]) === value);
  const kept = record.headers['x-kept']?.toString() === 'as it was';
  return headersKept && kept && same(record.value, sent.value) && same(record.key, sent.key);
}

function same(one: Buffer | null, other: Buffer | null): boolean {
  return one === other || (one !== null && other !== null && one.equals(other));
}

/** A handler that throws says nothing of any record: the partition waits and tries again, and nothing else does. */
async function throwingHandler(bench: Bench, registryUrl: string): Promise<readonly Finding[]> {
  const codec = await connectedCodec(bench, registryUrl);
  await createEngineTopic(bench);
  const { one, other } = servicesApart(codec);
  const producer = await bench.producer();
  const { partition } = await producer.send(encodedEvent(codec, one, 'first'));
  await producer.send(encodedEvent(codec, one, 'second'));
  await producer.send(encodedEvent(codec, other, 'elsewhere'));
  let throws = 0;
  let isBroken = true;
  const { consumer, done, group } = await startEngine(bench, codec, (batch) => {
    if (!isBroken || batch.partition !== partition) return;
    throws += 1;
    throw new Error('the table is locked');
  });
  const flowed = await becomes(() => done.includes('elsewhere') && throws >= 3, 15_000);
  const held = consumer.health().partitions.find((at) => at.topic === engineTopic && at.partition === partition);
  const committedMeanwhile = (await bench.committed(group, engineTopic)).get(partition) ?? 0n;
  isBroken = false;
  const wentOn = await becomes(() => done.length >= 3, 15_000);
  await consumer.stop();
  const letters = await listDeadLetters(bench.driver, { group });
  return [
    ...unless(throws >= 3, 'vacuous', `the handler threw ${throws} times only`),
    ...unless(flowed && wentOn, 'stuck', `only ${done.join(', ')} got past`),
    ...unless(held?.stoppedBy === 'the table is locked', 'not-told', `the reason shown is ${held?.stoppedBy}`),
    ...unless(committedMeanwhile === 0n, 'committed-unhandled', `committed at ${committedMeanwhile} while it threw`),
    ...unless(letters.length === 0, 'lost', 'records were set aside for what was no fault of theirs'),
    ...unless(done.filter((id) => id !== 'elsewhere').join() === 'first,second', 'out-of-order', done.join()),
  ];
}

export function poisonRecordCases(registryUrl: () => string): readonly ConformanceCase[] {
  return [
    ...poisons.map((poison): ConformanceCase => ({
      name: `sets ${poison.what} aside, and nothing else`,
      timeoutMs: 60_000,
      findings: (bench) => poisonRecord(bench, registryUrl(), poison),
    })),
    {
      name: 'holds the partition of a handler that throws, and sets nothing aside',
      timeoutMs: 60_000,
      findings: (bench) => throwingHandler(bench, registryUrl()),
    },
  ];
}
