export interface FilterBudgetLimits {
  /** Milliseconds of evaluation that the filters of one tenant may take in a second. */
  readonly tenantMsMax: number;
}

interface Window {
  readonly sinceMs: number;
  spentMs: number;
  readonly byFilter: Map<string, number>;
}

const windowMs = 1_000;
/** Tenants whose time is counted at once; past it, all begin a new second early. */
const windowsMax = 10_000;

/** What evaluating filters costs each tenant. Only measured time says what a filter takes from everybody else. */
export class FilterBudget {
  private readonly windows = new Map<string, Window>();

  constructor(
    private readonly limits: FilterBudgetLimits,
    private readonly nowMs: () => number = () => performance.now(),
  ) {}

  /** Runs it and counts its time against the tenant. */
  measure<Result>(tenantId: string, filter: string, evaluate: () => Result): Result {
    const startMs = this.nowMs();
    const result = evaluate();
    const endMs = this.nowMs();
    const window = this.windowOf(tenantId, startMs);
    window.spentMs += endMs - startMs;
    window.byFilter.set(filter, (window.byFilter.get(filter) ?? 0) + endMs - startMs);
    return result;
  }

  /** The filter that cost most, where the tenant has spent more than it may. */
  overspender(tenantId: string): string | undefined {
    const window = this.windows.get(tenantId);
    if (window === undefined || window.spentMs <= this.limits.tenantMsMax) return undefined;
    if (this.nowMs() - window.sinceMs >= windowMs) return undefined;
    const [first] = [...window.byFilter].sort(([, a], [, b]) => b - a);
    if (first === undefined) return undefined;
    // Its share goes with it: whoever else there is may stay.
    window.byFilter.delete(first[0]);
    window.spentMs -= first[1];
    return first[0];
  }

  /** How long who evaluates of his own accord has to wait: a client that catches up has no deadline. */
  pauseMs(tenantId: string): number {
    const window = this.windows.get(tenantId);
    if (window === undefined || window.spentMs <= this.limits.tenantMsMax / 2) return 0;
    return Math.max(0, window.sinceMs + windowMs - this.nowMs());
  }

  private windowOf(tenantId: string, nowMs: number): Window {
    const known = this.windows.get(tenantId);
    if (known !== undefined && nowMs - known.sinceMs < windowMs) return known;
    const window = { sinceMs: nowMs, spentMs: 0, byFilter: new Map<string, number>() };
    if (this.windows.size >= windowsMax) this.windows.clear();
    this.windows.set(tenantId, window);
    return window;
  }
}
