import type { CommandCodec, WorkCodec } from '@chorda/contracts';
import type { Logger } from '@chorda/kernel';
import type { KafkaDriver } from '@chorda/messaging';
import { AgentToolRepository } from '@chorda/read-models';
import { openPayloads } from '@chorda/platform';
import { startWork, type RunningWork } from '@chorda/work';
import type { Registry } from 'prom-client';
import type { ModelPort } from '../model/model-port.js';
import type { ToolCatalogue } from '../tools/tool-catalogue.js';
import { agentWorkKind } from './agent-work.kind.js';
import { executorMetrics } from './executor-metrics.js';
import { catalogueOf, modelOf, type ExecutorEnv } from './executors.env.js';
import { PayloadsOfWork, withPayloads } from './payloads-of-work.js';
import { workRunner } from './work-runners.js';

export interface ExecutorsOptions {
  readonly env: ExecutorEnv;
  readonly driver: KafkaDriver;
  readonly databaseUrl: string;
  readonly codecs: { readonly work: WorkCodec; readonly commands: CommandCodec };
  /** Names this process among those that hold leases. */
  readonly instance: string;
  readonly logger: Logger;
  readonly metrics: Registry;
  /** Left out: as the settings say. */
  readonly model?: ModelPort;
  readonly catalogue?: ToolCatalogue;
  /** How long a stop waits for work in hand. Default 10 s. */
  readonly drainTimeoutMs?: number;
  /** Default 10 s. */
  readonly sessionTimeoutMs?: number;
}

export type RunningExecutors = RunningWork;

/** Does the work of the engine, apart from its loop. Tables and topics are there by then. */
export function startExecutors(options: ExecutorsOptions): Promise<RunningExecutors> {
  const { env, logger, metrics } = options;
  const workMetrics = executorMetrics(metrics);
  const model = options.model ?? modelOf(env);
  return startWork({
    kind: agentWorkKind,
    runner: ({ pool }) => {
      const runner = workRunner({
        model,
        catalogue: options.catalogue ?? catalogueOf(env, model),
        registered: new AgentToolRepository(pool),
        prices: env.CHORDA_MODEL_PRICES,
        completionTokensMax: env.CHORDA_MODEL_COMPLETION_TOKENS_MAX,
        metrics: workMetrics,
        logger,
      });
      return withPayloads(runner, new PayloadsOfWork(openPayloads(env, metrics), logger));
    },
    ...{ driver: options.driver, databaseUrl: options.databaseUrl, codecs: options.codecs, instance: options.instance },
    slotsMax: env.CHORDA_EXECUTOR_SLOTS,
    readyMax: env.CHORDA_EXECUTOR_INBOX_MAX,
    ...{ workMetrics, metrics, logger },
    drainTimeoutMs: options.drainTimeoutMs,
    sessionTimeoutMs: options.sessionTimeoutMs,
  });
}
