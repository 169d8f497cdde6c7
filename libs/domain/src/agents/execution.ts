import type {
  agent,
  AgentEvent,
  AgentId,
  ExecutionId,
  IncidentId,
  JsonText,
  SessionId,
  ToolCallId,
  UserId,
} from '@chorda/contracts';
import type { StreamDefinition, Timer } from '../aggregate.js';
import type { Limits } from './limits.js';
import { readAnswer, type Said } from './model-answer.js';
import { addUsd } from './usd.js';

/** A call of a tool, from when the model asked for it. */
export interface ToolCall {
  readonly id: ToolCallId;
  readonly name: string;
  readonly arguments: JsonText;
  /** called: an executor has it; in_doubt: nobody knows what became of it, and an incident is open. */
  readonly status: 'called' | 'in_doubt' | 'returned';
  readonly attempt: number;
  readonly token: string;
  readonly deadlineMs: number;
  readonly isIdempotent: boolean;
  readonly incident: IncidentId | null;
  readonly outcome: agent.ToolStatus;
  /** What it gave, or what went wrong. */
  readonly result: JsonText | null;
}

/** A model's answer and what it led to. */
export interface Turn {
  readonly content: Said | null;
  readonly finishReason: string;
  readonly asked: readonly { readonly name: string; readonly arguments: JsonText }[];
  readonly calls: readonly ToolCall[];
  /** As the model's server counted them. */
  readonly promptTokens: number;
  readonly completionTokens: number;
}

/** A model was asked, or is to be asked again. */
export interface Asking {
  readonly turn: number;
  readonly attempt: number;
  readonly token: string;
  /** The answer is not waited for after this time; null while nobody is asked. */
  readonly deadlineMs: number | null;
  /** When it is asked again; null while it is asked. */
  readonly retryMs: number | null;
  /** Kept back from the budget until the answer is there. */
  readonly reservedTokens: number;
  readonly reservedCostUsd: string | null;
}

export interface Usage {
  readonly promptTokens: number;
  readonly cachedPromptTokens: number;
  readonly completionTokens: number;
  readonly costUsd: string;
}

interface Begun {
  readonly agentId: AgentId;
  readonly executionId: ExecutionId;
  readonly userId: UserId | null;
  readonly sessionId: SessionId | null;
  readonly metadata: agent.ExecutionMetadata | null;
  readonly input: JsonText;
  /** Messages before the input. */
  readonly context: JsonText | null;
  /** Asked for; null: the default of the deployment. */
  readonly model: string | null;
  /** That answered last. */
  readonly answeredBy: string | null;
  readonly retryOf: ExecutionId | null;
  readonly startedMs: number;
  readonly limits: Limits;
  readonly turns: readonly Turn[];
  readonly usage: Usage;
}

/** Not while a call is in doubt: then the execution waits for a person, and its time stands still. */
export interface RunningExecution extends Begun {
  readonly status: 'running';
  readonly deadlineMs: number;
  readonly asking: Asking | null;
  /** Since when a call is in doubt; null: none is. */
  readonly heldSinceMs: number | null;
}

export interface EndedExecution extends Begun {
  readonly status: 'completed' | 'failed' | 'cancelled';
}

export interface AbsentExecution {
  readonly status: 'absent';
}

export type Execution = AbsentExecution | RunningExecution | EndedExecution;

function evolve(state: Execution, event: AgentEvent): Execution {
  if (event.type === 'agent.execution_started') return started(event);
  if (state.status !== 'running') throw new TypeError(`${event.type} of an execution that is ${state.status}`);
  switch (event.type) {
    case 'agent.turn_started':
      return { ...state, asking: asked(event) };
    case 'agent.turn_failed':
      return { ...state, asking: toAskAgain(event) };
    case 'agent.turn_recorded':
      return answered(state, event);
    case 'agent.tool_called':
      return withCall(state, event.data, called(event));
    case 'agent.tool_returned':
      return withCall(state, event.data, returned(state, event));
    case 'agent.incident_opened':
      return inDoubt(state, event);
    case 'agent.incident_settled':
      return settled(state, event);
    case 'agent.execution_completed':
      return ended(state, 'completed');
    case 'agent.execution_failed':
      return ended(state, 'failed');
    case 'agent.execution_cancelled':
      return ended(state, 'cancelled');
    default:
      throw new TypeError(`${event.type} is no event of an execution`);
  }
}

