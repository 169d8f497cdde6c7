import { systemClock, type Logger } from '@chorda/kernel';
import { readLogStanding, type KafkaAdmin, type KafkaDriver, type LogStanding } from '@chorda/messaging';
import {
  placesToAsk,
  projectionStandings,
  type Checkpoint,
  type CheckpointRepository,
  type ProjectionStanding,
} from '@chorda/read-models';

/** How old an answer may be. Whatever asks, and however often, the log is asked once in this time. */
const answerMsMax = 1_000;

/** Where the projections stand, from their checkpoints and the log's ends. */
export class ProjectionStandings {
  private answer: { readonly atMs: number; readonly standings: Promise<readonly ProjectionStanding[]> } | undefined;

  constructor(
    private readonly driver: KafkaDriver,
    private readonly admin: KafkaAdmin,
    private readonly checkpoints: CheckpointRepository,
    private readonly logger: Logger,
  ) {}

  /** A failure is not kept: the next call asks again. */
  async all(): Promise<readonly ProjectionStanding[]> {
    const nowMs = systemClock.nowMs();
    if (this.answer === undefined || nowMs - this.answer.atMs > answerMsMax) {
      this.answer = { atMs: nowMs, standings: this.read() };
    }
    const { standings } = this.answer;
    try {
      return await standings;
    } catch (error) {
      if (this.answer?.standings === standings) this.answer = undefined;
      throw error;
    }
  }

  private async read(): Promise<readonly ProjectionStanding[]> {
    const checkpoints = await this.checkpoints.ofProjection();
    return projectionStandings(checkpoints, await this.beyond(checkpoints), systemClock.nowMs());
  }

  /** Without the brokers the checkpoints and the reasons of stops are still worth an answer: lags are null in it. */
  private async beyond(checkpoints: readonly Checkpoint[]): Promise<readonly LogStanding[] | undefined> {
    try {
      return await readLogStanding(this.driver, this.admin, placesToAsk(checkpoints));
    } catch (error) {
      this.logger.warn('Cannot ask the log how far the projections are behind', { error });
      return undefined;
    }
  }
}
