import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultTenant } from '@chorda/kernel';
import type { RunningApp } from '@chorda/platform';
import { WorkflowDefinitionRepository } from '@chorda/read-models';
import { startSourceProcess } from '@chorda/testing';
import { hashOfForm, readWorkflow, textOfForm } from '@chorda/workflows';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startGround, until, type OrchestratorGround } from '../test-support/orchestrator-ground.js';

const source = `
workflow: report
steps:
  only: { kind: script, value: 1 }
`;
const rules = {
  workflow_name: 'report',
  input_data: null,
  cron: '* * * * * *',
  time_zone: 'UTC',
  overlap: 'allow',
  catch_up: 'all',
  catch_up_window_ms: 3_600_000,
  jitter_ms: 0,
};

let ground: OrchestratorGround;
let app: RunningApp;
let folder: string;

beforeAll(async () => {
  ground = await startGround(inject('stack'));
  folder = mkdtempSync(join(tmpdir(), 'chorda-schedules-'));
  const { form } = readWorkflow(source);
  if (form === null) throw new TypeError('The workflow of the spec has faults');
  await ground.pool.query('INSERT INTO tenants (tenant_id, name) VALUES ($1, $1) ON CONFLICT DO NOTHING', [
    defaultTenant,
  ]);
  const stored = { name: form.name, hash: hashOfForm(form), title: null, authorVersion: '1', source };
  await new WorkflowDefinitionRepository(ground.pool).store(
    defaultTenant,
    { ...stored, form: textOfForm(form), sourceFormat: 'chorda' },
    { id: 'spec', type: 'service' },
  );
});
afterAll(async () => {
  await app?.stop();
  await ground?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs until it is killed at the place. */
async function killAt(place: string, meanwhile: () => Promise<unknown> = async () => undefined): Promise<void> {
  const log = join(folder, place);
  const child = startSourceProcess(new URL('../main.ts', import.meta.url), {
    ...Object.fromEntries(Object.entries(ground.env).flatMap(([key, value]) => (value ? [[key, value]] : []))),
    NODE_ENV: 'test',
    METRICS_PORT: '0',
    ...(process.env['CHORDA_PLANT'] && { CHORDA_PLANT: process.env['CHORDA_PLANT'] }),
    CHORDA_CRASH_AT: place,
    CHORDA_CRASH_LOG: log,
  });
  await meanwhile();
  expect(await child.ended, child.output()).toEqual({ code: null, signal: 'SIGKILL' });
  expect(existsSync(log) && readFileSync(log, 'utf8')).toBe(`${place}\n`);
}

async function countOf(type: string): Promise<number> {
  const { rows } = await ground.pool.query<{ count: number }>(
    'SELECT count(*)::int AS count FROM decision_events WHERE type = $1',
    [type],
  );
  return rows[0]?.count ?? 0;
}

describe('a schedule whose orchestrator is killed', () => {
  it('between fire and start, and between start and its offset, has one run for each fire', async () => {
    await killAt('fire-read', () => ground.giveSchedule('schedule.create', 'each-second', rules));
    expect(await countOf('schedule.fired')).toBeGreaterThan(0);
    expect(await countOf('workflow.started')).toBe(0);
    await killAt('fire-started');
    expect(await countOf('workflow.started')).toBeGreaterThan(0);

    app = await ground.start();
    const before = await countOf('schedule.fired');
    await until(async () => ((await countOf('schedule.fired')) > before ? true : undefined), 'another fire');
    await ground.giveSchedule('schedule.pause', 'each-second');
    const fired = await countOf('schedule.fired');
    // More runs than fires: what comes after changes nothing about that.
    const isOver = async () =>
      (await countOf('schedule.run_ended')) >= fired || (await countOf('workflow.started')) > fired;
    await until(async () => ((await isOver()) ? true : undefined), 'the ends').catch(() => undefined);
    const { rows: fires } = await ground.pool.query<{ run: string }>(
      `SELECT DISTINCT stream_id AS run FROM decision_events WHERE type = 'workflow.started' ORDER BY 1`,
    );
    expect(fires).toHaveLength(fired);
    for (const { run } of fires) expect(run).toMatch(/^sched:each-second:\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    expect(await countOf('schedule.run_ended')).toBe(fired);
  }, 120_000);
});
