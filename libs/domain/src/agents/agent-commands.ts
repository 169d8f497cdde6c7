import {
  agentId,
  type AgentCommand,
  type AgentId,
  type AgentWork,
  type ExecutionId,
  type JsonText,
  type SessionId,
  type ToolCallId,
} from '@chorda/contracts';
import type { StreamRef, Timer } from '../aggregate.js';
import { agentStream, executionOf, executionStream, sessionStream, type AgentStreamKind } from './streams.js';

interface Own<Type extends string, Data> {
  readonly type: Type;
  readonly data: Data;
}

/** A check of the agent itself was not answered in time. */
export type CheckTimedOut = Own<'agent.check_timed_out', { readonly agent_id: AgentId; readonly timer: string }>;

/** Something that an execution waited for is due. */
export type WaitEnded = Own<
  'agent.wait_ended',
  { readonly agent_id: AgentId; readonly execution_id: ExecutionId; readonly timer: string }
>;

/** An execution ended: the agent has room for another. */
export type FreeSlot = Own<
  'agent.free_slot',
  {
    readonly agent_id: AgentId;
    readonly execution_id: ExecutionId;
    readonly status: 'completed' | 'failed' | 'cancelled';
  }
>;

/** The agent was terminated while the execution ran. */
export type CancelWithAgent = Own<
  'agent.cancel_with_agent',
  { readonly agent_id: AgentId; readonly execution_id: ExecutionId; readonly reason: string }
>;

/** What was said is to be remembered for the rest of the session. */
export type Remember = Own<
  'agent.remember',
  {
    readonly agent_id: AgentId;
    readonly session_id: SessionId;
    readonly execution_id: ExecutionId;
    readonly messages: JsonText;
  }
>;

/** A model asked for a tool of its session's memory. */
export type UseMemory = Own<
  'agent.use_memory',
  {
    readonly agent_id: AgentId;
    readonly execution_id: ExecutionId;
    readonly session_id: SessionId;
    readonly call_id: ToolCallId;
  }
>;

/** Commands that nobody gives: timers that are due, and what follows on other streams of the agent. None is ever on a topic. */
export type OwnCommand = CheckTimedOut | WaitEnded | FreeSlot | CancelWithAgent | Remember | UseMemory;

export type AnyAgentCommand = AgentCommand | OwnCommand;

export type { AgentWork };

/** The streams that deciding a command needs. */
export function readsOf(command: AnyAgentCommand): readonly StreamRef<AgentStreamKind>[] {
  const { agent_id } = command.data;
  const own = agentStream(agent_id);
  switch (command.type) {
    case 'agent.create':
    case 'agent.validate':
    case 'agent.terminate':
    case 'agent.delete':
    case 'agent.record_check':
    case 'agent.check_timed_out':
    case 'agent.free_slot':
      return [own];
    case 'agent.execute': {
      const { execution_id, session_id } = command.data;
      const session = session_id === null ? [] : [sessionStream(agent_id, session_id)];
      return [own, executionStream(agent_id, execution_id), ...session];
    }
    case 'agent.retry_execution':
      return [
        own,
        executionStream(agent_id, command.data.execution_id),
        executionStream(agent_id, command.data.retry_of),
      ];
    case 'agent.remember':
      return [sessionStream(agent_id, command.data.session_id)];
    case 'agent.write_memory':
      return [own, sessionStream(agent_id, command.data.session_id)];
    case 'agent.use_memory': {
      const { execution_id, session_id } = command.data;
      return [own, executionStream(agent_id, execution_id), sessionStream(agent_id, session_id)];
    }
    case 'agent.record_turn':
    case 'agent.record_turn_failure':
    case 'agent.record_tool_result':
    case 'agent.cancel_execution':
    case 'agent.settle_incident':
    case 'agent.cancel_with_agent':
    case 'agent.wait_ended':
      return [own, executionStream(agent_id, command.data.execution_id)];
  }
}

/** A timer of a stream that is due. */
export function dueCommand(stream: StreamRef<AgentStreamKind>, timer: Timer): OwnCommand {
  if (stream.kind === 'execution') {
    const { agent, execution } = executionOf(stream);
    return { type: 'agent.wait_ended', data: { agent_id: agent, execution_id: execution, timer: timer.id } };
  }
  if (stream.kind === 'agent') {
    return { type: 'agent.check_timed_out', data: { agent_id: agentId(stream.id), timer: timer.id } };
  }
  throw new TypeError(`A session has no timers, and ${timer.id} is none`);
}
