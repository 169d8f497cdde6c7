import { applyTopics, deadLetterTopic } from '@chorda/contracts';
import type { Aggregate, Typed } from '@chorda/domain';
import { BackboneError, sleep, type Logger } from '@chorda/kernel';
import {
  TopicMissingError,
  type Alert,
  type AssignedPartition,
  type GroupConsumer,
  type GroupState,
  type KafkaAdmin,
  type KafkaDriver,
  type Producer,
} from '@chorda/messaging';
import { createPool, migrate } from '@chorda/read-models';
import type { Registry } from 'prom-client';
import { decisionBounds, type DecisionBounds } from './bounds.js';
import type { DecisionCodec } from './decision-codec.js';
import type { EngineParts } from './engine/engine-parts.js';
import { Payloads, type PayloadStoreReader } from './engine/loaded-payloads.js';
import { PartitionEngine } from './engine/partition-engine.js';
import { ProgressNotifier } from './engine/progress-notifier.js';
import { Rounds } from './engine/rounds.js';
import { publisherBatches } from './engine/publisher.js';
import { SharedStatements } from './engine/shared-statements.js';
import { DecisionUpkeep } from './engine/upkeep.js';
import type { OutboxRecord } from './store/outbox.js';
import { DecisionMetrics, type PartitionStanding } from './metrics.js';
import { streamKindPattern } from './stream-name.js';
import { publicationBounds } from './turn/publication-size.js';

/** A record as it was published, but for its place. */
export type PublishedRecord = Pick<OutboxRecord, 'topic' | 'key' | 'value' | 'headers'>;

/** A kind of aggregate, and where its commands and events lie. */
export interface HostedAggregate<States, Command extends Typed, Event extends Typed> {
  readonly aggregate: Aggregate<States, Command, Event>;
  readonly codec: DecisionCodec<Command, Event>;
  readonly commandTopic: string;
  /** Of as many partitions as the command topic: an event is written to the number that its command came from. */
  readonly eventTopic: string;
  /** `<app>.<purpose>`. */
  readonly group: string;
}

export interface DecisionsOptions {
  readonly driver: KafkaDriver;
  readonly databaseUrl: string;
  /** Names this process in the tables and in `ce_source`. */
  readonly service: string;
  readonly instance: string;
  readonly logger: Logger;
  readonly metrics: Registry;
  /** Something that a person has to look at; the service reports it as `system.error_alert`. */
  readonly onIncident: (alert: Alert) => void;
  /**
   * Hears of each record that the brokers have acknowledged, in the order of its partition: work may be begun in this
   * process before it comes back from its topic. Not told of what another process published, or of what was on the log
   * when a partition was taken over. It must not throw.
   */
  readonly onPublished?: (records: readonly PublishedRecord[]) => void;
  /** What is left out has its default. */
  readonly bounds?: Partial<DecisionBounds>;
  /** Left out: nothing is kept by reference, and rules see references as they are. */
  readonly payloads?: PayloadStoreReader | undefined;
  /** Default 10. */
  readonly connectionsMax?: number;
  /** A transaction that takes longer is ended by the server, so that a take-over waits no longer. Default 5 s. */
  readonly transactionTimeoutMs?: number;
  /** How long a dead owner keeps its partitions. Default 6 s. */
  readonly sessionTimeoutMs?: number;
  /** How long a stop or a rebalance waits for what is in hand. Default 5 s. */
  readonly drainTimeoutMs?: number;
}

export interface DecisionsHealth {
  readonly state: GroupState;
  readonly partitions: readonly PartitionStanding[];
  readonly error: string | undefined;
}

export interface RunningDecisions {
  health(): DecisionsHealth;
  /** Why not ready; undefined: it is. */
  notReady(): string | undefined;
  /** Ends intake, finishes the turns in hand, publishes them, leaves the group. */
  stop(): Promise<void>;
}

/**
 * Decides the commands of a kind of aggregate. It answers at once: servers that are away, or topics that are missing,
 * show in `health` and are tried again without end.
 */
