import type { Provider } from '@nestjs/common';
import type { AppHost } from '@chorda/platform';
import { AgentToolRepository, AgentWorkRepository, ChannelListener, workReadyChannel } from '@chorda/read-models';
import type pg from 'pg';
import type { PayloadDesk } from '../payloads/payload-desk.js';
import { ToolsController } from './tools.controller.js';
import { WorkController } from './work.controller.js';
import { WorkerDesk } from './worker-desk.js';
import { workerMetrics } from './worker-metrics.js';

export interface WorkerParts {
  readonly tools: AgentToolRepository;
  readonly desk: WorkerDesk;
}

interface WorkerNeeds {
  readonly databaseUrl: string;
  readonly pool: pg.Pool;
  readonly host: Pick<AppHost, 'logger' | 'metrics'>;
  readonly payloads: PayloadDesk;
}

export const workerControllers = [ToolsController, WorkController];

export function openWorkers(
  { databaseUrl, pool, host: { logger, metrics }, payloads }: WorkerNeeds,
  closing: (() => Promise<unknown> | void)[],
): WorkerParts {
  const ready = new ChannelListener(databaseUrl, workReadyChannel, logger);
  closing.push(() => ready.close());
  const tools = new AgentToolRepository(pool);
  return { tools, desk: new WorkerDesk(new AgentWorkRepository(pool), tools, ready, workerMetrics(metrics), payloads) };
}

export function workerProviders({ tools, desk }: WorkerParts): Provider[] {
  return [
    { provide: AgentToolRepository, useValue: tools },
    { provide: WorkerDesk, useValue: desk },
  ];
}
