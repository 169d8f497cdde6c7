import { sleep, type Logger } from '@chorda/kernel';
import type { ConsumerHealth, RunningConsumer } from '@chorda/messaging';

const restartMsMin = 500;
const restartMsMax = 10_000;
/** A run of this length was a sound one: the next restart begins with the short pause again. */
const soundRunMs = 60_000;

/**
 * A consumer that is started anew when the runner was fenced: leaving the group and joining it again claims each
 * partition anew and seeks to its checkpoint. That heals a claim that was lost to another process, and a database that
 * was put back to an older point, by the same few lines.
 */
export class SupervisedConsumer {
  private consumer: RunningConsumer | undefined;
  private restarting: Promise<void> | undefined;
  private readonly ending = new AbortController();
  private pauseMs = restartMsMin;
  private startedAtMs = 0;

  constructor(
    private readonly startConsumer: () => Promise<RunningConsumer>,
    private readonly logger: Logger,
  ) {}

  async start(): Promise<void> {
    this.startedAtMs = Date.now();
    this.consumer = await this.startConsumer();
  }

  health(): ConsumerHealth | undefined {
    return this.consumer?.health();
  }

  /**
   * Many partitions may be fenced at once; one restart serves them all.
   *
   * @param isPlanned Nothing is wrong, there is something else to claim: without a pause.
   */
  restart({ isPlanned = false }: { readonly isPlanned?: boolean } = {}): void {
    if (this.ending.signal.aborted) return;
    this.restarting ??= this.startAnew(isPlanned).finally(() => (this.restarting = undefined));
  }

  async stop(): Promise<void> {
    this.ending.abort();
    await this.restarting;
    await this.consumer?.stop();
  }

  private async startAnew(isPlanned: boolean): Promise<void> {
    if (Date.now() - this.startedAtMs > soundRunMs) this.pauseMs = restartMsMin;
    this.logger.warn('Claiming all partitions anew', { pause_ms: isPlanned ? 0 : this.pauseMs });
    await this.consumer?.stop();
    if (!isPlanned) {
      await sleep(this.pauseMs, this.ending.signal);
      this.pauseMs = Math.min(this.pauseMs * 2, restartMsMax);
    }
    while (!this.ending.signal.aborted) {
      try {
        return await this.start();
      } catch (error) {
        this.logger.warn('Cannot start anew; trying again', { error, pause_ms: this.pauseMs });
        await sleep(this.pauseMs, this.ending.signal);
        this.pauseMs = Math.min(this.pauseMs * 2, restartMsMax);
      }
    }
  }
}