export function startDecisions<States, Command extends Typed, Event extends Typed>(
  hosted: HostedAggregate<States, Command, Event>,
  options: DecisionsOptions,
): RunningDecisions {
  for (const kind of [hosted.aggregate.kind, ...Object.keys(hosted.aggregate.streams)]) {
    if (!streamKindPattern.test(kind)) throw new TypeError(`${kind} must match ${streamKindPattern.source}`);
  }
  const { recordsOfCommandMax = 0 } = options.bounds ?? {};
  if (recordsOfCommandMax > publicationBounds.recordsMax) {
    throw new TypeError(
      `recordsOfCommandMax is ${recordsOfCommandMax}, and a batch takes ${publicationBounds.recordsMax}`,
    );
  }
  const decisions = new Decisions(hosted, options);
  decisions.start();
  return decisions;
}

class DecisionTopicsError extends BackboneError {
  readonly code = 'DECISION_TOPICS_DIFFER';
  readonly retriable = false;
}

class Decisions<States, Command extends Typed, Event extends Typed> implements RunningDecisions {
  private readonly engines = new Set<PartitionEngine<States, Command, Event>>();
  private readonly stopping = new AbortController();
  private readonly bounds: DecisionBounds;
  private readonly metrics: DecisionMetrics;
  private readonly removeStandings: () => void;
  private readonly closers: (() => Promise<void>)[] = [];
  private readonly topicsMade = new Map<string, Promise<void>>();
  private starting: Promise<void> | undefined;
  private group: GroupConsumer | undefined;
  private stopped: Promise<void> | undefined;
  private state: GroupState = 'joining';
  private failure: string | undefined;

  constructor(
    private readonly hosted: HostedAggregate<States, Command, Event>,
    private readonly options: DecisionsOptions,
  ) {
    this.bounds = { ...decisionBounds, ...options.bounds };
    this.metrics = DecisionMetrics.of(options.metrics);
    this.removeStandings = this.metrics.add(() => this.standings());
  }

  start(): void {
    this.starting = this.join();
  }

  health(): DecisionsHealth {
    return { state: this.state, partitions: this.standings(), error: this.failure };
  }

  notReady(): string | undefined {
    if (this.state !== 'running') return this.failure ?? this.state;
    const stopped = this.standings().flatMap(({ partition, stoppedBy }) => {
      return stoppedBy === undefined ? [] : [`partition ${partition}: ${stoppedBy}`];
    });
    return stopped.length === 0 ? undefined : stopped.slice(0, 5).join('; ');
  }

  stop(): Promise<void> {
    this.stopped ??= this.leave();
    return this.stopped;
  }

  private standings(): readonly PartitionStanding[] {
    return [...this.engines].map(({ standing }) => standing);
  }

  private async leave(): Promise<void> {
    this.stopping.abort();
    await this.starting;
    await this.group?.stop();
    await this.closeAll();
    this.removeStandings();
    this.state = 'stopped';
  }

  private async closeAll(): Promise<void> {
    for (const close of this.closers.splice(0).toReversed()) await close();
  }

  private async join(): Promise<void> {
    const { logger } = this.options;
    const { kind } = this.hosted.aggregate;
    for (let failures = 0; !this.stopping.signal.aborted; failures++) {
      try {
        this.consume(await this.parts());
        return;
      } catch (error) {
        await this.closeAll();
        logger.warn('The decision engine could not start yet', { kind, failures, error });
        this.failure = error instanceof Error ? error.message : String(error);
        this.state = error instanceof BackboneError && !error.retriable ? 'crashed' : 'joining';
        await sleep(Math.min(200 * 2 ** Math.min(failures, 10), 10_000), this.stopping.signal);
      }
    }
  }

