import type { AgentEvent } from '@chorda/contracts';
import type { Aggregate, Given, StatesOf, StreamRef } from '../aggregate.js';
import type { AnyAgentCommand } from './agent-commands.js';
import type { AgentStates } from './agents.aggregate.js';
import type { AgentDecision } from './execution-course.js';
import type { Execution } from './execution.js';
import { executionStream } from './streams.js';

/** Bugs of the rules of agents, for tests that have to catch them. Each takes one promise away. */
export const plantableAgentRules = [
  /** A result is taken whatever try it is of. */
  'agents-old-token-taken',
  /** The slot of an execution that ended stays taken. */
  'agents-slot-kept',
  /** A call of unknown outcome is made again, whatever its tool says of itself. */
  'agents-call-repeated',
  /** A retry asks the model again for what it had answered. */
  'agents-turn-asked-again',
] as const;

export type PlantableAgentRule = (typeof plantableAgentRules)[number];

type Agents = Aggregate<AgentStates, AnyAgentCommand, AgentEvent>;

/** The rules with these bugs in them. */
export function plantAgentRules(rules: Agents, bugs: readonly PlantableAgentRule[]): Agents {
  if (bugs.length === 0) return rules;
  const has = (bug: PlantableAgentRule) => bugs.includes(bug);
  return {
    ...rules,
    decide(given, states) {
      const seen = new PlantedStates(states, given.command, has);
      const command = has('agents-old-token-taken') ? withToken(given, states) : given.command;
      const decision = rules.decide(regiven(given, command), seen);
      return has('agents-slot-kept') ? withoutSlots(decision) : decision;
    },
  };
}

class PlantedStates implements StatesOf<AgentStates> {
  constructor(
    private readonly states: StatesOf<AgentStates>,
    private readonly command: AnyAgentCommand,
    private readonly has: (bug: PlantableAgentRule) => boolean,
  ) {}

  of<Kind extends keyof AgentStates>(stream: StreamRef<Kind>): AgentStates[Kind] {
    const state = this.states.of(stream);
    if (stream.kind !== 'execution') return state;
    const execution: Execution = this.states.of({ kind: 'execution', id: stream.id });
    // The kind says which state it is.
    return this.planted(execution, stream.id) as AgentStates[Kind];
  }

  versionOf(stream: StreamRef): bigint {
    return this.states.versionOf(stream);
  }

  private planted(execution: Execution, id: string): Execution {
    if (execution.status === 'absent') return execution;
    const { command } = this;
    if (this.has('agents-turn-asked-again') && command.type === 'agent.retry_execution') {
      const isOld = id === executionStream(command.data.agent_id, command.data.retry_of).id;
      return isOld ? { ...execution, turns: [], retryOf: null } : execution;
    }
    if (!this.has('agents-call-repeated')) return execution;
    const calls = (turn: (typeof execution.turns)[number]) =>
      turn.calls.map((call) => ({ ...call, isIdempotent: true }));
    return { ...execution, turns: execution.turns.map((turn) => ({ ...turn, calls: calls(turn) })) };
  }
}

function regiven(given: Given<AnyAgentCommand>, command: AnyAgentCommand): Given<AnyAgentCommand> {
  const { commandId, tenantId, subject, timeMs, actor } = given;
  return { command, commandId, tenantId, subject, timeMs, actor, deriveId: (name) => given.deriveId(name) };
}

function withToken({ command }: Given<AnyAgentCommand>, states: StatesOf<AgentStates>): AnyAgentCommand {
  if (command.type !== 'agent.record_turn') return command;
  const execution = states.of(executionStream(command.data.agent_id, command.data.execution_id));
  const asking = execution.status === 'running' ? execution.asking : null;
  if (asking === null) return command;
  return { ...command, data: { ...command.data, turn: asking.turn, attempt_token: asking.token } };
}

function withoutSlots(decision: AgentDecision): AgentDecision {
  const then = (decision.then ?? []).filter(({ type }) => type !== 'agent.free_slot');
  // oxlint-disable-next-line unicorn/no-thenable -- rules are synchronous: no decision is ever awaited
  return { ...decision, then };
}
