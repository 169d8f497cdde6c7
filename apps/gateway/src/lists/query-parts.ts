import type { Provider, Type } from '@nestjs/common';
import { CorrelationStories, ListReader, RatesRepository, UsageRepository } from '@chorda/read-models';
import type pg from 'pg';
import { AgentsController } from '../agents/agents.controller.js';
import { CorrelationsController } from '../correlations/correlations.controller.js';
import { DeadLetterDesk } from '../dead-letters/dead-letter-desk.js';
import { DeadLettersController } from '../dead-letters/dead-letters.controller.js';
import { ExecutionsController } from '../executions/executions.controller.js';
import { gatewayPool } from '../gateway.tokens.js';
import { MetricsSummaryController } from '../metrics/metrics-summary.controller.js';
import { ParkedController } from '../parked/parked.controller.js';
import { ParkedDesk } from '../parked/parked-desk.js';
import { RunsController } from '../runs/runs.controller.js';
import { StepsController } from '../runs/steps.controller.js';
import { SchemasController } from '../schemas/schemas.controller.js';
import { TasksController } from '../tasks/tasks.controller.js';
import { TopicStates } from '../topics/topic-states.js';
import { TopicsController } from '../topics/topics.controller.js';
import { UsageController } from '../usage/usage.controller.js';
import { ListAnswers } from './list-answers.js';
import { ReadStandings } from './read-standings.js';

/** The reads of read models. */
export const queryControllers: readonly Type[] = [
  AgentsController,
  ExecutionsController,
  RunsController,
  StepsController,
  TasksController,
  CorrelationsController,
  UsageController,
  MetricsSummaryController,
  TopicsController,
  SchemasController,
  DeadLettersController,
  ParkedController,
];

function onPool<Repository>(repository: new (pool: pg.Pool) => Repository): Provider {
  return { provide: repository, useFactory: (pool: pg.Pool) => new repository(pool), inject: [gatewayPool] };
}

export const queryProviders: readonly Provider[] = [
  onPool(ListReader),
  onPool(CorrelationStories),
  onPool(UsageRepository),
  onPool(RatesRepository),
  ListAnswers,
  ReadStandings,
  TopicStates,
  DeadLetterDesk,
  ParkedDesk,
];
