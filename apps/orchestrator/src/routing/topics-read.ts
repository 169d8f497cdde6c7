import type { Logger } from '@chorda/kernel';
import type { ConsumerHealth, RunningConsumer } from '@chorda/messaging';

/** Topics that somebody waits for now. */
export interface TopicsBook {
  refresh(): Promise<unknown>;
  topics(): readonly string[];
}

/** A consumer of the topics of a book; another one when they change. Offsets are the group's, so none is passed by. */
export class TopicsRead {
  private consumer: RunningConsumer | undefined;
  private topics = '';
  private looking: Promise<void> = Promise.resolve();
  private isStopped = false;

  constructor(
    private readonly start: (topics: readonly string[]) => Promise<RunningConsumer>,
    private readonly book: TopicsBook,
    private readonly logger: Logger,
  ) {}

  /** One after another: a look that comes while one is under way sees what that one may have missed. */
  look(): void {
    this.looking = this.looking
      .then(() => this.change())
      .catch((error: unknown) => {
        this.logger.warn('Cannot look which topics are waited for; it is tried again', { error });
      });
  }

  health(): readonly ConsumerHealth[] {
    return this.consumer === undefined ? [] : [this.consumer.health()];
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    await this.looking;
    await this.consumer?.stop();
  }

  private async change(): Promise<void> {
    if (this.isStopped) return;
    await this.book.refresh();
    const topics = this.book.topics();
    if (topics.join() === this.topics) return;
    await this.consumer?.stop();
    this.consumer = topics.length === 0 ? undefined : await this.start(topics);
    this.topics = topics.join();
  }
}
