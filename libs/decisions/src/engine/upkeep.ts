import { sleep, type Logger } from '@chorda/kernel';
import type pg from 'pg';

const everyMs = 60_000;
/** Of one statement, so that none holds locks for long. */
const rowsMax = 5_000;
const roundsMax = 20;
/** Facts and work are in no stream; once they are published, the log has them. */
const passingKeptMs = 86_400_000;

/** Deletes what is kept for a time alone: outcomes, and published records that no stream needs. */
export class DecisionUpkeep {
  private readonly ending = new AbortController();
  private running: Promise<void> | undefined;

  constructor(
    private readonly pool: pg.Pool,
    private readonly kind: string,
    private readonly outcomesKeptMs: number,
    private readonly logger: Logger,
  ) {}

  start(): void {
    this.running = this.run();
  }

  async stop(): Promise<void> {
    this.ending.abort();
    await this.running;
  }

  async runOnce(): Promise<void> {
    await this.rounds(
      `DELETE FROM decision_outcomes WHERE ctid = ANY (ARRAY (
         SELECT ctid FROM decision_outcomes
         WHERE kind = $1 AND decided_at < now() - $2 * interval '1 millisecond' LIMIT $3))`,
      [this.kind, this.outcomesKeptMs, rowsMax],
    );
    await this.rounds(
      `DELETE FROM decision_events WHERE ctid = ANY (ARRAY (
         SELECT e.ctid FROM decision_events e JOIN decision_partitions p USING (kind, partition)
         WHERE e.kind = $1 AND e.version IS NULL AND e.partition_seq <= p.published_seq
           AND e.time_ms < extract(epoch FROM now()) * 1000 - $2 LIMIT $3))`,
      [this.kind, passingKeptMs, rowsMax],
    );
  }

  private async rounds(statement: string, values: readonly unknown[]): Promise<void> {
    for (let round = 0; round < roundsMax && !this.ending.signal.aborted; round++) {
      const { rowCount } = await this.pool.query(statement, [...values]);
      if ((rowCount ?? 0) < rowsMax) return;
    }
  }

  private async run(): Promise<void> {
    while (!this.ending.signal.aborted) {
      await sleep(everyMs, this.ending.signal);
      if (this.ending.signal.aborted) return;
      try {
        await this.runOnce();
      } catch (error) {
        this.logger.warn('Old outcomes could not be deleted; trying again later', { kind: this.kind, error });
      }
    }
  }
}
