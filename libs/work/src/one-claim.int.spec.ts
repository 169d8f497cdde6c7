import type { workflowWork } from '@chorda/contracts';
import { defaultTenant, newId, silentLogger } from '@chorda/kernel';
import { AgentWorkRepository, createPool, migrate, type NewWork } from '@chorda/read-models';
import { freshDatabase, type FreshDatabase } from '@chorda/testing';
import type pg from 'pg';
import { Counter, Gauge, Histogram } from 'prom-client';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { stepAnswers, type StepOutcome } from './steps/step-answers.js';
import { WorkExecutor } from './work-executor.js';
import type { WorkKind } from './work-kind.js';
import type { WorkMetrics } from './work-metrics.js';

type Asked = workflowWork.StepRequested;

let database: FreshDatabase;
let pool: pg.Pool;
let works: AgentWorkRepository;

beforeAll(async () => {
  database = await freshDatabase(inject('stack'));
  await migrate(database.url);
  pool = createPool(database.url);
  works = new AgentWorkRepository(pool, 'workflow_work');
});
afterAll(async () => {
  await pool?.end();
  await database?.drop();
});

const kind: WorkKind<Asked, Asked, StepOutcome> = {
  ...{ source: stepAnswers.source, crashPrefix: 'spec', table: 'workflow_work', consumerGroup: 'spec', topics: [] },
  channels: { ready: 'spec_ready', answered: 'spec_answered', revoked: 'spec_revoked' },
  ...{ queues: ['steps'], endsWork: new Set<string>() },
  lost: { kind: 'begun' },
  commandOf: () => undefined,
  read: () => ({ kind: 'revoked', works: [] }),
  labelOf: () => 'script',
  endOf: () => 'completed',
  isUnfinished: () => false,
};

function figures(): WorkMetrics {
  const named = (name: string) => ({ name, help: name, registers: [] });
  const by = (name: string) => ({ ...named(name), labelNames: ['type', 'outcome', 'queue', 'state'] });
  const counter = (name: string) => new Counter(named(name));
  return {
    ...{ label: 'type', works: new Counter(by('works')), seconds: new Histogram(by('seconds')) },
    ...{ running: new Gauge(named('running')), inbox: new Gauge(by('inbox')), repeated: counter('repeated') },
    ...{ lost: counter('lost'), expired: counter('expired'), late: new Counter(by('late')) },
    ...{ revoked: new Counter(by('revoked')), refusedIntake: counter('refused') },
  };
}

/** As the engine asks for it: one that must not be repeated. */
function asked(): NewWork {
  const workId = newId();
  return {
    ...{ tenantId: defaultTenant, workId, queue: 'steps', toolName: null, repeatable: false, leaseMs: 30_000 },
    ...{ deadlineMs: Date.now() + 600_000, work: JSON.stringify({ data: { attempt_token: workId } }) },
    metadata: JSON.stringify({ id: workId, subject: 'run-1', correlationId: workId }),
  };
}

/** An orchestrator's executor, with connections of its own; tells `begun` of each work that it begins. */
function executor(owner: string, begun: (owner: string, workId: string) => void) {
  const own = createPool(database.url);
  const runner = {
    async run({ work }: { readonly work: Asked }): Promise<StepOutcome> {
      begun(owner, work.data.attempt_token);
      await new Promise((resolve) => setTimeout(resolve, 5));
      return { kind: 'result', status: 'completed', output_data: null, error: null, duration_ms: 5 };
    },
  };
  const nothing = () => Promise.resolve();
  const running = new WorkExecutor<Asked, Asked, StepOutcome>({
    ...{ kind, runner, owner, logger: silentLogger, metrics: figures(), slotsMax: 8, readyMax: 10_000 },
    works: new AgentWorkRepository(own, 'workflow_work'),
    sender: { send: nothing, sendUnsent: nothing, tellBegun: nothing },
  });
  running.start();
  return { running, stop: () => running.stop(5_000).then(() => own.end()) };
}

describe('two orchestrators at one inbox', () => {
  it('begin each work once between them, what waits and what the log brings to both', { timeout: 60_000 }, async () => {
    const waiting = Array.from({ length: 150 }, asked);
    const brought = Array.from({ length: 50 }, asked);
    const begun = new Map<string, string[]>();
    const begin = (owner: string, workId: string) => begun.set(workId, [...(begun.get(workId) ?? []), owner]);
    await works.take(waiting, 'spec', 0);
    const executors = [executor('one', begin), executor('other', begin)];
    // The group moved a partition between them, and both read the same records.
    await Promise.all(executors.map(({ running }) => running.take(brought)));
    const isRepeated = () => [...begun.values()].some((owners) => owners.length > 1);
    await vi.waitFor(
      async () => {
        const { rows } = await pool.query("SELECT 1 FROM workflow_work WHERE state = 'answered'");
        expect(rows.length === 200 || isRepeated()).toBe(true);
      },
      { timeout: 45_000, interval: 20 },
    );
    await Promise.all(executors.map(({ stop }) => stop()));
    expect([...begun.values()].filter((owners) => owners.length > 1)).toEqual([]);
    expect(begun.size).toBe(200);
  });
});
