import { parseCommandData, type CommandType } from '@chorda/contracts';
import { derivedId, newId, sleep, type Logger } from '@chorda/kernel';
import { crashPoint, isPlanted } from '@chorda/platform';
import {
  refusalsNamedMax,
  runsList,
  type LeasedRunJob,
  type ListReader,
  type RunJobRepository,
  type RunRefusal,
} from '@chorda/read-models';
import { StillUndecidedError, type CommandGiver } from '../steps/command-giver.js';

export interface RunJobsParts {
  readonly jobs: RunJobRepository;
  readonly lists: ListReader;
  readonly workflows: CommandGiver;
  readonly logger: Logger;
  readonly onRun: (action: string, came: 'accepted' | 'refused') => void;
}

type Told = { readonly runId: string; readonly refusal: RunRefusal | undefined };

/** Longer than a page takes: commands are waited for 10 s each, 20 of them at once. */
const leaseMs = 120_000;
const pageRunsMax = 100;
const atOnceMax = 20;
/** For a notification that was lost, and for jobs whose worker was killed. */
const lookAgainMs = 15_000;
const afterFaultMs = 5_000;

/**
 * Tells many runs the same, page by page. A page that is done is counted with the place of the next one; one that was
 * under way when this process was killed is told again under the same ids, so no run is told twice.
 */
export class RunJobs {
  private readonly stopping = new AbortController();
  private waking = new AbortController();
  private working: Promise<void> | undefined;

  constructor(private readonly parts: RunJobsParts) {}

  start(): void {
    this.working = this.work();
  }

  wake(): void {
    this.waking.abort();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    this.waking.abort();
    await this.working;
  }

  private async work(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      this.waking = new AbortController();
      let pauseMs = lookAgainMs;
      try {
        const job = await this.parts.jobs.claim(newId(), leaseMs);
        if (job !== undefined) {
          await this.run(job);
          continue;
        }
      } catch (error) {
        this.parts.logger.warn('A job over runs cannot go on yet; it is tried again', { error });
        pauseMs = afterFaultMs;
      }
      if (!this.stopping.signal.aborted) await sleep(pauseMs, this.waking.signal);
    }
  }

  private async run(claimed: LeasedRunJob): Promise<void> {
    for (let job = claimed; job.status === 'running' && !this.stopping.signal.aborted;) {
      const limit = Math.min(pageRunsMax, job.runsMax - job.runs);
      const { tenantId, conditions } = job;
      const request = { conditions, limit, ...(job.cursor !== null && { cursor: job.cursor }) };
      const page = await this.parts.lists.page(tenantId, runsList, request);
      const ids = page.rows.map((row) => String(row['workflow_id']));
      if (isPlanted('run-jobs-position-first')) {
        const untold = ids.map((runId) => ({ runId, refusal: undefined }));
        await this.parts.jobs.advance(counted(job, untold, page.nextCursor), leaseMs);
      }
      const told = await this.tellAll(job, ids);
      crashPoint('run-job-page-told');
      job = counted(job, told, page.nextCursor);
      if (!(await this.parts.jobs.advance(job, job.status === 'running' ? leaseMs : 0))) return;
    }
  }

  private async tellAll(job: LeasedRunJob, ids: readonly string[]): Promise<readonly Told[]> {
    const told: Told[] = [];
    const queue = [...ids];
    const work = async () => {
      for (let id = queue.shift(); id !== undefined; id = queue.shift()) told.push(await this.tell(job, id));
    };
    await Promise.all(Array.from({ length: Math.min(atOnceMax, queue.length) }, work));
    return told;
  }

  private async tell({ tenantId, jobId, action, told, correlationId }: LeasedRunJob, runId: string): Promise<Told> {
    const type: CommandType = `workflow.${action}`;
    const parsed = parseCommandData(type, { ...told, workflow_id: runId });
    if (!parsed.ok) throw new TypeError(`A job says what no command may: ${JSON.stringify(parsed.issues)}`);
    const commandId = isPlanted('run-jobs-random-command-id') ? newId() : derivedId(tenantId, jobId, runId);
    const answer = await this.parts.workflows.give(parsed.command, {
      ...{ tenantId, commandId, subject: runId },
      metadata: { id: jobId, subject: runId, correlationId },
    });
    if (answer.kind === 'taken') throw new StillUndecidedError(`${type} of ${runId} is not decided yet`);
    const { outcome } = answer;
    this.parts.onRun(action, outcome.status === 'accepted' ? 'accepted' : 'refused');
    if (outcome.status === 'accepted') return { runId, refusal: undefined };
    return { runId, refusal: { run_id: runId, code: outcome.code, message: outcome.message.slice(0, 500) } };
  }
}

function counted(job: LeasedRunJob, told: readonly Told[], nextCursor: string | undefined): LeasedRunJob {
  const refusals = told.flatMap(({ refusal }) => refusal ?? []);
  const runs = job.runs + told.length;
  const isFull = runs >= job.runsMax;
  return {
    ...job,
    runs,
    accepted: job.accepted + told.length - refusals.length,
    refused: job.refused + refusals.length,
    refusals: [...job.refusals, ...refusals].slice(0, refusalsNamedMax),
    cursor: nextCursor ?? job.cursor,
    isCut: isFull && nextCursor !== undefined,
    status: nextCursor === undefined || isFull ? 'completed' : 'running',
  };
}
