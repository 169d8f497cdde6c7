import { randomBytes } from 'node:crypto';
import { dataSchemaUrn, schemaFingerprint, type EncodedRecord } from '@chorda/contracts';
import { sleep, type JsonValue } from '@chorda/kernel';
import { listDeadLetters } from '../../dead-letters/list-dead-letters.js';
import type { OutgoingRecord } from '../../port.js';
import type { Bench } from '../bench.js';
import type { ConformanceCase } from '../conformance-case.js';
import { connectedCodec, createEngineTopic, encodedEvent, engineTopic, servicesApart, startEngine } from '../engine.js';
import { unless, type Finding } from '../history.js';
import { openRegistryDoor } from '../registry-door.js';
import { becomes } from '../wait-until.js';

const record = 'system.HealthCheck';
const json = { 'content-type': 'application/vnd.schemaregistry.v1+json' };

interface NewerSchema {
  readonly id: number;
  readonly urn: string;
}

/** A later build's schema, one nullable field more, under a subject that nobody else looks at. */
async function registerNewerSchema(registryUrl: string): Promise<NewerSchema> {
  const current = await fetch(`${registryUrl}/subjects/${engineTopic}-${record}/versions/latest`);
  const { schema }: { schema: string } = await answerOf(current);
  const avro: { fields: JsonValue[] } & Record<string, JsonValue> = JSON.parse(schema);
  const field = { name: `later_${randomBytes(4).toString('hex')}`, type: ['null', 'string'], default: null };
  const newer = { ...avro, fields: [...avro.fields, field] };
  const subject = `conformance-${field.name}-${record}`;
  const body = JSON.stringify({ schema: JSON.stringify(newer) });
  const made = await fetch(`${registryUrl}/subjects/${subject}/versions`, { method: 'POST', headers: json, body });
  const { id }: { id: number } = await answerOf(made);
  return { id, urn: dataSchemaUrn(record, schemaFingerprint(newer)) };
}

async function answerOf<Answer>(response: Response): Promise<Answer> {
  const text = await response.text();
  if (!response.ok) throw new Error(`${response.url} answered ${response.status}: ${text}`);
  const answer: Answer = JSON.parse(text);
  return answer;
}

/** The event as a later build would write it: the added field is null. */
function writtenWith({ id, urn }: NewerSchema, encoded: EncodedRecord): OutgoingRecord {
  const frame = Buffer.alloc(5);
  frame.writeUInt32BE(id, 1);
  const value = Buffer.concat([frame, encoded.value.subarray(5), Buffer.from([0])]);
  return { ...encoded, value, headers: { ...encoded.headers, ce_dataschema: urn } };
}

/**
 * Known schemas are read without the registry. A record of a schema that has to be asked for waits, with what stands
 * behind it, and is handled, not set aside, when the registry is back.
 */
async function registryDown(bench: Bench, registryUrl: string): Promise<readonly Finding[]> {
  const door = await openRegistryDoor(registryUrl);
  bench.atEnd(() => door.close());
  const codec = await connectedCodec(bench, registryUrl, door.url);
  const newer = await registerNewerSchema(registryUrl);
  door.shut();
  await createEngineTopic(bench);
  const { one, other } = servicesApart(codec);
  const producer = await bench.producer();
  await producer.send(encodedEvent(codec, one, 'known'));
  await producer.send(writtenWith(newer, encodedEvent(codec, one, 'newer')));
  await producer.send(encodedEvent(codec, one, 'behind'));
  const { consumer, done, group } = await startEngine(bench, codec);
  const asked = await becomes(() => door.refused >= 2, 15_000);
  await producer.send(encodedEvent(codec, other, 'elsewhere'));
  const flowed = await becomes(() => done.includes('elsewhere'), 5_000);
  await sleep(1_500);
  const doneMeanwhile = done.filter((id) => id !== 'elsewhere').join();
  const refused = door.refused;
  const waiting = consumer.health().partitions.some(({ stoppedBy }) => stoppedBy !== undefined);
  const lettersMeanwhile = await listDeadLetters(bench.driver, { group });
  door.open();
  await becomes(() => done.length >= 4, 20_000);
  await consumer.stop();
  const letters = await listDeadLetters(bench.driver, { group });
  const order = done.filter((id) => id !== 'elsewhere').join();
  return [
    ...unless(asked, 'vacuous', 'the registry was not asked while it was away'),
    ...unless(refused <= 50, 'stuck', `the registry was asked ${refused} times in seconds`),
    ...unless(flowed, 'stuck', 'a partition that needs no registry waited for it'),
    ...unless(doneMeanwhile === 'known', 'out-of-order', `handled while the registry was away: ${doneMeanwhile}`),
    ...unless(waiting, 'not-told', 'no partition says what it waits for'),
    ...unless(lettersMeanwhile.length + letters.length === 0, 'lost', 'a record was set aside for an absent registry'),
    ...unless(order === 'known,newer,behind', 'lost', `handled in all: ${order}`),
  ];
}

export function registryDownCases(registryUrl: () => string): readonly ConformanceCase[] {
  return [
    {
      name: 'waits for a registry that is away, and sets nothing aside for it',
      timeoutMs: 60_000,
      findings: (bench) => registryDown(bench, registryUrl()),
    },
  ];
}
