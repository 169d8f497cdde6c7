import { sleep, systemClock, type Logger, type TenantId } from '@chorda/kernel';
import { isPlanted } from '@chorda/platform';
import type { Settlement } from '@chorda/read-models';
import { nanodollars } from '../accounting/prices.js';
import type { CallError } from '../calls/call-error.js';
import { contextOf, type Failure, type OutcomeEvent, type OutcomeRecords } from '../outcomes/outcome-events.js';
import type { OutcomeDesk } from '../outcomes/outcome-desk.js';
import { ReplyUnknownError, type Replies } from '../outcomes/replies.js';
import type { TellAgain } from '../outcomes/tell-again.js';
import type { Berth, ReplicaPool, Route } from '../replicas/replica-pool.js';
import { retryDelayMs } from '../scheduling/retry-delay.js';
import type { TokenEstimates } from '../scheduling/token-estimate.js';
import type { WorkerMetrics } from '../worker-metrics.js';
import {
  costOfAttempt,
  usageOfAttempt,
  type AttemptResult,
  type AttemptRunner,
  type MadeAttempt,
} from './attempt-runner.js';
import { failureOf, failures } from './failures.js';
import { Job, jobKey, type Ending, type ReceivedRequest } from './job.js';
import { completedEvent, endedEvent, failedEvent } from './outcome-of.js';
import { prefixOf } from './prompt-prefix.js';
import { readBody } from './read-body.js';
import type { RequestQueues } from './request-queues.js';
import { Turns } from './turns.js';

export interface WorkerParts {
  readonly pool: ReplicaPool;
  readonly queues: RequestQueues;
  readonly runner: AttemptRunner;
  readonly desk: OutcomeDesk;
  readonly records: OutcomeRecords;
  readonly replies: Replies;
  readonly tellAgain: TellAgain;
  readonly estimates: TokenEstimates;
  readonly metrics: WorkerMetrics;
  readonly logger: Logger;
  /** Other models, in order, for when one has no server in order or is too small. */
  readonly fallbacks: Readonly<Record<string, readonly Route[]>>;
  readonly attemptsMax: number;
  readonly gatheredMax: number;
}

/** A cancel that comes before its request does is remembered for as long as this many that come after it. */
const cancelsMax = 100_000;
const timerMsMax = 2_147_483_647;
const takenRestMs = 300;
const notBegunRestMs = 500;
const unroutedRestMs = 200;
const queuesMax = 1_000;
/** Of requests, in one turn of the event loop: some milliseconds. An urgent one waits for no more than that. */
const beginsPerTurn = 16;
const answersPerTurn = 8;

/**
 * Brings each request to one outcome: queues it, calls a model for it when there is room, tries again what may be tried,
 * and stores and publishes what it came to. Bounded by whoever submits.
 */
export class InferenceWorker {
  private readonly jobs = new Map<string, Job>();
  private readonly cancels = new Map<string, Extract<Ending, { kind: 'cancelled' }>>();
  private readonly running = new Set<Promise<void>>();
  private readonly stopping = new AbortController();
  private readonly turns = new Turns(answersPerTurn);
  private isPumping = false;

  constructor(private readonly parts: WorkerParts) {}

  /** Requests in hand, in whatever state. */
  get count(): number {
    return this.jobs.size;
  }

  /** The listener is told once: true when the request has its outcome, false when it is left to others. */
  submit(request: ReceivedRequest, listener: (isDone: boolean) => void): Job {
    const job = new Job(request);
    const same = this.jobs.get(job.key);
    if (same) {
      // The log has it twice, or gave it again after a rebalance: one call serves both.
      same.listeners.push(listener);
      return same;
    }
    job.listeners.push(listener);
    this.jobs.set(job.key, job);
    this.accept(job);
    return job;
  }

  /** Leaves requests to others that this worker has not begun. */
  release(jobs: Iterable<Job>): void {
    for (const job of jobs) {
      if (job.state !== 'queued' && job.state !== 'resting') continue;
      this.parts.queues.remove(job);
      this.over(job, false);
    }
  }

  cancel(tenantId: TenantId, requestId: string, reason: string, by: string | null): void {
    const ending = { kind: 'cancelled', reason, by } as const;
    const key = jobKey(tenantId, requestId);
    const job = this.jobs.get(key);
    if (job) return this.end(job, ending);
    this.cancels.set(key, ending);
    if (this.cancels.size > cancelsMax)
      for (const oldest of this.cancels.keys()) return void this.cancels.delete(oldest);
  }

