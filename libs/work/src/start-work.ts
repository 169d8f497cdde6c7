import type { AnyWork, CommandCodec, WorkCodec } from '@chorda/contracts';
import type { Logger } from '@chorda/kernel';
import { startConsumer, type ConsumerHealth, type KafkaDriver, type Producer } from '@chorda/messaging';
import { AgentWorkRepository, ChannelListener, createPool } from '@chorda/read-models';
import type pg from 'pg';
import type { Registry } from 'prom-client';
import type { PartGround } from './deciding-app.js';
import { OutcomeSender } from './outcome-sender.js';
import { WorkExecutor } from './work-executor.js';
import { WorkHandover } from './work-handover.js';
import { WorkIntake, workDecoder, type Inbox } from './work-intake.js';
import type { RevokedWork, WorkKind, WorkRunner } from './work-kind.js';
import type { WorkMetrics } from './work-metrics.js';

export interface WorkOptions<Work extends AnyWork, Asked extends Work, Outcome> {
  readonly kind: WorkKind<Work, Asked, Outcome>;
  /** Made once the connections are there. */
  runner(ground: WorkGround): WorkRunner<Asked, Outcome>;
  readonly driver: KafkaDriver;
  readonly databaseUrl: string;
  readonly codecs: { readonly work: WorkCodec; readonly commands: CommandCodec };
  /** What the engine of this process publishes is taken at once. Left out: all work comes from the log. */
  readonly published?: PartGround['published'];
  /** Names this process among those that hold leases. */
  readonly instance: string;
  readonly slotsMax: number;
  readonly readyMax: number;
  readonly workMetrics: WorkMetrics;
  readonly metrics: Registry;
  readonly logger: Logger;
  /** How long a stop waits for work in hand. Default 10 s. */
  readonly drainTimeoutMs?: number | undefined;
  /** Default 10 s. */
  readonly sessionTimeoutMs?: number | undefined;
}

/** What executors stand on. */
export interface WorkGround {
  readonly pool: pg.Pool;
  readonly producer: Producer;
  /** Ends tries that nobody waits for any more, wherever they are done. */
  revoke(works: readonly RevokedWork[]): Promise<void>;
}

export interface RunningWork {
  /** Works that are being done. */
  readonly count: number;
  health(): ConsumerHealth;
  stop(): Promise<void>;
}

const connectionsMax = 6;
const transactionTimeoutMs = 5_000;
const drainTimeoutMsDefault = 10_000;
/** What is handed over has no need of the log to come quickly: it brings what others published, and what was left. */
const handedOverPauseMs = 100;
/** Of the sessions that take work in and answer it. */
const inboxConnectionsMax = 3;
const replanMsMax = 60_000;

/** Does the work of an engine, apart from its loop. Tables and topics are there by then. */
export async function startWork<Work extends AnyWork, Asked extends Work, Outcome>(
  options: WorkOptions<Work, Asked, Outcome>,
): Promise<RunningWork> {
  const { kind, driver, codecs, logger, instance } = options;
  const pool = createPool(options.databaseUrl, {
    applicationName: `chorda executor ${instance}`.slice(0, 63),
    connectionsMax,
    transactionTimeoutMs,
  });
  const works = new AgentWorkRepository(pool, kind.table);
  const inboxPool = createPool(options.databaseUrl, {
    applicationName: `chorda inbox ${instance}`.slice(0, 63),
    connectionsMax: inboxConnectionsMax,
    ...{ transactionTimeoutMs, keyLookupsOnly: true, replanMsMax },
  });
  const inbox = new AgentWorkRepository(inboxPool, kind.table);
  const producer = await driver.createProducer();
  const sender = new OutcomeSender({ kind, works, inbox, codec: codecs.commands, producer, logger });
  const runner = options.runner({ pool, producer, revoke: (revoked) => executor.revoke(revoked) });
  const executor: WorkExecutor<Work, Asked, Outcome> = new WorkExecutor({
    ...{ kind, works, inbox, runner, sender, logger },
    metrics: options.workMetrics,
    owner: instance,
    slotsMax: options.slotsMax,
    readyMax: options.readyMax,
  });
  const answers = new ChannelListener(options.databaseUrl, kind.channels.answered, logger);
  answers.subscribe(
    () => void sender.sendUnsent(0).catch((error: unknown) => logger.warn('Cannot send yet', { error })),
  );
  const revocations = new ChannelListener(options.databaseUrl, kind.channels.revoked, logger);
  revocations.subscribe((ids) => executor.drop(ids.split(',')));
  executor.start();
  const intake: Inbox = {
    take: (items) => executor.take(items),
    async revoke(revoked) {
      await runner.revoked?.(revoked);
      await executor.revoke(revoked);
    },
  };
  const handover =
    options.published &&
    new WorkHandover({ ...{ kind, logger }, inbox: intake, codec: codecs.work, left: options.workMetrics.leftToLog });
  options.published?.((records) => handover?.give(records));
  const consumer = await startConsumer<Work>({
    driver,
    codec: workDecoder(codecs.work),
    handler: new WorkIntake(intake, (topic, work, metadata) => kind.read(topic, work, metadata), handover),
    options: {
      group: kind.consumerGroup,
      topics: kind.topics,
      ...(handover && { fetchPauseMs: handedOverPauseMs }),
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
      await handover?.stop();
      await executor.stop(options.drainTimeoutMs ?? drainTimeoutMsDefault);
      await answers.close();
      await revocations.close();
      await runner.close?.();
      await producer.close();
      await inboxPool.end();
      await pool.end();
    },
  };
}
