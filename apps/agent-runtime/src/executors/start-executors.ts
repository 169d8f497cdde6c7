import type { AgentWork, CommandCodec, WorkCodec } from '@chorda/contracts';
import type { Logger } from '@chorda/kernel';
import { startConsumer, type ConsumerHealth, type KafkaDriver, type RunningConsumer } from '@chorda/messaging';
import {
  AgentToolRepository,
  AgentWorkRepository,
  ChannelListener,
  createPool,
  workAnsweredChannel,
  workReadyChannel,
  workRevokedChannel,
} from '@chorda/read-models';
import type { Registry } from 'prom-client';
import type { ModelPort } from '../model/model-port.js';
import type { ToolCatalogue } from '../tools/tool-catalogue.js';
import { CommandSender } from './command-sender.js';
import { executorMetrics } from './executor-metrics.js';
import { Executor } from './executor.js';
import { catalogueOf, modelOf, type ExecutorEnv } from './executors.env.js';
import { WorkIntake, workDecoder } from './work-intake.js';
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

export interface RunningExecutors {
  /** Works that are being done. */
  readonly count: number;
  health(): ConsumerHealth;
  stop(): Promise<void>;
}

/** One group for all executors: each work is taken into the inbox once, and done by whoever has room. */
export const executorGroup = 'agent-runtime.executors';
const topics = ['agent.work.models', 'agent.work.tools', 'agent.work.workers'];
const connectionsMax = 6;
const transactionTimeoutMs = 5_000;
const drainTimeoutMsDefault = 10_000;

/** Does the work of the engine, apart from its loop. Tables and topics are there by then. */
export async function startExecutors(options: ExecutorsOptions): Promise<RunningExecutors> {
  const { env, driver, codecs, logger, instance } = options;
  const pool = createPool(options.databaseUrl, {
    applicationName: `chorda executor ${instance}`.slice(0, 63),
    connectionsMax,
    transactionTimeoutMs,
  });
  const works = new AgentWorkRepository(pool);
  const metrics = executorMetrics(options.metrics);
  const producer = await driver.createProducer();
  const sender = new CommandSender({ works, codec: codecs.commands, producer, logger });
  const model = options.model ?? modelOf(env);
  const runner = workRunner({
    model,
    catalogue: options.catalogue ?? catalogueOf(env, model),
    registered: new AgentToolRepository(pool),
    prices: env.CHORDA_MODEL_PRICES,
    completionTokensMax: env.CHORDA_MODEL_COMPLETION_TOKENS_MAX,
    metrics,
    logger,
  });
  const executor = new Executor({
    ...{ works, runner, sender, metrics, logger },
    owner: instance,
    slotsMax: env.CHORDA_EXECUTOR_SLOTS,
    readyMax: env.CHORDA_EXECUTOR_INBOX_MAX,
  });
  const answers = new ChannelListener(options.databaseUrl, workAnsweredChannel, logger);
  answers.subscribe(
    () => void sender.sendUnsent(0).catch((error: unknown) => logger.warn('Cannot send yet', { error })),
  );
  const revocations = new ChannelListener(options.databaseUrl, workRevokedChannel, logger);
  revocations.subscribe((ids) => executor.drop(ids.split(',')));
  executor.start();
  const consumer: RunningConsumer = await startConsumer<AgentWork>({
    driver,
    codec: workDecoder(codecs.work),
    handler: new WorkIntake({
      async take(items) {
        await executor.take(items);
        const tenants = new Set(items.filter(({ queue }) => queue === 'workers').map(({ tenantId }) => tenantId));
        for (const tenantId of tenants) await works.notify(workReadyChannel, tenantId);
      },
      revoke: (revoked) => executor.revoke(revoked),
    }),
    options: {
      group: executorGroup,
      topics,
      ...(options.sessionTimeoutMs !== undefined && { sessionTimeoutMs: options.sessionTimeoutMs }),
    },
    logger,
    metrics: options.metrics,
  });
  return {
    get count() {
      return executor.count;
    },
    health: () => consumer.health(),
    async stop() {
      await consumer.stop();
      await executor.stop(options.drainTimeoutMs ?? drainTimeoutMsDefault);
      await answers.close();
      await revocations.close();
      await producer.close();
      await pool.end();
    },
  };
}
