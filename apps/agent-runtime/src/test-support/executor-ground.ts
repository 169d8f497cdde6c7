import {
  agentId,
  CommandCodec,
  EventCodec,
  executionId,
  jsonText,
  registerSchemas,
  toolCallId,
  topicConfig,
  catalogueTopic,
  WorkCodec,
  type AgentWork,
  type AnyCommand,
  type agentWork,
} from '@chorda/contracts';
import type { AssignedWork, WorkOutcome } from '@chorda/domain';
import { defaultTenant, newId, silentLogger, type TenantId } from '@chorda/kernel';
import {
  createKafkaDriver,
  startConsumer,
  type IncomingRecord,
  type KafkaDriver,
  type Producer,
  type RunningConsumer,
} from '@chorda/messaging';
import { AgentToolRepository, AgentWorkRepository, createPool, migrate, type NewWork } from '@chorda/read-models';
import { freshDatabase, freshTopicPrefix, type FreshDatabase, type StackAddresses } from '@chorda/testing';
import { OutcomeSender, WorkExecutor, type WorkExecutorParts } from '@chorda/work';
import type pg from 'pg';
import { Registry } from 'prom-client';
import { agentWorkKind } from '../executors/agent-work.kind.js';
import { executorMetrics } from '../executors/executor-metrics.js';
import { workRunner } from '../executors/work-runners.js';
import type { ModelPort } from '../model/model-port.js';
import { OpenAiModel } from '../model/openai-model.js';
import { ToolCatalogue } from '../tools/tool-catalogue.js';
import { effectTools } from './effect-tools.js';

export interface GroundAddresses {
  readonly brokers: string;
  readonly topicPrefix: string;
  readonly registryUrl: string;
  readonly databaseUrl: string;
  readonly effectUrl: string;
}

export type AgentExecutor = WorkExecutor<AgentWork, AssignedWork, WorkOutcome>;

export interface SentCommand {
  readonly id: string;
  readonly tenantId: TenantId;
  readonly command: AnyCommand;
}

const topics = [
  'agent.commands',
  'agent.work.models',
  'agent.work.tools',
  'agent.work.workers',
  'inference.requests.high',
  'inference.requests.normal',
  'inference.control',
];

/** What an executor stands on: servers, tables, topics, and everything that it has sent. */
export class ExecutorGround {
  readonly works: AgentWorkRepository;
  readonly tools: AgentToolRepository;
  readonly commands: SentCommand[] = [];
  readonly metrics = new Registry();

  private constructor(
    readonly addresses: GroundAddresses,
    readonly driver: KafkaDriver,
    readonly codecs: { readonly work: WorkCodec; readonly commands: CommandCodec; readonly events: EventCodec },
    readonly producer: Producer,
    readonly pool: pg.Pool,
  ) {
    this.works = new AgentWorkRepository(pool);
    this.tools = new AgentToolRepository(pool);
  }

  /** On servers and topics that are there: what a child process does. */
  static async join(addresses: GroundAddresses): Promise<ExecutorGround> {
    const { brokers, topicPrefix, registryUrl, databaseUrl } = addresses;
    const driver = createKafkaDriver({ brokers: brokers.split(','), topicPrefix, clientId: `executor-${process.pid}` });
    const codecs = {
      work: await WorkCodec.connect({ registryUrl }),
      commands: await CommandCodec.connect({ registryUrl }),
      events: await EventCodec.connect({ registryUrl }),
    };
    const pool = createPool(databaseUrl, { applicationName: 'spec', connectionsMax: 6, transactionTimeoutMs: 5_000 });
    return new ExecutorGround(addresses, driver, codecs, await driver.createProducer(), pool);
  }

  static async open(stack: StackAddresses, effectUrl: string): Promise<OpenGround> {
    const database = await freshDatabase(stack);
    await migrate(database.url);
    const { kafkaBrokers: brokers, registryUrl } = stack;
    const addresses = { brokers, topicPrefix: freshTopicPrefix(), registryUrl, databaseUrl: database.url, effectUrl };
    await registerSchemas({ registryUrl });
    const ground = await ExecutorGround.join(addresses);
    const admin = await ground.driver.admin();
    await admin.createTopics(
      topics.map((name) => {
        const topic = catalogueTopic(name)!;
        return { name, partitions: topic.partitions, replicationFactor: 1, config: topicConfig(topic, 1) };
      }),
    );
    const reader = await ground.readCommands();
    return { ground, close: () => ground.closeAll(reader, database) };
  }

  private readCommands(): Promise<RunningConsumer> {
    const { commands } = this.codecs;
    return startConsumer<AnyCommand>({
      driver: this.driver,
      codec: {
        decode: (record) => {
          const { command, metadata } = commands.decode(record);
          return { event: command, metadata };
        },
        learn: (id) => commands.learn(id),
      },
      handler: {
        handleBatch: async (batch) => {
          for (const { event, envelope } of batch) {
            this.commands.push({ id: envelope.metadata.id, tenantId: envelope.metadata.tenantId, command: event });
          }
          return batch.allDone();
        },
      },
      options: { group: 'spec.commands', topics: ['agent.commands'] },
      logger: silentLogger,
      metrics: new Registry(),
    });
  }

