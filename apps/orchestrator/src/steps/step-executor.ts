import type { WorkflowWork } from '@chorda/contracts';
import { sleep, type Logger } from '@chorda/kernel';
import { crashPoint } from '@chorda/platform';
import { AnswerKeeper, type AgentWorkRepository, type LeasedWork, type NewWork } from '@chorda/read-models';
import type { OutcomeSender } from './outcome-sender.js';
import { InboxFullError, ownQueue } from './step-intake.js';
import type { StepMetrics } from './step-metrics.js';
import { lostStep, type StepOutcome } from './step-outcome.js';
import type { StepRunner } from './step-runner.js';

export interface StepExecutorParts {
  readonly works: AgentWorkRepository;
  readonly runner: StepRunner;
  readonly sender: OutcomeSender;
  readonly metrics: StepMetrics;
  readonly logger: Logger;
  /** Names this process among all that hold leases. */
  readonly owner: string;
  readonly slotsMax: number;
  /** Steps that may wait in the inbox; past it no more are taken from the log. */
  readonly readyMax: number;
}

const lookEveryMs = 1_000;
const beatEveryMs = 4_000;
const stopGraceMs = 2_500;
const sweepMax = 500;
const pruneMax = 1_000;
/** Of works that are over, so that a record that comes late is still known. */
const keepMs = 60_000;

interface Running {
  readonly leased: LeasedWork;
  readonly aborting: AbortController;
  readonly ended: Promise<void>;
}

/**
 * Does the steps that need no worker of a user: calls of models and other systems, executions of agents, runs within runs.
 *
 * A work is leased; it is done; its outcome is stored under the lease; its command is sent. A process that is killed between
 * two of these leaves a row from which another goes on. Killed after a work was begun and before its outcome was stored,
 * what may be repeated is done again with the same key, and what must not be is answered as lost.
 */
export class StepExecutor {
  private readonly running = new Map<string, Running>();
  private readonly stopping = new AbortController();
  private readonly over = new AbortController();
  private readonly answers;
  private reserved = 0;
  private isInboxFull = false;
  private mayBeReady = true;
  private wake = Promise.withResolvers<void>();
  private loops: Promise<unknown> | undefined;

  constructor(private readonly parts: StepExecutorParts) {
    const { works, logger } = parts;
    this.answers = new AnswerKeeper({ works, logger, signal: this.over.signal });
  }

  start(): void {
    this.loops = Promise.all([
      this.every(
        lookEveryMs,
        () => this.claimReady(),
        (signal) => this.untilWoken(signal),
      ),
      this.every(beatEveryMs, () => this.beat()),
      this.every(lookEveryMs, () => this.sweep()),
    ]);
  }

  /** What the log brings. As much of it as there is room for is begun at once. @throws InboxFullError */
  async take(items: readonly NewWork[]): Promise<void> {
    if (this.isInboxFull) {
      this.parts.metrics.refusedIntake.inc();
      throw new InboxFullError(this.parts.readyMax);
    }
    const own = items.filter(({ queue }) => queue === ownQueue);
    const others = items.filter(({ queue }) => queue !== ownQueue);
    const room = this.stopping.signal.aborted ? 0 : Math.min(this.free(), own.length);
    this.reserved += room;
    try {
      if (others.length > 0) await this.parts.works.take(others, this.parts.owner, 0);
      const leased = own.length > 0 ? await this.parts.works.take(own, this.parts.owner, room) : [];
      for (const one of leased) this.begin(one);
    } finally {
      this.reserved -= room;
    }
    if (own.length > room) this.look();
  }

  /** Begins nothing more, lets what runs come to its end within `drainMs`, then stops it. */
  async stop(drainMs: number): Promise<void> {
    this.stopping.abort();
    const ended = () => Promise.allSettled([...this.running.values()].map((running) => running.ended));
    await Promise.race([ended(), sleep(drainMs)]);
    for (const { aborting } of this.running.values()) aborting.abort(new StoppedError());
    await Promise.race([ended(), sleep(stopGraceMs)]);
    this.over.abort();
    await Promise.allSettled([this.loops, ended()]);
  }

  private look(): void {
    this.mayBeReady = true;
    this.wake.resolve();
  }

  private free(): number {
    return Math.max(0, this.parts.slotsMax - this.running.size - this.reserved);
  }

  private begin(leased: LeasedWork): void {
    const aborting = new AbortController();
    const ended = this.run(leased, aborting.signal).finally(() => {
      this.running.delete(leased.leaseToken);
      this.parts.metrics.running.set(this.running.size);
      if (this.mayBeReady) this.wake.resolve();
    });
    this.running.set(leased.leaseToken, { leased, aborting, ended });
    this.parts.metrics.running.set(this.running.size);
  }

