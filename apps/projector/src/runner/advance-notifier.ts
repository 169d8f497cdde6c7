import type { Logger } from '@chorda/kernel';
import { checkpointChannel, formatAdvances, type CheckpointAdvance } from '@chorda/read-models';
import type pg from 'pg';

/** NOTIFY takes less than 8000 bytes; names and offsets of one advance stay below 400. */
const payloadBytesMax = 7_500;

/**
 * Wakes readers once for each committed batch, after its commit and on another connection: inside the transaction the
 * notification would make all committing sessions of the server queue behind one another. A notification that is lost
 * costs a waiter one look of its own.
 */
export class AdvanceNotifier {
  private waiting: CheckpointAdvance[] = [];
  private sending: Promise<void> | undefined;

  constructor(
    private readonly pool: pg.Pool,
    private readonly logger: Logger,
  ) {}

  /** Batches that commit while a notification is on its way share the next one. */
  notify(advances: readonly CheckpointAdvance[]): void {
    this.waiting.push(...advances);
    this.sending ??= this.sendAll();
  }

  async settled(): Promise<void> {
    await this.sending;
  }

  private nextPayload(): string {
    const lines: string[] = [];
    let bytes = 0;
    for (const advance of this.waiting) {
      const line = formatAdvances([advance]);
      bytes += Buffer.byteLength(line) + 1;
      if (lines.length > 0 && bytes > payloadBytesMax) break;
      lines.push(line);
    }
    this.waiting.splice(0, lines.length);
    return lines.join('\n');
  }

  private async sendAll(): Promise<void> {
    while (this.waiting.length > 0) {
      try {
        await this.pool.query('SELECT pg_notify($1, $2)', [checkpointChannel, this.nextPayload()]);
      } catch (error) {
        this.logger.debug('A notification of readers failed', { error });
      }
    }
    this.sending = undefined;
  }
}
