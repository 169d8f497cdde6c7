import { dayMs, dayOf, dropDayPartitions, ensureDayPartitions } from '@chorda/read-models';
import type pg from 'pg';

/** Which days of a table exist, as far as this process knows, and how long they are kept. */
export class DayPartitions {
  private readonly known = new Set<number>();

  /** @param retentionDays How many whole days are kept; Infinity: for ever. */
  constructor(
    readonly table: string,
    private readonly retentionDays: number,
  ) {}

  /** The days of another table, kept for as long. */
  forTable(table: string): DayPartitions {
    return new DayPartitions(table, this.retentionDays);
  }

  /** Whether a record of that time has a place; what is older is past its retention. */
  keeps(recordTimeMs: number, nowMs = Date.now()): boolean {
    return recordTimeMs >= this.keptFromMs(nowMs);
  }

  /** Makes the days that are missing. Days that were made once cost nothing. */
  async ensure(pool: pg.Pool, days: Iterable<number>): Promise<void> {
    const missing = [...days].filter((day) => !this.known.has(day));
    if (missing.length === 0) return;
    await ensureDayPartitions(pool, this.table, missing);
    for (const day of missing) this.known.add(day);
  }

  /** Today and the next days, so that midnight finds its table there. */
  async ensureAhead(pool: pg.Pool, nowMs = Date.now()): Promise<void> {
    await this.ensure(
      pool,
      [0, 1, 2].map((days) => dayOf(nowMs) + days * dayMs),
    );
  }

  /** Drops what is past its retention. @returns The days that were dropped. */
  async dropExpired(pool: pg.Pool, nowMs = Date.now()): Promise<readonly number[]> {
    if (!Number.isFinite(this.retentionDays)) return [];
    const dropped = await dropDayPartitions(pool, this.table, this.keptFromMs(nowMs));
    for (const day of dropped) this.known.delete(day);
    return dropped;
  }

  /** Another process may have dropped a day that this one remembers. */
  forget(): void {
    this.known.clear();
  }

  /** What is older is past its retention. -Infinity: nothing is. */
  keptFromMs(nowMs: number): number {
    return Number.isFinite(this.retentionDays) ? dayOf(nowMs) - this.retentionDays * dayMs : -Infinity;
  }
}
