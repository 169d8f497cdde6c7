import type { agent, AgentEvent, ExecutionId } from '@chorda/contracts';
import type { StreamDefinition, Timer } from '../aggregate.js';

/** The life cycle. COMPLETED and FAILED are left at once: READY follows the end of the last execution. */
export type LifeCycleState =
  | 'CREATED'
  | 'INITIALIZING'
  | 'VALIDATING'
  | 'VALIDATED'
  | 'READY'
  | 'EXECUTING'
  | 'COMPLETED'
  | 'FAILED'
  | 'TERMINATED';

/** Work on the agent itself that an executor has to answer. */
export interface PendingCheck {
  readonly phase: 'initialization' | 'validation';
  readonly attempt: number;
  /** Tries since somebody asked for it. */
  readonly tries: number;
  readonly token: string;
  readonly deadlineMs: number;
}

export interface AbsentAgent {
  readonly state: 'ABSENT';
}

export interface KnownAgent {
  readonly state: LifeCycleState;
  readonly isDeleted: boolean;
  readonly definition: agent.Created['data'];
  readonly initializations: number;
  readonly check: PendingCheck | null;
  /** As the last initialisation found them. */
  readonly tools: readonly agent.ToolDefinition[];
  readonly running: readonly ExecutionId[];
}

export type Agent = AbsentAgent | KnownAgent;

function evolve(state: Agent, event: AgentEvent): Agent {
  if (event.type === 'agent.created') return created(event);
  if (state.state === 'ABSENT') throw new TypeError(`${event.type} of an agent that was not created`);
  switch (event.type) {
    case 'agent.initialization_started':
      return {
        ...state,
        state: 'INITIALIZING',
        initializations: event.data.attempt,
        check: pending('initialization', event.data, state.check),
      };
    case 'agent.initialized':
      return { ...state, check: null, tools: event.data.tool_definitions };
    case 'agent.validation_started':
      return { ...state, state: 'VALIDATING', check: pending('validation', event.data, state.check) };
    case 'agent.validated':
      return { ...state, state: 'VALIDATED', check: null };
    // The life cycle has no state for it: the agent stays where it is until it is initialised anew.
    case 'agent.validation_failed':
      return { ...state, check: null };
    case 'agent.ready':
      return { ...state, state: 'READY' };
    case 'agent.slot_taken':
      return { ...state, state: 'EXECUTING', running: [...state.running, event.data.execution_id] };
    case 'agent.slot_released':
      return released(state, event.data);
    case 'agent.terminated':
      return { ...state, state: 'TERMINATED', check: null, running: [] };
    case 'agent.deleted':
      return { ...state, isDeleted: true };
    default:
      throw new TypeError(`${event.type} is no event of an agent's own stream`);
  }
}

function created({ data }: agent.Created): KnownAgent {
  return {
    state: 'CREATED',
    isDeleted: false,
    definition: data,
    initializations: 0,
    check: null,
    tools: [],
    running: [],
  };
}

function pending(
  phase: PendingCheck['phase'],
  data: agent.InitializationStarted['data'] | agent.ValidationStarted['data'],
  before: PendingCheck | null,
): PendingCheck {
  return {
    phase,
    attempt: data.attempt,
    tries: before?.phase === phase ? before.tries + 1 : 1,
    token: data.attempt_token ?? '',
    deadlineMs: data.deadline_at ?? 0,
  };
}

function released(state: KnownAgent, { execution_id, status }: agent.SlotReleased['data']): KnownAgent {
  const running = state.running.filter((id) => id !== execution_id);
  const ended = { completed: 'COMPLETED', failed: 'FAILED', cancelled: state.state, unknown: state.state } as const;
  return { ...state, running, state: running.length > 0 ? 'EXECUTING' : ended[status] };
}

function timers(state: Agent): readonly Timer[] {
  if (state.state === 'ABSENT' || state.check === null) return [];
  const { phase, attempt, deadlineMs } = state.check;
  return [{ id: `${phase}/${attempt}`, dueMs: deadlineMs }];
}

const absentAgent: Agent = { state: 'ABSENT' };

export const agentDefinition: StreamDefinition<Agent, AgentEvent> = {
  initialState: absentAgent,
  evolve,
  timers,
  snapshotVersion: 1,
};
