import type { JsonValue } from '@chorda/kernel';
import { DomainError } from '../domain-error.js';
import type { Agent, KnownAgent } from './agent.js';
import type { EndedExecution, Execution, RunningExecution } from './execution.js';

/** What the state that something is in does not allow. The state is part of the answer. */
export function notInState(
  what: string,
  state: string,
  lawful: string,
  more: { readonly [name: string]: JsonValue } = {},
): DomainError {
  return new DomainError('ILLEGAL_TRANSITION', `${what} is ${state}; ${lawful}`, { state, ...more });
}

export function invalid(field: string, rule: string): DomainError {
  return new DomainError('INVALID_COMMAND', `${field} ${rule}`, { pointer: `/${field}` });
}

/** An agent that may be spoken of. @throws {@link DomainError} for one that is not there, or was deleted. */
export function known(agent: Agent, id: string): KnownAgent {
  if (agent.state === 'ABSENT') throw new DomainError('AGENT_NOT_FOUND', `There is no agent ${id} that is run here`);
  if (agent.isDeleted) throw new DomainError('AGENT_DELETED', `Agent ${id} was deleted`, { state: agent.state });
  return agent;
}

/** An execution that began. @throws {@link DomainError} `EXECUTION_NOT_FOUND`. */
export function begun(execution: Execution, id: string): RunningExecution | EndedExecution {
  if (execution.status === 'absent') {
    throw new DomainError('EXECUTION_NOT_FOUND', `There is no execution ${id} that is run here`);
  }
  return execution;
}