  private async parts(): Promise<EngineParts<States, Command, Event>> {
    const { hosted, options, bounds, metrics } = this;
    const { driver, databaseUrl, logger } = options;
    await migrate(databaseUrl, logger);
    const admin = this.closing(await driver.admin(), (opened) => opened.close());
    const topics = await this.topics(admin);
    const producer: Producer = this.closing(await driver.createProducer(publisherBatches), (opened) => opened.close());
    const pool = this.pool('chorda decisions', options.connectionsMax ?? 10);
    const notifier = new ProgressNotifier(this.pool('chorda decisions notify', 1), logger);
    this.closers.push(() => notifier.settled());
    const upkeep = new DecisionUpkeep(pool, hosted.aggregate.kind, bounds.outcomesKeptMs, logger);
    upkeep.start();
    this.closers.push(() => upkeep.stop());
    return {
      ...hosted,
      ...{ bounds, driver, admin, producer, pool, notifier, metrics, logger, partitions: topics.partitions },
      ...{ statements: new SharedStatements(pool, hosted, metrics), rounds: new Rounds() },
      payloads: Payloads.of(options.payloads, hosted.aggregate.kind, metrics),
      topicIds: topics.ids,
      owner: options.instance,
      source: `urn:chorda:service:${options.service}`,
      onIncident: options.onIncident,
      onPublished: options.onPublished,
      ensureTopic: (topic) => this.ensureTopic(admin, topic, topics.replicationFactor),
    };
  }

  private pool(applicationName: string, connectionsMax: number) {
    const { databaseUrl, transactionTimeoutMs = 5_000 } = this.options;
    const pool = createPool(databaseUrl, {
      applicationName,
      connectionsMax,
      transactionTimeoutMs,
      keyLookupsOnly: true,
    });
    return this.closing(pool, (opened) => opened.end());
  }

  private closing<Opened>(opened: Opened, close: (opened: Opened) => Promise<void>): Opened {
    this.closers.push(() => close(opened));
    return opened;
  }

  private async topics(admin: KafkaAdmin) {
    const { commandTopic, eventTopic } = this.hosted;
    const states = await admin.describeTopics([commandTopic, eventTopic]);
    const commands = states.find(({ name }) => name === commandTopic);
    const events = states.find(({ name }) => name === eventTopic);
    if (!commands) throw new TopicMissingError(commandTopic);
    if (!events) throw new TopicMissingError(eventTopic);
    if (commands.partitions !== events.partitions) {
      const counts = `${commandTopic} has ${commands.partitions} partitions, ${eventTopic} ${events.partitions}`;
      throw new DecisionTopicsError(`${counts}: an event lies in the partition number of its command`);
    }
    return {
      ids: { commands: commands.topicId, events: events.topicId },
      partitions: commands.partitions,
      replicationFactor: events.replicationFactor,
    };
  }

  private ensureTopic(admin: KafkaAdmin, topic: string, replicationFactor: number): Promise<void> {
    let made = this.topicsMade.get(topic);
    if (!made) {
      made = applyTopics(admin, { names: [topic], replicationFactor }).then(
        () => undefined,
        (error: unknown) => {
          this.topicsMade.delete(topic);
          throw error;
        },
      );
      this.topicsMade.set(topic, made);
    }
    return made;
  }

  private consume(parts: EngineParts<States, Command, Event>): void {
    const { driver, sessionTimeoutMs = 6_000, drainTimeoutMs } = this.options;
    this.options.logger.info('Deciding commands', {
      ...{ kind: parts.aggregate.kind, topic: parts.commandTopic, group: parts.group },
      dead_letter_topic: deadLetterTopic(parts.commandTopic, parts.group),
    });
    this.group = driver.consume({
      ...{ group: parts.group, topics: [parts.commandTopic], sessionTimeoutMs },
      ...(drainTimeoutMs !== undefined && { drainTimeoutMs }),
      run: (partition) => this.runPartition(partition, parts),
      onState: (state, error) => {
        this.state = state;
        this.failure = state === 'running' ? undefined : (error?.message ?? this.failure);
      },
    });
  }

  private async runPartition(partition: AssignedPartition, parts: EngineParts<States, Command, Event>): Promise<void> {
    const engine = new PartitionEngine(partition, parts);
    this.engines.add(engine);
    // A partition that is lost is another member's to report on, also while a late turn still runs here.
    partition.owned.addEventListener('abort', () => this.engines.delete(engine), { once: true });
    try {
      await engine.run();
    } finally {
      this.engines.delete(engine);
    }
  }
}
