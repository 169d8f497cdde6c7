import { Inject, Injectable } from '@nestjs/common';
import { workflowId } from '@chorda/contracts';
import { StreamTooLongError, type StreamMoment } from '@chorda/decisions';
import { runStream, type KnownRun } from '@chorda/domain';
import type { TenantId } from '@chorda/kernel';
import { ListReader } from '@chorda/read-models';
import { AgentCommands } from '../agents/agent-commands.js';
import { runDecisionParts } from '../gateway.tokens.js';
import { Problem } from '../http/problem.js';
import { IdempotentAnswers } from '../idempotency/idempotent-answers.js';
import { PayloadDesk } from '../payloads/payload-desk.js';
import type { RunDecisionParts } from './open-run-decisions.js';

/** Gives the commands of callers to the engine of runs, and reads what it has decided. */
@Injectable()
export class RunCommands extends AgentCommands {
  constructor(
    answers: IdempotentAnswers,
    lists: ListReader,
    @Inject(runDecisionParts) private readonly runs: RunDecisionParts,
    payloads: PayloadDesk,
  ) {
    super(answers, lists, runs, payloads);
  }

  get streams(): RunDecisionParts['streams'] {
    return this.runs.streams;
  }

  /** @throws Problem `RUN_NOT_FOUND` */
  async runOf(tenantId: TenantId, id: string, moment?: StreamMoment): Promise<{ run: KnownRun; version: bigint }> {
    try {
      const found = await this.runs.streams.at(tenantId, runStream(workflowId(id)), moment);
      if (found && found.state.status !== 'absent') return { run: found.state, version: found.version };
    } catch (error) {
      if (error instanceof StreamTooLongError) throw new Problem('QUERY_TIMEOUT', error.message);
      throw error;
    }
    throw new Problem('RUN_NOT_FOUND', `There is no run ${id} that is run here, or was not yet`);
  }
}
