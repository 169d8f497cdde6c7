import type { AgentEvent, CommandCodec, EventCodec, WorkCodec, WorkflowWork } from '@chorda/contracts';
import { CommandDoor, OutcomeWaiter } from '@chorda/decisions';
import type { Logger } from '@chorda/kernel';
import { startConsumer, type ConsumerHealth, type KafkaDriver, type Producer } from '@chorda/messaging';
import {
  AgentWorkRepository,
  ChannelListener,
  createPool,
  stepAnsweredChannel,
  stepReadyChannel,
  WorkflowDefinitionRepository,
} from '@chorda/read-models';
import type pg from 'pg';
import type { Registry } from 'prom-client';
import { CommandGiver } from './command-giver.js';
import type { DefinitionSource } from './begin-sub-workflow.js';
import { ExecutionEnds } from './execution-ends.js';
import { OutcomeSender } from './outcome-sender.js';
import { StepExecutor } from './step-executor.js';
import { ownQueue, StepIntake, workDecoder } from './step-intake.js';
import { stepMetrics } from './step-metrics.js';
import { stepRunner, type StepCall } from './step-runner.js';

export interface StepsOptions {
  readonly driver: KafkaDriver;
  readonly databaseUrl: string;
  readonly codecs: { readonly work: WorkCodec; readonly commands: CommandCodec; readonly events: EventCodec };
  /** Names this process among those that hold leases. */
  readonly instance: string;
  readonly slotsMax: number;
  readonly readyMax: number;
  /** By type of step. */
  readonly calls: { readonly [type: string]: StepCall };
  readonly logger: Logger;
  readonly metrics: Registry;
}

export interface RunningSteps {
  health(): readonly ConsumerHealth[];
  stop(): Promise<void>;
}

export const stepsGroup = 'orchestrator.steps';
export const executionEndsGroup = 'orchestrator.execution-ends';
const topics = ['workflow.work.steps', 'workflow.work.workers'];
const connectionsMax = 6;
const transactionTimeoutMs = 5_000;
const drainTimeoutMs = 10_000;

/** Does the steps that the engine gives out, apart from its loop, and brings it the ends of executions of agents. */
export async function startSteps(options: StepsOptions): Promise<RunningSteps> {
  const { driver, codecs, logger, instance, metrics: registry } = options;
  const pool = createPool(options.databaseUrl, {
    applicationName: `chorda steps ${instance}`.slice(0, 63),
    connectionsMax,
    transactionTimeoutMs,
  });
  const works = new AgentWorkRepository(pool, 'workflow_work');
  const producer = await driver.createProducer();
  const sender = new OutcomeSender({ works, codec: codecs.commands, producer, logger });
  const agents = giver(options, pool, producer, 'agent');
  const workflows = giver(options, pool, producer, 'workflow');
  const runner = stepRunner({
    works,
    agents: agents.giver,
    workflows: workflows.giver,
    definitions: storedDefinitions(pool),
    calls: options.calls,
  });
  const executor = new StepExecutor({
    ...{ works, runner, sender, logger },
    metrics: stepMetrics(registry),
    owner: instance,
    slotsMax: options.slotsMax,
    readyMax: options.readyMax,
  });
  const answers = new ChannelListener(options.databaseUrl, stepAnsweredChannel, logger);
  answers.subscribe(
    () => void sender.sendUnsent(0).catch((error: unknown) => logger.warn('Cannot send yet', { error })),
  );
  executor.start();
  const steps = await startConsumer<WorkflowWork>({
    driver,
    codec: workDecoder(codecs.work),
    handler: new StepIntake(async (items) => {
      await executor.take(items);
      const tenants = new Set(items.filter(({ queue }) => queue !== ownQueue).map(({ tenantId }) => tenantId));
      for (const tenantId of tenants) await works.notify(stepReadyChannel, tenantId);
    }),
    options: { group: stepsGroup, topics },
    logger,
    metrics: registry,
  });
  const ends = await startConsumer<AgentEvent>({
    driver,
    codec: codecs.events,
    handler: new ExecutionEnds(codecs.commands, producer),
    options: { group: executionEndsGroup, topics: ['agent.events'] },
    logger,
    metrics: registry,
  });
  return {
    health: () => [steps.health(), ends.health()],
    async stop() {
      await Promise.all([steps.stop(), ends.stop()]);
      await executor.stop(drainTimeoutMs);
      await answers.close();
      await Promise.all([agents.close(), workflows.close()]);
      await producer.close();
      await pool.end();
    },
  };
}

/** What the engine asked for is not refused because others ask much: its own commands bring work to an end. */
const noAdmission = { refusal: () => undefined };

function giver(options: StepsOptions, pool: pg.Pool, producer: Producer, kind: 'agent' | 'workflow') {
  const { databaseUrl, metrics, logger } = options;
  const waiter = new OutcomeWaiter({ pool, databaseUrl, kind, eventTopic: `${kind}.events`, metrics, logger });
  waiter.start();
  const door = new CommandDoor(producer, waiter, noAdmission);
  return { giver: new CommandGiver(options.codecs.commands, door), close: () => waiter.close() };
}

function storedDefinitions(pool: pg.Pool): DefinitionSource {
  const stored = new WorkflowDefinitionRepository(pool);
  return {
    async find(tenantId, name, version) {
      const wanted = version === null ? undefined : Number(version);
      if (wanted !== undefined && !Number.isSafeInteger(wanted)) return undefined;
      const found = await stored.find(tenantId, name, wanted);
      return found && found.archivedAt === null ? found : undefined;
    },
  };
}
