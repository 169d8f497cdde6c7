import type { EventCodec } from '@chorda/contracts';
import type { Logger, TenantId } from '@chorda/kernel';
import type { InferenceReader, StoredOutcome } from '@chorda/read-models';
import type { InferenceMetrics } from './inference.metrics.js';
import { isOutcomeType, waitKey, type InferenceWaits, type OutcomeEnvelope } from './inference-waits.js';

const looksAtOnceMax = 1_000;

/**
 * Outcomes as the database has them: for who asks later, and for callers whose event did not reach this gateway, since its
 * consumer was away while it was published.
 */
export class OutcomeLookup {
  private timer: NodeJS.Timeout | undefined;
  private looking: Promise<void> | undefined;

  constructor(
    private readonly reader: InferenceReader,
    private readonly codec: EventCodec,
    private readonly waits: InferenceWaits,
    private readonly metrics: InferenceMetrics,
    private readonly logger: Logger,
    /** An event is with its callers within milliseconds: who has waited so long may have missed it. */
    private readonly lateMs: number,
  ) {}

  start(): void {
    this.timer = setInterval(() => {
      this.looking ??= this.lookAfterAll().finally(() => (this.looking = undefined));
    }, this.lateMs);
    this.timer.unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.looking;
  }

  async find(tenantId: TenantId, requestId: string): Promise<OutcomeEnvelope | undefined> {
    const stored = await this.reader.outcome(tenantId, requestId);
    return stored && this.read(stored);
  }

  private async lookAfterAll(): Promise<void> {
    const late = this.waits.waitingSince(Date.now() - this.lateMs, Number.MAX_SAFE_INTEGER);
    try {
      for (let at = 0; at < late.length; at += looksAtOnceMax) {
        for (const stored of await this.reader.outcomes(late.slice(at, at + looksAtOnceMax))) this.tell(stored);
      }
    } catch (error) {
      this.logger.warn('Outcomes of inference could not be looked up; trying again later', { error });
    }
  }

  private tell(stored: StoredOutcome): void {
    const found = this.read(stored);
    if (found === undefined) return;
    this.metrics.lookedUp.inc();
    this.waits.tell(waitKey(stored.tenantId, stored.requestId), found.event);
  }

  private read({ tenantId, requestId, value, headers }: StoredOutcome): OutcomeEnvelope | undefined {
    const raw = Object.entries(headers).map(([name, text]) => [name, Buffer.from(text)] as const);
    const key = Buffer.from(waitKey(tenantId, requestId));
    const record = { topic: 'inference.events', key, value, headers: Object.fromEntries(raw) };
    const { event, metadata } = this.codec.decode(record);
    return isOutcome(event) ? { event, metadata } : undefined;
  }
}

function isOutcome(event: { readonly type: string }): event is OutcomeEnvelope['event'] {
  return isOutcomeType(event.type);
}
