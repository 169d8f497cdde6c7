import { randomBytes } from 'node:crypto';
import { startStack, type TestStack } from '@chorda/testing';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { RegistryUnavailableError, SchemaNotFoundError, SchemasNotRegisteredError } from '../codec/errors.js';
import { EventCodec } from '../codec/event-codec.js';
import {
  allEventTypes,
  checkSchemas,
  dataSchemaUrn,
  eventTypes,
  registerSchemas,
  schemaFingerprint,
  topicsOf,
} from '../index.js';
import { RegistryClient } from './registry-client.js';
import type { AvroJson } from '../schema/avro.js';
import { envelopeOf, someEvent } from '../testing/arbitrary-event.js';
import { asReceived } from '../testing/record.js';
import { currentSchemas } from '../generated/schemas.js';

const { registryUrl } = inject('stack');
const newPrefix = (): string => `t${randomBytes(5).toString('hex')}.`;

async function call(url: string, method: string, path: string, body?: object): Promise<Response> {
  const headers = { 'content-type': 'application/vnd.schemaregistry.v1+json' };
  return fetch(`${url}/${path}`, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) });
}

/** The record as a newer build would write it: with one field more. */
function newerExecuted(): AvroJson {
  const avro = JSON.parse(currentSchemas['agent.executed']);
  avro.fields.push({ name: 'mood', type: ['null', 'string'], doc: 'How it felt.', default: null });
  return avro;
}

describe('schemas in the registry', () => {
  const topicPrefix = newPrefix();

  it('are missed by a service before it starts, and the message says which command helps', async () => {
    const connecting = EventCodec.connect({ registryUrl, topicPrefix });
    await expect(connecting).rejects.toThrow(SchemasNotRegisteredError);
    await expect(EventCodec.connect({ registryUrl, topicPrefix })).rejects.toThrow(/chorda schemas register/);
    expect((await checkSchemas({ registryUrl, topicPrefix })).every(({ id }) => id === undefined)).toBe(true);
  });

  it('are registered once, under names of topic and record', async () => {
    const first = await registerSchemas({ registryUrl, topicPrefix });
    expect(first.every(({ outcome }) => outcome === 'registered')).toBe(true);
    expect(first.map(({ subject }) => subject)).toContain(`${topicPrefix}agent.events-agent.Executed`);
    expect(first.map(({ subject }) => subject)).toContain(`${topicPrefix}inference.requests.low-inference.Requested`);
    const second = await registerSchemas({ registryUrl, topicPrefix });
    expect(second.every(({ outcome }) => outcome === 'present')).toBe(true);
    expect(second.map(({ id }) => id)).toEqual(first.map(({ id }) => id));
    const codec = await EventCodec.connect({ registryUrl, topicPrefix });
    codec.close();
  });

  it('are held by FULL_TRANSITIVE from the first version on', async () => {
    const subject = `${topicPrefix}agent.events-agent.Executed`;
    const level = await (await call(registryUrl, 'GET', `config/${subject}`)).json();
    expect(level).toMatchObject({ compatibilityLevel: 'FULL_TRANSITIVE' });
    const broken = JSON.parse(currentSchemas['agent.executed']);
    broken.fields.shift();
    const answer = await call(registryUrl, 'POST', `subjects/${subject}/versions`, { schema: JSON.stringify(broken) });
    expect(answer.status).toBe(409);
  });

  it('are held by it again where somebody loosened a subject, and no other level is written', async () => {
    const subject = `${topicPrefix}agent.events-agent.Executed`;
    const levelOf = async () => (await call(registryUrl, 'GET', `config/${subject}`)).json();
    await call(registryUrl, 'PUT', `config/${subject}`, { compatibility: 'NONE' });
    expect(await levelOf()).toMatchObject({ compatibilityLevel: 'NONE' });
    const setting = vi.spyOn(RegistryClient.prototype, 'requireFullTransitive');
    await registerSchemas({ registryUrl, topicPrefix });
    expect(new Set(setting.mock.calls.flat())).toEqual(new Set([subject]));
    setting.mockRestore();
    expect(await levelOf()).toMatchObject({ compatibilityLevel: 'FULL_TRANSITIVE' });
  });

  it('are read back by a client that knows nothing of us, as Confluent frames them', async () => {
    const codec = await EventCodec.connect({ registryUrl, topicPrefix });
    const event = someEvent('workflow.step_completed');
    const record = codec.encode(envelopeOf(event));
    const { SchemaRegistry } = await import('@kafkajs/confluent-schema-registry');
    const decoded = await new SchemaRegistry({ host: registryUrl }).decode(record.value);
    expect(decoded).toMatchObject({
      step_id: event.data && Object(event.data).step_id,
      status: Object(event.data).status,
    });
    codec.close();
  });

  it('that are newer than this build are learned by id, once for all who ask at the same time', async () => {
    const codec = await EventCodec.connect({ registryUrl, topicPrefix });
    const avro = newerExecuted();
    const subject = `${topicPrefix}agent.events-agent.Executed`;
    const answer = await call(registryUrl, 'POST', `subjects/${subject}/versions`, { schema: JSON.stringify(avro) });
    const { id } = (await answer.json()) as { id: number };
    const event = someEvent('agent.executed');
    const record = asReceived(codec.encode(envelopeOf(event)));
    const urn = dataSchemaUrn('agent.Executed', schemaFingerprint(avro));
    // The new field is the last one: null is one zero byte.
    const value = Buffer.concat([record.value, Buffer.from([0])]);
    value.writeUInt32BE(id, 1);
    const newer = { ...record, value, headers: { ...record.headers, ce_dataschema: Buffer.from(urn) } };
    expect(() => codec.decode(newer)).toThrow(expect.objectContaining({ schemaId: id }));
    const asked = [codec.learn(id), codec.learn(id)];
    expect(asked[0]).toBe(asked[1]);
    await Promise.all(asked);
    expect(codec.decode(newer).event).toEqual(event);
    codec.close();
  });

  it('that nobody has are asked for once and then known to be missing', async () => {
    const codec = await EventCodec.connect({ registryUrl, topicPrefix });
    await expect(codec.learn(2_000_000_000)).rejects.toThrow(SchemaNotFoundError);
    codec.close();
    // No answer of a registry can be there before this turn of the event loop is over.
    const turnIsOver = new Promise((resolve) => setImmediate(() => resolve('asked again')));
    const known = codec.learn(2_000_000_000).catch((error: unknown) => error);
    expect(await Promise.race([known, turnIsOver])).toMatchObject({ retriable: false });
  });
});

