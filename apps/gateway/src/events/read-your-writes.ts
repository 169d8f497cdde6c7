import { Injectable } from '@nestjs/common';
import { decodePosition, encodePosition } from '@chorda/contracts';
import { CheckpointRepository } from '@chorda/read-models';

/** Whether what is read has seen a write. */
export interface Reach {
  readonly complete: boolean;
  /** Why not: `lagging`, `stopped` and the others of guarantee 9. */
  readonly reason?: string;
  /** Which projection it waits for. */
  readonly projection?: string;
}

/** The projection that event searches read. */
export const journalProjection = 'journal';

/** Lets a read wait for a write (guarantee 9). */
@Injectable()
export class ReadYourWrites {
  constructor(private readonly checkpoints: CheckpointRepository) {}

  /** @throws InvalidInputError for a position that no write answered with. */
  async reach(
    positions: readonly string[] = [],
    projections: readonly string[] = [journalProjection],
    waitMs: number,
  ): Promise<Reach> {
    if (positions.length === 0) return { complete: true };
    const position = encodePosition(positions.flatMap(decodePosition));
    const answer = await this.checkpoints.waitUntil(position, projections, waitMs);
    return answer.complete
      ? { complete: true }
      : { complete: false, reason: answer.reason, projection: answer.projection };
  }
}
