import { sleep, type Logger } from '@chorda/kernel';
import pg from 'pg';

/** A projection has applied everything before `nextOffset`. */
export interface CheckpointAdvance {
  readonly projection: string;
  readonly version: number;
  readonly topic: string;
  readonly partition: number;
  readonly nextOffset: bigint;
}

export const checkpointChannel = 'chorda_checkpoints';

const reconnectMsMin = 100;
const reconnectMsMax = 5_000;

/**
 * Hears the one notification that each projector batch sends, on a connection of its own. While the connection is
 * away nothing is heard: whoever waits must also look by itself now and then.
 */
export class CheckpointListener {
  private readonly ending = new AbortController();
  private readonly listeners = new Set<(advances: readonly CheckpointAdvance[]) => void>();
  private running: Promise<void> | undefined;
  private client: pg.Client | undefined;

  constructor(
    private readonly databaseUrl: string,
    private readonly logger: Logger,
  ) {}

  /** @returns Ends the subscription. */
  subscribe(listener: (advances: readonly CheckpointAdvance[]) => void): () => void {
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
        this.logger.warn('Cannot hear checkpoints; asking for them instead', { error });
      }
      await sleep(delayMs, this.ending.signal);
      delayMs = Math.min(delayMs * 2, reconnectMsMax);
    }
  }

  private async listenUntilLost(onConnected: () => void): Promise<void> {
    const client = new pg.Client({
      connectionString: this.databaseUrl,
      application_name: 'chorda checkpoints',
      keepAlive: true,
    });
    this.client = client;
    const lost = new Promise<void>((resolve) => {
      client.once('end', resolve);
      client.on('error', () => resolve());
    });
    client.on('notification', ({ payload }) => this.hear(payload));
    try {
      await client.connect();
      if (this.ending.signal.aborted) return;
      await client.query(`LISTEN ${checkpointChannel}`);
      onConnected();
      await lost;
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  private hear(payload: string | undefined): void {
    const advances = parseAdvances(payload ?? '');
    for (const listener of this.listeners) listener(advances);
  }
}

/** One line for each projection: `name version topic partition next_offset`. NOTIFY takes 8000 bytes at most. */
export function formatAdvances(advances: readonly CheckpointAdvance[]): string {
  return advances
    .map((advance) =>
      [advance.projection, advance.version, advance.topic, advance.partition, advance.nextOffset].join(' '),
    )
    .join('\n');
}

export function parseAdvances(payload: string): readonly CheckpointAdvance[] {
  return payload.split('\n').flatMap((line) => {
    const [projection, version, topic, partition, nextOffset] = line.split(' ');
    if (!projection || !version || !topic || !partition || !nextOffset) return [];
    return [
      { projection, version: Number(version), topic, partition: Number(partition), nextOffset: BigInt(nextOffset) },
    ];
  });
}
