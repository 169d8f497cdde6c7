import { CommandCodec, EventCodec, WorkCodec, type WorkflowCommand, type WorkflowEvent } from '@chorda/contracts';
import { contractsCodec, startDecisions, type DecisionCodec, type RunningDecisions } from '@chorda/decisions';
import { workflowsAggregate, type AnyWorkflowCommand } from '@chorda/domain';
import { createKafkaDriver, healthOf, startServiceReporter, type Alert, type ServiceReporter } from '@chorda/messaging';
import {
  HealthRegistry,
  kafkaConnection,
  ProcessSampler,
  productVersion,
  registryConnection,
  type AppHost,
  type RunningApp,
} from '@chorda/platform';
import { readOrchestratorEnv, type OrchestratorEnv } from './orchestrator.env.js';
import { startSteps, type RunningSteps } from './steps/start-steps.js';
import { workflowPorts } from './workflow-ports.js';

/** One group decides the commands of all runs. */
export const workflowDecisionsGroup = 'orchestrator.decisions';

/** A map begins as many items as its window has, each a stream of its own, and a run that ends takes all of them along. */
const workflowBounds = { followUpsMax: 100, streamsOfCommandMax: 5_000, recordsOfCommandMax: 20_000 };

/**
 * Moves workflows on: its engine decides what follows, its executors do it.
 *
 * @throws what is wrong with the environment, or with the schemas at the registry; servers that are away are waited for.
 */
export async function startOrchestrator(source: NodeJS.ProcessEnv, host: AppHost): Promise<RunningApp> {
  const orchestrator = new Orchestrator(readOrchestratorEnv(source), host);
  try {
    await orchestrator.start();
  } catch (error) {
    await orchestrator.stop().catch(() => undefined);
    throw error;
  }
  return orchestrator;
}

interface Codecs {
  readonly commands: CommandCodec;
  readonly events: EventCodec;
  readonly work: WorkCodec;
}

class Orchestrator implements RunningApp {
  readonly name = 'orchestrator';
  private readonly driver;
  private readonly health = new HealthRegistry();
  private readonly sampler = new ProcessSampler();
  /** Closed in the reverse order of their opening. */
  private readonly closers: (() => Promise<void> | void)[] = [];
  private decisions: RunningDecisions | undefined;
  private steps: RunningSteps | undefined;
  private reporter: ServiceReporter | undefined;

  constructor(
    private readonly env: OrchestratorEnv,
    private readonly host: AppHost,
  ) {
    const connection = kafkaConnection(env, `chorda-orchestrator-${process.pid}`);
    this.driver = createKafkaDriver(connection, { logger: host.logger });
    this.closers.push(() => this.driver.close());
  }

  async start(): Promise<void> {
    const codecs = await this.connectCodecs();
    await this.startReporter(codecs.events);
    this.decisions = this.decide(codecs);
    this.health.add('decisions', () => this.decisions?.notReady());
    this.steps = await this.doSteps(codecs);
    this.health.add('steps', () => {
      const troubled = this.steps?.health().find(({ state }) => state !== 'running');
      return troubled && (troubled.error ?? troubled.state);
    });
  }

  notReady(): Promise<readonly string[]> {
    return this.health.notReady();
  }

  /** Intake ends first, so that whoever answers work finds the engine still there. */
  async stop(): Promise<void> {
    this.health.beginDraining();
    await this.decisions?.stop();
    await this.steps?.stop();
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
    const codec: DecisionCodec<AnyWorkflowCommand, WorkflowEvent> = contractsCodec<WorkflowCommand, WorkflowEvent>(
      codecs,
    );
    const hosted = {
      aggregate: workflowsAggregate(workflowPorts()),
      codec,
      commandTopic: 'workflow.commands',
      eventTopic: 'workflow.events',
      group: workflowDecisionsGroup,
    };
    return startDecisions(hosted, {
      driver,
      databaseUrl: env.DATABASE_URL,
      service: this.name,
      instance: host.instance,
      logger: host.logger,
      metrics: host.metrics,
      onIncident: (alert) => this.tell(alert),
      bounds: { ...workflowBounds, commandsMax: env.CHORDA_DECISIONS_TURN_COMMANDS },
      connectionsMax: env.CHORDA_DECISIONS_CONNECTIONS,
      sessionTimeoutMs: env.CHORDA_DECISIONS_SESSION_TIMEOUT_MS,
      drainTimeoutMs: env.CHORDA_DECISIONS_DRAIN_TIMEOUT_MS,
    });
  }

  private doSteps(codecs: Codecs): Promise<RunningSteps> {
    const { env, host, driver } = this;
    return startSteps({
      driver,
      databaseUrl: env.DATABASE_URL,
      codecs,
      instance: host.instance,
      slotsMax: env.CHORDA_STEP_SLOTS,
      readyMax: env.CHORDA_STEP_INBOX_MAX,
      calls: {},
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
