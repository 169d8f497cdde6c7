import type { AgentCommand, AgentEvent } from '@chorda/contracts';
import { contractsCodec, type ContractsCodecs, type DecisionCodec } from '@chorda/decisions';
import {
  agentsAggregateWith,
  defaultModel,
  plantAgentRules,
  type TurnPrices,
  type AnyAgentCommand,
} from '@chorda/domain';
import { isPlanted, plantableAgentBugs, type AppHost, type RunningApp } from '@chorda/platform';
import { startDecidingApp } from '@chorda/work';
import { readAgentRuntimeEnv, type AgentRuntimeEnv } from './agent-runtime.env.js';
import { startExecutors } from './executors/start-executors.js';

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
  const env = readAgentRuntimeEnv(source);
  const { instance, logger, metrics } = host;
  return startDecidingApp({
    name: 'agent-runtime',
    ...{ env, host },
    hosted: (codecs) => ({
      aggregate: plantAgentRules(agentsAggregateWith(pricesOf(env)), plantableAgentBugs.filter(isPlanted)),
      codec: agentsCodec(codecs),
      commandTopic: 'agent.commands',
      eventTopic: 'agent.events',
      group: agentDecisionsGroup,
    }),
    bounds: agentBounds,
    parts: [
      {
        name: 'executors',
        async start({ driver, codecs }) {
          const executors = await startExecutors({
            ...{ env, driver, codecs, instance, logger, metrics },
            databaseUrl: env.DATABASE_URL,
          });
          return { health: () => [executors.health()], stop: () => executors.stop() };
        },
      },
    ],
  });
}

/** What a turn may cost at most is reserved before it is asked for, by the prices that its answer is accounted with. */
function pricesOf({ CHORDA_MODEL_PRICES: prices, CHORDA_MODEL: model }: AgentRuntimeEnv): TurnPrices {
  const usual = model === undefined ? undefined : prices[model];
  return usual === undefined ? prices : { ...prices, [defaultModel]: usual };
}

/** Commands on the topic are those that somebody gives; what the rules give themselves is never encoded. */
export function agentsCodec(codecs: ContractsCodecs): DecisionCodec<AnyAgentCommand, AgentEvent> {
  return contractsCodec<AgentCommand, AgentEvent>(codecs);
}
