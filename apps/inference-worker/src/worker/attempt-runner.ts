import type { inference } from '@chorda/contracts';
import { systemClock, type Logger } from '@chorda/kernel';
import { crashPoint } from '@chorda/platform';
import type { BegunAttempt } from '@chorda/read-models';
import type { Cost } from '../accounting/prices.js';
import type { Usage } from '../calls/answer-assembly.js';
import { CallError } from '../calls/call-error.js';
import { gatheredBody, sharesOf } from '../calls/embedding-list.js';
import type { ModelAnswer, ModelCall } from '../calls/model-client.js';
import { TokenStream, type TokenStreamParts } from '../calls/token-stream.js';
import type { KeptAttempt } from '../outcomes/caretaker.js';
import {
  contextOf,
  originOf,
  usageEvent,
  type AttemptCost,
  type AttemptFacts,
  type Failure,
} from '../outcomes/outcome-events.js';
import type { OutcomeDesk } from '../outcomes/outcome-desk.js';
import type { Berth } from '../replicas/replica-pool.js';
import type { TokenEstimates } from '../scheduling/token-estimate.js';
import type { WorkerMetrics } from '../worker-metrics.js';
import { limitsOf, type CallLimits, type LimitParts } from './call-limits.js';
import { attemptErrorCode, failures } from './failures.js';
import { endBadly, endWell, operationNames, startCallSpan } from './gen-ai.js';
import type { Asked, Job } from './job.js';
import { withLimit } from './read-body.js';

export interface RunnerParts extends LimitParts, TokenStreamParts {
  readonly desk: OutcomeDesk;
  readonly estimates: TokenEstimates;
  readonly metrics: WorkerMetrics;
  readonly logger: Logger;
  readonly stallMs: number;
  readonly answerBytesMax: number;
}

/** What one attempt at one request came to. `made` ones are accounted for by whoever asked for them. */
export type AttemptResult =
  | { readonly kind: 'answered'; readonly made: MadeAttempt; readonly answer: ModelAnswer }
  | { readonly kind: 'failed'; readonly made: MadeAttempt; readonly error: CallError }
  /** Its own limits, or a budget, do not allow it. */
  | { readonly kind: 'refused'; readonly failure: Failure; readonly ofBudget: 'tenant' | 'agent' | undefined }
  | { readonly kind: 'over' | 'taken' }
  /** Postgres is away: without it nothing is begun. */
  | { readonly kind: 'not begun'; readonly error: unknown };

export interface MadeAttempt {
  readonly facts: AttemptFacts;
  readonly usage: Usage;
  readonly cost: Cost;
  readonly isEstimated: boolean;
  readonly durationMs: number;
  readonly firstTokenMs: number | undefined;
}

interface Begun {
  readonly job: Job;
  readonly asked: Asked;
  readonly limits: CallLimits;
  readonly facts: AttemptFacts;
}

/** Makes one call of a model, for one request or for several that share it, and says what it came to for each. */
export class AttemptRunner {
  constructor(private readonly parts: RunnerParts) {}

  async run(jobs: readonly Job[], berth: Berth): Promise<readonly AttemptResult[]> {
    const results = await Promise.all(jobs.map((job) => this.begin(job, berth)));
    const begun = results.filter((result): result is Begun => 'facts' in result);
    if (begun.length === 0) return results.map(notMade);
    const made = await this.make(begun, berth);
    return results.map((result) => ('facts' in result ? (made[begun.indexOf(result)] ?? { kind: 'taken' }) : result));
  }

