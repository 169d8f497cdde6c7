import type { AnyCommand } from '@chorda/contracts';
import { silentLogger, tenantId } from '@chorda/kernel';
import type { LeasedRunJob, ListReader, RunJobRepository } from '@chorda/read-models';
import { describe, expect, it } from 'vitest';
import type { CommandGiver, GivenBy } from '../steps/command-giver.js';
import { RunJobs } from './run-jobs.js';

const job: LeasedRunJob = {
  ...{ tenantId: tenantId('acme'), jobId: 'job-1', action: 'pause', told: { reason: 'The bank is away' } },
  ...{ filter: { status: 'running' }, conditions: [], runsMax: 1_000, status: 'running', cursor: null },
  ...{ runs: 0, accepted: 0, refused: 0, isCut: false, refusals: [], error: null, requestedBy: 'key-7' },
  ...{ correlationId: 'c-1', createdAt: new Date(0), endedAt: null, leaseToken: 'lease-1' },
};

/**
 * 250 runs, in pages as large as they are asked for.
 *
 * @param faults How often the engine is away when run-150 is to be told.
 */
function setUp(own: Partial<LeasedRunJob> = {}, isHeld: (page: number) => boolean = () => true, faults = 0) {
  const given: { readonly command: AnyCommand; readonly by: GivenBy }[] = [];
  const stored: LeasedRunJob[] = [];
  let claims = 0;
  let faultsLeft = faults;
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  const jobs = {
    claim: () => {
      if (claims++ > faults) resolve();
      return Promise.resolve(claims <= faults + 1 ? (stored.at(-1) ?? { ...job, ...own }) : undefined);
    },
    advance: (one: LeasedRunJob) => {
      if (!isHeld(stored.length)) return Promise.resolve(false);
      stored.push(one);
      return Promise.resolve(true);
    },
  };
  const lists = {
    page: (_tenant: unknown, _list: unknown, { cursor = '0', limit }: { cursor?: string; limit: number }) => {
      const first = Number(cursor);
      const rows = Array.from({ length: Math.min(limit, 250 - first) }, (_, n) => ({
        workflow_id: `run-${first + n}`,
      }));
      const next = first + rows.length;
      return Promise.resolve({ rows, nextCursor: next < 250 ? String(next) : undefined });
    },
  };
  const workflows: Pick<CommandGiver, 'give'> = {
    give: (command, by) => {
      if (by.subject === 'run-150' && faultsLeft-- > 0) {
        setImmediate(() => running.wake());
        return Promise.reject(new Error('The brokers are away'));
      }
      given.push({ command, by });
      const refusal = { status: 'refused', code: 'ILLEGAL_TRANSITION', message: 'It has ended', details: {} } as const;
      const accepted = { status: 'accepted', events: [], answer: undefined } as const;
      return Promise.resolve({ kind: 'decided', outcome: by.subject === 'run-7' ? refusal : accepted } as never);
    },
  };
  const running: RunJobs = new RunJobs({
    jobs: jobs as never as RunJobRepository,
    lists: lists as never as ListReader,
    workflows: workflows as CommandGiver,
    logger: silentLogger,
    onRun: () => undefined,
  });
  return {
    given,
    stored,
    async run() {
      running.start();
      await ended;
      await running.stop();
    },
  };
}

describe('a job over runs', () => {
  it('tells each run of all pages, and counts what was refused by its name', async () => {
    const { given, stored, run } = setUp();
    await run();
    expect(new Set(given.map(({ by }) => by.subject)).size).toBe(250);
    expect(given[0]?.command).toMatchObject({ type: 'workflow.pause', data: { reason: 'The bank is away' } });
    expect(stored.map(({ runs }) => runs)).toEqual([100, 200, 250]);
    expect(stored.at(-1)).toMatchObject({ status: 'completed', accepted: 249, refused: 1, isCut: false });
    expect(stored.at(-1)?.refusals).toEqual([{ run_id: 'run-7', code: 'ILLEGAL_TRANSITION', message: 'It has ended' }]);
  });

  it('tells no more than it may, and says that there were more', async () => {
    const { given, stored, run } = setUp({ runsMax: 130 });
    await run();
    expect(given).toHaveLength(130);
    expect(stored.at(-1)).toMatchObject({ status: 'completed', runs: 130, isCut: true });
  });

  it('goes on where it stood, and gives the same command for the same run', async () => {
    const first = setUp();
    await first.run();
    const second = setUp({ cursor: '200', runs: 200, accepted: 199, refused: 1 });
    await second.run();
    expect(second.given.map(({ by }) => by.subject)).toContain('run-249');
    expect(second.given).toHaveLength(50);
    const idOf = (all: typeof first.given) => all.find(({ by }) => by.subject === 'run-210')?.by.commandId;
    expect(idOf(second.given)).toBe(idOf(first.given));
  });

  it('counts a page when all of its runs were told, and tells those of one that was cut short again', async () => {
    const { given, stored, run } = setUp({}, undefined, 1);
    await run();
    expect(new Set(given.map(({ by }) => by.subject)).size).toBe(250);
    expect(stored.map(({ runs }) => runs)).toEqual([100, 200, 250]);
  });

  it('ends its work on it when it is cancelled, or another has it', async () => {
    const { given, run } = setUp({}, (page) => page < 1);
    await run();
    expect(given).toHaveLength(200);
  });
});
