import { GroupedCalls, sleep, type Logger } from '@chorda/kernel';
import type { Producer } from '@chorda/messaging';
import { crashPoint, isPlanted } from '@chorda/platform';
import type {
  BegunAttempt,
  InferenceOutcomeRepository,
  NewAttempt,
  SettledRequest,
  Settlement,
  UnpublishedRecord,
} from '@chorda/read-models';
import type { WorkerMetrics } from '../worker-metrics.js';

export interface DeskParts {
  readonly outcomes: InferenceOutcomeRepository;
  readonly producer: Producer;
  readonly metrics: WorkerMetrics;
  readonly logger: Logger;
}

/**
 * - counted: it stands. outrun: the outcome was somebody else's before.
 * - closed: others took this worker for gone and accounted its call, so that its answer is none any more. Nothing was
 *   written, and the request may have no outcome yet.
 */
export type Standing = 'counted' | 'outrun' | 'closed';

const groupMax = 200;
/**
 * Statements follow each other no closer: a statement of Postgres and its commit cost as much as ten rows in it, and
 * where requests come one by one there were three statements for each of them. Who comes alone does not wait.
 */
const groupEveryMs = 8;
/** What each caller goes on to do takes some tenths of a millisecond, and an urgent request waits for all of them. */
const answersPerTurn = 16;
/** Well before anybody takes a record for unpublished. */
const publishedEveryMs = 250;
const retryMsMin = 50;
const retryMsMax = 5_000;

/** Stores what became of requests, many in one statement, and publishes it once it is stored. */
export class OutcomeDesk {
  private readonly begins: GroupedCalls<NewAttempt, BegunAttempt>;
  /** Neither behind a statement of two hundred others, nor behind what these go on to do. */
  private readonly urgentBegins: GroupedCalls<NewAttempt, BegunAttempt>;
  private readonly settlements: GroupedCalls<Settlement, SettledRequest>;
  private readonly clearing = new Set<Promise<unknown>>();
  private readonly publications: GroupedCalls<readonly Pick<UnpublishedRecord, 'tenantId' | 'recordId'>[], undefined>;

  constructor(private readonly parts: DeskParts) {
    const { outcomes } = parts;
    const limits = { itemsMax: groupMax, callsMax: 2, everyMs: groupEveryMs, answersPerTurn };
    this.begins = new GroupedCalls((attempts) => outcomes.begin(attempts), limits);
    this.urgentBegins = new GroupedCalls((attempts) => outcomes.begin(attempts), {
      itemsMax: groupMax,
      callsMax: 2,
      answersPerTurn,
    });
    this.settlements = new GroupedCalls((settlements) => {
      const settling = outcomes.settle(settlements);
      // By then the statement is with Postgres, and its transaction open.
      setImmediate(() => crashPoint('inference-in-claim'));
      return settling;
    }, limits);
    this.publications = new GroupedCalls(
      async (groups) => {
        await outcomes.published(groups.flat());
        return groups.map(() => undefined);
      },
      { itemsMax: 500, callsMax: 1, everyMs: publishedEveryMs },
    );
  }

  /** @throws what Postgres says: no call is made then, and no budget overdrawn. */
  begin(attempt: NewAttempt, isUrgent: boolean): Promise<BegunAttempt> {
    const { reserve } = attempt;
    if (reserve) return this.parts.outcomes.beginReserved({ ...attempt, reserve });
    return (isUrgent ? this.urgentBegins : this.begins).call(attempt);
  }

  /** Until everything that was published is out of the outbox, or Postgres has said that it cannot be. */
  async stop(): Promise<void> {
    while (this.clearing.size > 0) await Promise.all(this.clearing);
  }

  /**
   * Stores a settlement, and publishes what of it was written.
   *
   * @throws what Postgres said last, when `signal` has ended the tries.
   */
  async settle(settlement: Settlement, signal: AbortSignal): Promise<Standing> {
    crashPoint('inference-before-claim');
    const stopTimer = this.parts.metrics.claimSeconds.startTimer();
    const settled = isPlanted('inference-usage-apart')
      ? await this.storeApart(settlement, signal)
      : await this.store(settlement, signal);
    stopTimer();
    crashPoint('inference-after-claim');
    const isWritten = (id: string) =>
      settled.recordIds.has(id) || (isPlanted('inference-claim-skipped') && !settled.isClaimed);
    await this.publish(
      settlement.records
        .filter(({ recordId }) => isWritten(recordId))
        .map((record) => ({ ...record, tenantId: settlement.tenantId })),
    );
    if (settled.isClaimed) return 'counted';
    return settled.isClosed ? 'closed' : 'outrun';
  }

  /** Records that stay unpublished are stored: whoever looks after the outbox publishes them. */
  async publish(records: readonly UnpublishedRecord[]): Promise<void> {
    const { producer, metrics, logger } = this.parts;
    const results = await Promise.allSettled(
      records.map(({ topic, key, value, headers }) =>
        producer.send({ topic, key, value, headers: headersOf(headers) }),
      ),
    );
    crashPoint('inference-after-publish');
    const failed = results.find((result) => result.status === 'rejected');
    if (failed) {
      metrics.publishFailures.inc(results.filter(({ status }) => status === 'rejected').length);
      logger.warn('The brokers did not take an outcome yet', { error: failed.reason });
    }
    const sent = records.filter((_, index) => results[index]?.status === 'fulfilled');
    if (sent.length === 0) return;
    // Nobody waits for it: a record that stays in the outbox is published again, with the same id and bytes.
    const clearing: Promise<unknown> = this.publications
      .call(sent)
      .catch(() => undefined)
      .finally(() => this.clearing.delete(clearing));
    this.clearing.add(clearing);
  }

  private async store(settlement: Settlement, signal: AbortSignal): Promise<SettledRequest> {
    for (let failures = 0; ; failures++) {
      try {
        // Alone after a failure, so that one that Postgres refuses does not hold up the others for ever.
        if (failures === 0) return await this.settlements.call(settlement);
        const [settled] = await this.parts.outcomes.settle([settlement]);
        return settled ?? { isClaimed: false, isClosed: false, recordIds: new Set() };
      } catch (error) {
        if (signal.aborted) throw error;
        this.parts.logger.warn('An outcome could not be stored yet', { failures, error });
        await sleep(Math.min(retryMsMin * 2 ** Math.min(failures, 10), retryMsMax), signal);
      }
    }
  }

  /** The bug that a test plants: what a call cost is written after its outcome, in a transaction of its own. */
  private async storeApart(settlement: Settlement, signal: AbortSignal): Promise<SettledRequest> {
    const usage = settlement.records.filter(({ kind }) => kind === 'usage');
    const first = await this.store(
      { ...settlement, records: settlement.records.filter((each) => !usage.includes(each)) },
      signal,
    );
    crashPoint('inference-after-claim');
    const records = usage.map((record) => ({ ...record, kind: 'outcome' as const }));
    const second = await this.store({ ...settlement, attempt: undefined, outcome: undefined, records }, signal);
    return { ...first, recordIds: new Set([...first.recordIds, ...second.recordIds]) };
  }
}

/** Written by this process or its like. */
export function headersOf(text: string): Record<string, string> {
  const headers: Record<string, string> = JSON.parse(text);
  return headers;
}