  /** Room has come somewhere. */
  pump(): void {
    if (this.isPumping) return;
    this.isPumping = true;
    setImmediate(() => {
      this.isPumping = false;
      this.serve();
    });
  }

  /** Begins nothing more; what runs has so long to end, then its call is ended and it is left to others. */
  async stop(graceMs: number): Promise<void> {
    this.stopping.abort();
    this.release([...this.jobs.values()]);
    const all = () => Promise.allSettled(this.running);
    await Promise.race([all(), sleep(graceMs)]);
    for (const job of this.jobs.values()) this.end(job, { kind: 'stopped' });
    await all();
  }

  private accept(job: Job): void {
    const nowMs = systemClock.nowMs();
    const cancelled = this.cancels.get(job.key);
    if (cancelled) return this.conclude(job, endedEvent(job, cancelled));
    if (job.leftMs(nowMs) <= 0) return this.conclude(job, endedEvent(job, { kind: 'expired' }));
    try {
      this.parts.replies.check(job.request.metadata, job.data);
    } catch (error) {
      if (!(error instanceof ReplyUnknownError)) throw error;
      return this.fail(job, failures.replyUnknown(error.message), false);
    }
    const asked = readBody(job.request, this.parts.estimates);
    if (typeof asked === 'string') return this.fail(job, failures.invalid(asked));
    job.asked = asked;
    if (this.parts.pool.replicas.length > 1) job.prefix = prefixOf(job.request, asked.body);
    const { model } = job.data;
    job.routes = [{ model, provider: undefined }, ...(this.parts.fallbacks[model] ?? [])];
    job.timer = setTimeout(() => this.end(job, { kind: 'expired' }), Math.min(job.leftMs(nowMs), timerMsMax));
    job.timer.unref();
    this.enqueue(job);
  }

  private enqueue(job: Job): void {
    const { pool, queues, estimates } = this.parts;
    const nowMs = systemClock.nowMs();
    if (job.state === 'ending' || job.state === 'ended') return;
    if (this.stopping.signal.aborted) return this.over(job, false);
    const open = job.routes.find((route) => pool.isOpen(route, nowMs));
    if (!open && job.routes.every((route) => pool.isUnknown(route)))
      return this.fail(job, failures.modelNotFound(job.data.model));
    job.route = open ?? job.routes[0];
    const { asked, route } = job;
    if (!asked || !route) return;
    const answer =
      asked.operation === 'embedding' ? 0 : estimates.completionTokens(route.model, asked.completionTokensMax);
    job.tokens = asked.promptTokens + answer * asked.sequences;
    queues.add(job, nowMs);
    this.pump();
  }

  private serve(): void {
    const { queues, pool } = this.parts;
    if (this.stopping.signal.aborted) return;
    let begun = 0;
    for (const { route, queue, isGathered } of queues.all()) {
      const nowMs = systemClock.nowMs();
      if (queue.size > 0 && !pool.isOpen(route, nowMs)) this.reroute([...queue], nowMs);
      while (queue.size > 0) {
        if (begun >= beginsPerTurn) return this.pump();
        const berth = pool.berth(route, nowMs);
        const urgent = berth || queue.sizeOf('high') === 0 ? undefined : pool.berth(route, nowMs, true);
        const job = berth ? queue.take(nowMs) : urgent && queue.takeUrgent(nowMs);
        const there = berth ?? urgent;
        if (!job || !there) break;
        const chosen = this.berthFor(job, route, !berth, nowMs) ?? there;
        const room = chosen.lane.window - chosen.lane.inFlight;
        const jobs = [job];
        while (isGathered && jobs.length < Math.min(this.parts.gatheredMax, room)) {
          const next = queue.take(nowMs);
          if (!next) break;
          jobs.push(next);
        }
        this.begin(jobs, chosen);
        begun += jobs.length;
      }
    }
    queues.prune(queuesMax);
  }

