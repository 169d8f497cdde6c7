import type { EventCodec, inference } from '@chorda/contracts';
import { sleep, type Logger, type TenantId } from '@chorda/kernel';
import type { InferenceReader, StoredOutcome } from '@chorda/read-models';

export type ModelOutcome = inference.Completed | inference.Failed | inference.Expired | inference.Cancelled;

interface OutcomeWatchParts {
  readonly reader: Pick<InferenceReader, 'outcomes'>;
  readonly codec: Pick<EventCodec, 'decode'>;
  readonly logger: Logger;
}

/** An answer of a model takes longer than that; one look is for all that wait. */
const lookEveryMs = 100;
const looksAtOnceMax = 1_000;

interface Waiter {
  readonly tenantId: TenantId;
  readonly requestId: string;
  tell(outcome: ModelOutcome): void;
}

/**
 * Waits for outcomes where they are decided. For the few who cannot be answered by a command, since they hold their place
 * meanwhile: who waits is bounded by the slots of the executor.
 */
export class OutcomeWatch {
  private readonly waiters = new Map<string, Waiter>();
  private looking: Promise<void> | undefined;

  constructor(private readonly parts: OutcomeWatchParts) {}

  /** @throws the signal's reason, once it is aborted. */
  async of(tenantId: TenantId, requestId: string, signal: AbortSignal): Promise<ModelOutcome> {
    signal.throwIfAborted();
    const key = keyOf(tenantId, requestId);
    const told = Promise.withResolvers<ModelOutcome>();
    const leave = () => told.reject(signal.reason);
    signal.addEventListener('abort', leave, { once: true });
    this.waiters.set(key, { tenantId, requestId, tell: told.resolve });
    this.looking ??= this.look().finally(() => (this.looking = undefined));
    try {
      return await told.promise;
    } finally {
      this.waiters.delete(key);
      signal.removeEventListener('abort', leave);
    }
  }

  private async look(): Promise<void> {
    for (let failures = 0; this.waiters.size > 0;) {
      try {
        const waiting = [...this.waiters.values()];
        for (let from = 0; from < waiting.length; from += looksAtOnceMax) {
          const found = await this.parts.reader.outcomes(waiting.slice(from, from + looksAtOnceMax));
          for (const stored of found) this.tell(stored);
        }
        failures = 0;
      } catch (error) {
        if (failures++ === 0) this.parts.logger.warn('Outcomes of models cannot be looked up; trying again', { error });
      }
      await sleep(lookEveryMs);
    }
  }

  private tell({ tenantId, requestId, value, headers }: StoredOutcome): void {
    const key = keyOf(tenantId, requestId);
    const raw = Object.entries(headers).map(([name, text]) => [name, Buffer.from(text)] as const);
    const record = { topic: 'inference.events', key: Buffer.from(key), value, headers: Object.fromEntries(raw) };
    const { event } = this.parts.codec.decode(record);
    if (isOutcome(event)) this.waiters.get(key)?.tell(event);
  }
}

function keyOf(tenantId: string, requestId: string): string {
  return `${tenantId}/${requestId}`;
}

const outcomeTypes = ['inference.completed', 'inference.failed', 'inference.expired', 'inference.cancelled'];

function isOutcome(event: { readonly type: string }): event is ModelOutcome {
  return outcomeTypes.includes(event.type);
}
