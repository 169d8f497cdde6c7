import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultTenant } from '@chorda/kernel';
import type { RunningApp } from '@chorda/platform';
import { TriggerRepository, WorkflowDefinitionRepository } from '@chorda/read-models';
import { startSourceProcess } from '@chorda/testing';
import { hashOfForm, readWorkflow, textOfForm } from '@chorda/workflows';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startGround, until, type OrchestratorGround } from '../test-support/orchestrator-ground.js';

let ground: OrchestratorGround;
let app: RunningApp | undefined;
let folder: string;

beforeAll(async () => {
  ground = await startGround(inject('stack'));
  folder = mkdtempSync(join(tmpdir(), 'chorda-run-events-'));
});
afterAll(async () => {
  await app?.stop();
  await ground?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const formOf = (text: string) => {
  const { form, faults } = readWorkflow(text);
  if (form === null) throw new TypeError(JSON.stringify(faults));
  return form;
};
const waiting = formOf(`workflow: waiting
steps:
  paid: { kind: wait, event: paid, key: "\${ input.order }" }
output: "\${ steps.paid.output.data }"
`);
const large = formOf(`workflow: large
steps:
  paid: { kind: wait, event: paid, key: "\${ input.order }", accept: event.data.amount > 50 }
output: "\${ steps.paid.output.data }"
`);
const machine = formOf(`workflow: machine
start: OPEN
visits_max: 5
states:
  OPEN: { on: { paid: { key: "input.order", to: PAID } } }
  PAID: { final: completed }
`);
const paying = formOf(`workflow: paying
steps:
  say: { kind: emit, event: paid, key: "\${ input.order }", input: { amount: "\${ input.amount }" } }
`);
const whispering = formOf(`workflow: whispering
steps:
  say: { kind: emit, event: paid, key: "\${ input.order }", ttl: 0s, input: { amount: 1 } }
`);

async function ended(id: string) {
  return until(async () => {
    const run = await ground.run(id);
    return run === undefined || run.status === 'running' ? undefined : run;
  }, `the end of ${id}`);
}

async function signalsOf(id: string): Promise<number> {
  const { rows } = await ground.pool.query(
    "SELECT 1 FROM decision_events WHERE type = 'workflow.signal_received' AND stream_id = $1",
    [id],
  );
  return rows.length;
}

const isKept = (order: string) =>
  until(async () => {
    const { rows } = await ground.pool.query('SELECT said FROM workflow_events_kept WHERE said LIKE $1', [
      `%"${order}"%`,
    ]);
    return rows[0];
  }, 'the kept event');

const waits = (run: string) =>
  until(async () => {
    const { rows } = await ground.pool.query('SELECT 1 FROM workflow_event_waits WHERE run_id = $1', [run]);
    return rows[0];
  }, `the wait of ${run}`);

describe('what a run emits', () => {
  it('wakes each run that waits for its key once, also where whoever tells them is killed', async () => {
    const log = join(folder, 'crash');
    const child = startSourceProcess(new URL('../main.ts', import.meta.url), {
      ...Object.fromEntries(Object.entries(ground.env).flatMap(([key, value]) => (value ? [[key, value]] : []))),
      NODE_ENV: 'test',
      METRICS_PORT: '0',
      CHORDA_CRASH_AT: 'run-event-told',
      CHORDA_CRASH_LOG: log,
    });
    const ids = ['w-1', 'w-2', 'w-3'];
    await Promise.all(ids.map((id) => ground.startRun(id, waiting, { order: 'o-7' })));
    await ground.startRun('w-other', waiting, { order: 'o-8' });
    await ground.startRun('m-1', machine, { order: 'o-7' });
    await Promise.all([...ids, 'w-other', 'm-1'].map(waits));
    await ground.startRun('p-1', paying, { order: 'o-7', amount: 42 });
    expect(await child.ended, child.output()).toEqual({ code: null, signal: 'SIGKILL' });
    expect(existsSync(log) && readFileSync(log, 'utf8')).toBe('run-event-told\n');
    app = await ground.start();
    for (const id of ids) expect(await ended(id)).toMatchObject({ status: 'completed', output: { amount: 42 } });
    expect(await ended('m-1')).toMatchObject({ status: 'completed' });
    expect(await Promise.all([...ids, 'm-1', 'w-other'].map(signalsOf))).toEqual([1, 1, 1, 1, 0]);
    expect((await ground.run('w-other'))?.status).toBe('running');
  }, 120_000);

  it('is kept for runs that wait later, the oldest first, and each takes it once', async () => {
    await ground.startRun('p-2', paying, { order: 'o-9', amount: 1 });
    await isKept('o-9');
    await ground.startRun('p-3', paying, { order: 'o-9', amount: 100 });
    await until(async () => {
      const { rows } = await ground.pool.query('SELECT 1 FROM workflow_events_kept WHERE said LIKE $1', ['%"o-9"%']);
      return rows.length === 2 ? true : undefined;
    }, 'both');
    await ground.startRun('w-4', waiting, { order: 'o-9' });
    await ground.startRun('w-5', large, { order: 'o-9' });
    expect(await ended('w-4')).toMatchObject({ status: 'completed', output: { amount: 1 } });
    // What its filter leaves stays with everybody, and is not kept by the run.
    expect(await ended('w-5')).toMatchObject({ status: 'completed', output: { amount: 100 } });
    expect(await Promise.all(['w-4', 'w-5'].map(signalsOf))).toEqual([1, 1]);
  });

  it('goes on to what waits still after a filter said no', async () => {
    await ground.startRun('w-6', large, { order: 'o-10' });
    await waits('w-6');
    await ground.startRun('p-4', paying, { order: 'o-10', amount: 3 });
    await isKept('o-10');
    await ground.startRun('p-5', paying, { order: 'o-10', amount: 60 });
    expect(await ended('w-6')).toMatchObject({ status: 'completed', output: { amount: 60 } });
    expect(await signalsOf('w-6')).toBe(1);
  });

  it('is kept for nobody where it says so', async () => {
    await ground.startRun('q-1', whispering, { order: 'o-11' });
    await ended('q-1');
    await ground.startRun('p-6', paying, { order: 'o-11', amount: 2 });
    await isKept('o-11');
    await ground.startRun('w-7', waiting, { order: 'o-11' });
    expect(await ended('w-7')).toMatchObject({ output: { amount: 2 } });
  });

  it('is an event for triggers', async () => {
    const actor = { id: 'spec', type: 'service' } as const;
    const source = 'workflow: check\nsteps:\n  only: { kind: script, value: "${ input.amount }" }\n';
    const form = formOf(source);
    await ground.pool.query('INSERT INTO tenants (tenant_id, name) VALUES ($1, $1) ON CONFLICT DO NOTHING', [
      defaultTenant,
    ]);
    await new WorkflowDefinitionRepository(ground.pool).store(
      defaultTenant,
      {
        ...{ name: 'check', hash: hashOfForm(form), title: null, authorVersion: '1' },
        ...{ form: textOfForm(form), source, sourceFormat: 'chorda' },
      },
      actor,
    );
    const triggers = new TriggerRepository(ground.pool);
    await triggers.create(
      defaultTenant,
      {
        ...{ triggerId: 'paid', kind: 'event', title: null, workflowName: 'check', workflowVersion: null },
        ...{ topics: ['workflow.events'], input: 'event.data.event_data', tokenHash: null, signingSecret: null },
        filter: "event.type == 'workflow.event_emitted' && event.data.event_key == 'o-12'",
      },
      actor,
    );
    await ground.startRun('p-7', paying, { order: 'o-12', amount: 5 });
    const fired = await until(async () => {
      const trigger = await triggers.find(defaultTenant, 'paid');
      return trigger?.lastRunId ? trigger : undefined;
    }, 'the trigger');
    expect(fired.fires).toBe(1);
    expect(await ended(fired.lastRunId ?? '')).toMatchObject({ output: { only: 5 } });
  });
});
