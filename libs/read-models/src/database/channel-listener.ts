import { sleep, type Logger } from '@chorda/kernel';
import pg from 'pg';

const reconnectMsMin = 100;
const reconnectMsMax = 5_000;

/**
 * Hears the notifications of one channel, on a connection of its own. While the connection is away nothing is heard:
 * whoever waits must also look by itself now and then.
 */
export class ChannelListener {
  private readonly ending = new AbortController();
  private readonly listeners = new Set<(payload: string) => void>();
  private running: Promise<void> | undefined;
  private client: pg.Client | undefined;

  constructor(
    private readonly databaseUrl: string,
    private readonly channel: string,
    private readonly logger: Logger,
  ) {}

  /** @returns Ends the subscription. */
  subscribe(listener: (payload: string) => void): () => void {
    this.running ??= this.run();
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  async close(): Promise<void> {
    this.ending.abort();
    this.listeners.clear();
    await this.client?.end().catch(() => undefined);
    await this.running;
  }

  private async run(): Promise<void> {
    let delayMs = reconnectMsMin;
    while (!this.ending.signal.aborted) {
      try {
        await this.listenUntilLost(() => (delayMs = reconnectMsMin));
      } catch (error) {
        this.logger.warn('Cannot hear notifications of Postgres; looking now and then instead', {
          channel: this.channel,
          error,
        });
      }
      await sleep(delayMs, this.ending.signal);
      delayMs = Math.min(delayMs * 2, reconnectMsMax);
    }
  }

  private async listenUntilLost(onConnected: () => void): Promise<void> {
    const client = new pg.Client({
      connectionString: this.databaseUrl,
      application_name: this.channel.replaceAll('_', ' '),
      keepAlive: true,
    });
    this.client = client;
    const lost = new Promise<void>((resolve) => {
      client.once('end', resolve);
      client.on('error', () => resolve());
    });
    client.on('notification', ({ payload }) => this.hear(payload ?? ''));
    try {
      await client.connect();
      if (this.ending.signal.aborted) return;
      // Names cannot be parameters; every channel is a word of ours.
      await client.query(`LISTEN ${pg.escapeIdentifier(this.channel)}`);
      onConnected();
      await lost;
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  private hear(payload: string): void {
    for (const listener of this.listeners) listener(payload);
  }
}
