import { EventCodec } from '@chorda/contracts';
import {
  createKafkaDriver,
  healthOf,
  startConsumer,
  startServiceReporter,
  type KafkaAdmin,
  OperationRecorder,
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
import { createPool, ExternalTypeRepository, ExternalTypesWatch, migrate } from '@chorda/read-models';
import type pg from 'pg';
import { DeadLetterRows } from './dead-letters/dead-letter-rows.js';
import { allProjections, dayTablesOf } from './projections.js';
import type { Arrival } from './parking/arrival.js';
import { ParkingDesk } from './parking/parking-desk.js';
import { parkBoundsOf, readProjectorEnv, type ProjectorEnv } from './projector.env.js';
import { AdvanceNotifier } from './runner/advance-notifier.js';
import { ClaimWatch, topicWatchMs } from './runner/claim-watch.js';
import { LiveDelay } from './runner/live-delay.js';
import { exposeLag, exposeParked, projectionMetrics } from './runner/projection-metrics.js';
import type { Projection } from './runner/projection.js';
import { ProjectionRunner, type PartitionStop } from './runner/projection-runner.js';
import { whyNotReady } from './runner/readiness.js';
import type { VersionGap } from './runner/stream-versions.js';
import { sharedTransactionBounds } from './runner/shared-transactions.js';
import { SupervisedConsumer } from './runner/supervised-consumer.js';
import { Upkeep } from './runner/upkeep.js';
import { registerGenerations, servingProjections } from './rebuild/generations.js';
import { readingOnDemand } from './runner/reading-on-demand.js';
import { startRebuilds, type RunningRebuilds } from './rebuild/start-rebuilds.js';

/** One group for all projections: each record is read and decoded once, and its repeats are found once. */
export const projectorGroup = 'projector.read-models';

const transactionTimeoutMs = 5_000;
/** Tables begin empty, and grow by millions of rows an hour. */
const replanMsMax = 10_000;
/** Causes that were told of, so that each is told once. */
const toldParkedMax = 1_000;

/**
 * Kafka in, Postgres out.
 *
 * @param projections What it runs; left out: all of them. Benchmarks measure single ones.
 */
export async function startProjector(
  source: NodeJS.ProcessEnv,
  host: AppHost,
  projections?: readonly Projection[],
): Promise<RunningApp> {
  const env = readProjectorEnv(source);
  const projector = new Projector(env, host, projections);
  try {
    await projector.start();
  } catch (error) {
    await projector.stop().catch(() => undefined);
    throw error;
  }
  return projector;
}

class Projector implements RunningApp {
  readonly name = 'projector';
  private readonly pool: pg.Pool;
  private readonly pipelined: pg.Pool;
  private readonly driver;
  /** Every version of every projection that this code has. */
  private readonly codes;
  /** The tables that batches are applied to now; another signature means other ones. */
  private serving: { readonly projections: readonly Projection[]; readonly signature: string } | undefined;
  private rebuilds: RunningRebuilds | undefined;
  private readonly notifier: AdvanceNotifier;
  private readonly upkeep: Upkeep;
  private readonly consumer: SupervisedConsumer;
  private readonly claimWatch: ClaimWatch;
  private readonly topicWatch: ClaimWatch;
  private runner: ProjectionRunner | undefined;
  private readonly health = new HealthRegistry();
  private readonly sampler = new ProcessSampler();
  private readonly operations = new OperationRecorder();
  private readonly liveDelay = new LiveDelay();
  private readonly metrics;
  private readonly toldGaps = new Set<string>();
  private readonly toldParked = new Set<string>();
  private parkingDesk: ParkingDesk | undefined;
  private codec: EventCodec | undefined;
  private admin: KafkaAdmin | undefined;
  private deadLetterRows: DeadLetterRows | undefined;
  private externalTypes: ExternalTypesWatch | undefined;
  private topicsRead: ReadonlySet<string> = new Set();
  private reporter: ServiceReporter | undefined;
  private closeProducer: () => Promise<void> = async () => undefined;

  constructor(
    private readonly env: ProjectorEnv,
    private readonly host: AppHost,
    projections: readonly Projection[] | undefined,
  ) {
    const { logger } = host;
    const session = {
      applicationName: `chorda projector ${host.instance}`.slice(0, 63),
      transactionTimeoutMs,
      replanMsMax,
    };
    this.pool = createPool(env.DATABASE_URL, { ...session, connectionsMax: env.CHORDA_PROJECTOR_CONNECTIONS });
    const connectionsMax = sharedTransactionBounds.openMax;
    this.pipelined = createPool(env.DATABASE_URL, { ...session, connectionsMax, isPipelined: true });
    this.driver = createKafkaDriver(kafkaConnection(env, `chorda-projector-${process.pid}`), { logger });
    this.codes =
      projections ??
      allProjections({
        journalDays: env.CHORDA_JOURNAL_RETENTION_DAYS || Infinity,
        healthDays: env.CHORDA_HEALTH_RETENTION_DAYS,
        ratesDays: env.CHORDA_RATES_RETENTION_DAYS,
      });
    this.notifier = new AdvanceNotifier(this.pool, logger);
    this.upkeep = new Upkeep(this.pool, () => dayTablesOf(this.serving?.projections ?? []), logger);
    this.metrics = projectionMetrics(host.metrics);
    this.consumer = new SupervisedConsumer(() => this.consume(this.connectedCodec()), logger);
    this.claimWatch = new ClaimWatch(async () => {
      await this.runner?.lookAfterClaims();
      await this.parkingDesk?.look();
      this.readNewTopics();
    }, logger);
    this.topicWatch = new ClaimWatch(async () => this.runner?.lookAfterTopics(), logger, topicWatchMs);
  }

  async start(): Promise<void> {
    const { env, host } = this;
    this.codec = await EventCodec.connect({
      ...registryConnection(env),
      topicPrefix: env.CHORDA_TOPIC_PREFIX,
    });
    this.admin = await this.driver.admin();
    await this.prepareTables();
    this.externalTypes = this.watchExternalTypes(this.codec);
    await this.externalTypes.start();
    // The days ahead are there before the first batch asks for them.
    await this.upkeep.runOnce();
    this.upkeep.start();
    this.addHealthChecks();
    exposeLag(host.metrics, this.codes, () => this.lags());
    exposeParked(host.metrics, () => this.parkingDesk?.counts() ?? []);
    await this.startReporter(this.codec);
    await this.consumer.start();
    const { driver, admin, pool } = this;
    this.deadLetterRows = new DeadLetterRows({ driver, admin, pool, metrics: host.metrics, logger: host.logger });
    this.deadLetterRows.start();
    this.parkingDesk?.start();
    this.claimWatch.start();
    this.topicWatch.start();
    this.rebuilds = this.startRebuilds(admin, this.codec);
  }

  notReady(): Promise<readonly string[]> {
    return this.health.notReady();
  }

  async stop(): Promise<void> {
    this.health.beginDraining();
    await this.reporter?.stop();
    await this.rebuilds?.stop();
    await this.externalTypes?.stop();
    await this.claimWatch.stop();
    await this.topicWatch.stop();
    await this.deadLetterRows?.stop();
    // Before the partitions are given back: a retry in hand is finished under the claim that it began with.
    await this.parkingDesk?.stop();
    await this.consumer.stop();
    await this.upkeep.stop();
    await this.notifier.settled();
    await this.closeProducer();
    await this.admin?.close();
    await this.driver.close();
    this.codec?.close();
    this.sampler.stop();
    await this.pipelined.end();
    await this.pool.end();
  }

  async crashed(error: Error): Promise<void> {
    await this.reporter?.alert({ severity: 'critical', code: 'CRASHED', message: error.message });
  }

  private connectedCodec(): EventCodec {
    if (this.codec === undefined) throw new TypeError('The consumer starts after the codec');
    return this.codec;
  }

  private addHealthChecks(): void {
    this.health.add('postgres', async () => {
      await this.pool.query('SELECT 1');
      return undefined;
    });
    this.health.add('consumer', () => {
      const consumer = this.consumer.health();
      if (consumer === undefined) return 'not started';
      return consumer.state === 'running' ? undefined : (consumer.error ?? consumer.state);
    });
    this.health.add('partitions', () => {
      const waiting = (this.consumer.health()?.partitions ?? []).flatMap((partition) => whyNotReady(partition) ?? []);
      return waiting.length === 0 ? undefined : waiting.slice(0, 5).join('; ');
    });
    this.health.add('projections', () => {
      const stops = this.runner?.stops() ?? [];
      const texts = stops.map(({ topic, partition, reason }) => `${topic}[${partition}]: ${reason}`);
      return texts.length === 0 ? undefined : texts.slice(0, 5).join('; ');
    });
  }

  private lags() {
    return (this.consumer.health()?.partitions ?? []).map(({ topic, lagSeconds, lagRecords, noProgressMs }) => ({
      topic,
      seconds: lagSeconds,
      records: Number(lagRecords ?? 0n),
      noProgressSeconds: noProgressMs / 1_000,
    }));
  }

  /** Before each start of the consumer: what was restored from a backup may lack what came since. */
  private async prepareTables() {
    await migrate(this.env.DATABASE_URL, this.host.logger);
    await registerGenerations(this.pool, this.codes);
    this.serving = await servingProjections(this.pool, this.codes, this.host.logger);
    return this.serving;
  }

  private async consume(codec: EventCodec) {
    const { projections } = await this.prepareTables();
    this.topicsRead = new Set(projections.flatMap(({ topics }) => topics));
    const topicIds = new Map<string, string | undefined>();
    const runner = new ProjectionRunner({
      pool: this.pool,
      pipelined: this.pipelined,
      projections,
      group: projectorGroup,
      owner: this.host.instance,
      notifier: this.notifier,
      metrics: this.metrics,
      operations: this.operations,
      liveDelay: this.liveDelay,
      logger: this.host.logger,
      topicId: async (topic) => {
        if (!topicIds.has(topic)) topicIds.set(topic, await this.idOf(topic));
        return topicIds.get(topic);
      },
      topicIds: async (topics) => {
        const states = (await this.admin?.describeTopics(topics)) ?? [];
        return new Map(states.map(({ name, topicId }) => [name, topicId]));
      },
      onFenced: () => this.consumer.restart(),
      onStopped: (stop) => this.tellStop(stop),
      onGaps: (gaps) => this.tellGaps(gaps),
      bounds: parkBoundsOf(this.env),
      onParked: (projection, begun) => this.tellParked(projection, begun),
      onRetryWanted: () => this.parkingDesk?.ring(),
    });
    this.runner = runner;
    return startConsumer({
      driver: this.driver,
      codec: readingOnDemand(codec),
      handler: runner,
      options: {
        group: projectorGroup,
        topics: [...this.topicsRead],
        batchRecordsMax: this.env.CHORDA_PROJECTOR_BATCH_RECORDS,
        batchBytesMax: this.env.CHORDA_PROJECTOR_BATCH_BYTES,
        // All partitions gather together, and what has come shares a transaction: none waits for itself.
        batchWaitMsMax: 0,
        fetchPauseMs: this.env.CHORDA_PROJECTOR_BATCH_WAIT_MS,
        drainTimeoutMs: this.env.CHORDA_PROJECTOR_DRAIN_TIMEOUT_MS,
        sessionTimeoutMs: this.env.CHORDA_PROJECTOR_SESSION_TIMEOUT_MS,
        checkpoints: runner,
      },
      logger: this.host.logger,
      metrics: this.host.metrics,
    });
  }

  /** Topics of types that are registered while it runs are read from their start. */
  private watchExternalTypes(codec: EventCodec): ExternalTypesWatch {
    return new ExternalTypesWatch({
      types: new ExternalTypeRepository(this.pool),
      codec,
      onChange: (types) => {
        this.host.logger.info('Event types were registered or have evolved', { types });
        this.readNewTopics();
      },
      logger: this.host.logger,
    });
  }

  /** Looked after again and again: a start that was under way may have read the list before the type came. */
  private readNewTopics(): void {
    const wanted = this.serving?.projections.flatMap(({ topics }) => topics) ?? [];
    if (wanted.some((topic) => !this.topicsRead.has(topic))) this.consumer.restart({ isPlanned: true });
  }

  private startRebuilds(admin: KafkaAdmin, codec: EventCodec): RunningRebuilds {
    const { env, host, codes, pool, driver, notifier, liveDelay } = this;
    return startRebuilds({
      ...{ env, codes, pool, driver, admin, codec, notifier, liveDelay },
      group: projectorGroup,
      owner: host.instance,
      topicId: (topic) => this.idOf(topic),
      bounds: parkBoundsOf(env),
      metrics: host.metrics,
      logger: host.logger,
      served: () => this.serving?.signature,
      onServingChanged: () => this.consumer.restart({ isPlanned: true }),
    });
  }

  private async idOf(topic: string): Promise<string | undefined> {
    const [state] = (await this.admin?.describeTopics([topic])) ?? [];
    return state?.topicId;
  }

  private tellStop(stop: PartitionStop): void {
    const { topic, partition, offset, reason } = stop;
    this.host.logger.error('A partition stands still', { topic, partition, offset, reason });
    const message = `${topic}[${partition}] stands still at ${offset}: ${reason}`;
    void this.reporter?.alert({ severity: 'critical', code: 'PARTITION_STOPPED', message, topic, partition, offset });
  }

  /** One line a batch, and one alert a partition: a stream that lost an event may be one of thousands. */
  private tellGaps(gaps: readonly VersionGap[]): void {
    const [first] = gaps;
    if (first === undefined) return;
    const { topic, partition, offset, stream, expected, found } = first;
    const fields = { topic, partition, offset, stream, expected, found, gaps: gaps.length };
    this.host.logger.error('Versions of a stream are missing from the log', fields);
    if (this.toldGaps.has(`${topic}/${partition}`)) return;
    this.toldGaps.add(`${topic}/${partition}`);
    const message = `${topic}[${partition}] at ${offset}: ${stream} goes from version ${expected - 1n} to ${found}`;
    void this.reporter?.alert({ severity: 'error', code: 'STREAM_VERSION_GAP', message, topic, partition, offset });
  }

  /** One line a batch, and one alert a cause: a handler that is wrong may park a thousand aggregates. */
  private tellParked({ name, version }: Projection, begun: readonly Arrival[]): void {
    for (const [fingerprint, [first]] of Map.groupBy(begun, ({ fault }) => fault?.fingerprint ?? '')) {
      if (!first?.fault) continue;
      const { topic, partition, offset } = first.origin;
      const { reason, message: why } = first.fault;
      const fields = { projection: name, version, topic, partition, offset, reason, error_message: why };
      this.host.logger.error('Events were parked: an event of their aggregate cannot be applied', fields);
      if (this.toldParked.has(`${name} ${fingerprint}`)) continue;
      if (this.toldParked.size >= toldParkedMax) this.toldParked.clear();
      this.toldParked.add(`${name} ${fingerprint}`);
      const message = `${name} parked ${topic}[${partition}] ${offset} (${reason}): ${why}`;
      void this.reporter?.alert({ severity: 'error', code: 'EVENTS_PARKED', message, topic, partition, offset });
    }
  }

  private async startReporter(codec: EventCodec): Promise<void> {
    const { env, host } = this;
    const producer = await this.driver.createProducer();
    this.closeProducer = () => producer.close();
    this.parkingDesk = new ParkingDesk({
      pool: this.pool,
      databaseUrl: env.DATABASE_URL,
      codec,
      metrics: this.metrics,
      logger: host.logger,
      workers: () => this.runner?.workers() ?? [],
      announcing: { producer, codec },
    });
    this.reporter = startServiceReporter({
      producer,
      codec,
      service: this.name,
      instance: host.instance,
      version: productVersion,
      sharesProcess: host.sharesProcess,
      sample: () => ({
        ...this.sampler.sample(),
        operations: this.operations.take(),
        queueSize: this.lags().reduce((sum, { records }) => sum + records, 0),
      }),
      health: async () => healthOf(await this.notReady()),
      intervalMs: env.CHORDA_SELF_REPORT_INTERVAL_MS,
      logger: host.logger,
      metrics: host.metrics,
    });
  }
}