  /** Another server than the one that failed it, else the one that holds its beginning; undefined: whichever. */
  private berthFor(job: Job, route: Route, isUrgent: boolean, nowMs: number): Berth | undefined {
    const { pool, metrics } = this.parts;
    if (job.avoided.size > 0) return pool.berth(route, nowMs, isUrgent, job.avoided);
    if (job.prefix === undefined) return undefined;
    const found = pool.holder(route, nowMs, isUrgent, job.prefix);
    if (found) metrics.prefixes.inc({ result: found.isFirst ? 'held' : 'moved' });
    return found?.berth;
  }

  /** To another model where this one has no server in order; without one they wait where they are, and are looked at again. */
  private reroute(jobs: readonly Job[], nowMs: number): void {
    const { pool, queues } = this.parts;
    for (const job of jobs) {
      const isGone = job.routes.every((route) => pool.isUnknown(route));
      if (!isGone && !job.routes.some((route) => pool.isOpen(route, nowMs))) continue;
      queues.remove(job);
      this.enqueue(job);
    }
    if (jobs.some(({ state }) => state === 'queued')) setTimeout(() => this.pump(), unroutedRestMs).unref();
  }

  private begin(jobs: readonly Job[], berth: Berth): void {
    const nowMs = systemClock.nowMs();
    const sequences = jobs.reduce((sum, { asked }) => sum + (asked?.sequences ?? 1), 0);
    const ready = jobs.filter((job) => !this.isTooLate(job, berth, nowMs));
    if (ready.length === 0) return;
    for (const job of ready) job.state = 'running';
    berth.lane.begin(sequences, nowMs);
    const running = this.run(ready, berth, sequences)
      .catch((error: unknown) => this.parts.logger.error('A request could not be brought to its end here', { error }))
      .finally(() => this.running.delete(running));
    this.running.add(running);
  }

  /** There is not the time left that an answer takes there. */
  private isTooLate(job: Job, { lane }: Berth, nowMs: number): boolean {
    const isLate = lane.seenServiceMs !== undefined && job.leftMs(nowMs) < lane.seenServiceMs / 2;
    if (isLate) {
      // Nothing was asked of a server.
      this.parts.queues.settle(job, -job.tokens);
      this.end(job, { kind: 'expired' });
    }
    return isLate;
  }

  private async run(jobs: readonly Job[], berth: Berth, sequences: number): Promise<void> {
    const { metrics, runner } = this.parts;
    const nowMs = systemClock.nowMs();
    for (const { priority, request, firstDispatchedMs } of jobs) {
      if (firstDispatchedMs !== undefined) continue;
      metrics.queueSeconds.observe({ priority }, Math.max(0, nowMs - request.fetchedMs) / 1_000);
      metrics.waitSeconds.observe({ priority }, Math.max(0, nowMs - request.metadata.timeMs) / 1_000);
    }
    let results: readonly AttemptResult[] = [];
    try {
      results = await runner.run(jobs, berth);
    } finally {
      berth.lane.end(sequences);
      this.judge(results, berth);
      this.pump();
    }
    await this.turns.next(jobs.some(({ priority }) => priority === 'high'));
    await Promise.all(
      jobs.map((job, index) => this.follow(job, results[index] ?? { kind: 'taken' }, jobs.length > 1, berth)),
    );
  }

  /** What the call says of its server. */
  private judge(results: readonly AttemptResult[], { lane, replica }: Berth): void {
    const nowMs = systemClock.nowMs();
    const { metrics, logger } = this.parts;
    const labels = { replica: replica.name, model: lane.model };
    const result = results.find(({ kind }) => kind === 'answered' || kind === 'failed');
    if (result?.kind === 'answered') {
      const { durationMs, firstTokenMs, facts } = result.made;
      const first = firstTokenMs === undefined ? undefined : firstTokenMs - facts.dispatchedMs;
      lane.answered(durationMs, first);
      replica.felt(lane, first);
      metrics.attempts.inc({ ...labels, result: 'answered' });
      return lane.breaker.succeeded(nowMs);
    }
    if (result?.kind !== 'failed') return lane.breaker.unknown();
    const { failure, details } = result.error;
    metrics.attempts.inc({ ...labels, result: failure });
    if (failure === 'full' || failure === 'limited') {
      if (lane.control.refused(nowMs, lane.serviceMs)) metrics.cuts.inc({ replica: replica.name, cause: 'refused' });
      if (details.retryAfterMs !== undefined) lane.pause(nowMs + details.retryAfterMs);
      return lane.breaker.unknown();
    }
    if (failure !== 'failed' && failure !== 'denied') return lane.breaker.unknown();
    if (failure === 'failed') replica.doubt();
    if (!lane.breaker.failed(nowMs, failure === 'denied')) return;
    metrics.breakerOpened.inc(labels);
    logger.error('Requests are kept from a model server', { ...labels, failure });
  }

