/** Says why a part is not ready; undefined when it is. */
export type HealthCheck = () => Promise<string | undefined> | string | undefined;

/**
 * Readiness of one app, as a list of reasons. Liveness is not asked here: a process that answers is alive, whatever
 * Kafka or Postgres do, since restarting it would mend neither.
 */
export class HealthRegistry {
  private readonly checks = new Map<string, HealthCheck>();
  private draining = false;

  /** @param checkTimeoutMs How long a check may take before it counts as a reason itself. Default 2 s. */
  constructor(private readonly checkTimeoutMs = 2_000) {}

  add(name: string, check: HealthCheck): void {
    this.checks.set(name, check);
  }

  /** From now on not ready, whatever the checks say: load balancers must look away before intake ends. */
  beginDraining(): void {
    this.draining = true;
  }

  /** Empty = ready. */
  async notReady(): Promise<readonly string[]> {
    if (this.draining) return ['draining'];
    const reasons = await Promise.all([...this.checks].map(([name, check]) => this.reasonOf(name, check)));
    return reasons.filter((reason) => reason !== undefined);
  }

  private async reasonOf(name: string, check: HealthCheck): Promise<string | undefined> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<string>((resolve) => {
      timer = setTimeout(() => resolve(`no answer within ${this.checkTimeoutMs} ms`), this.checkTimeoutMs);
    });
    try {
      const reason = await Promise.race([Promise.resolve().then(check), late]);
      return reason === undefined ? undefined : `${name}: ${reason}`;
    } catch (error) {
      return `${name}: ${error instanceof Error ? error.message : String(error)}`;
    } finally {
      clearTimeout(timer);
    }
  }
}