  private async run(leased: LeasedWork, signal: AbortSignal): Promise<void> {
    const { metrics, logger, sender, works } = this.parts;
    const work: WorkflowWork = JSON.parse(leased.work);
    const type = work.type === 'workflow.step_requested' ? work.data.step_type : work.type;
    const done = metrics.seconds.startTimer({ type });
    try {
      const { tenantId, leftMs, metadata } = leased;
      const outcome = await this.parts.runner.run({ work, tenantId, leftMs, metadata: JSON.parse(metadata), signal });
      done();
      crashPoint('orchestrator-before-answer');
      if (isUnfinished(outcome) && signal.aborted && signal.reason instanceof StoppedError && mayRepeat(work)) {
        await works.release([leased]);
        return;
      }
      const text = JSON.stringify(outcome);
      if (!(await this.answers.keep(leased, text))) {
        metrics.late.inc({ type });
        logger.warn('A step came to its end after its lease was lost, and is left aside', { type });
        return;
      }
      metrics.works.inc({ type, outcome: outcome.kind === 'result' ? outcome.status : outcome.kind });
      crashPoint('orchestrator-after-answer');
      await sender.send({ ...leased, outcome: text }, this.over.signal);
    } catch (error) {
      // Its lease ends by itself; then it is begun again, or answered as lost.
      logger.error('A step could not be brought to an end here', { type, error });
    }
  }

  private async claimReady(): Promise<void> {
    const room = this.free();
    if (room === 0 || this.stopping.signal.aborted) return;
    this.reserved += room;
    try {
      const claimed = await this.parts.works.claim([ownQueue], this.parts.owner, room);
      this.mayBeReady = claimed.length === room;
      for (const leased of claimed) this.begin(leased);
    } finally {
      this.reserved -= room;
    }
  }

  private async beat(): Promise<void> {
    const held = [...this.running.values()];
    if (held.length === 0) return;
    const alive = await this.parts.works.beat(held.map(({ leased }) => leased));
    for (const { leased, aborting } of held) {
      if (!alive.has(leased.leaseToken) && this.running.has(leased.leaseToken)) aborting.abort(new LeaseLostError());
    }
  }

  /** Looks after the whole inbox, for processes that are gone too. */
  private async sweep(): Promise<void> {
    const { works, metrics, sender, readyMax } = this.parts;
    const { repeated, lost } = await works.expireLeases(JSON.stringify(lostStep), sweepMax);
    metrics.repeated.inc(repeated);
    metrics.lost.inc(lost);
    if (repeated > 0) this.look();
    await sender.sendUnsent();
    metrics.expired.inc((await works.prune(keepMs, pruneMax)).expired);
    const counts = await works.counts();
    metrics.inbox.reset();
    for (const { queue, state, count } of counts) {
      // Users name the queues of workers: their number must not be that of series.
      const kind = queue === ownQueue ? ownQueue : 'workers';
      metrics.inbox.inc({ queue: kind, state }, count);
    }
    const ready = counts.filter(({ state }) => state === 'ready').reduce((sum, { count }) => sum + count, 0);
    this.isInboxFull = ready > readyMax;
  }

  /** Goes on after a failure: Postgres that is away comes back, and leases are for such times. */
  private async every(ms: number, look: () => Promise<void>, pause = (signal: AbortSignal) => sleep(ms, signal)) {
    const { signal } = this.over;
    for (let failures = 0; !signal.aborted;) {
      try {
        await look();
        failures = 0;
      } catch (error) {
        if (failures++ === 0) this.parts.logger.warn('Cannot look after the inbox of steps; trying again', { error });
      }
      await pause(signal);
    }
  }

  private async untilWoken(signal: AbortSignal): Promise<void> {
    const pausing = new AbortController();
    await Promise.race([this.wake.promise, sleep(lookEveryMs, AbortSignal.any([signal, pausing.signal]))]);
    pausing.abort();
    this.wake = Promise.withResolvers();
  }
}

/** Only for `signal.reason`: nobody throws it. */
class StoppedError extends Error {}
class LeaseLostError extends Error {}

function mayRepeat(work: WorkflowWork): boolean {
  return work.type !== 'workflow.step_requested' || work.data.idempotent;
}

function isUnfinished(outcome: StepOutcome): boolean {
  return outcome.kind === 'result' && outcome.status !== 'completed';
}
