import { EventCodec, parseEventData } from '@chorda/contracts';
import { defaultTenant, newId, tenantId, type TenantId } from '@chorda/kernel';
import { createKafkaDriver, type KafkaDriver, type Producer } from '@chorda/messaging';
import type { RunningApp } from '@chorda/platform';
import { WorkflowDefinitionRepository } from '@chorda/read-models';
import { awaitedEventsOf, hashOfForm, readWorkflow, textOfForm } from '@chorda/workflows';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startGround, until, type OrchestratorGround } from '../test-support/orchestrator-ground.js';

const source = `workflow: paying
steps:
  paid:
    kind: wait
    event: external.webhook
    key: "\${ input.order }"
    correlate: event.data.body.order
    accept: event.data.event_name == "paid"
output: "\${ steps.paid.output.data.body }"
`;
const machineSource = `workflow: following
start: OPEN
states:
  OPEN: { on: { external.webhook: { key: input.order, correlate: event.data.body.order, to: SEEN } } }
  SEEN: { final: completed }
`;
let ground: OrchestratorGround;
let app: RunningApp;
let driver: KafkaDriver;
let producer: Producer;
let events: EventCodec;

beforeAll(async () => {
  ground = await startGround(inject('stack'), {}, ['external.webhook']);
  const topicPrefix = String(ground.env.CHORDA_TOPIC_PREFIX);
  driver = createKafkaDriver({ brokers: [ground.env.KAFKA_BROKERS], topicPrefix, clientId: 'sent-events-spec' });
  producer = await driver.createProducer();
  events = await EventCodec.connect({ registryUrl: ground.env.SCHEMA_REGISTRY_URL, topicPrefix });
  await ground.pool.query('INSERT INTO tenants (tenant_id, name) VALUES ($1, $1) ON CONFLICT DO NOTHING', [
    defaultTenant,
  ]);
  for (const each of [source, machineSource]) await store(each);
  app = await ground.start();
});
afterAll(async () => {
  await app?.stop();
  events?.close();
  await producer?.close();
  await driver?.close();
  await ground?.stop();
});

function formOf(text: string) {
  const { form, faults } = readWorkflow(text);
  if (form === null) throw new TypeError(JSON.stringify(faults));
  return form;
}

async function store(text: string): Promise<void> {
  const form = formOf(text);
  await new WorkflowDefinitionRepository(ground.pool).store(
    defaultTenant,
    {
      ...{ name: form.name, hash: hashOfForm(form), title: null, authorVersion: '1' },
      ...{ form: textOfForm(form), source: text, sourceFormat: 'chorda', awaits: awaitedEventsOf(form) },
    },
    { id: 'spec', type: 'service' },
  );
}

async function send(order: string, { name = 'paid', id = newId(), tenant = defaultTenant as TenantId } = {}) {
  const said = { user_id: 'user-7', provider: 'spec', event_name: name, body: { order } };
  const parsed = parseEventData('external.webhook', said);
  if (!parsed.ok) throw new TypeError(JSON.stringify(parsed.issues));
  const metadata = { id, source: 'urn:spec', subject: 'user-7', tenantId: tenant, timeMs: Date.now() };
  await producer.send(events.encode({ event: parsed.event, metadata: { ...metadata, correlationId: id } }));
  return id;
}

async function ended(id: string) {
  return until(async () => {
    const run = await ground.run(id);
    return run === undefined || run.status === 'running' ? undefined : run;
  }, `the end of ${id}`);
}

const rowsOf = (table: 'workflow_event_waits' | 'workflow_events_kept', least: number) =>
  until(async () => {
    const { rows } = await ground.pool.query(`SELECT 1 FROM ${table}`);
    return rows.length >= least ? rows : undefined;
  }, table);

describe('an event that a producer sends on its topic', () => {
  it('wakes the run that waits for its type and key, a state likewise, and no other', async () => {
    const [paying, following] = [formOf(source), formOf(machineSource)];
    await ground.startRun('p-7', paying, { order: 'o-7' });
    await ground.startRun('p-8', paying, { order: 'o-8' });
    await ground.startRun('f-7', following, { order: 'o-7' });
    await rowsOf('workflow_event_waits', 3);
    // The filter leaves it to the state; another tenant's is nobody's here.
    await send('o-8', { tenant: tenantId('other') });
    await send('o-7', { name: 'asked' });
    expect(await ended('f-7')).toMatchObject({ status: 'completed' });
    const id = await send('o-7');
    await send('o-7', { id });
    expect(await ended('p-7')).toMatchObject({ status: 'completed', output: { order: 'o-7' } });
    expect((await ground.run('p-8'))?.status).toBe('running');
  }, 180_000);

  it('is kept for the run that begins to wait later, which takes it once', async () => {
    const { rows: before } = await ground.pool.query('SELECT 1 FROM workflow_events_kept');
    await send('o-9');
    await rowsOf('workflow_events_kept', before.length + 1);
    await ground.startRun('p-9', formOf(source), { order: 'o-9' });
    expect(await ended('p-9')).toMatchObject({ status: 'completed', output: { order: 'o-9' } });
    const { rows } = await ground.pool.query(
      "SELECT 1 FROM decision_events WHERE type = 'workflow.signal_received' AND stream_id = 'p-9'",
    );
    expect(rows).toHaveLength(1);
  }, 180_000);
});
