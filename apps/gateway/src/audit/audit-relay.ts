import type { Logger } from '@chorda/kernel';
import type { AuditOutbox } from '@chorda/read-models';
import type { Counter } from 'prom-client';
import { sendAuditEvent, type AuditEventParts } from './audit-events.js';

/** Events that go out in one transaction of the outbox. */
const batchMax = 100;
/** Also what other processes wrote (the command line works on the database itself) is found after this. */
const sweepMs = 2_000;

/**
 * Publishes what the outbox holds: soon after `wake`, and every two seconds. Every gateway does; they share the rows.
 * While Kafka is away the rows wait. An event that was published before its row was deleted comes again under the same
 * id, and counts once.
 */
export class AuditRelay {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;
  private isWanted = false;
  private isFailing = false;

  constructor(
    private readonly outbox: AuditOutbox,
    private readonly parts: AuditEventParts,
    private readonly published: Counter<'result'>,
    private readonly logger: Logger,
  ) {}

  start(): void {
    this.timer = setInterval(() => this.wake(), sweepMs).unref();
  }

  /** There may be something to publish. */
  wake(): void {
    this.isWanted = true;
    this.running ??= this.drain().finally(() => (this.running = undefined));
  }

  /** Publishes what waits, once, and ends. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    this.wake();
    await this.running;
  }

  private async drain(): Promise<void> {
    while (this.isWanted) {
      this.isWanted = false;
      try {
        const count = await this.outbox.publish(batchMax, async (events) => {
          await Promise.all(
            events.map(({ data, eventId, changedAtMs, ...rest }) =>
              sendAuditEvent(this.parts, 'audit.changed', data, { ...rest, id: eventId, timeMs: changedAtMs }),
            ),
          );
        });
        this.published.inc({ result: 'published' }, count);
        this.isFailing = false;
        if (count === batchMax) this.isWanted = true;
      } catch (error) {
        this.published.inc({ result: 'failed' });
        // Told once; the rows stay, and the next sweep tries again.
        if (!this.isFailing) this.logger.warn('Audit events wait: they cannot be published', { error });
        this.isFailing = true;
      }
    }
  }
}
