import { CommandCodec, EventCodec, WorkCodec } from '@chorda/contracts';
import {
  startDecisions,
  type DecisionBounds,
  type HostedAggregate,
  type PayloadStoreReader,
  type PublishedRecord,
  type RunningDecisions,
} from '@chorda/decisions';
import type { Typed } from '@chorda/domain';
import {
  createKafkaDriver,
  healthOf,
  startServiceReporter,
  type Alert,
  type ConsumerHealth,
  type KafkaDriver,
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

export interface DecidingCodecs {
  readonly commands: CommandCodec;
  readonly events: EventCodec;
  readonly work: WorkCodec;
}

/** Whatever works beside the engine. */
export interface RunningPart {
  health(): readonly ConsumerHealth[];
  /** Why not ready, beside the health of its consumers; undefined: it is. */
  notReady?(): string | undefined;
  stop(): Promise<void>;
}

export interface AppPart {
  /** How readiness calls it. */
  readonly name: string;
  start(ground: PartGround): Promise<RunningPart>;
}

export interface PartGround {
  readonly driver: KafkaDriver;
  readonly codecs: DecidingCodecs;
  /** From now on, what the engine of this process has published. See `onPublished` of its options. */
  published(listener: (records: readonly PublishedRecord[]) => void): void;
}

export type DecidingEnv = Parameters<typeof kafkaConnection>[0] &
  Parameters<typeof registryConnection>[0] & {
    readonly CHORDA_TOPIC_PREFIX: string;
    readonly DATABASE_URL: string;
    readonly CHORDA_SELF_REPORT_INTERVAL_MS: number;
    readonly CHORDA_DECISIONS_CONNECTIONS: number;
    readonly CHORDA_DECISIONS_TURN_COMMANDS: number;
    readonly CHORDA_DECISIONS_SNAPSHOT_EVERY: number;
    readonly CHORDA_DECISIONS_SESSION_TIMEOUT_MS: number;
    readonly CHORDA_DECISIONS_DRAIN_TIMEOUT_MS: number;
  };

export interface DecidingAppParts<States, Command extends Typed, Event extends Typed> {
  readonly name: string;
  readonly env: DecidingEnv;
  readonly host: AppHost;
  hosted(codecs: DecidingCodecs): HostedAggregate<States, Command, Event>;
  readonly bounds: Partial<DecisionBounds>;
  /** Where values lie that its rules read by reference. */
  readonly payloads?: PayloadStoreReader | undefined;
  /** What works beside the engine; started in this order, and stopped in the other. */
  readonly parts: readonly AppPart[];
}

/**
 * Starts an app that decides, and does what it decided to have done.
 *
 * @throws what is wrong with the schemas at the registry; servers that are away are waited for.
 */
export async function startDecidingApp<States, Command extends Typed, Event extends Typed>(
  parts: DecidingAppParts<States, Command, Event>,
): Promise<RunningApp> {
  const app = new DecidingApp(parts);
  try {
    await app.start();
  } catch (error) {
    await app.stop().catch(() => undefined);
    throw error;
  }
  return app;
}

class DecidingApp<States, Command extends Typed, Event extends Typed> implements RunningApp {
  readonly name;
  private readonly driver;
  private readonly health = new HealthRegistry();
  private readonly sampler = new ProcessSampler();
  /** Closed in the reverse order of their opening. */
  private readonly closers: (() => Promise<void> | void)[] = [];
  private readonly publishedTo: ((records: readonly PublishedRecord[]) => void)[] = [];
  private decisions: RunningDecisions | undefined;
  private readonly running: RunningPart[] = [];
  private reporter: ServiceReporter | undefined;

  constructor(private readonly parts: DecidingAppParts<States, Command, Event>) {
    this.name = parts.name;
    const connection = kafkaConnection(parts.env, `chorda-${this.name}-${process.pid}`);
    this.driver = createKafkaDriver(connection, { logger: parts.host.logger });
    this.closers.push(() => this.driver.close());
  }

  async start(): Promise<void> {
    const codecs = await this.connectCodecs();
    await this.startReporter(codecs.events);
    this.decisions = this.decide(codecs);
    this.health.add('decisions', () => this.decisions?.notReady());
    for (const { name, start } of this.parts.parts) {
      const published: PartGround['published'] = (listener) => void this.publishedTo.push(listener);
      const part = await start({ driver: this.driver, codecs, published });
      this.running.push(part);
      this.health.add(name, () => {
        const troubled = part.health().find(({ state }) => state !== 'running');
        return troubled ? (troubled.error ?? troubled.state) : part.notReady?.();
      });
    }
  }

  notReady(): Promise<readonly string[]> {
    return this.health.notReady();
  }

  /** Intake ends first, so that whoever answers work finds the engine still there. */
  async stop(): Promise<void> {
    this.health.beginDraining();
    await this.decisions?.stop();
    for (const part of this.running.toReversed()) await part.stop();
    await this.reporter?.stop();
    this.sampler.stop();
    for (const close of this.closers.splice(0).toReversed()) await close();
  }

  async crashed(error: Error): Promise<void> {
    await this.reporter?.alert({ severity: 'critical', code: 'CRASHED', message: error.message });
  }

  private async connectCodecs(): Promise<DecidingCodecs> {
    const { env } = this.parts;
    const options = { ...registryConnection(env), topicPrefix: env.CHORDA_TOPIC_PREFIX };
    const commands = this.closing(await CommandCodec.connect(options));
    const events = this.closing(await EventCodec.connect(options));
    const work = this.closing(await WorkCodec.connect(options));
    return { commands, events, work };
  }

  private closing<Opened extends { close(): void }>(opened: Opened): Opened {
    this.closers.push(() => opened.close());
    return opened;
  }

  private decide(codecs: DecidingCodecs): RunningDecisions {
    const { env, host, hosted, bounds, payloads } = this.parts;
    return startDecisions(hosted(codecs), {
      driver: this.driver,
      databaseUrl: env.DATABASE_URL,
      service: this.name,
      instance: host.instance,
      logger: host.logger,
      metrics: host.metrics,
      onIncident: (alert) => this.tell(alert),
      payloads,
      onPublished: (records) => this.publishedTo.forEach((listener) => listener(records)),
      bounds: {
        ...bounds,
        commandsMax: env.CHORDA_DECISIONS_TURN_COMMANDS,
        snapshotEvery: env.CHORDA_DECISIONS_SNAPSHOT_EVERY,
      },
      connectionsMax: env.CHORDA_DECISIONS_CONNECTIONS,
      sessionTimeoutMs: env.CHORDA_DECISIONS_SESSION_TIMEOUT_MS,
      drainTimeoutMs: env.CHORDA_DECISIONS_DRAIN_TIMEOUT_MS,
    });
  }

  private tell(alert: Alert): void {
    void this.reporter?.alert(alert);
  }

  private async startReporter(codec: EventCodec): Promise<void> {
    const { env, host } = this.parts;
    const producer = await this.driver.createProducer();
    this.closers.push(() => producer.close());
    this.reporter = startServiceReporter({
      ...{ producer, codec },
      service: this.name,
      instance: host.instance,
      version: productVersion,
      sharesProcess: host.sharesProcess,
      sample: () => ({ ...this.sampler.sample(), queueSize: this.waitingCommands() }),
      health: async () => healthOf(await this.notReady()),
      intervalMs: env.CHORDA_SELF_REPORT_INTERVAL_MS,
      logger: host.logger,
      metrics: host.metrics,
    });
  }

  private waitingCommands(): number {
    return (this.decisions?.health().partitions ?? []).reduce((sum, { lagCommands }) => sum + lagCommands, 0);
  }
}
