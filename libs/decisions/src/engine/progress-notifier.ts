import type { Logger } from '@chorda/kernel';
import type pg from 'pg';

export const decisionsChannel = 'chorda_decisions';

/** How far a partition is decided and published. */
export interface DecisionProgress {
  readonly kind: string;
  readonly partition: number;
  /** Commands before this offset have an outcome that may be told. */
  readonly nextCommandOffset: bigint;
  /** The next offset of the event topic behind what they made. */
  readonly publishedOffset: bigint;
}

/** NOTIFY takes less than 8000 bytes; one progress stays below 120. */
const progressesPerNotification = 50;

export function formatProgress(progresses: readonly DecisionProgress[]): string {
  return progresses
    .map(({ kind, partition, nextCommandOffset, publishedOffset }) => {
      return `${kind} ${partition} ${nextCommandOffset} ${publishedOffset}`;
    })
    .join('\n');
}

export function parseProgress(payload: string): readonly DecisionProgress[] {
  return payload.split('\n').flatMap((line) => {
    const [kind, partition, commands, events] = line.split(' ');
    if (!kind || partition === undefined || !/^\d+$/.test(commands ?? '') || !/^\d+$/.test(events ?? '')) return [];
    const nextCommandOffset = BigInt(commands ?? 0);
    return [{ kind, partition: Number(partition), nextCommandOffset, publishedOffset: BigInt(events ?? 0) }];
  });
}

/**
 * Wakes callers once for each published batch, on a connection of its own: inside the transaction of a turn the
 * notification would make all committing sessions of the server queue behind one another. A notification that is lost
 * costs a caller one look of its own.
 */
export class ProgressNotifier {
  private readonly waiting = new Map<string, DecisionProgress>();
  private sending: Promise<void> | undefined;

  constructor(
    private readonly pool: { query(statement: pg.QueryConfig): Promise<unknown> },
    private readonly logger: Logger,
  ) {}

  /** Of one partition the newest alone is sent: it says all that those before it did. */
  notify(progress: DecisionProgress): void {
    this.waiting.set(`${progress.kind} ${progress.partition}`, progress);
    this.sending ??= this.sendAll();
  }

  async settled(): Promise<void> {
    await this.sending;
  }

  private async sendAll(): Promise<void> {
    // What one answer of the brokers ends is told of one partition after the other: all of it goes together, and its
    // callers come back together. Sent at once, the first alone woke its callers, whose next commands the others ran after.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.waiting.size > 0) {
      const next = [...this.waiting].slice(0, progressesPerNotification);
      for (const [key] of next) this.waiting.delete(key);
      const payload = formatProgress(next.map(([, progress]) => progress));
      try {
        await this.pool.query({
          name: 'decisions: notify',
          text: 'SELECT pg_notify($1, $2)',
          values: [decisionsChannel, payload],
        });
      } catch (error) {
        this.logger.debug('A notification of callers failed', { error });
      }
    }
    this.sending = undefined;
  }
}
