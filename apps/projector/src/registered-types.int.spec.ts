import {
  addRegisteredTypes,
  applyTopics,
  isEventType,
  parseEventData,
  registeredSchema,
  registerEventSchema,
  schemaFingerprint,
} from '@chorda/contracts';
import { defaultTenant, type JsonValue } from '@chorda/kernel';
import { ExternalTypeRepository, type ExternalTypeRecord } from '@chorda/read-models';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { ProjectorGround } from './test-support/ground.js';

const type = 'external.parcel_moved';
const first = { type: 'record', name: 'P', fields: [{ name: 'parcel_id', type: 'string' }] };
const second = { ...first, fields: [...first.fields, { name: 'place', type: ['null', 'string'], default: null }] };

/** As a gateway registers it, in another process than the projector's. */
class Team {
  private record: ExternalTypeRecord | undefined;
  private sent = 0;

  constructor(
    private readonly ground: ProjectorGround,
    private readonly registryUrl: string,
  ) {}

  async register(avro: JsonValue): Promise<void> {
    const { topicPrefix, pool, driver, codec } = this.ground;
    const admin = await driver.admin();
    const before = this.record?.versions.map((version) => version.avro) ?? [];
    const schema = registeredSchema(type, avro, before);
    const actor = { id: 'spec', type: 'service' as const };
    const { record } = await new ExternalTypeRepository(pool).register(
      { type, owner: defaultTenant, actor, typesMax: 10 },
      () => ({ avro: schema.avro, jsonSchema: undefined, fingerprint: schemaFingerprint(schema.avro) }),
      async () => {
        await applyTopics(admin, { names: [type] });
        await registerEventSchema({ registryUrl: this.registryUrl, topicPrefix }, schema);
      },
    );
    await admin.close();
    this.record = record;
    addRegisteredTypes([{ type, versions: record?.versions.map((version) => version.avro) ?? [] }]);
    await codec.adoptRegisteredTypes([type].filter(isEventType));
  }

  async send(data: Record<string, unknown>): Promise<void> {
    if (!isEventType(type)) throw new TypeError('It was registered');
    const parsed = parseEventData(type, data);
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.issues));
    const producer = await this.ground.driver.createProducer();
    const metadata = {
      id: `parcel-${++this.sent}`,
      source: '/spec',
      subject: 'p-1',
      tenantId: defaultTenant,
      timeMs: Date.now(),
      correlationId: 'c',
    };
    await producer.send(this.ground.codec.encode({ event: parsed.event, metadata }));
    await producer.close();
  }

  async journal(): Promise<readonly string[]> {
    const { rows } = await this.ground.pool.query<{ event_id: string }>(
      `SELECT event_id FROM journal_v1 WHERE type = $1 ORDER BY "offset"`,
      [type],
    );
    return rows.map((row) => row.event_id);
  }
}

/** Guarantee 1 for types that came while everything runs: nothing that was taken is left out of the journal. */
describe('a projector that runs while a type is registered', () => {
  let ground: ProjectorGround;
  let team: Team;

  beforeAll(async () => {
    ground = await ProjectorGround.open(inject('stack'));
    team = new Team(ground, inject('stack').registryUrl);
  });
  afterAll(() => ground.close());

  it('reads its topic from the start, goes on with the others, and reads every version', async () => {
    const projector = await ground.startProcess();
    await ground.send(5);
    await team.register(first);
    await team.send({ parcel_id: 'p-1' });
    await expect.poll(() => team.journal(), { timeout: 30_000, interval: 200 }).toEqual(['parcel-1']);
    await ground.send(5);
    await team.register(second);
    await team.send({ parcel_id: 'p-1', place: 'Hamburg' });
    await expect.poll(() => team.journal(), { timeout: 30_000, interval: 200 }).toEqual(['parcel-1', 'parcel-2']);
    await ground.untilApplied();
    expect(projector.output()).not.toContain('"level":"error"');
    await projector.end();
  });

  it('knows it when it is started again', async () => {
    await ground.startProcess();
    await team.send({ parcel_id: 'p-1', place: 'Bremen' });
    await expect.poll(() => team.journal(), { timeout: 30_000, interval: 200 }).toHaveLength(3);
    const { rows } = await ground.pool.query(
      `SELECT sum(events)::int AS events FROM rates_per_minute WHERE type = $1`,
      [type],
    );
    expect(rows).toEqual([{ events: 3 }]);
  });
});
