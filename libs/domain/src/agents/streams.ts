import { agentId, executionId, sessionId, type AgentId, type ExecutionId, type SessionId } from '@chorda/contracts';
import type { StreamRef } from '../aggregate.js';

/** An agent's own life, each of its executions, and what it remembers of each session. All have the agent as their key. */
export type AgentStreamKind = 'agent' | 'execution' | 'session';

export function agentStream(agent: AgentId): StreamRef<'agent'> {
  return { kind: 'agent', id: agent };
}

/**
 * Named after the agent too: whoever starts an execution chooses its id, and two agents, which may have different owners,
 * must not write one stream. No managed agent has a slash in its id.
 */
export function executionStream(agent: AgentId, execution: ExecutionId): StreamRef<'execution'> {
  return { kind: 'execution', id: `${agent}/${execution}` };
}

export function sessionStream(agent: AgentId, session: SessionId): StreamRef<'session'> {
  return { kind: 'session', id: `${agent}/${session}` };
}

/** The agent and the execution that a stream of kind `execution` is named after. */
export function executionOf({ id }: StreamRef): { readonly agent: AgentId; readonly execution: ExecutionId } {
  const [agent, execution] = namesIn(id);
  return { agent: agentId(agent), execution: executionId(execution) };
}

/** The agent and the session that a stream of kind `session` is named after. */
export function sessionOf({ id }: StreamRef): { readonly agent: AgentId; readonly session: SessionId } {
  const [agent, session] = namesIn(id);
  return { agent: agentId(agent), session: sessionId(session) };
}

function namesIn(id: string): readonly [string, string] {
  const at = id.indexOf('/');
  return [id.slice(0, at), id.slice(at + 1)];
}
