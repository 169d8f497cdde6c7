import { CommandCodec, WorkCodec, type AgentEvent, type AgentCommand, type EventCodec } from '@chorda/contracts';
import {
  CommandDoor,
  contractsCodec,
  DecisionAdmission,
  OutcomeWaiter,
  StreamReader,
  type DecisionCodec,
} from '@chorda/decisions';
import { agentsAggregate, type AgentStates, type AnyAgentCommand } from '@chorda/domain';
import type { KafkaDriver, Producer } from '@chorda/messaging';
import { registryConnection, type AppHost } from '@chorda/platform';
import type { GatewayEnv } from '../gateway.env.js';
import { gatewayPool } from '../gateway-pool.js';

export type AgentStreams = StreamReader<AgentStates, AnyAgentCommand, AgentEvent>;

/** The way to a decision engine. */
export interface CommandParts {
  readonly codec: CommandCodec;
  readonly door: CommandDoor;
  readonly outcomes: Pick<OutcomeWaiter, 'find'>;
  /** How long a caller waits for the outcome who does not say. */
  readonly waitMs: number;
}

/** The way to the decision engine of agents, and to what it has decided. */
export interface DecisionParts extends CommandParts {
  readonly streams: AgentStreams;
}

interface DecisionNeeds {
  readonly driver: KafkaDriver;
  readonly producer: Producer;
  readonly events: EventCodec;
  readonly host: AppHost;
}

export async function openDecisions(
  env: GatewayEnv,
  { driver, producer, events, host }: DecisionNeeds,
  closing: (() => Promise<unknown> | void)[],
): Promise<DecisionParts> {
  const registry = { ...registryConnection(env), topicPrefix: env.CHORDA_TOPIC_PREFIX };
  const codec = await CommandCodec.connect(registry);
  closing.push(() => codec.close());
  const work = await WorkCodec.connect(registry);
  closing.push(() => work.close());
  // Connections of its own: callers are told of outcomes also while searches have all the others.
  const pool = gatewayPool(env, 'decisions', { connectionsMax: 4, keyLookupsOnly: true });
  closing.push(() => pool.end());
  const { logger, metrics } = host;
  const common = { ...{ pool, driver, metrics, logger }, kind: agentsAggregate.kind };
  const outcomes = new OutcomeWaiter({ ...common, databaseUrl: env.DATABASE_URL, eventTopic: 'agent.events' });
  closing.push(() => outcomes.close());
  outcomes.start();
  const admission = new DecisionAdmission({ ...common, commandTopic: 'agent.commands' });
  closing.push(() => admission.close());
  admission.start();
  const agentsCodec: DecisionCodec<AnyAgentCommand, AgentEvent> = contractsCodec<AgentCommand, AgentEvent>({
    commands: codec,
    ...{ events, work },
  });
  return {
    ...{ codec, outcomes, waitMs: env.CHORDA_COMMAND_WAIT_MS },
    door: new CommandDoor(producer, outcomes, admission),
    streams: new StreamReader(pool, { aggregate: agentsAggregate, codec: agentsCodec }),
  };
}
