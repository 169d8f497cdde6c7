import { Injectable } from '@nestjs/common';
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
    position: string | undefined,
    projections: readonly string[] = [journalProjection],
    waitMs: number,
  ): Promise<Reach> {
    if (position === undefined) return { complete: true };
    const answer = await this.checkpoints.waitUntil(position, projections, waitMs);
    return answer.complete
      ? { complete: true }
      : { complete: false, reason: answer.reason, projection: answer.projection };
  }
}
