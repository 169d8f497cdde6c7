import { CommandCodec, DeltaCodec, EventCodec } from '@chorda/contracts';
import {
  createKafkaDriver,
  healthOf,
  startServiceReporter,
  type Producer,
  type ServiceReporter,
} from '@chorda/messaging';
import {
  HealthRegistry,
  kafkaConnection,
  ProcessSampler,
  productVersion,
  registryConnection,
  type AppHost,
  type RunningApp,
} from '@chorda/platform';
import { createPool, InferenceModelRepository, InferenceOutcomeRepository, InferenceReader } from '@chorda/read-models';
import { Budgets } from './accounting/budgets.js';
import { Prices } from './accounting/prices.js';
import { readInferenceWorkerEnv, type InferenceWorkerEnv } from './inference-worker.env.js';
import { CancelIntake } from './intake/cancel-intake.js';
import { IntakeRoom } from './intake/intake-room.js';
import { RequestIntake } from './intake/request-intake.js';
import { Caretaker } from './outcomes/caretaker.js';
import { OutcomeDesk } from './outcomes/outcome-desk.js';
import { OutcomeRecords } from './outcomes/outcome-events.js';
import { Replies } from './outcomes/replies.js';
import { TellAgain } from './outcomes/tell-again.js';
import { ReplicaPool } from './replicas/replica-pool.js';
import { replicaOptions } from './replicas/replica-options.js';
import { Replica } from './replicas/replica.js';
import { TokenEstimates } from './scheduling/token-estimate.js';
import { AttemptRunner } from './worker/attempt-runner.js';
import { InferenceWorker } from './worker/inference-worker.js';
import { RequestQueues } from './worker/request-queues.js';
import { workerMetrics, type WorkerMetrics } from './worker-metrics.js';

/**
 * Brings requests to models and their answers back.
 *
 * @throws what is wrong with the environment, or with the schemas at the registry; servers that are away are waited for.
 */
export async function startInferenceWorker(source: NodeJS.ProcessEnv, host: AppHost): Promise<RunningApp> {
  const app = new InferenceWorkerApp(readInferenceWorkerEnv(source), host);
  try {
    await app.start();
  } catch (error) {
    await app.stop().catch(() => undefined);
    throw error;
  }
  return app;
}

const transactionTimeoutMs = 5_000;
/** Tokens of many answers at once share requests to the brokers. */
const requestEveryMs = 4;
const tokensQueueBytesMax = 16 * 1024 * 1024;

interface Codecs {
  readonly events: EventCodec;
  readonly commands: CommandCodec;
  readonly deltas: DeltaCodec;
}

class InferenceWorkerApp implements RunningApp {
  readonly name = 'inference-worker';
  private readonly driver;
  private readonly health = new HealthRegistry();
  private readonly sampler = new ProcessSampler();
  private readonly metrics: WorkerMetrics;
  private readonly pg;
  private readonly prices: Prices;
  private readonly queues: RequestQueues;
  /** Closed in the reverse order of their opening. */
  private readonly closers: (() => Promise<void> | void)[] = [];
  private worker: InferenceWorker | undefined;
  private intake: RequestIntake | undefined;
  private cancels: CancelIntake | undefined;
  private desk: OutcomeDesk | undefined;
  private caretaker: Caretaker | undefined;
  private reporter: ServiceReporter | undefined;

  constructor(
    private readonly env: InferenceWorkerEnv,
    private readonly host: AppHost,
  ) {
    this.driver = createKafkaDriver(kafkaConnection(env, `chorda-inference-worker-${process.pid}`), {
      logger: host.logger,
    });
    this.closers.push(() => this.driver.close());
    this.metrics = workerMetrics(host.metrics);
    this.prices = new Prices(env.prices);
    this.queues = new RequestQueues({
      agesAfterMs: {
        high: Number.POSITIVE_INFINITY,
        normal: env.CHORDA_INFERENCE_NORMAL_AGES_MS,
        low: env.CHORDA_INFERENCE_LOW_AGES_MS,
      },
    });
    this.pg = createPool(env.DATABASE_URL, {
      applicationName: `chorda inference-worker ${host.instance}`.slice(0, 63),
      connectionsMax: env.CHORDA_INFERENCE_CONNECTIONS,
      transactionTimeoutMs,
      keyLookupsOnly: true,
    });
    this.closers.push(() => this.pg.end());
  }

  async start(): Promise<void> {
    const codecs = await this.connectCodecs();
    const producer = await this.producer();
    await this.startReporter(codecs.events, producer);
    const outcomes = new InferenceOutcomeRepository(this.pg, this.host.instance);
    const { logger } = this.host;
    const desk = (this.desk = new OutcomeDesk({ outcomes, producer, metrics: this.metrics, logger }));
    const records = new OutcomeRecords(codecs.events);
    const pool = this.replicas();
    this.caretaker = new Caretaker({
      ...{ outcomes, desk, records, metrics: this.metrics, logger, prices: this.prices },
      models: new InferenceModelRepository(this.pg),
      served: () => pool.replicas.flatMap((replica) => replica.served()),
    });
    await this.caretaker.start();
    await pool.start();
    const worker = await this.makeWorker(codecs, desk, records, pool);
    this.worker = worker;
    const { driver, host } = this;
    const cancelling = { driver, codec: codecs.commands, worker, desk, records, instance: host.instance };
    this.cancels = new CancelIntake({ ...cancelling, logger, metrics: host.metrics });
    await this.cancels.start();
    this.startIntake(codecs.events, producer, worker);
  }

