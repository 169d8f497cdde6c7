import type { AgentEvent } from '@chorda/contracts';
import { CommandDoor, OutcomeWaiter } from '@chorda/decisions';
import { startConsumer, type ConsumerHealth, type Producer } from '@chorda/messaging';
import type { PayloadStore } from '@chorda/platform';
import { InferenceReader, WorkerPresence } from '@chorda/read-models';
import { ModelAsks, startWork, type PartGround, type WorkGround } from '@chorda/work';
import type { Logger } from '@chorda/kernel';
import type pg from 'pg';
import type { Registry } from 'prom-client';
import { CommandGiver } from './command-giver.js';
import { ExecutionEnds } from './execution-ends.js';
import { withPayloads } from './payloads-of-steps.js';
import { stepMetrics } from './step-metrics.js';
import { stepRunner, type StepRunner } from './step-runner.js';
import { source, stepWorkKind } from './step-work.kind.js';
import { storedDefinitions } from './stored-definitions.js';
import { webhookCall, type WebhookOptions } from './webhook/call-webhook.js';

export interface StepsOptions extends PartGround {
  readonly databaseUrl: string;
  /** Names this process among those that hold leases. */
  readonly instance: string;
  readonly slotsMax: number;
  readonly readyMax: number;
  readonly webhook: WebhookOptions;
  /** Undefined: nothing is kept by reference here. */
  readonly payloads: PayloadStore | undefined;
  /** Of llm steps that name none. Left out: what an inference worker offers. */
  readonly defaultModel: string | undefined;
  /** See `WorkerPresence`. */
  readonly inferenceAbsentMs: number;
  readonly logger: Logger;
  readonly metrics: Registry;
}

export interface RunningSteps {
  health(): readonly ConsumerHealth[];
  stop(): Promise<void>;
}

export const executionEndsGroup = 'orchestrator.execution-ends';

/** Does the steps that the engine gives out, apart from its loop, and brings it the ends of executions of agents. */
export async function startSteps(options: StepsOptions): Promise<RunningSteps> {
  const { driver, databaseUrl, codecs, published, logger, instance, metrics, slotsMax, readyMax } = options;
  const steps = await startWork({
    kind: stepWorkKind,
    runner: (ground) => runnerOn(options, ground),
    ...{ driver, databaseUrl, codecs, published, instance, slotsMax, readyMax, logger, metrics },
    workMetrics: stepMetrics(metrics),
  });
  const producer = await driver.createProducer();
  const ends = await startConsumer<AgentEvent>({
    driver,
    codec: codecs.events,
    handler: new ExecutionEnds(codecs.commands, producer),
    options: { group: executionEndsGroup, topics: ['agent.events'] },
    ...{ logger, metrics },
  });
  return {
    health: () => [steps.health(), ends.health()],
    async stop() {
      await ends.stop();
      await producer.close();
      await steps.stop();
    },
  };
}

function runnerOn(options: StepsOptions, { pool, producer, revoke }: WorkGround): StepRunner {
  const reader = new InferenceReader(pool);
  const agents = giver(options, pool, producer, 'agent');
  const workflows = giver(options, pool, producer, 'workflow');
  const runner = stepRunner({
    revoke,
    agents: agents.giver,
    workflows: workflows.giver,
    definitions: storedDefinitions(pool),
    asks: new ModelAsks({
      ...{ producer, source, events: options.codecs.events, commands: options.codecs.commands },
      offered: reader,
      presence: new WorkerPresence(reader, options.inferenceAbsentMs),
      defaultModel: options.defaultModel,
    }),
    webhook: webhookCall(options.webhook),
  });
  const told = withPayloads(runner, options.payloads, options.logger);
  return { ...told, close: async () => void (await Promise.all([agents.close(), workflows.close()])) };
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
