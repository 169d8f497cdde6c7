import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultTenant, newId, tenantId } from '@chorda/kernel';
import type { RunningApp } from '@chorda/platform';
import { RunJobRepository, RunJobsFullError, runJobsMax, type NewRunJob } from '@chorda/read-models';
import { startSourceProcess } from '@chorda/testing';
import { readWorkflow } from '@chorda/workflows';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startGround, until, type OrchestratorGround } from '../test-support/orchestrator-ground.js';

const actor = { id: 'spec', type: 'service' } as const;
const waits = 'workflow: waits\nsteps:\n  only: { kind: wait, event: go }\n';
const runs = 130;

let ground: OrchestratorGround;
let app: RunningApp | undefined;
let jobs: RunJobRepository;
let folder: string;

beforeAll(async () => {
  ground = await startGround(inject('stack'));
  folder = mkdtempSync(join(tmpdir(), 'chorda-run-jobs-'));
  jobs = new RunJobRepository(ground.pool);
  await ground.pool.query('INSERT INTO tenants (tenant_id, name) VALUES ($1, $1) ON CONFLICT DO NOTHING', [
    defaultTenant,
  ]);
  app = await ground.start();
  const { form } = readWorkflow(waits);
  if (form === null) throw new TypeError('The workflow of the spec has faults');
  const ids = Array.from({ length: runs }, (_, index) => `run-${index}`);
  await Promise.all(ids.map((id) => ground.startRun(id, form)));
  // No projector runs here: its rows are written as it would.
  await ground.pool.query(
    `INSERT INTO runs_v2 (tenant_id, workflow_id, workflow_name, status, correlation_id, started_at, steps_scheduled,
       steps_completed, steps_failed, steps_compensated, tasks_opened, tasks_closed, signals_received, timers_set,
       timers_fired, last_active)
     SELECT 'default', 'run-' || n, 'waits', 'running', 'spec', now() - make_interval(secs => n), 0, 0, 0, 0, 0, 0, 0, 0, 0,
       now() FROM generate_series(0, $1) AS n`,
    [runs - 1],
  );
}, 120_000);
afterAll(async () => {
  await stopApp();
  await ground?.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function stopApp(): Promise<void> {
  const running = app;
  app = undefined;
  await running?.stop();
}

const jobOf = (own: Partial<NewRunJob> = {}): NewRunJob => ({
  jobId: newId(),
  action: 'pause',
  told: { reason: 'The bank is away' },
  filter: { workflow_name: 'waits' },
  conditions: [{ field: 'workflow_name', operator: 'eq', values: ['waits'] }],
  runsMax: 1_000,
  correlationId: 'spec',
  ...own,
});

const ended = (jobId: string) =>
  until(async () => {
    const job = await jobs.find(defaultTenant, jobId);
    return job === undefined || job.status === 'running' ? undefined : job;
  }, 'the end of the job');

async function statuses(): Promise<Record<string, number>> {
  const found: Record<string, number> = {};
  for (let index = 0; index < runs; index++) {
    const { status = 'none' } = (await ground.run(`run-${index}`)) ?? {};
    found[status] = (found[status] ?? 0) + 1;
  }
  return found;
}

describe('a job over the runs of a query', () => {
  it('tells each of them once, also where the orchestrator is killed in the middle of it', async () => {
    await stopApp();
    const job = await jobs.create(defaultTenant, jobOf(), actor);
    const log = join(folder, 'crash');
    const child = startSourceProcess(new URL('../main.ts', import.meta.url), {
      ...Object.fromEntries(Object.entries(ground.env).flatMap(([key, value]) => (value ? [[key, value]] : []))),
      NODE_ENV: 'test',
      METRICS_PORT: '0',
      CHORDA_CRASH_AT: 'run-job-page-told',
      CHORDA_CRASH_LOG: log,
    });
    expect(await child.ended, child.output()).toEqual({ code: null, signal: 'SIGKILL' });
    expect(existsSync(log) && readFileSync(log, 'utf8')).toBe('run-job-page-told\n');
    // Its lease would be over in two minutes.
    await ground.pool.query("UPDATE run_jobs SET lease_until = '-infinity'");
    app = await ground.start();
    expect(await ended(job.jobId)).toMatchObject({
      status: 'completed',
      runs,
      accepted: runs,
      refused: 0,
      isCut: false,
    });
    expect(await statuses()).toEqual({ paused: runs });
    const { rows } = await ground.pool.query("SELECT 1 FROM decision_events WHERE type = 'workflow.paused'");
    expect(rows).toHaveLength(runs);
  }, 120_000);

  it('tells no more than it may, and says that there were more', async () => {
    const { jobId } = await jobs.create(defaultTenant, jobOf({ action: 'resume', told: {}, runsMax: 20 }), actor);
    expect(await ended(jobId)).toMatchObject({ runs: 20, accepted: 20, isCut: true });
    expect(await statuses()).toEqual({ paused: runs - 20, running: 20 });
  });

  it('names what was refused, and goes on with the others', async () => {
    const conditions = [{ field: 'workflow_name', operator: 'eq', values: ['waits'] }] as const;
    await ground.give('workflow.cancel', 'run-0', { reason: null, hard: true, compensate: false });
    const { jobId } = await jobs.create(defaultTenant, jobOf({ conditions, runsMax: 5 }), actor);
    const job = await ended(jobId);
    expect(job).toMatchObject({ runs: 5, accepted: 4, refused: 1 });
    expect(job.refusals).toMatchObject([{ run_id: 'run-0', code: 'ILLEGAL_TRANSITION' }]);
  });

  it('is the same one for the same id, and tells nothing of another tenant', async () => {
    const one = jobOf({ runsMax: 1 });
    const [first, second] = [
      await jobs.create(defaultTenant, one, actor),
      await jobs.create(defaultTenant, one, actor),
    ];
    expect(second.createdAt).toEqual(first.createdAt);
    await ground.pool.query("INSERT INTO tenants (tenant_id, name) VALUES ('other', 'other')");
    const { jobId } = await jobs.create(tenantId('other'), jobOf(), actor);
    const job = await until(async () => {
      const found = await jobs.find(tenantId('other'), jobId);
      return found?.status === 'completed' ? found : undefined;
    }, 'the end');
    expect(job.runs).toBe(0);
    expect(await jobs.find(defaultTenant, jobId)).toBeUndefined();
  });

  it('is refused while as many are under way as may be', async () => {
    await stopApp();
    for (let index = 0; index < runJobsMax; index++) await jobs.create(defaultTenant, jobOf(), actor);
    await expect(jobs.create(defaultTenant, jobOf(), actor)).rejects.toThrow(RunJobsFullError);
    const [newest] = await jobs.list(defaultTenant);
    expect(await jobs.cancel(defaultTenant, newest?.jobId ?? '', actor)).toBe(true);
    expect(await jobs.cancel(defaultTenant, newest?.jobId ?? '', actor)).toBe(false);
  });
});
