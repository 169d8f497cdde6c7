import { Injectable } from '@nestjs/common';
import { decodePosition, encodePosition } from '@chorda/contracts';
import { isPlanted } from '@chorda/platform';
import { CheckpointRepository, type IncompleteReason } from '@chorda/read-models';
import { GatewayMetrics } from '../gateway.metrics.js';
import { Problem } from '../http/problem.js';

/** Whether what is read has seen a write. */
export interface Reach {
  readonly complete: boolean;
  /** Why not: `lagging`, `stopped` and the others of guarantee 9. */
  readonly reason?: IncompleteReason;
  /** Which projection it waits for. */
  readonly projection?: string;
}

/** The projection that event searches read. */
export const journalProjection = 'journal';

/** Requests that may wait at once in this gateway. */
export const waitersMax = 1_000;

/** Lets a read wait for a write (guarantee 9). */
@Injectable()
export class ReadYourWrites {
  private waiting = 0;

  constructor(
    private readonly checkpoints: CheckpointRepository,
    private readonly metrics: GatewayMetrics,
  ) {}

  /**
   * For an answer that has to be given either way: where too many wait already, it is given without waiting.
   *
   * @throws InvalidInputError for a position that no write answered with.
   */
  async reach(
    positions: readonly string[] = [],
    projections: readonly string[] = [journalProjection],
    waitMs: number,
    signal?: AbortSignal,
  ): Promise<Reach> {
    return this.wait(positions, projections, this.waiting < waitersMax ? waitMs : 0, signal);
  }

  /**
   * For a read, which its client can send again.
   *
   * @throws {@link Problem} `OVERLOADED` where too many wait already. InvalidInputError as `reach`.
   */
  async waitFor(
    positions: readonly string[],
    projections: readonly string[],
    waitMs: number,
    signal?: AbortSignal,
  ): Promise<Reach> {
    if (positions.length > 0 && waitMs > 0 && this.waiting >= waitersMax) {
      this.metrics.readsRefused.inc({ reason: 'waiters' });
      throw new Problem('OVERLOADED', 'Too many reads wait for a position', { headers: { 'retry-after': '1' } });
    }
    return this.wait(positions, projections, waitMs, signal);
  }

  private async wait(
    positions: readonly string[],
    projections: readonly string[],
    waitMs: number,
    signal: AbortSignal | undefined,
  ): Promise<Reach> {
    if (positions.length === 0 || isPlanted('no-position-wait')) return { complete: true };
    const position = encodePosition(positions.flatMap(decodePosition));
    this.waiting += 1;
    this.metrics.positionWaiters.set(this.waiting);
    try {
      const answer = await this.checkpoints.waitUntil(position, projections, waitMs, signal);
      this.metrics.positionWaits.inc({ result: answer.complete ? 'reached' : answer.reason });
      return answer.complete
        ? { complete: true }
        : { complete: false, reason: answer.reason, projection: answer.projection };
    } finally {
      this.waiting -= 1;
      this.metrics.positionWaiters.set(this.waiting);
    }
  }
}