describe('a registry that is lost', () => {
  const topicPrefix = newPrefix();
  const written = allEventTypes.flatMap((type) => topicsOf(type).map(() => type));
  let other: TestStack;
  let records: readonly (readonly [envelope: ReturnType<typeof envelopeOf>, record: ReturnType<typeof asReceived>])[];

  // A broker and a registry of its own: minutes where the machine is busy.
  beforeAll(async () => {
    await registerSchemas({ registryUrl, topicPrefix });
    const codec = await EventCodec.connect({ registryUrl, topicPrefix });
    records = written.map((type) => {
      const envelope = envelopeOf(someEvent(type));
      return [envelope, asReceived(codec.encode(envelope))] as const;
    });
    codec.close();
    other = await startStack({ servers: ['kafka', 'registry'] });
  }, 300_000);
  afterAll(() => other?.stop());

  function readEverything(codec: EventCodec): void {
    for (const [envelope, record] of records) expect(codec.decode(record)).toEqual(envelope);
  }

  it('wiped: a service does not start to write, and every record is still read', async () => {
    await expect(EventCodec.connect({ registryUrl: other.registryUrl, topicPrefix })).rejects.toThrow(
      SchemasNotRegisteredError,
    );
    readEverything(EventCodec.offline());
  });

  it('renumbered: every id means another schema, and every record is still read', async () => {
    const before = new Map((await checkSchemas({ registryUrl, topicPrefix })).map(({ subject, id }) => [subject, id]));
    // More than there are schemas: their order differs from one registration to the next.
    const decoys = Array.from({ length: before.size + 20 }, (_, index) => `Decoy${index}`);
    const statuses = await Promise.all(
      decoys.map(async (name) => {
        const schema = JSON.stringify({ type: 'record', name, fields: [] });
        return (await call(other.registryUrl, 'POST', `subjects/${name}/versions`, { schema })).status;
      }),
    );
    expect(new Set(statuses)).toEqual(new Set([200]));
    const ids = await registerSchemas({ registryUrl: other.registryUrl, topicPrefix });
    expect(ids.filter(({ subject, id }) => before.get(subject) === id)).toEqual([]);
    const codec = await EventCodec.connect({ registryUrl: other.registryUrl, topicPrefix });
    readEverything(codec);
    codec.close();
  });

  it('renumbered: an id that came to mean another schema is never believed', async () => {
    const codec = await EventCodec.connect({ registryUrl: other.registryUrl, topicPrefix });
    const [, record] = records[0] ?? [];
    if (!record) throw new Error('nothing was written');
    const type = record.headers['ce_type']?.toString() ?? '';
    const info = Object.values(eventTypes).find((known) => known.type === type);
    const urn = Buffer.from(dataSchemaUrn(info?.record ?? '', 'f'.repeat(64)));
    const value = Buffer.from(record.value);
    const [{ id } = { id: 0 }] = await checkSchemas({ registryUrl: other.registryUrl, topicPrefix });
    value.writeUInt32BE(id ?? 0, 1);
    const unknown = { ...record, value, headers: { ...record.headers, ce_dataschema: urn } };
    await codec.learn(id ?? 0);
    expect(() => codec.decode(unknown)).toThrow(expect.objectContaining({ reason: 'unknown_schema' }));
    codec.close();
  });

  it('down: what is running goes on reading and writing, and learning can be tried again', async () => {
    const codec = await EventCodec.connect({ registryUrl: other.registryUrl, topicPrefix });
    await other.server('registry').stop();
    readEverything(codec);
    for (const [envelope] of records) expect(codec.decode(asReceived(codec.encode(envelope)))).toEqual(envelope);
    await expect(codec.learn(1_000_000)).rejects.toThrow(RegistryUnavailableError);
    await expect(EventCodec.connect({ registryUrl: other.registryUrl, topicPrefix })).rejects.toMatchObject({
      code: 'REGISTRY_UNAVAILABLE',
      retriable: true,
    });
    codec.close();
  });
});
