import { sleep } from '@chorda/kernel';
import type { Priority } from '../scheduling/priority.js';
import type { WorkerMetrics } from '../worker-metrics.js';

export interface IntakeBounds {
  /** Requests of a class that may be in hand. */
  readonly requestsMax: number;
  /** Their bytes. */
  readonly bytesMax: number;
}

interface Held {
  requests: number;
  bytes: number;
  readonly partitions: Map<number, number>;
}

const lookAgainMs = 1_000;
/** However many partitions there are, each may have so many in hand. */
const partitionRequestsMin = 16;

/**
 * How much of the log may be in hand, for each class: bounded in number and in bytes, and so that one partition, which
 * is to say one busy session or tenant, does not fill it alone.
 */
export class IntakeRoom {
  private readonly held: Readonly<Record<Priority, Held>> = { high: nothing(), normal: nothing(), low: nothing() };
  private readonly reading: Readonly<Record<Priority, Set<number>>> = {
    high: new Set(),
    normal: new Set(),
    low: new Set(),
  };
  private freed = Promise.withResolvers<void>();

  constructor(
    private readonly bounds: IntakeBounds,
    private readonly metrics: WorkerMetrics,
  ) {}

  join(priority: Priority, partition: number): void {
    this.reading[priority].add(partition);
  }

  leave(priority: Priority, partition: number): void {
    this.reading[priority].delete(partition);
  }

  /** How many more may be read of this partition now; 0: none. */
  free(priority: Priority, partition: number): number {
    const held = this.held[priority];
    if (held.bytes >= this.bounds.bytesMax) return 0;
    const share = Math.ceil(this.bounds.requestsMax / Math.max(1, this.reading[priority].size));
    const own = Math.max(partitionRequestsMin, share) - (held.partitions.get(partition) ?? 0);
    return Math.max(0, Math.min(own, this.bounds.requestsMax - held.requests));
  }

  /** @returns What gives the room back. */
  take(priority: Priority, partition: number, bytes: number): () => void {
    this.change(priority, partition, 1, bytes);
    let isTaken = true;
    return () => {
      if (isTaken) this.change(priority, partition, -1, -bytes);
      isTaken = false;
    };
  }

  /** Until there may be room, or a second is over. */
  async wait(priority: Priority, signal: AbortSignal): Promise<void> {
    const bound = this.held[priority].bytes >= this.bounds.bytesMax ? 'bytes' : 'requests';
    this.metrics.paused.inc({ priority, bound });
    const pausing = new AbortController();
    await Promise.race([this.freed.promise, sleep(lookAgainMs, AbortSignal.any([signal, pausing.signal]))]);
    pausing.abort();
  }

  private change(priority: Priority, partition: number, requests: number, bytes: number): void {
    const held = this.held[priority];
    held.requests += requests;
    held.bytes += bytes;
    held.partitions.set(partition, (held.partitions.get(partition) ?? 0) + requests);
    this.metrics.buffered.set({ priority }, held.requests);
    this.metrics.bufferedBytes.set({ priority }, held.bytes);
    if (requests > 0) return;
    this.freed.resolve();
    this.freed = Promise.withResolvers();
  }
}

function nothing(): Held {
  return { requests: 0, bytes: 0, partitions: new Map() };
}