  /** Commands that answer this work, in the order of the log, repeats included. */
  answersTo(work: AssignedWork): readonly SentCommand[] {
    return this.commands.filter(
      ({ command: { data } }) => 'attempt_token' in data && data.attempt_token === work.data.attempt_token,
    );
  }

  executor(
    changed: Partial<WorkExecutorParts<AgentWork, AssignedWork, WorkOutcome>> = {},
    model: ModelPort = noModel,
  ): AgentExecutor {
    const { works, producer, codecs } = this;
    const metrics = executorMetrics(new Registry());
    const kind = agentWorkKind;
    const sender = new OutcomeSender({ kind, works, codec: codecs.commands, producer, logger: silentLogger });
    const runner = workRunner({
      model,
      catalogue: this.catalogue(),
      registered: this.tools,
      prices: {},
      completionTokensMax: undefined,
      metrics,
      logger: silentLogger,
    });
    const parts = { kind, works, runner, sender, metrics, logger: silentLogger, slotsMax: 100, readyMax: 1_000 };
    return new WorkExecutor({ ...parts, owner: `process ${process.pid}`, ...changed });
  }

  /** What stands on a topic by now. */
  async records(topic: string): Promise<readonly IncomingRecord[]> {
    const admin = await this.driver.admin();
    const ends = await admin.offsets(topic);
    await admin.close();
    const records: IncomingRecord[] = [];
    for (const { partition, start, end } of ends) {
      if (start >= end) continue;
      const range = { topic, partition, from: start, to: end };
      for await (const chunk of this.driver.scan(range)) records.push(...chunk.records);
    }
    return records;
  }

  catalogue(): ToolCatalogue {
    return new ToolCatalogue(effectTools(this.addresses.effectUrl));
  }

  async send(work: AgentWork, tenantId: TenantId = defaultTenant): Promise<void> {
    await this.producer.send(this.codecs.work.encode({ work, metadata: metadataOf(work, tenantId) }));
  }

  async leave(): Promise<void> {
    await this.producer.close();
    await this.driver.close();
    this.codecs.work.close();
    this.codecs.commands.close();
    this.codecs.events.close();
    await this.pool.end();
  }

  private async closeAll(reader: RunningConsumer, database: FreshDatabase): Promise<void> {
    await reader.stop();
    await this.leave();
    await database.drop();
  }
}

export interface OpenGround {
  readonly ground: ExecutorGround;
  close(): Promise<void>;
}

/** Refuses connections: whoever asks finds no model. */
const noModel = new OpenAiModel({
  baseUrl: 'http://127.0.0.1:1/v1',
  apiKey: undefined,
  defaultModel: 'none',
  defaultEmbeddingModel: undefined,
});

function metadataOf(work: AgentWork, tenantId: TenantId) {
  const id = newId();
  return { id, source: '//spec', subject: work.data.agent_id, tenantId, timeMs: Date.now(), correlationId: id };
}

/** As the log brings it. */
export function taken(work: AssignedWork): NewWork {
  const queue = work.type === 'agent.tool_requested' ? work.data.queue : 'models';
  const read = agentWorkKind.read(`agent.work.${queue}`, work, metadataOf(work, defaultTenant));
  if (read.kind !== 'asked') throw new TypeError(`${work.type} asks for nothing`);
  return read.item;
}

let made = 0;
const common = () => ({
  agent_id: agentId(`AGENT-${++made}`),
  attempt: 1,
  attempt_token: newId(),
  // So long that a machine which stands still for a while loses none: specs of leases that end ask for shorter ones.
  lease_ms: 60_000,
  deadline_at: Date.now() + 600_000,
});

/** A call of a tool of the effect server, or of a worker. */
export function call(changed: Partial<agentWork.ToolRequested['data']> = {}): agentWork.ToolRequested {
  const id = newId();
  return {
    type: 'agent.tool_requested',
    data: {
      ...common(),
      execution_id: executionId(`exec-${made}`),
      turn: 1,
      call_id: toolCallId(id),
      idempotency_key: id,
      tool_name: 'effect_once',
      queue: 'tools',
      idempotent: changed.tool_name === 'effect_again',
      arguments: jsonText({}),
      user_id: null,
      session_id: null,
      ...changed,
    },
  };
}

/** Nobody waits for this call any more. */
export function revocation({ data }: agentWork.ToolRequested): agentWork.WorkRevoked {
  const { agent_id, execution_id, queue, attempt_token } = data;
  const attempt_tokens = [attempt_token];
  return { type: 'agent.work_revoked', data: { agent_id, execution_id, queue, attempt_tokens, reason: 'a test' } };
}

export function turn(changed: Partial<agentWork.TurnRequested['data']> = {}): agentWork.TurnRequested {
  return {
    type: 'agent.turn_requested',
    data: {
      ...common(),
      execution_id: executionId(`exec-${made}`),
      turn: 1,
      idempotency_key: newId(),
      user_id: null,
      session_id: null,
      model: null,
      messages: jsonText([{ role: 'user', content: 'Say hello.' }]),
      tools: [],
      completion_tokens_max: null,
      config: null,
      ...changed,
    },
  };
}
