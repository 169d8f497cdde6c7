import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { runJava, runPython } from './test-support/example-programs.js';
import { startSystem, type SystemUnderTest } from './test-support/system-under-test.fixture.spec.js';

/** The programs of `examples/`, which know Chorda by its protocols alone. */
let system: SystemUnderTest;
let sent: readonly { readonly id: string; readonly status: string }[];

beforeAll(async () => {
  system = await startSystem(inject('stack'), ['gateway']);
}, 180_000);

afterAll(() => system?.stop());

const names = ['binary', 'structured', 'batch-0', 'batch-1', 'batch-2'];

describe('other programs', () => {
  it('send events with the CloudEvents SDK of Python, in each mode', async () => {
    const lines = await runPython('python-producer', 'producer.py', [], system.environment);
    sent = lines.map((line) => JSON.parse(line));
    expect(sent.map(({ status }) => status)).toEqual(names.map(() => 'logged'));
  }, 400_000);

  const topic = () => `${system.environment['CHORDA_TOPIC_PREFIX']}external.webhook`;

  it('read them in Python with confluent-kafka, fastavro and the registry', async () => {
    const lines = await runPython('python-consumer', 'consumer.py', [topic(), String(names.length)], {
      ...system.environment,
      GROUP_ID: `${system.environment['CHORDA_TOPIC_PREFIX']}python`,
    });
    const read: { id: string; type: string; data: { event_name: string; user_id: string } }[] = lines.map((line) =>
      JSON.parse(line),
    );
    expect(read.map(({ id }) => id).sort()).toEqual(sent.map(({ id }) => id).sort());
    expect(read.map(({ data }) => data.event_name).sort()).toEqual([...names].sort());
    expect(new Set(read.map(({ type }) => type))).toEqual(new Set(['external.webhook']));
  }, 400_000);

  it('read them in Java with kafka-clients, Apache Avro and the registry', async () => {
    const lines = await runJava('java-consumer', 'ChordaConsumer.java', [topic(), String(names.length)], {
      ...system.environment,
      GROUP_ID: `${system.environment['CHORDA_TOPIC_PREFIX']}java`,
    });
    const events = lines.filter((line) => line.includes(' external.webhook '));
    expect(events.map((line) => line.split(' ')[0]).sort()).toEqual(sent.map(({ id }) => id).sort());
    expect(events.join('\n')).toContain('"user_id": "user-7"');
  }, 400_000);
});
