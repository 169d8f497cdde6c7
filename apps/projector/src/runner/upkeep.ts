import { sleep, type Logger } from '@chorda/kernel';
import type pg from 'pg';
import type { DayPartitions } from './day-partitions.js';
import { pruneIdentities } from './event-identities.js';

const everyMs = 10 * 60_000;

/** Makes the days ahead, drops the days that are past their retention, and prunes identities, every ten minutes. */
export class Upkeep {
  private readonly ending = new AbortController();
  private running: Promise<void> | undefined;

  constructor(
    private readonly pool: pg.Pool,
    private readonly tables: () => readonly DayPartitions[],
    private readonly logger: Logger,
  ) {}

  start(): void {
    this.running = this.run();
  }

  async stop(): Promise<void> {
    this.ending.abort();
    await this.running;
  }

  /** Each part fails alone: the next round tries it again, and a missing day is made by the batch that needs it. */
  async runOnce(): Promise<void> {
    for (const days of this.tables()) {
      await this.attempt('make days ahead', async () => days.ensureAhead(this.pool));
      await this.attempt('drop expired days', async () => {
        const dropped = await days.dropExpired(this.pool);
        if (dropped.length > 0) this.logger.info('Dropped days past their retention', { table: days.table, dropped });
      });
    }
    await this.attempt('prune identities', async () => {
      const pruned = await pruneIdentities(this.pool);
      if (pruned > 0) this.logger.info('Pruned identities past their window', { pruned });
    });
  }

  private async run(): Promise<void> {
    while (!this.ending.signal.aborted) {
      await this.runOnce();
      await sleep(everyMs, this.ending.signal);
    }
  }

  private async attempt(what: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.logger.warn(`Could not ${what}; trying again later`, { error });
    }
  }
}
