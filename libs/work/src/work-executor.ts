import type { AnyWork } from '@chorda/contracts';
import { sleep, type Logger } from '@chorda/kernel';
import { crashPoint, isPlanted } from '@chorda/platform';
import { AnswerKeeper, type AgentWorkRepository, type LeasedWork, type NewWork } from '@chorda/read-models';
import { context, propagation, ROOT_CONTEXT } from '@opentelemetry/api';
import type { OutcomeSender } from './outcome-sender.js';
import { InboxFullError } from './work-intake.js';
import type { KeptMetadata, RevokedWork, WorkKind, WorkRunner } from './work-kind.js';
import type { WorkMetrics } from './work-metrics.js';

export interface WorkExecutorParts<Work extends AnyWork, Asked extends Work, Outcome> {
  readonly kind: WorkKind<Work, Asked, Outcome>;
  readonly works: AgentWorkRepository;
  /** The same, by sessions for what each work needs. Default `works`. */
  readonly inbox?: Pick<AgentWorkRepository, 'take' | 'answer'>;
  readonly runner: WorkRunner<Asked, Outcome>;
  readonly sender: Pick<OutcomeSender<Asked, Outcome>, 'send' | 'sendUnsent' | 'tellBegun'>;
  readonly metrics: WorkMetrics;
  readonly logger: Logger;
  /** Names this process among all that hold leases. */
  readonly owner: string;
  readonly slotsMax: number;
  /** Works that may wait in the inbox; past it no more are taken from the log. */
  readonly readyMax: number;
}

const lookEveryMs = 1_000;
const beatEveryMs = 4_000;
const stopGraceMs = 2_500;
const sweepMax = 500;
const pruneMax = 1_000;
/** A notification has at most 8,000 bytes; an id is a UUID. */
const revokedPerNoticeMax = 200;
/** Of works that are over, so that a record that comes late is still known. */
const keepMs = 60_000;

interface Running {
  readonly leased: LeasedWork;
  readonly aborting: AbortController;
  readonly ended: Promise<void>;
}

/**
 * Does work that the engine asked for, many at once and none of it within the engine's loop.
 *
 * A work goes through four steps, each of them stored before the next: it is leased; it is done; its outcome is stored
 * under the lease; its command is sent. A process that is killed between two of them leaves a row from which another goes
 * on. Killed after the work was begun and before its outcome was stored, work that may be repeated is done again with the
 * same key, and a call that must not be repeated is answered as lost.
 */
export class WorkExecutor<Work extends AnyWork, Asked extends Work, Outcome> {
  private readonly running = new Map<string, Running>();
  /** From then on nothing is begun. */
  private readonly stopping = new AbortController();
  /** From then on nothing is looked after: until then leases are lengthened and outcomes sent, also while it drains. */
  private readonly over = new AbortController();
  private readonly inbox;
  private readonly answers;
  private reserved = 0;
  private isInboxFull = false;
  private mayBeReady = true;
  private wake = Promise.withResolvers<void>();
  private loops: Promise<unknown> | undefined;

  constructor(private readonly parts: WorkExecutorParts<Work, Asked, Outcome>) {
    const { works, inbox = works, logger } = parts;
    this.inbox = inbox;
    this.answers = new AnswerKeeper({ works: inbox, logger, signal: this.over.signal });
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
    const { queues } = this.parts.kind;
    const own = items.filter(({ queue }) => queues.includes(queue));
    const others = items.filter(({ queue }) => !queues.includes(queue));
    const room = this.stopping.signal.aborted ? 0 : Math.min(this.free(), own.length);
    this.reserved += room;
    try {
      if (others.length > 0) await this.inbox.take(others, this.parts.owner, 0, this.parts.kind.channels.ready);
      const leased = own.length > 0 ? await this.inbox.take(own, this.parts.owner, room) : [];
      for (const one of leased) this.begin(one);
    } finally {
      this.reserved -= room;
    }
    if (own.length > room) this.look();
  }

  /** Stops work that nobody waits for any more. What others hold they hear of by the channel, else at their next beat. */
  async revoke(works: readonly RevokedWork[]): Promise<void> {
    const held = await this.parts.works.revoke(works);
    this.drop(held);
    for (let from = 0; from < held.length; from += revokedPerNoticeMax) {
      const ids = held.slice(from, from + revokedPerNoticeMax).join(',');
      await this.parts.works.notify(this.parts.kind.channels.revoked, ids);
    }
  }

  /** Stops those of these tries that are done here. */
  drop(workIds: readonly string[]): void {
    if (isPlanted('executors-revoked-work-done')) return;
    const ids = new Set(workIds);
    for (const { leased, aborting } of this.running.values()) {
      if (ids.has(leased.workId)) aborting.abort(new RevokedError());
    }
  }

