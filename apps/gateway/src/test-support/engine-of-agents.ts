import {
  CommandCodec,
  EventCodec,
  WorkCodec,
  parseCommandData,
  type AgentCommand,
  type AgentEvent,
} from '@chorda/contracts';
import { contractsCodec, startDecisions, type DecisionCodec } from '@chorda/decisions';
import { agentsAggregate, type AnyAgentCommand } from '@chorda/domain';
import { defaultTenant, newId, silentLogger } from '@chorda/kernel';
import { createKafkaDriver } from '@chorda/messaging';
import { Registry } from 'prom-client';
import type { Ground } from './gateway-under-test.js';
import { untilTrue } from './until-true.js';

export interface EngineOfAgents {
  /** What an executor says, as a record on the command topic. */
  tell(type: AgentCommand['type'], data: Readonly<Record<string, unknown>>): Promise<void>;
  stop(): Promise<void>;
}

/** The engine of agents as `agent-runtime` hosts it, and the specs in the place of its executors. */
export async function startEngineOfAgents(ground: Ground): Promise<EngineOfAgents> {
  const { env } = ground;
  const topicPrefix = env['CHORDA_TOPIC_PREFIX'] ?? '';
  const driver = createKafkaDriver({ brokers: [env['KAFKA_BROKERS'] ?? ''], topicPrefix, clientId: 'engine-spec' });
  const registry = { registryUrl: env['SCHEMA_REGISTRY_URL'] ?? '', topicPrefix };
  const [commands, events, work] = await Promise.all([
    CommandCodec.connect(registry),
    EventCodec.connect(registry),
    WorkCodec.connect(registry),
  ]);
  const codec: DecisionCodec<AnyAgentCommand, AgentEvent> = contractsCodec<AgentCommand, AgentEvent>({
    ...{ commands, events, work },
  });
  const producer = await driver.createProducer();
  const topics = { commandTopic: 'agent.commands', eventTopic: 'agent.events' };
  const engine = startDecisions(
    { aggregate: agentsAggregate, codec, ...topics, group: 'spec.decisions' },
    {
      driver,
      databaseUrl: env['DATABASE_URL'] ?? '',
      service: 'agent-runtime',
      instance: 'spec',
      logger: silentLogger,
      metrics: new Registry(),
      onIncident: () => undefined,
    },
  );
  await untilTrue(
    async () => engine.notReady() === undefined,
    30_000,
    async () => engine.notReady() ?? '',
  );
  return {
    async tell(type, data) {
      const parsed = parseCommandData(type, data);
      if (!parsed.ok) throw new TypeError(JSON.stringify(parsed.issues));
      const metadata = {
        id: newId(),
        source: 'urn:spec:executor',
        subject: parsed.command.data.agent_id,
        tenantId: defaultTenant,
        timeMs: Date.now(),
        correlationId: newId(),
      };
      await producer.send(commands.encode({ command: parsed.command, metadata }));
    },
    async stop() {
      await engine.stop();
      await producer.close();
      await driver.close();
      for (const each of [commands, events, work]) each.close();
    },
  };
}