function started({ data }: agent.ExecutionStarted): RunningExecution {
  const { limits } = data;
  return {
    status: 'running',
    agentId: data.agent_id,
    executionId: data.execution_id,
    userId: data.user_id,
    sessionId: data.session_id,
    metadata: data.metadata,
    input: data.input_data,
    context: data.context,
    model: data.model,
    answeredBy: null,
    retryOf: data.retry_of,
    startedMs: data.started_at ?? 0,
    deadlineMs: data.deadline_at ?? 0,
    limits: {
      executionTimeMsMax: limits?.execution_time_ms_max ?? 0,
      turnsMax: limits?.turns_max ?? 0,
      tokensMax: limits?.tokens_max ?? 0,
      costUsdMax: limits?.cost_usd_max ?? null,
    },
    turns: [],
    usage: { promptTokens: 0, cachedPromptTokens: 0, completionTokens: 0, costUsd: '0' },
    asking: null,
    heldSinceMs: null,
  };
}

function asked({ data }: agent.TurnStarted): Asking {
  const { turn, attempt, attempt_token, deadline_at } = data;
  return {
    ...{ turn, attempt, token: attempt_token, deadlineMs: deadline_at, retryMs: null },
    reservedTokens: data.reserved_tokens ?? 0,
    reservedCostUsd: data.reserved_cost_usd,
  };
}

/** The token goes with the try: its answer comes too late now. */
function toAskAgain({ data }: agent.TurnFailed): Asking {
  return {
    ...{ turn: data.turn, attempt: data.attempt, token: '', deadlineMs: null, retryMs: data.retry_at },
    ...{ reservedTokens: 0, reservedCostUsd: null },
  };
}

function answered(state: RunningExecution, { data }: agent.TurnRecorded): RunningExecution {
  const answer = readAnswer(data.output_data);
  const asked = answer?.calls.map((call) => ({ name: call.name, arguments: call.arguments })) ?? [];
  const turn = {
    ...{ content: answer?.content ?? null, finishReason: data.finish_reason, asked, calls: [] },
    ...{ promptTokens: data.prompt_tokens, completionTokens: data.completion_tokens },
  };
  const { usage } = state;
  return {
    ...state,
    asking: null,
    answeredBy: data.model,
    turns: [...state.turns, turn],
    usage: {
      promptTokens: usage.promptTokens + data.prompt_tokens,
      cachedPromptTokens: usage.cachedPromptTokens + data.cached_prompt_tokens,
      completionTokens: usage.completionTokens + data.completion_tokens,
      costUsd: addUsd(usage.costUsd, data.cost_usd ?? '0'),
    },
  };
}

type CallChange = Partial<ToolCall> & Pick<ToolCall, 'id' | 'name' | 'arguments'>;

function called({ data }: agent.ToolCalled): CallChange {
  return {
    id: data.call_id,
    name: data.tool_name,
    arguments: data.arguments,
    status: 'called',
    attempt: data.attempt,
    token: data.attempt_token ?? '',
    deadlineMs: data.deadline_at ?? 0,
    isIdempotent: data.idempotent,
    incident: null,
  };
}

function returned(state: RunningExecution, { data }: agent.ToolReturned): CallChange {
  const known = callOf(state, data.call_id);
  // A call that nobody was given, since it asks for what is not there: it stands where the model asked for it.
  const turn = state.turns[data.turn - 1];
  const own = known?.arguments ?? turn?.asked[turn.calls.length]?.arguments ?? emptyObject;
  return {
    id: data.call_id,
    name: data.tool_name,
    arguments: own,
    status: 'returned',
    incident: null,
    outcome: data.status,
    result: data.output_data ?? data.error,
  };
}

