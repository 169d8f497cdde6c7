import { Writable } from 'node:stream';
import {
  applyTopics,
  CommandCodec,
  EventCodec,
  jsonText,
  parseCommandData,
  registerSchemas,
  WorkCodec,
  workflowId,
  type CommandType,
  type WorkflowCommand,
  type WorkflowEvent,
} from '@chorda/contracts';
import { CommandDoor, contractsCodec, OutcomeWaiter, StreamReader, type CommandAnswer } from '@chorda/decisions';
import {
  runStream,
  workflowsAggregate,
  type AnyWorkflowCommand,
  type KnownRun,
  type WorkflowForm,
  type WorkflowStates,
} from '@chorda/domain';
import { defaultTenant, newId, silentLogger, type JsonValue } from '@chorda/kernel';
import { createKafkaDriver } from '@chorda/messaging';
import { createAppHost, type RunningApp } from '@chorda/platform';
import { AgentWorkRepository, createPool, migrate, type LeasedWork } from '@chorda/read-models';
import { freshDatabase, freshTopicPrefix, type StackAddresses } from '@chorda/testing';
import { workflowPorts } from '@chorda/workflows';
import { Registry } from 'prom-client';
import { startOrchestrator } from '../start-orchestrator.js';

const topics = [
  'workflow.commands',
  'schedule.commands',
  'schedule.events',
  'workflow.events',
  'workflow.work.steps',
  'workflow.work.workers',
  'agent.events',
  'agent.commands',
  'system.events',
];

/** An orchestrator on real servers, with the specs in the place of whoever asks and of workers. */
export async function startGround(
  stack: StackAddresses,
  more: NodeJS.ProcessEnv = {},
  moreTopics: readonly string[] = [],
) {
  const database = await freshDatabase(stack);
  await migrate(database.url);
  const topicPrefix = freshTopicPrefix();
  const driver = createKafkaDriver({ brokers: [stack.kafkaBrokers], topicPrefix, clientId: 'orchestrator-spec' });
  const admin = await driver.admin();
  await applyTopics(admin, { names: [...topics, ...moreTopics], replicationFactor: 1 });
  const registryUrl = stack.sharedRegistryUrl ?? stack.registryUrl;
  await registerSchemas({ registryUrl, topicPrefix });
  const registry = { registryUrl, topicPrefix };
  const [commands, events, work] = await Promise.all([
    CommandCodec.connect(registry),
    EventCodec.connect(registry),
    WorkCodec.connect(registry),
  ]);
  const pool = createPool(database.url, { applicationName: 'spec', connectionsMax: 4, transactionTimeoutMs: 5_000 });
  const producer = await driver.createProducer();
  const waiter = new OutcomeWaiter({
    pool,
    databaseUrl: database.url,
    kind: 'workflow',
    eventTopic: 'workflow.events',
    metrics: new Registry(),
    logger: silentLogger,
  });
  waiter.start();
  const door = new CommandDoor(producer, waiter, { refusal: () => undefined });
  const scheduleWaiter = new OutcomeWaiter({
    pool,
    databaseUrl: database.url,
    kind: 'schedule',
    eventTopic: 'schedule.events',
    metrics: new Registry(),
    logger: silentLogger,
  });
  scheduleWaiter.start();
  const scheduleDoor = new CommandDoor(producer, scheduleWaiter, { refusal: () => undefined });
  const streams = new StreamReader<WorkflowStates, AnyWorkflowCommand, WorkflowEvent>(pool, {
    aggregate: workflowsAggregate(workflowPorts()),
    codec: contractsCodec<WorkflowCommand, WorkflowEvent>({ commands, events, work }),
  });
  const env = {
    KAFKA_BROKERS: stack.kafkaBrokers,
    SCHEMA_REGISTRY_URL: registryUrl,
    DATABASE_URL: database.url,
    CHORDA_TOPIC_PREFIX: topicPrefix,
    ...more,
  };
  const start = (): Promise<RunningApp> => {
    const logDestination = new Writable({ write: (_chunk, _encoding, done) => done() });
    return startOrchestrator(env, createAppHost({ name: 'orchestrator', sharesProcess: true, logDestination }));
  };
  const works = new AgentWorkRepository(pool, 'workflow_work');
  const give = (
    type: CommandType,
    run: string,
    data: Readonly<Record<string, unknown>>,
    commandId = newId(),
  ): Promise<CommandAnswer> => giveBy(door, type, run, { workflow_id: run, ...data }, commandId);
  const giveBy = (
    by: CommandDoor,
    type: CommandType,
    subject: string,
    data: Readonly<Record<string, unknown>>,
    commandId = newId(),
  ): Promise<CommandAnswer> => {
    const parsed = parseCommandData(type, data);
    if (!parsed.ok) throw new TypeError(JSON.stringify(parsed.issues));
    const metadata = {
      id: commandId,
      source: 'urn:spec',
      subject,
      tenantId: defaultTenant,
      timeMs: Date.now(),
      correlationId: newId(),
    };
    return by.give(commands.encode({ command: parsed.command, metadata }), {
      tenantId: defaultTenant,
      commandId,
      waitMs: 20_000,
    });
  };
  return {
    env,
    start,
    works,
    pool,
    give,
    giveSchedule: (type: CommandType, schedule: string, data: Readonly<Record<string, unknown>> = {}) =>
      giveBy(scheduleDoor, type, schedule, { schedule_id: schedule, ...data }),
    async run(id: string): Promise<KnownRun | undefined> {
      const state = (await streams.at(defaultTenant, runStream(workflowId(id))))?.state;
      return state === undefined || state.status === 'absent' ? undefined : state;
    },
    startRun: (id: string, form: WorkflowForm, input: JsonValue = null) =>
      give('workflow.start', id, {
        workflow_name: form.name,
        definition_hash: 'f'.repeat(64),
        definition: JSON.parse(JSON.stringify(form)),
        input_data: input,
      }),
    calls: (tools: readonly string[], max = 10): Promise<readonly LeasedWork[]> =>
      works.claimCalls({ tenantId: defaultTenant, queue: 'workers:default', tools }, 'spec', max),
    answer: async (leased: LeasedWork, output: JsonValue) => {
      const outcome = JSON.stringify({
        kind: 'result',
        status: 'completed',
        output_data: jsonText(output),
        error: null,
        duration_ms: 1,
      });
      await works.answer([{ ...leased, outcome }]);
      await works.notify('workflow_work_answered', defaultTenant);
    },
    async stop() {
      await Promise.all([waiter.close(), scheduleWaiter.close()]);
      await producer.close();
      await admin.close();
      await driver.close();
      for (const each of [commands, events, work]) each.close();
      await pool.end();
      await database.drop();
    },
  };
}

export type OrchestratorGround = Awaited<ReturnType<typeof startGround>>;

export async function until<Found>(look: () => Promise<Found | undefined>, what = 'it'): Promise<Found> {
  const endMs = Date.now() + 60_000;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > endMs) throw new Error(`${what}: not within 60 s`);
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
}
