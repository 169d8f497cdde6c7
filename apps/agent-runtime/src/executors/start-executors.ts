import type { CommandCodec, EventCodec, WorkCodec } from '@chorda/contracts';
import type { Logger } from '@chorda/kernel';
import type { KafkaDriver, Producer } from '@chorda/messaging';
import { AgentToolRepository, InferenceReader, WorkerPresence } from '@chorda/read-models';
import { openPayloads } from '@chorda/platform';
import { ModelAsks, startWork, type RunningWork } from '@chorda/work';
import type pg from 'pg';
import type { Registry } from 'prom-client';
import { InferenceModel } from '../model/inference-model.js';
import type { ModelPort } from '../model/model-port.js';
import { OutcomeWatch } from '../model/outcome-watch.js';
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
  readonly codecs: { readonly work: WorkCodec; readonly commands: CommandCodec; readonly events: EventCodec };
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
  return startWork({
    kind: agentWorkKind,
    runner({ pool, producer }) {
      const asked = options.model ? undefined : asksOf(options, pool, producer);
      const model = options.model ?? asked?.model ?? modelOf(env);
      const runner = workRunner({
        model,
        asks: asked?.asks,
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

/** Models by way of the log; undefined where the settings have this process ask their servers itself. */
function asksOf({ env, codecs, logger }: ExecutorsOptions, pool: pg.Pool, producer: Producer) {
  if (env.CHORDA_AGENT_MODELS === 'direct') return undefined;
  const reader = new InferenceReader(pool);
  const asks = new ModelAsks({
    ...{ producer, events: codecs.events, commands: codecs.commands, offered: reader },
    presence: new WorkerPresence(reader, env.CHORDA_INFERENCE_ABSENT_MS),
    source: agentWorkKind.source,
    ...{ defaultModel: env.CHORDA_MODEL, defaultEmbeddingModel: env.CHORDA_EMBEDDING_MODEL },
  });
  const outcomes = new OutcomeWatch({ reader, codec: codecs.events, logger });
  return { asks, model: new InferenceModel({ asks, outcomes, offered: reader }) };
}