const emptyObject = '{}' as JsonText;

const newCall = {
  status: 'called',
  attempt: 1,
  token: '',
  deadlineMs: 0,
  isIdempotent: false,
  incident: null,
  outcome: 'unknown',
  result: null,
} as const;

function withCall(
  state: RunningExecution,
  place: { readonly turn: number; readonly call_id: ToolCallId },
  change: CallChange,
): RunningExecution {
  const turns = state.turns.map((turn, index) => {
    if (index !== place.turn - 1) return turn;
    const isKnown = turn.calls.some(({ id }) => id === change.id);
    const calls = isKnown
      ? turn.calls.map((call) => (call.id === change.id ? { ...call, ...change } : call))
      : [...turn.calls, { ...newCall, ...change }];
    return { ...turn, calls };
  });
  return { ...state, turns };
}

/** A call of the execution, by its id. */
export function callOf(state: RunningExecution, id: ToolCallId): (ToolCall & { readonly turn: number }) | undefined {
  for (const [index, { calls }] of state.turns.entries()) {
    const call = calls.find((one) => one.id === id);
    if (call) return { ...call, turn: index + 1 };
  }
  return undefined;
}

/** Calls that nobody has an answer of yet. */
export function openCalls(state: RunningExecution): readonly (ToolCall & { readonly turn: number })[] {
  const turn = state.turns.length;
  const calls = state.turns.at(-1)?.calls ?? [];
  return calls.filter(({ status }) => status !== 'returned').map((call) => ({ ...call, turn }));
}

function inDoubt(state: RunningExecution, { data }: agent.IncidentOpened): RunningExecution {
  const call = callOf(state, data.call_id);
  if (!call) throw new TypeError(`An incident of call ${data.call_id}, which nobody made`);
  const changed = withCall(state, data, { ...callOnly(call), status: 'in_doubt', incident: data.incident_id });
  return { ...changed, heldSinceMs: state.heldSinceMs ?? data.opened_at };
}

function settled(state: RunningExecution, { data }: agent.IncidentSettled): RunningExecution {
  const call = callOf(state, data.call_id);
  if (!call) throw new TypeError(`An incident of call ${data.call_id}, which nobody made`);
  // Until the event beside it says what follows, the call is as it was before anybody was in doubt.
  const changed = withCall(
    state,
    { turn: call.turn, call_id: call.id },
    { ...callOnly(call), status: 'called', incident: null },
  );
  if (data.deadline_at === null) return changed;
  return { ...changed, heldSinceMs: null, deadlineMs: data.deadline_at };
}

function callOnly({ turn: _turn, ...call }: ToolCall & { readonly turn: number }): ToolCall {
  return call;
}

function ended(state: RunningExecution, status: EndedExecution['status']): EndedExecution {
  const { asking: _asking, deadlineMs: _deadlineMs, heldSinceMs: _heldSinceMs, ...begun } = state;
  return { ...begun, status };
}

/** What an execution waits for: its own end, a model, each tool. Nothing of it while somebody has to settle what is in doubt. */
function timers(state: Execution): readonly Timer[] {
  if (state.status !== 'running') return [];
  const list: Timer[] = [];
  if (state.heldSinceMs === null) list.push({ id: 'deadline', dueMs: state.deadlineMs });
  if (state.asking !== null) {
    const { turn, attempt, deadlineMs, retryMs } = state.asking;
    if (deadlineMs !== null) list.push({ id: `turn/${turn}/${attempt}`, dueMs: deadlineMs });
    if (retryMs !== null) list.push({ id: `retry/${turn}/${attempt}`, dueMs: retryMs });
  }
  for (const call of openCalls(state)) {
    if (call.status === 'called') list.push({ id: `call/${call.id}/${call.attempt}`, dueMs: call.deadlineMs });
  }
  return list;
}

const absentExecution: Execution = { status: 'absent' };

export const executionDefinition: StreamDefinition<Execution, AgentEvent> = {
  initialState: absentExecution,
  evolve,
  timers,
  snapshotVersion: 2,
};
