import type { Logger } from '@chorda/kernel';
import { ChannelListener } from '../database/channel-listener.js';

/** A projection has applied everything before `nextOffset`. */
export interface CheckpointAdvance {
  readonly projection: string;
  readonly version: number;
  readonly topic: string;
  readonly partition: number;
  readonly nextOffset: bigint;
}

export const checkpointChannel = 'chorda_checkpoints';

/** Hears the one notification that each projector batch sends. */
export class CheckpointListener {
  private readonly channel: ChannelListener;

  constructor(databaseUrl: string, logger: Logger) {
    this.channel = new ChannelListener(databaseUrl, checkpointChannel, logger);
  }

  /** @returns Ends the subscription. */
  subscribe(listener: (advances: readonly CheckpointAdvance[]) => void): () => void {
    return this.channel.subscribe((payload) => listener(parseAdvances(payload)));
  }

  async close(): Promise<void> {
    await this.channel.close();
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
