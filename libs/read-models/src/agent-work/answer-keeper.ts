import { GroupedCalls, sleep, type Logger } from '@chorda/kernel';
import type { AgentWorkRepository } from './agent-work.repository.js';
import type { LeasedWork, WorkAnswer } from './work-rows.js';

export interface AnswerKeeperParts {
  readonly works: Pick<AgentWorkRepository, 'answer'>;
  readonly logger: Logger;
  /** Aborted: nothing is tried again. */
  readonly signal: AbortSignal;
}

const retryMsMin = 100;
const retryMsMax = 2_000;

/** Stores what works came to under their leases, many in a statement, and again until their deadline where that fails. */
export class AnswerKeeper {
  private readonly answers;

  constructor(private readonly parts: AnswerKeeperParts) {
    this.answers = new GroupedCalls((answers: readonly WorkAnswer[]) => this.store(answers), {
      itemsMax: 200,
      callsMax: 2,
    });
  }

  /** @returns Whether the lease was still held: else the outcome is not stored, and nothing may follow from it. */
  async keep(leased: LeasedWork, outcome: string): Promise<boolean> {
    const { logger, signal } = this.parts;
    const untilMs = performance.now() + leased.leftMs;
    for (let failures = 0; ; failures++) {
      try {
        return await this.answers.call({ ...leased, outcome });
      } catch (error) {
        // What was done is worth more than a try: the lease is lengthened meanwhile, where Postgres can be reached.
        if (signal.aborted || performance.now() > untilMs) throw error;
        if (failures === 0) logger.warn('An outcome could not be stored yet', { error });
        await sleep(Math.min(retryMsMin * 2 ** Math.min(failures, 10), retryMsMax), signal);
      }
    }
  }

  private async store(answers: readonly WorkAnswer[]): Promise<readonly boolean[]> {
    const kept = await this.parts.works.answer(answers);
    return answers.map(({ leaseToken }) => kept.has(leaseToken));
  }
}