  private async begin(job: Job, { replica, lane }: Berth): Promise<Begun | AttemptResult> {
    const { asked } = job;
    if (!asked) return { kind: 'taken' };
    const nowMs = systemClock.nowMs();
    const limits = limitsOf(job, asked, lane.model, nowMs, this.parts);
    if ('code' in limits) return { kind: 'refused', failure: limits, ofBudget: undefined };
    const facts = {
      provider: replica.options.provider,
      model: lane.model,
      replica: replica.name,
      operation: asked.operation,
      enqueuedMs: job.request.metadata.timeMs,
      fetchedMs: job.request.fetchedMs,
      dispatchedMs: nowMs,
    };
    const kept: KeptAttempt = {
      context: contextOf(job.request.metadata),
      origin: originOf(job.data),
      facts,
      promptTokens: asked.promptTokens,
      completionTokens: this.expected(asked, lane.model, limits),
    };
    let answer: BegunAttempt;
    try {
      const { reserve } = limits;
      const attempt = { tenantId: job.tenantId, requestId: job.data.request_id, usage: JSON.stringify(kept) };
      answer = await this.parts.desk.begin(reserve ? { ...attempt, reserve } : attempt, job.priority === 'high');
    } catch (error) {
      return { kind: 'not begun', error };
    }
    if (answer.kind === 'over budget') {
      return { kind: 'refused', failure: failures.overBudget(answer.of), ofBudget: answer.of };
    }
    if (answer.kind !== 'begun') return { kind: answer.kind };
    return { job, asked, limits, facts: { ...facts, attempt: answer.attempt, dispatchedMs: systemClock.nowMs() } };
  }

  private async make(begun: readonly Begun[], berth: Berth): Promise<readonly AttemptResult[]> {
    const [first] = begun;
    if (!first) return [];
    const { job, asked, limits, facts } = first;
    const startedMs = performance.now();
    const span = startCallSpan(job, berth.replica, berth.lane.model, facts.attempt);
    const tokens = job.data.stream
      ? new TokenStream(this.parts, contextOf(job.request.metadata), job.data.request_id, facts.attempt)
      : undefined;
    let firstTokenMs: number | undefined;
    let chunks = 0;
    try {
      const call: ModelCall = {
        operation: asked.operation,
        model: berth.lane.model,
        body:
          begun.length === 1 ? withLimit(asked.body, asked.operation, limits.completionTokensMax) : gatheredBody(begun),
        requestId: facts.attempt === 1 ? job.data.request_id : `${job.data.request_id}-${facts.attempt}`,
        signal: signalOf(begun),
        stallMs: this.parts.stallMs,
        answerBytesMax: this.parts.answerBytesMax,
        onChunk: (chunk) => {
          if (firstTokenMs === undefined) {
            firstTokenMs = systemClock.nowMs();
            crashPoint('inference-in-call');
          }
          chunks += 1;
          tokens?.add(chunk);
        },
      };
      const sequences = begun.reduce((sum, { asked: { sequences: own } }) => sum + own, 0);
      const answer = await berth.lane.calls(sequences, () => berth.replica.client.ask(call));
      tokens?.end(true);
      endWell(span, answer);
      return this.answered(begun, answer, { durationMs: elapsed(startedMs), firstTokenMs });
    } catch (error) {
      tokens?.end(false);
      const failed =
        error instanceof CallError ? error : new CallError('failed', 'The call failed', {}, { cause: error });
      if (!(error instanceof CallError))
        this.parts.logger.error('A call failed in a way that nobody foresaw', { error });
      endBadly(span, failed.failure);
      return begun.map((each) => this.failed(each, failed, chunks, { durationMs: elapsed(startedMs), firstTokenMs }));
    }
  }

