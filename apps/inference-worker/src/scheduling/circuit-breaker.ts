export interface BreakerOptions {
  readonly failuresMax: number;
  /** Failures that lie further back are forgotten. */
  readonly spanMs: number;
  readonly openMs: number;
  /** Answers in a row that close it again. */
  readonly successesMin: number;
}

/** As SGLang's gateway has them by default. */
export const breakerDefaults: BreakerOptions = { failuresMax: 5, spanMs: 60_000, openMs: 30_000, successesMin: 2 };

/**
 * Keeps requests from a server that fails them.
 *
 * - closed: everything passes; opens when `failuresMax` have failed within `spanMs`, or at once where access is refused.
 * - open: nothing passes for `openMs`; then half-open.
 * - half-open: one at a time passes; `successesMin` answers in a row close it, a failure opens it again.
 */
export class CircuitBreaker {
  private failures: number[] = [];
  private openUntilMs: number | undefined;
  private successes = 0;
  private isTrying = false;

  constructor(private readonly options: BreakerOptions = breakerDefaults) {}

  state(nowMs: number): 'closed' | 'open' | 'half-open' {
    if (this.openUntilMs === undefined) return 'closed';
    return nowMs < this.openUntilMs ? 'open' : 'half-open';
  }

  allows(nowMs: number): boolean {
    const state = this.state(nowMs);
    return state === 'closed' || (state === 'half-open' && !this.isTrying);
  }

  /** A request is on its way. Each is followed by one of `succeeded`, `failed` and `unknown`. */
  begun(nowMs: number): void {
    if (this.state(nowMs) === 'half-open') this.isTrying = true;
  }

  succeeded(nowMs: number): void {
    this.isTrying = false;
    if (this.state(nowMs) !== 'half-open') return;
    this.successes += 1;
    if (this.successes < this.options.successesMin) return;
    this.openUntilMs = undefined;
    this.failures = [];
  }

  /** @returns Whether it opened by this. */
  failed(nowMs: number, isFinal = false): boolean {
    this.isTrying = false;
    const state = this.state(nowMs);
    if (state === 'open') return false;
    this.failures = [...this.failures.filter((atMs) => atMs > nowMs - this.options.spanMs), nowMs];
    if (state === 'closed' && !isFinal && this.failures.length < this.options.failuresMax) return false;
    this.openUntilMs = nowMs + this.options.openMs;
    this.successes = 0;
    return true;
  }

  /** It ended for reasons of its own: cancelled, refused for its content, or for want of room. */
  unknown(): void {
    this.isTrying = false;
  }
}
