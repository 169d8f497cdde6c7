export interface FilterBudgetLimits {
  /** What the filters of one tenant may cost in a second; see `filter-limits.ts` for what counts one. */
  readonly tenantCostMax: number;
}

interface Window {
  readonly sinceMs: number;
  spent: number;
  readonly byFilter: Map<string, number>;
}

const windowMs = 1_000;
/** Tenants whose time is counted at once; past it, all begin a new second early. */
const windowsMax = 10_000;

/**
 * What evaluating filters costs each tenant. Counted and not measured: a machine that gave its processors to others for a
 * moment would show any filter to be slow, and honest clients would be sent away when it is busy.
 */
export class FilterBudget {
  private readonly windows = new Map<string, Window>();

  constructor(
    private readonly limits: FilterBudgetLimits,
    private readonly nowMs: () => number = () => performance.now(),
  ) {}

  spend(tenantId: string, filter: string, cost: number): void {
    if (cost === 0) return;
    const window = this.windowOf(tenantId, this.nowMs());
    window.spent += cost;
    window.byFilter.set(filter, (window.byFilter.get(filter) ?? 0) + cost);
  }

  /** The filter that cost most, where the tenant has spent more than it may. */
  overspender(tenantId: string): string | undefined {
    const window = this.windows.get(tenantId);
    if (window === undefined || window.spent <= this.limits.tenantCostMax) return undefined;
    if (this.nowMs() - window.sinceMs >= windowMs) return undefined;
    const [first] = [...window.byFilter].sort(([, a], [, b]) => b - a);
    if (first === undefined) return undefined;
    // Its share goes with it: whoever else there is may stay.
    window.byFilter.delete(first[0]);
    window.spent -= first[1];
    return first[0];
  }

  /** How long who evaluates of his own accord has to wait: a client that catches up has no deadline. */
  pauseMs(tenantId: string): number {
    const window = this.windows.get(tenantId);
    if (window === undefined || window.spent <= this.limits.tenantCostMax / 2) return 0;
    return Math.max(0, window.sinceMs + windowMs - this.nowMs());
  }

  private windowOf(tenantId: string, nowMs: number): Window {
    const known = this.windows.get(tenantId);
    if (known !== undefined && nowMs - known.sinceMs < windowMs) return known;
    const window = { sinceMs: nowMs, spent: 0, byFilter: new Map<string, number>() };
    if (this.windows.size >= windowsMax) this.windows.clear();
    this.windows.set(tenantId, window);
    return window;
  }
}
