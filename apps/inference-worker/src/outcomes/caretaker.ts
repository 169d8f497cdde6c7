import { sleep, type Logger } from '@chorda/kernel';
import type {
  InferenceModelRepository,
  InferenceOutcomeRepository,
  OpenAttempt,
  ServedModel,
} from '@chorda/read-models';
import type { Prices } from '../accounting/prices.js';
import type { WorkerMetrics } from '../worker-metrics.js';
import {
  usageEvent,
  type AttemptFacts,
  type OutcomeRecords,
  type RequestContext,
  type RequestOrigin,
} from './outcome-events.js';
import type { OutcomeDesk } from './outcome-desk.js';

/** What is kept with an attempt for whoever has to account for it when its worker is gone. */
export interface KeptAttempt {
  readonly context: RequestContext;
  readonly origin: RequestOrigin;
  readonly facts: Omit<AttemptFacts, 'attempt'>;
  readonly promptTokens: number;
  readonly completionTokens: number;
}

export interface CaretakerParts {
  readonly outcomes: InferenceOutcomeRepository;
  readonly models: InferenceModelRepository;
  readonly desk: OutcomeDesk;
  readonly records: OutcomeRecords;
  readonly prices: Prices;
  readonly served: () => readonly ServedModel[];
  readonly metrics: WorkerMetrics;
  readonly logger: Logger;
}

const beatEveryMs = 1_000;
const lookEveryMs = 2_000;
const pruneEveryMs = 60_000;
/** Whoever has stored a record publishes it right away; another takes over when it has not. */
const unpublishedMs = 2_000;
const unpublishedMax = 500;
/** A worker that nothing was heard of for so long makes no calls any more. */
const silentMs = 15_000;
const lostMax = 200;
/** No request record is kept for longer than seven days. */
const keepMs = 8 * 86_400_000;
const pruneMax = 5_000;

/** Looks after what all workers share: says that this one is alive, and finishes what others have left. */
export class Caretaker {
  private readonly stopping = new AbortController();
  private loops: Promise<unknown> | undefined;

  constructor(private readonly parts: CaretakerParts) {}

  /** A database that is away is waited for: without it no call is begun. */
  async start(): Promise<void> {
    await this.parts.outcomes.beat().catch(() => undefined);
    this.loops = Promise.all([
      this.every(beatEveryMs, () => this.parts.outcomes.beat()),
      this.every(lookEveryMs, () => this.look()),
      this.every(pruneEveryMs, async () => void (await this.parts.outcomes.prune(keepMs, pruneMax))),
    ]);
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.loops;
    await this.parts.outcomes.leave().catch(() => undefined);
  }

  private async look(): Promise<void> {
    const { outcomes, models, desk, metrics, served } = this.parts;
    const unpublished = await outcomes.unpublished(unpublishedMs, unpublishedMax);
    metrics.republished.inc(unpublished.length);
    if (unpublished.length > 0) await desk.publish(unpublished);
    for (const lost of await outcomes.lostAttempts(silentMs, lostMax)) await this.account(lost);
    const list = served();
    if (list.length > 0) await models.seen(list);
  }

  /** By estimate: what a worker saw that is gone, nobody knows. */
  private async account({ tenantId, requestId, attempt, usage: text, beganMs }: OpenAttempt): Promise<void> {
    const { prices, records, desk, metrics } = this.parts;
    const kept: KeptAttempt = JSON.parse(text);
    const usage = { promptTokens: kept.promptTokens, cachedPromptTokens: 0, completionTokens: kept.completionTokens };
    const cost = prices.costOf(kept.facts.model, usage, kept.facts.dispatchedMs);
    const event = usageEvent(
      kept.origin,
      { ...kept.facts, attempt },
      {
        ...{ status: 'failed', usage, costUsd: cost.usd, priceVersion: cost.version, isEstimated: true },
        ...{ durationMs: Math.max(0, Date.now() - beganMs), firstTokenMs: undefined, errorCode: 'WORKER_LOST' },
      },
    );
    const tokens = usage.promptTokens + usage.completionTokens;
    const settlement = { tenantId, requestId, attempt, outcome: undefined, costUsd: cost.usd, tokens };
    await desk.settle({ ...settlement, records: [records.usage(kept.context, event)] }, this.stopping.signal);
    metrics.lostAttempts.inc();
  }

  private async every(ms: number, look: () => Promise<void>): Promise<void> {
    const { signal } = this.stopping;
    for (let failures = 0; !signal.aborted;) {
      await sleep(ms, signal);
      if (signal.aborted) return;
      try {
        await look();
        failures = 0;
      } catch (error) {
        if (failures++ === 0) this.parts.logger.warn('Cannot look after what workers share; trying again', { error });
      }
    }
  }
}