  private async follow(job: Job, result: AttemptResult, wasShared: boolean, { lane }: Berth): Promise<void> {
    // Whom no server was asked for was served nothing.
    if (!('made' in result)) this.parts.queues.settle(job, -job.tokens);
    switch (result.kind) {
      case 'over':
        this.parts.metrics.known.inc();
        return this.leaveTo(job);
      case 'taken':
        return this.rest(job, takenRestMs);
      case 'not begun':
        this.parts.logger.warn('A call could not be begun, and is not made', { error: result.error });
        return this.rest(job, notBegunRestMs);
      case 'refused':
        if (result.ofBudget) this.parts.metrics.budgetRefusals.inc({ of: result.ofBudget });
        return this.store(job, failedEvent(job, result.failure), undefined);
      case 'answered':
        this.learn(job, result.made);
        return this.store(job, completedEvent(job, result), result.made);
      case 'failed':
        this.learn(job, result.made);
        return this.afterFailure(job, result.made, result.error, wasShared, lane);
    }
  }

  private learn(job: Job, { facts, usage, cost }: MadeAttempt): void {
    const tokens = usage.promptTokens + usage.completionTokens;
    job.attempts = Math.max(job.attempts, facts.attempt);
    job.firstDispatchedMs ??= facts.dispatchedMs;
    job.usedTokens += tokens;
    job.usedNanodollars += nanodollars(cost.usd);
    this.parts.queues.settle(job, tokens - usage.cachedPromptTokens - job.tokens);
  }

  private async afterFailure(
    job: Job,
    made: MadeAttempt,
    error: CallError,
    wasShared: boolean,
    lane: Berth['lane'],
  ): Promise<void> {
    const { ending } = job;
    if (ending?.kind === 'stopped') {
      await this.account(job, made, 'cancelled', error);
      return this.over(job, false);
    }
    if (ending) return this.store(job, endedEvent(job, ending), made, error);
    const next = this.nextTry(job, error, wasShared, lane);
    if (next === undefined) return this.store(job, failedEvent(job, failureOf(error, job.failures > 1)), made, error);
    await this.account(job, made, 'failed', error);
    this.rest(job, next);
  }

  /** How long to wait for another attempt; undefined: there is none. */
  private nextTry(job: Job, error: CallError, wasShared: boolean, lane: Berth['lane']): number | undefined {
    // Whose fault it was, a call of its own will tell.
    if (wasShared && !error.retriable) job.isAlone = true;
    const place = job.routes.findIndex(({ model }) => model === lane.model);
    const isLast = place < 0 || place === job.routes.length - 1;
    const isElsewhere = error.failure === 'too_long' || error.failure === 'unknown_model';
    if (wasShared && job.isAlone && !isElsewhere) return 0;
    if (isElsewhere) {
      if (isLast) return undefined;
      job.routes = job.routes.slice(place + 1);
      return 0;
    }
    const isWantOfRoom = error.failure === 'full' || error.failure === 'limited';
    if (!error.retriable && error.failure !== 'denied') return undefined;
    job.avoided.add(lane);
    const most = job.data.attempts_max ?? this.parts.attemptsMax;
    if (isWantOfRoom) job.refusals += 1;
    else job.failures += 1;
    const counted = job.data.attempts_max === null ? job.failures : job.failures + job.refusals;
    if (counted >= most) return undefined;
    const delayMs = retryDelayMs(job.failures + job.refusals, error.details.retryAfterMs, Math.random());
    // A wait beyond the deadline helps nobody: another server may be asked before that.
    return delayMs < job.leftMs(systemClock.nowMs()) ? delayMs : undefined;
  }

  private rest(job: Job, ms: number): void {
    job.state = 'resting';
    if (job.ending) return this.end(job, job.ending);
    if (this.stopping.signal.aborted) return this.over(job, false);
    job.restTimer = setTimeout(() => this.enqueue(job), ms);
  }

