import type { Provider, Type } from '@nestjs/common';
import { ListReader } from '@chorda/read-models';
import type pg from 'pg';
import { AgentsController } from '../agents/agents.controller.js';
import { ExecutionsController } from '../executions/executions.controller.js';
import { gatewayPool } from '../gateway.tokens.js';
import { RunsController } from '../runs/runs.controller.js';
import { StepsController } from '../runs/steps.controller.js';
import { TasksController } from '../tasks/tasks.controller.js';
import { ListAnswers } from './list-answers.js';
import { ReadStandings } from './read-standings.js';

/** The reads of read models. */
export const queryControllers: readonly Type[] = [
  AgentsController,
  ExecutionsController,
  RunsController,
  StepsController,
  TasksController,
];

export const queryProviders: readonly Provider[] = [
  { provide: ListReader, useFactory: (pool: pg.Pool) => new ListReader(pool), inject: [gatewayPool] },
  ListAnswers,
  ReadStandings,
];
