import type { Clock, Logger } from '@chorda/kernel';
import type { Taken, Window, WindowStore } from './window.js';

/** How long Redis is left alone after it failed: each question to one that hangs would cost its whole time-out. */
const awayMs = 1_000;

/**
 * The shared windows, and those of this process while Redis is away: limits then hold for each gateway by itself, so a
 * deployment of three lets three times as much through. Requests are never refused because Redis is away.
 */
export class SharedWindows implements WindowStore {
  private awayUntilMs = 0;
  private isAway = false;

  /** @param onAway Told once for each question that Redis did not answer. */
  constructor(
    private readonly shared: WindowStore,
    private readonly local: WindowStore,
    private readonly clock: Clock,
    private readonly logger: Logger,
    private readonly onAway: () => void,
  ) {}

  async take(key: string, window: Window, wanted: number, isWhole: boolean): Promise<Taken> {
    if (this.clock.nowMs() >= this.awayUntilMs) {
      try {
        const taken = await this.shared.take(key, window, wanted, isWhole);
        this.noteBack();
        return taken;
      } catch (error) {
        this.noteAway(error);
      }
    }
    return this.local.take(key, window, wanted, isWhole);
  }

  private noteAway(error: unknown): void {
    this.awayUntilMs = this.clock.nowMs() + awayMs;
    this.onAway();
    if (this.isAway) return;
    this.isAway = true;
    this.logger.warn('Redis does not answer: limits are counted by each gateway for itself', { error });
  }

  private noteBack(): void {
    if (!this.isAway) return;
    this.isAway = false;
    this.logger.info('Redis answers again: limits are shared');
  }
}