  /** From outside: a cancel, the deadline, a stop. */
  private end(job: Job, ending: Ending): void {
    if (job.state === 'ending' || job.state === 'ended') return;
    // A timer reaches no further than 24 days.
    if (ending.kind === 'expired' && job.leftMs(systemClock.nowMs()) > timerMsMax / 2) return;
    job.ending ??= ending;
    if (job.state === 'running') return job.aborting.abort();
    this.parts.queues.remove(job);
    if (ending.kind === 'stopped') return this.over(job, false);
    this.conclude(job, endedEvent(job, ending));
  }

  private fail(job: Job, failure: Failure, replies = true): void {
    this.conclude(job, failedEvent(job, failure), replies);
  }

  /** Without an attempt that is open. */
  private conclude(job: Job, event: OutcomeEvent, replies = true): void {
    const storing = this.store(job, event, undefined, undefined, replies)
      .catch((error: unknown) => this.parts.logger.error('An outcome could not be stored', { error }))
      .finally(() => this.running.delete(storing));
    this.running.add(storing);
  }

  private async store(
    job: Job,
    event: OutcomeEvent,
    made: MadeAttempt | undefined,
    error?: CallError,
    replies = true,
  ): Promise<void> {
    job.state = 'ending';
    const { records, replies: replying, desk, metrics } = this.parts;
    const { metadata } = job.request;
    const outcome = records.outcome(contextOf(metadata), event);
    const reply = replies ? replying.record(metadata, job.data, event) : undefined;
    const status = event.type === 'inference.completed' ? 'completed' : job.ending ? 'cancelled' : 'failed';
    const isFree = job.ending !== undefined && isPlanted('answers-abort-unaccounted');
    const usage =
      made &&
      !isFree &&
      records.usage(contextOf(metadata), usageOfAttempt(job, made, costOfAttempt(made, status, error)));
    const settlement: Settlement = {
      ...this.settlementOf(job, made),
      ...(isPlanted('answers-closed-stand') && { attempt: undefined }),
      outcome: outcome.claim,
      records: [outcome.record, ...(usage ? [usage] : []), ...(reply ? [reply] : [])],
    };
    try {
      const standing = await desk.settle(settlement, this.stopping.signal);
      // Whether the request has an outcome, the statement that begins attempts tells: it goes there once more.
      if (standing === 'closed') return this.rest(job, 0);
      if (standing === 'counted')
        metrics.outcomes.inc({ outcome: event.type.slice('inference.'.length), priority: job.priority });
      else {
        metrics.lostClaims.inc();
        if (made) await this.account(job, made, 'superseded', error);
        if (replies) return await this.leaveTo(job);
      }
      this.over(job, true);
    } catch (failure) {
      this.over(job, false);
      throw failure;
    }
  }

  /** Its outcome is somebody else's, who may not have known that somebody waits for it. */
  private async leaveTo(job: Job): Promise<void> {
    try {
      await this.parts.tellAgain.tell(job.request.metadata, job.data, this.stopping.signal);
      this.over(job, true);
    } catch (error) {
      this.over(job, false);
      throw error;
    }
  }

  private async account(
    job: Job,
    made: MadeAttempt,
    status: 'failed' | 'cancelled' | 'superseded',
    error?: CallError,
  ): Promise<void> {
    const { records, desk } = this.parts;
    const event = usageOfAttempt(job, made, costOfAttempt(made, status, error));
    const settlement = { ...this.settlementOf(job, made), outcome: undefined };
    await desk.settle(
      { ...settlement, records: [records.usage(contextOf(job.request.metadata), event)] },
      this.stopping.signal,
    );
  }

  private settlementOf(job: Job, made: MadeAttempt | undefined) {
    return {
      tenantId: job.tenantId,
      requestId: job.data.request_id,
      attempt: made?.facts.attempt,
      costUsd: made?.cost.usd ?? '0',
      tokens: made ? made.usage.promptTokens + made.usage.completionTokens : 0,
    };
  }

  private over(job: Job, isDone: boolean): void {
    if (job.state === 'ended') return;
    job.state = 'ended';
    clearTimeout(job.timer);
    clearTimeout(job.restTimer);
    this.jobs.delete(job.key);
    for (const listener of job.listeners) listener(isDone);
  }
}
