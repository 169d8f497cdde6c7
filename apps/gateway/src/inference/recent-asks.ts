import type { TenantId } from '@chorda/kernel';
import { waitKey } from './inference-waits.js';

export interface RecentAsk {
  readonly model: string;
  readonly sessionId: string | undefined;
}

const asksMax = 20_000;

/** What this gateway took lately: it can be followed and cancelled before any read model has it. */
export class RecentAsks {
  private readonly asks = new Map<string, RecentAsk>();

  add(tenantId: TenantId, requestId: string, ask: RecentAsk): void {
    this.asks.set(waitKey(tenantId, requestId), ask);
    if (this.asks.size <= asksMax) return;
    const [oldest] = this.asks.keys();
    if (oldest !== undefined) this.asks.delete(oldest);
  }

  find(tenantId: TenantId, requestId: string): RecentAsk | undefined {
    return this.asks.get(waitKey(tenantId, requestId));
  }
}
