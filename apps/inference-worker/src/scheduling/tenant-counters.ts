/**
 * Tokens that each tenant was served, as virtual token counters of "Fairness in Serving Large Language Models"
 * (arXiv 2401.00588): whoever has the least is served next. A tenant that comes back after a pause is lifted to the least
 * of those that wait, so that nobody saves up service by staying away.
 *
 * Bounded: past `tenantsMax` the tenants that wait for nothing are forgotten, those with the least service first; a
 * forgotten one is lifted when it comes back, like any other.
 */
export class TenantCounters {
  private readonly served = new Map<string, number>();
  private readonly waiting = new Set<string>();

  constructor(private readonly tenantsMax = 10_000) {}

  /** The tenant has requests that wait from now on. */
  join(tenant: string): void {
    if (this.waiting.has(tenant)) return;
    const least = this.leastWaiting();
    this.served.set(tenant, Math.max(this.of(tenant), least ?? this.floor()));
    this.waiting.add(tenant);
    this.forgetIdle();
  }

  /** It has none any more. */
  leave(tenant: string): void {
    this.waiting.delete(tenant);
  }

  /** Tokens that it was served; a negative number takes back what an estimate had been too much. */
  charge(tenant: string, tokens: number): void {
    const served = this.served.get(tenant);
    if (served !== undefined) this.served.set(tenant, served + tokens);
  }

  of(tenant: string): number {
    return this.served.get(tenant) ?? 0;
  }

  /** Of those that wait, the one with the least service; the first to join among equals. */
  next(): string | undefined {
    let next: string | undefined;
    let least = Number.POSITIVE_INFINITY;
    for (const tenant of this.waiting) {
      const served = this.of(tenant);
      if (served >= least) continue;
      least = served;
      next = tenant;
    }
    return next;
  }

  private leastWaiting(): number | undefined {
    const next = this.next();
    return next === undefined ? undefined : this.of(next);
  }

  /** With nobody waiting a newcomer must not begin far behind those that were just served. */
  private floor(): number {
    let most = 0;
    for (const served of this.served.values()) most = Math.max(most, served);
    return most;
  }

  private forgetIdle(): void {
    if (this.served.size <= this.tenantsMax) return;
    const idle = [...this.served].filter(([tenant]) => !this.waiting.has(tenant)).sort(([, a], [, b]) => a - b);
    for (const [tenant] of idle.slice(0, this.served.size - this.tenantsMax)) this.served.delete(tenant);
  }
}