  /** Looks for ready work now, and not only at the next turn of the clock. */
  look(): void {
    this.mayBeReady = true;
    this.wake.resolve();
  }

  /** Work that is being done here now. */
  get count(): number {
    return this.running.size;
  }

  /**
   * Begins nothing more, lets what runs come to its end within `drainMs`, then stops it: what may be repeated is given
   * back to others, and a call of unknown outcome is answered as lost.
   */
  async stop(drainMs: number): Promise<void> {
    this.stopping.abort();
    const ended = () => Promise.allSettled([...this.running.values()].map((running) => running.ended));
    await Promise.race([ended(), sleep(drainMs)]);
    for (const { aborting } of this.running.values()) aborting.abort(new StoppedError());
    await Promise.race([ended(), sleep(stopGraceMs)]);
    this.over.abort();
    await Promise.allSettled([this.loops, ended()]);
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
    const { kind, metrics, logger, sender } = this.parts;
    const work: Asked = JSON.parse(leased.work);
    const about = { [metrics.label]: kind.labelOf(leased, work) };
    const done = metrics.seconds.startTimer(about);
    try {
      const outcome = await this.outcomeOf(leased, work, signal);
      done();
      if (signal.reason instanceof RevokedError) {
        metrics.revoked.inc(about);
        return;
      }
      crashPoint(`${kind.crashPrefix}-before-answer`);
      const isStopped = signal.aborted && signal.reason instanceof StoppedError;
      // Others have time for it that this process has not.
      if (isStopped && leased.repeatable && kind.isUnfinished(outcome)) {
        await this.parts.works.release([leased]);
        return;
      }
      const text = JSON.stringify(outcome);
      if (!(await this.keep(leased, text))) {
        metrics.late.inc(about);
        logger.warn('An outcome came after its lease was lost, and is left aside', about);
        return;
      }
      metrics.works.inc({ ...about, outcome: kind.endOf(outcome) });
      crashPoint(`${kind.crashPrefix}-after-answer`);
      await sender.send({ ...leased, outcome: text }, this.over.signal);
    } catch (error) {
      // Its lease ends by itself; then it is begun again, or answered as lost.
      logger.error('Work could not be brought to an end here', { ...about, error });
    }
  }

  private async keep(leased: LeasedWork, outcome: string): Promise<boolean> {
    // Says that it is stored before it is.
    if (isPlanted('executors-answer-forgotten')) crashPoint(`${this.parts.kind.crashPrefix}-after-answer`);
    return (await this.answers.keep(leased, outcome)) || isPlanted('executors-late-answer-sent');
  }

  /** Within the trace of the record that asked. */
  private outcomeOf(leased: LeasedWork, work: Asked, signal: AbortSignal): Promise<Outcome> {
    const { tenantId, leftMs } = leased;
    const metadata: KeptMetadata = JSON.parse(leased.metadata);
    const parent = propagation.extract(ROOT_CONTEXT, metadata);
    return context.with(parent, () => this.parts.runner.run({ work, tenantId, leftMs, metadata, signal }));
  }

  private async claimReady(): Promise<void> {
    const room = this.free();
    if (room === 0 || this.stopping.signal.aborted) return;
    this.reserved += room;
    try {
      const claimed = await this.parts.works.claim(this.parts.kind.queues, this.parts.owner, room);
      if (isPlanted('work-claim-unowned')) await this.parts.works.release(claimed);
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
      // What ended meanwhile holds no lease any more, and has nothing left to stop.
      if (!alive.has(leased.leaseToken) && this.running.has(leased.leaseToken)) aborting.abort(new LeaseLostError());
    }
  }

  /** Looks after the whole inbox, for processes that are gone too. */
  private async sweep(): Promise<void> {
    const { kind, works, metrics, sender, readyMax } = this.parts;
    const { repeated, lost } = await works.expireLeases(JSON.stringify(kind.lost), sweepMax);
    metrics.repeated.inc(repeated);
    metrics.lost.inc(lost);
    if (repeated > 0) this.look();
    await sender.sendUnsent();
    await sender.tellBegun();
    metrics.expired.inc((await works.prune(keepMs, pruneMax)).expired);
    const counts = await works.counts();
    metrics.inbox.reset();
    for (const { queue, state, count } of counts) {
      // Users name the queues of workers: their number must not be that of series.
      metrics.inbox.inc({ queue: kind.queues.includes(queue) ? queue : 'workers', state }, count);
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
        if (failures++ === 0) this.parts.logger.warn('Cannot look after the inbox; trying again', { error });
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
class RevokedError extends Error {}
