import { memoryId, type AgentEvent } from '@chorda/contracts';
import type { Aggregate, Given, StatesOf } from '../aggregate.js';
import { agentDefinition } from './agent.js';
import { dueCommand, readsOf, type AnyAgentCommand, type Remember } from './agent-commands.js';
import * as agents from './agent.decider.js';
import type { ModelPrices } from './budget.js';
import { executionDefinition } from './execution.js';
import type { AgentDecision } from './execution-course.js';
import * as executions from './execution.decider.js';
import { sessionDefinition } from './session.js';
import { useMemory, writeMemory } from './memory.decider.js';
import { sessionStream } from './streams.js';

export type AgentStates = executions.AgentStates;

function decide(given: Given<AnyAgentCommand>, states: StatesOf<AgentStates>, prices: ModelPrices): AgentDecision {
  const { command } = given;
  const { commandId, tenantId, subject, timeMs, actor } = given;
  const as = <Command extends AnyAgentCommand>(narrowed: Command) => {
    const deriveId = (name: string): string => given.deriveId(name);
    return { command: narrowed, commandId, tenantId, subject, timeMs, actor, deriveId, prices };
  };
  switch (command.type) {
    case 'agent.create':
      return agents.create(as(command), states);
    case 'agent.validate':
      return agents.validate(as(command), states);
    case 'agent.record_check':
      return agents.recordCheck(as(command), states);
    case 'agent.check_timed_out':
      return agents.checkTimedOut(as(command), states);
    case 'agent.free_slot':
      return agents.freeSlot(as(command), states);
    case 'agent.terminate':
      return agents.terminate(as(command), states);
    case 'agent.delete':
      return agents.remove(as(command), states);
    case 'agent.execute':
      return executions.execute(as(command), states);
    case 'agent.retry_execution':
      return executions.retry(as(command), states);
    case 'agent.record_turn':
      return executions.recordTurn(as(command), states);
    case 'agent.record_turn_failure':
      return executions.recordTurnFailure(as(command), states);
    case 'agent.record_tool_result':
      return executions.recordToolResult(as(command), states);
    case 'agent.cancel_execution':
      return executions.cancelExecution(as(command), states);
    case 'agent.cancel_with_agent':
      return executions.cancelWithAgent(as(command), states);
    case 'agent.settle_incident':
      return executions.settleIncident(as(command), states);
    case 'agent.wait_ended':
      return executions.waitEnded(as(command), states);
    case 'agent.remember':
      return remember(as(command));
    case 'agent.write_memory':
      return writeMemory(as(command), states);
    case 'agent.use_memory':
      return useMemory(as(command), states);
  }
}

function remember({ command: { data }, deriveId }: Given<Remember>): AgentDecision {
  const event = {
    type: 'agent.memory_written',
    data: {
      agent_id: data.agent_id,
      execution_id: data.execution_id,
      memory_id: memoryId(deriveId(`memory/${data.execution_id}`)),
      tier: 'episodic',
      key: `session/${data.session_id}`,
      value: data.messages,
      source_event_ids: [],
      expires_at: null,
    },
  } as const;
  return { events: [{ stream: sessionStream(data.agent_id, data.session_id), event }] };
}

/**
 * Agents: the life of each, its executions and what it remembers of its sessions. All of them have the agent as their key,
 * so one owner decides them and one command may write several.
 *
 * @param prices What a turn may cost at most is reserved by them before it is asked for.
 */
export function agentsAggregateWith(prices: ModelPrices): Aggregate<AgentStates, AnyAgentCommand, AgentEvent> {
  return {
    kind: 'agent',
    streams: { agent: agentDefinition, execution: executionDefinition, session: sessionDefinition },
    reads: readsOf,
    decide: (given, states) => decide(given, states, prices),
    due: dueCommand,
  };
}

/** The same where no model has a price. */
export const agentsAggregate = agentsAggregateWith({});
