import type { DeltaData, EventEnvelope, InferenceEvent } from '@chorda/contracts';
import type { TenantId } from '@chorda/kernel';
import { Problem } from '../http/problem.js';
import type { InferenceMetrics } from './inference.metrics.js';

export type Tokens = DeltaData<'inference.tokens_generated'>;

const outcomeTypes = ['inference.completed', 'inference.failed', 'inference.expired', 'inference.cancelled'] as const;
export type OutcomeType = (typeof outcomeTypes)[number];
/** The one end of a request. */
export type InferenceOutcome = Extract<InferenceEvent, { readonly type: OutcomeType }>;
export type OutcomeEnvelope = EventEnvelope<InferenceOutcome>;

export function isOutcomeType(type: string): type is OutcomeType {
  return (outcomeTypes as readonly string[]).includes(type);
}

/** Who wants to hear of a request. */
export interface Listener {
  /** Of a stream: tokens as they come, each record once. */
  tokens?(tokens: Tokens): void;
  /** Called at most once, and nothing after it but tokens that were overtaken. */
  outcome(outcome: InferenceOutcome): void;
}

export interface WaitLimits {
  readonly waitersMax: number;
  readonly tenantWaitersMax: number;
}

interface Wait {
  readonly tenantId: TenantId;
  readonly requestId: string;
  readonly sinceMs: number;
  readonly listeners: Set<Listener>;
}

export function waitKey(tenantId: string, requestId: string): string {
  return `${tenantId}/${requestId}`;
}

/** Who waits for which request in this gateway. The key is that of the records, so one look tells whether a record matters. */
export class InferenceWaits {
  private readonly waits = new Map<string, Wait>();
  private readonly ofTenant = new Map<string, number>();
  private count = 0;

  constructor(
    private readonly limits: WaitLimits,
    private readonly metrics: InferenceMetrics,
  ) {}

  /**
   * @returns Ends the wait; safe to call again.
   * @throws {@link Problem} `OVERLOADED` where as many wait as may, of all tenants or of this one.
   */
  listen(tenantId: TenantId, requestId: string, listener: Listener): () => void {
    const own = this.ofTenant.get(tenantId) ?? 0;
    if (this.count >= this.limits.waitersMax) throw this.full('waiters');
    if (own >= this.limits.tenantWaitersMax) throw this.full('tenant_waiters');
    const key = waitKey(tenantId, requestId);
    const wait = this.waits.get(key) ?? { tenantId, requestId, sinceMs: Date.now(), listeners: new Set() };
    wait.listeners.add(listener);
    this.waits.set(key, wait);
    this.ofTenant.set(tenantId, own + 1);
    this.metrics.waiters.set(++this.count);
    return () => this.leave(key, wait, listener);
  }

  has(key: string): boolean {
    return this.waits.has(key);
  }

  tell(key: string, outcome: InferenceOutcome): void {
    for (const listener of this.waits.get(key)?.listeners ?? []) listener.outcome(outcome);
  }

  give(key: string, tokens: Tokens): void {
    for (const listener of this.waits.get(key)?.listeners ?? []) listener.tokens?.(tokens);
  }

  /** Requests that somebody has waited for since before `beforeMs`, at most `max`. */
  waitingSince(beforeMs: number, max: number): readonly { readonly tenantId: TenantId; readonly requestId: string }[] {
    const found: Wait[] = [];
    for (const wait of this.waits.values()) {
      if (found.length >= max) break;
      if (wait.sinceMs < beforeMs) found.push(wait);
    }
    return found;
  }

  private leave(key: string, wait: Wait, listener: Listener): void {
    if (!wait.listeners.delete(listener)) return;
    if (wait.listeners.size === 0 && this.waits.get(key) === wait) this.waits.delete(key);
    const own = (this.ofTenant.get(wait.tenantId) ?? 1) - 1;
    if (own > 0) this.ofTenant.set(wait.tenantId, own);
    else this.ofTenant.delete(wait.tenantId);
    this.metrics.waiters.set(--this.count);
  }

  private full(reason: 'waiters' | 'tenant_waiters'): Problem {
    this.metrics.refused.inc({ reason });
    const whose = reason === 'waiters' ? 'here' : 'of this tenant here';
    const headers = { 'retry-after': '1' };
    return new Problem('OVERLOADED', `As many callers as may wait for answers of models ${whose}`, { headers });
  }
}
