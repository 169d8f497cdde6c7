import { Inject, Injectable } from '@nestjs/common';
import { ListReader } from '@chorda/read-models';
import { AgentCommands } from '../agents/agent-commands.js';
import type { CommandParts } from '../agents/open-decisions.js';
import { scheduleDecisionParts } from '../gateway.tokens.js';
import { IdempotentAnswers } from '../idempotency/idempotent-answers.js';

/** Gives the commands of callers to the engine of schedules. */
@Injectable()
export class ScheduleCommands extends AgentCommands {
  constructor(answers: IdempotentAnswers, lists: ListReader, @Inject(scheduleDecisionParts) decisions: CommandParts) {
    super(answers, lists, decisions);
  }
}
