import { sleep, type Logger } from '@chorda/kernel';

/** How long a lost claim of a partition without traffic may stay unnoticed. One query for all partitions of a process. */
export const claimWatchMs = 5_000;

/** How long a topic that was made anew may stay unnoticed: what it brings is behind the offset that is waited for. */
export const topicWatchMs = 10_000;

/**
 * Asks now and then whether this process still holds what it claimed, and of the log that it was claimed of: see
 * `ProjectionRunner.lookAfterClaims` and `lookAfterTopics`.
 */
export class ClaimWatch {
  private readonly ending = new AbortController();
  private running: Promise<void> | undefined;

  constructor(
    private readonly look: () => Promise<void>,
    private readonly logger: Logger,
    private readonly everyMs = claimWatchMs,
  ) {}

  start(): void {
    this.running = this.run();
  }

  async stop(): Promise<void> {
    this.ending.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    while (!this.ending.signal.aborted) {
      await sleep(this.everyMs, this.ending.signal);
      if (this.ending.signal.aborted) return;
      try {
        await this.look();
      } catch (error) {
        this.logger.warn('Cannot look after the claims; trying again later', { error });
      }
    }
  }
}
