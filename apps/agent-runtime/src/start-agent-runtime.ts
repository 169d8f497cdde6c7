import { CommandCodec, EventCodec, WorkCodec, type AgentCommand, type AgentEvent } from '@chorda/contracts';
import { contractsCodec, startDecisions, type DecisionCodec, type RunningDecisions } from '@chorda/decisions';
import {
  agentsAggregateWith,
  defaultModel,
  plantAgentRules,
  type TurnPrices,
  type AnyAgentCommand,
} from '@chorda/domain';
import { createKafkaDriver, healthOf, startServiceReporter, type Alert, type ServiceReporter } from '@chorda/messaging';
import {
  HealthRegistry,
  isPlanted,
  kafkaConnection,
  plantableAgentBugs,
  ProcessSampler,
  productVersion,
  registryConnection,
  type AppHost,
  type RunningApp,
} from '@chorda/platform';
import { readAgentRuntimeEnv, type AgentRuntimeEnv } from './agent-runtime.env.js';
import { startExecutors, type RunningExecutors } from './executors/start-executors.js';

/** One group decides the commands of all agents. */
export const agentDecisionsGroup = 'agent-runtime.decisions';

/** An agent that is terminated takes all that it runs along, in one turn. */
const agentBounds = { followUpsMax: 500, streamsOfCommandMax: 500, recordsOfCommandMax: 10_000 };

/**
 * Runs agents: its engine decides what they do, its executors do it.
 *
 * @throws what is wrong with the environment, or with the schemas at the registry; servers that are away are waited for.
 */
export async function startAgentRuntime(source: NodeJS.ProcessEnv, host: AppHost): Promise<RunningApp> {
  const runtime = new AgentRuntime(readAgentRuntimeEnv(source), host);
  try {
    await runtime.start();
  } catch (error) {
    await runtime.stop().catch(() => undefined);
    throw error;
  }
  return runtime;
}

interface Codecs {
  readonly commands: CommandCodec;
  readonly events: EventCodec;
  readonly work: WorkCodec;
}

class AgentRuntime implements RunningApp {
  readonly name = 'agent-runtime';
  private readonly driver;
  private readonly health = new HealthRegistry();
  private readonly sampler = new ProcessSampler();
  /** Closed in the reverse order of their opening. */
  private readonly closers: (() => Promise<void> | void)[] = [];
  private decisions: RunningDecisions | undefined;
  private executors: RunningExecutors | undefined;
  private reporter: ServiceReporter | undefined;

  constructor(
    private readonly env: AgentRuntimeEnv,
    private readonly host: AppHost,
  ) {
    const connection = kafkaConnection(env, `chorda-agent-runtime-${process.pid}`);
    this.driver = createKafkaDriver(connection, { logger: host.logger });
    this.closers.push(() => this.driver.close());
  }

  async start(): Promise<void> {
    const codecs = await this.connectCodecs();
    await this.startReporter(codecs.events);
    this.decisions = this.decide(codecs);
    this.health.add('decisions', () => this.decisions?.notReady());
    this.executors = await this.execute(codecs);
    this.health.add('executors', () => {
      const { state, error } = this.executors?.health() ?? { state: 'joining', error: undefined };
      return state === 'running' ? undefined : (error ?? state);
    });
  }

  notReady(): Promise<readonly string[]> {
    return this.health.notReady();
  }

  /** Intake ends first, so that whoever answers work finds the engine still there. */
  async stop(): Promise<void> {
    this.health.beginDraining();
    await this.decisions?.stop();
    await this.executors?.stop();
    await this.reporter?.stop();
    this.sampler.stop();
    for (const close of this.closers.splice(0).toReversed()) await close();
  }

  async crashed(error: Error): Promise<void> {
    await this.reporter?.alert({ severity: 'critical', code: 'CRASHED', message: error.message });
  }

  private async connectCodecs(): Promise<Codecs> {
    const options = { ...registryConnection(this.env), topicPrefix: this.env.CHORDA_TOPIC_PREFIX };
    const commands = this.closing(await CommandCodec.connect(options));
    const events = this.closing(await EventCodec.connect(options));
    const work = this.closing(await WorkCodec.connect(options));
    return { commands, events, work };
  }

  private closing<Opened extends { close(): void }>(opened: Opened): Opened {
    this.closers.push(() => opened.close());
    return opened;
  }

  private decide(codecs: Codecs): RunningDecisions {
    const { env, host, driver } = this;
    const hosted = {
      aggregate: plantAgentRules(agentsAggregateWith(pricesOf(env)), plantableAgentBugs.filter(isPlanted)),
      codec: agentsCodec(codecs),
      commandTopic: 'agent.commands',
      eventTopic: 'agent.events',
      group: agentDecisionsGroup,
    };
    return startDecisions(hosted, {
      driver,
      databaseUrl: env.DATABASE_URL,
      service: this.name,
      instance: host.instance,
      logger: host.logger,
      metrics: host.metrics,
      onIncident: (alert) => this.tell(alert),
      bounds: { ...agentBounds, commandsMax: env.CHORDA_DECISIONS_TURN_COMMANDS },
      connectionsMax: env.CHORDA_DECISIONS_CONNECTIONS,
      sessionTimeoutMs: env.CHORDA_DECISIONS_SESSION_TIMEOUT_MS,
      drainTimeoutMs: env.CHORDA_DECISIONS_DRAIN_TIMEOUT_MS,
    });
  }

  private execute({ work, commands }: Codecs): Promise<RunningExecutors> {
    const { env, host, driver } = this;
    return startExecutors({
      env,
      driver,
      databaseUrl: env.DATABASE_URL,
      codecs: { work, commands },
      instance: host.instance,
      logger: host.logger,
      metrics: host.metrics,
    });
  }

  private tell(alert: Alert): void {
    void this.reporter?.alert(alert);
  }

  private async startReporter(codec: EventCodec): Promise<void> {
    const { env, host } = this;
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

/** What a turn may cost at most is reserved before it is asked for, by the prices that its answer is accounted with. */
function pricesOf({ CHORDA_MODEL_PRICES: prices, CHORDA_MODEL: model }: AgentRuntimeEnv): TurnPrices {
  const usual = model === undefined ? undefined : prices[model];
  return usual === undefined ? prices : { ...prices, [defaultModel]: usual };
}

/** Commands on the topic are those that somebody gives; what the rules give themselves is never encoded. */
export function agentsCodec(codecs: Codecs): DecisionCodec<AnyAgentCommand, AgentEvent> {
  return contractsCodec<AgentCommand, AgentEvent>(codecs);
}
