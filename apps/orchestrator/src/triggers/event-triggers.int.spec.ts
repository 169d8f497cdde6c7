import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventCodec, parseEventData } from '@chorda/contracts';
import { defaultTenant, newId, tenantId } from '@chorda/kernel';
import { createKafkaDriver, type KafkaDriver, type Producer } from '@chorda/messaging';
import type { RunningApp } from '@chorda/platform';
import { TriggerRepository, WorkflowDefinitionRepository, type NewTrigger } from '@chorda/read-models';
import { startSourceProcess } from '@chorda/testing';
import { hashOfForm, readWorkflow, textOfForm } from '@chorda/workflows';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startGround, until, type OrchestratorGround } from '../test-support/orchestrator-ground.js';
import { depthMax } from './trigger-depth.js';

const actor = { id: 'spec', type: 'service' } as const;
const check = 'workflow: check\nsteps:\n  only: { kind: script, value: 1 }\n';
const echo = 'workflow: echo\nsteps:\n  only: { kind: script, value: 1 }\n';
let ground: OrchestratorGround;
let app: RunningApp;
let folder: string;
let driver: KafkaDriver;
let producer: Producer;
let events: EventCodec;
let triggers: TriggerRepository;

beforeAll(async () => {
  ground = await startGround(inject('stack'), {}, ['external.webhook']);
  folder = mkdtempSync(join(tmpdir(), 'chorda-triggers-'));
  const topicPrefix = String(ground.env.CHORDA_TOPIC_PREFIX);
  driver = createKafkaDriver({ brokers: [ground.env.KAFKA_BROKERS], topicPrefix, clientId: 'trigger-spec' });
  producer = await driver.createProducer();
  events = await EventCodec.connect({ registryUrl: ground.env.SCHEMA_REGISTRY_URL, topicPrefix });
  triggers = new TriggerRepository(ground.pool);
  for (const tenant of [defaultTenant, 'other']) {
    await ground.pool.query('INSERT INTO tenants (tenant_id, name) VALUES ($1, $1) ON CONFLICT DO NOTHING', [tenant]);
  }
  await store(check);
  await store(echo);
  await create({ triggerId: 'orders', filter: "event.data.event_name == 'order'", input: 'event.data.body' });
});
afterAll(async () => {
  await app?.stop();
  events?.close();
  await producer?.close();
  await driver?.close();
  await ground?.stop();
  rmSync(folder, { recursive: true, force: true });
});

function formOf(source: string) {
  const { form, faults } = readWorkflow(source);
  if (form === null) throw new TypeError(JSON.stringify(faults));
  return form;
}

async function store(source: string): Promise<void> {
  const form = formOf(source);
  const given = {
    name: form.name,
    hash: hashOfForm(form),
    title: null,
    authorVersion: '1',
    form: textOfForm(form),
    source,
  };
  await new WorkflowDefinitionRepository(ground.pool).store(defaultTenant, { ...given, sourceFormat: 'chorda' }, actor);
}

async function create(own: Partial<NewTrigger> & { triggerId: string }, tenant = defaultTenant): Promise<void> {
  const common = { kind: 'event', title: null, workflowName: 'check', workflowVersion: null } as const;
  const rest = { topics: ['external.webhook'], filter: null, input: null, tokenHash: null, signingSecret: null };
  await triggers.create(tenant, { ...common, ...rest, ...own }, actor);
}

async function send(name: string, body: string, id = newId(), tenant = defaultTenant): Promise<string> {
  const said = { user_id: 'user-7', provider: 'spec', event_name: name, body: JSON.parse(body) as unknown };
  const parsed = parseEventData('external.webhook', said);
  if (!parsed.ok) throw new TypeError(JSON.stringify(parsed.issues));
  const { event } = parsed;
  const metadata = { id, source: 'urn:spec', subject: 'user-7', tenantId: tenant, timeMs: Date.now() };
  await producer.send(events.encode({ event, metadata: { ...metadata, correlationId: id } }));
  return id;
}

async function runsOf(workflow: string): Promise<readonly string[]> {
  const { rows } = await ground.pool.query<{ id: string }>(
    "SELECT stream_id AS id FROM decision_events WHERE type = 'workflow.started' ORDER BY time_ms",
  );
  const found: string[] = [];
  for (const { id } of rows) if ((await ground.run(id))?.name === workflow) found.push(id);
  return found;
}

const fires = async (id: string) => triggers.find(defaultTenant, id);

describe('an event for which the filter of a trigger is true', () => {
  it('starts one run, also where the orchestrator is killed between start and offset and the event comes twice', async () => {
    const log = join(folder, 'crash');
    const child = startSourceProcess(new URL('../main.ts', import.meta.url), {
      ...Object.fromEntries(Object.entries(ground.env).flatMap(([key, value]) => (value ? [[key, value]] : []))),
      NODE_ENV: 'test',
      METRICS_PORT: '0',
      ...(process.env['CHORDA_PLANT'] && { CHORDA_PLANT: process.env['CHORDA_PLANT'] }),
      CHORDA_CRASH_AT: 'trigger-started',
      CHORDA_CRASH_LOG: log,
    });
    await send('invoice', '{}');
    const id = await send('order', '{"order":7}');
    expect(await child.ended, child.output()).toEqual({ code: null, signal: 'SIGKILL' });
    expect(existsSync(log) && readFileSync(log, 'utf8')).toBe('trigger-started\n');
    app = await ground.start();
    await send('order', '{"order":7}', id);
    await send('order', '{"order":8}');
    await until(async () => ((await runsOf('check')).length >= 2 ? true : undefined), 'two runs');
    await until(async () => (((await fires('orders'))?.fires ?? 0) >= 3 ? true : undefined), 'all events');
    expect(await runsOf('check')).toHaveLength(2);
  }, 120_000);

  it('starts nothing for another tenant', async () => {
    await create({ triggerId: 'theirs' }, tenantId('other'));
    await send('order', '{"order":9}');
    await until(async () => ((await runsOf('check')).length >= 3 ? true : undefined), 'the run');
    expect((await triggers.find(tenantId('other'), 'theirs'))?.fires).toBe(0);
  });

  it('is told where the filter cannot be asked, and others go on', async () => {
    await create({ triggerId: 'broken', filter: 'event.data.no_such.field == 1' });
    await send('order', '{"order":10}');
    const broken = await until(async () => {
      const found = await fires('broken');
      return found?.lastErrorCode ? found : undefined;
    }, 'the error');
    expect(broken).toMatchObject({ fires: 0, lastErrorCode: 'FILTER_FAILED' });
    expect((await fires('orders'))?.lastErrorCode).toBeNull();
  });

  it('makes no chain longer than it may, and says so', async () => {
    // What ends starts it again: a loop that its author did not see.
    const filter = "event.type == 'workflow.completed' && event.data.workflow_name == 'echo'";
    await create({ triggerId: 'loop', workflowName: 'echo', topics: ['workflow.events'], filter });
    await ground.startRun('echo-1', formOf(echo));
    const looped = await until(async () => {
      const found = await fires('loop');
      return found?.lastErrorCode ? found : undefined;
    }, 'the refusal');
    expect(looped.lastErrorCode).toBe('TRIGGER_TOO_DEEP');
    expect(await runsOf('echo')).toHaveLength(depthMax + 1);
  }, 60_000);
});