  private answered(
    begun: readonly Begun[],
    answer: ModelAnswer,
    times: Pick<MadeAttempt, 'durationMs' | 'firstTokenMs'>,
  ): readonly AttemptResult[] {
    const { metrics, estimates } = this.parts;
    const [first] = begun;
    if (!first) return [];
    const { facts } = first;
    const labels = {
      gen_ai_operation_name: operationNames[facts.operation] ?? facts.operation,
      gen_ai_request_model: facts.model,
    };
    metrics.duration.observe(labels, times.durationMs / 1_000);
    if (times.firstTokenMs !== undefined)
      metrics.firstChunk.observe(labels, (times.firstTokenMs - facts.dispatchedMs) / 1_000);
    const shares = sharesOf(begun, answer);
    if (!shares) {
      const error = new CallError('failed', 'The answer has not as many vectors as texts', { mayHaveCost: true });
      return begun.map((each) => this.failed(each, error, 0, times));
    }
    return begun.map((each, index) => {
      const share = shares[index] ?? answer;
      const isEstimated = share.usage === undefined || begun.length > 1;
      const usage = share.usage ?? this.estimated(each, share.contentChunks);
      if (share.usage && facts.operation !== 'embedding')
        estimates.learn(facts.model, usage.completionTokens / each.asked.sequences);
      const made = { ...times, facts: each.facts, usage, cost: this.costOf(each, usage), isEstimated };
      return { kind: 'answered', made, answer: share };
    });
  }

  private failed(
    begun: Begun,
    error: CallError,
    chunks: number,
    times: Pick<MadeAttempt, 'durationMs' | 'firstTokenMs'>,
  ): AttemptResult {
    // What was refused at the door has cost nothing; what was begun has, and nobody says how much.
    const mayHaveCost = error.details.mayHaveCost === true;
    const nothing = { promptTokens: 0, cachedPromptTokens: 0, completionTokens: 0 };
    const usage = mayHaveCost ? this.estimated(begun, chunks) : nothing;
    const made = { ...times, facts: begun.facts, usage, cost: this.costOf(begun, usage), isEstimated: mayHaveCost };
    return { kind: 'failed', made, error };
  }

  private estimated({ asked }: Begun, chunks: number): Usage {
    return { promptTokens: asked.promptTokens, cachedPromptTokens: 0, completionTokens: chunks };
  }

  private costOf({ facts }: Begun, usage: Usage): Cost {
    const { metrics, prices } = this.parts;
    const of = (type: string) => ({ gen_ai_request_model: facts.model, gen_ai_token_type: type });
    metrics.tokens.inc(of('input'), usage.promptTokens);
    metrics.tokens.inc(of('cached_input'), usage.cachedPromptTokens);
    metrics.tokens.inc(of('output'), usage.completionTokens);
    return prices.costOf(facts.model, usage, facts.dispatchedMs);
  }

  private expected(asked: Asked, model: string, { completionTokensMax }: CallLimits): number {
    if (asked.operation === 'embedding') return 0;
    return this.parts.estimates.completionTokens(model, completionTokensMax) * asked.sequences;
  }
}

/** What an attempt cost, as the event says it. */
export function costOfAttempt(made: MadeAttempt, status: AttemptCost['status'], error?: CallError): AttemptCost {
  return {
    status,
    usage: made.usage,
    costUsd: made.cost.usd,
    priceVersion: made.cost.version,
    isEstimated: made.isEstimated,
    durationMs: made.durationMs,
    firstTokenMs: made.firstTokenMs,
    errorCode: error && attemptErrorCode(error),
  };
}

export function usageOfAttempt(job: Job, made: MadeAttempt, cost: AttemptCost): inference.UsageRecorded {
  return usageEvent(originOf(job.data), made.facts, cost);
}

function notMade(result: Begun | AttemptResult): AttemptResult {
  return 'facts' in result ? { kind: 'taken' } : result;
}

/** A call that several share ends when nobody waits for it any more. */
function signalOf(begun: readonly Begun[]): AbortSignal {
  const [first] = begun;
  if (begun.length === 1 && first) return first.job.aborting.signal;
  const all = new AbortController();
  const look = () => {
    if (begun.every(({ job }) => job.aborting.signal.aborted)) all.abort();
  };
  for (const { job } of begun) job.aborting.signal.addEventListener('abort', look, { once: true });
  look();
  return all.signal;
}

function elapsed(startedMs: number): number {
  return Math.round(performance.now() - startedMs);
}