  notReady(): Promise<readonly string[]> {
    return this.health.notReady();
  }

  /** Intake ends and what is in hand drains side by side: partitions are given back when their requests are done. */
  async stop(): Promise<void> {
    this.health.beginDraining();
    const { CHORDA_INFERENCE_DRAIN_TIMEOUT_MS: drainMs } = this.env;
    await Promise.all([this.intake?.stop(), this.worker?.stop(drainMs)]);
    await this.cancels?.stop();
    await this.caretaker?.stop();
    await this.desk?.stop();
    await this.reporter?.stop();
    this.sampler.stop();
    for (const close of this.closers.splice(0).toReversed()) await close();
  }

  async crashed(error: Error): Promise<void> {
    await this.reporter?.alert({ severity: 'critical', code: 'CRASHED', message: error.message });
  }

  private replicas(): ReplicaPool {
    const parts = {
      metrics: this.metrics,
      logger: this.host.logger,
      isWanted: (model: string) => this.queues.isWanted(model),
      onRoom: () => this.worker?.pump(),
    };
    const pool = new ReplicaPool(replicaOptions(this.env).map((options) => new Replica(options, parts)));
    this.closers.push(() => pool.close());
    return pool;
  }

  private async makeWorker(codecs: Codecs, desk: OutcomeDesk, records: OutcomeRecords, pool: ReplicaPool) {
    const { env, metrics, host, prices, queues } = this;
    const { logger } = host;
    const estimates = new TokenEstimates();
    const runner = new AttemptRunner({
      ...{ desk, estimates, metrics, logger, prices },
      budgets: new Budgets(env.budgets),
      producer: await this.producer(tokensQueueBytesMax),
      codec: codecs.deltas,
      completionTokensReserved: env.CHORDA_INFERENCE_TOKENS_RESERVED,
      stallMs: env.CHORDA_INFERENCE_STALL_MS,
      answerBytesMax: env.CHORDA_INFERENCE_ANSWER_BYTES,
    });
    const replies = new Replies(codecs.commands);
    const tellAgain = new TellAgain({ reader: new InferenceReader(this.pg), codec: codecs.events, replies, desk });
    return new InferenceWorker({
      ...{ pool, queues, runner, desk, records, replies, tellAgain, estimates, metrics, logger },
      fallbacks: env.CHORDA_INFERENCE_FALLBACKS,
      attemptsMax: env.CHORDA_INFERENCE_ATTEMPTS,
      gatheredMax: env.CHORDA_INFERENCE_EMBEDDINGS_TOGETHER,
    });
  }

  private startIntake(codec: EventCodec, producer: Producer, worker: InferenceWorker): void {
    const { env, driver, metrics, host } = this;
    const bounds = { requestsMax: env.CHORDA_INFERENCE_BUFFER, bytesMax: env.CHORDA_INFERENCE_BUFFER_BYTES };
    const intake = new RequestIntake({
      ...{ driver, codec, producer, worker, logger: host.logger },
      room: new IntakeRoom(bounds, metrics),
      spanMax: env.CHORDA_INFERENCE_SPAN,
      drainTimeoutMs: env.CHORDA_INFERENCE_DRAIN_TIMEOUT_MS,
      sessionTimeoutMs: env.CHORDA_INFERENCE_SESSION_TIMEOUT_MS,
    });
    this.intake = intake;
    this.health.add('requests', () => intake.notReady());
    intake.start();
  }

  private async connectCodecs(): Promise<Codecs> {
    const options = { ...registryConnection(this.env), topicPrefix: this.env.CHORDA_TOPIC_PREFIX };
    const events = this.closing(await EventCodec.connect(options));
    const commands = this.closing(await CommandCodec.connect(options));
    const deltas = this.closing(await DeltaCodec.connect(options));
    return { events, commands, deltas };
  }

  private closing<Opened extends { close(): void }>(opened: Opened): Opened {
    this.closers.push(() => opened.close());
    return opened;
  }

  private async producer(queueBytesMax?: number): Promise<Producer> {
    const producer = await this.driver.createProducer({
      requestEveryMs,
      ...(queueBytesMax !== undefined && { queueBytesMax }),
    });
    this.closers.push(() => producer.close());
    return producer;
  }

  private async startReporter(codec: EventCodec, producer: Producer): Promise<void> {
    const { env, host } = this;
    this.reporter = startServiceReporter({
      ...{ producer, codec },
      service: this.name,
      instance: host.instance,
      version: productVersion,
      sharesProcess: host.sharesProcess,
      sample: () => ({ ...this.sampler.sample(), queueSize: this.worker?.count ?? 0 }),
      health: async () => healthOf(await this.notReady()),
      intervalMs: env.CHORDA_SELF_REPORT_INTERVAL_MS,
      logger: host.logger,
      metrics: host.metrics,
    });
  }
}
