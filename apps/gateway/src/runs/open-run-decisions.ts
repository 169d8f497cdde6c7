import {
  WorkCodec,
  type CommandCodec,
  type EventCodec,
  type WorkflowCommand,
  type WorkflowEvent,
} from '@chorda/contracts';
import { CommandDoor, contractsCodec, DecisionAdmission, OutcomeWaiter, StreamReader } from '@chorda/decisions';
import { workflowsAggregate, type AnyWorkflowCommand, type WorkflowStates } from '@chorda/domain';
import type { KafkaDriver, Producer } from '@chorda/messaging';
import { registryConnection, type AppHost } from '@chorda/platform';
import { expressions } from '@chorda/workflows';
import type { CommandParts } from '../agents/open-decisions.js';
import type { GatewayEnv } from '../gateway.env.js';
import { gatewayPool } from '../gateway-pool.js';

export type RunStreams = StreamReader<WorkflowStates, AnyWorkflowCommand, WorkflowEvent>;

/** The way to the decision engine of runs, and to what it has decided. */
export interface RunDecisionParts extends CommandParts {
  readonly streams: RunStreams;
}

interface RunDecisionNeeds {
  readonly driver: KafkaDriver;
  readonly producer: Producer;
  readonly events: EventCodec;
  readonly commands: CommandCodec;
  readonly host: AppHost;
}

export async function openRunDecisions(
  env: GatewayEnv,
  { driver, producer, events, commands, host }: RunDecisionNeeds,
  closing: (() => Promise<unknown> | void)[],
): Promise<RunDecisionParts> {
  const work = await WorkCodec.connect({ ...registryConnection(env), topicPrefix: env.CHORDA_TOPIC_PREFIX });
  closing.push(() => work.close());
  const pool = gatewayPool(env, 'runs', { connectionsMax: 4, keyLookupsOnly: true });
  closing.push(() => pool.end());
  const { logger, metrics } = host;
  // Streams are folded here and nothing is decided: no schema is ever asked.
  const aggregate = workflowsAggregate({ expressions, schemaIssues: () => [] });
  const common = { ...{ pool, driver, metrics, logger }, kind: aggregate.kind };
  const outcomes = new OutcomeWaiter({ ...common, databaseUrl: env.DATABASE_URL, eventTopic: 'workflow.events' });
  closing.push(() => outcomes.close());
  outcomes.start();
  const admission = new DecisionAdmission({ ...common, commandTopic: 'workflow.commands' });
  closing.push(() => admission.close());
  admission.start();
  const codec = contractsCodec<WorkflowCommand, WorkflowEvent>({ commands, events, work });
  return {
    ...{ codec: commands, outcomes, waitMs: env.CHORDA_COMMAND_WAIT_MS },
    door: new CommandDoor(producer, outcomes, admission),
    streams: new StreamReader(pool, { aggregate, codec }),
  };
}
