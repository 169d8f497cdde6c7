import type { AgentWork, AnyCommand, agentCommand, agentWork, JsonText } from '@chorda/contracts';

/** Work that somebody does and answers. */
export type AssignedWork = Exclude<AgentWork, agentWork.WorkRevoked>;

type Recorded<Data> = Omit<
  Data,
  'agent_id' | 'execution_id' | 'turn' | 'call_id' | 'phase' | 'attempt' | 'attempt_token'
>;

/** What work came to, without what the work itself says: it is kept apart from it until its command is sent. */
export type WorkOutcome =
  | ({ readonly kind: 'turn' } & Recorded<agentCommand.RecordTurn['data']>)
  | ({ readonly kind: 'turn_failure' } & Recorded<agentCommand.RecordTurnFailure['data']>)
  | ({ readonly kind: 'tool_result' } & Recorded<agentCommand.RecordToolResult['data']>)
  | ({ readonly kind: 'check' } & Recorded<agentCommand.RecordCheck['data']>)
  /** Its answer comes from elsewhere: an inference worker gives the engine its command. */
  | { readonly kind: 'begun' };

/** A call that began, and of which nobody knows how it ended. */
export const lostCall: WorkOutcome = {
  kind: 'tool_result',
  status: 'lost',
  output_data: null,
  error: '{"code":"OUTCOME_UNKNOWN","message":"Whoever made the call was lost"}' as JsonText,
  duration_ms: 0,
};

/**
 * The command that brings an outcome to the engine; undefined where somebody else gives it.
 *
 * @throws TypeError where it is no outcome of this work.
 */
export function commandOf(work: AssignedWork, outcome: WorkOutcome): AnyCommand | undefined {
  if (outcome.kind === 'begun') return undefined;
  const { agent_id, attempt, attempt_token } = work.data;
  const common = { agent_id, attempt, attempt_token };
  if (work.type === 'agent.check_requested' && outcome.kind === 'check') {
    return { type: 'agent.record_check', data: { ...common, phase: work.data.phase, ...withoutKind(outcome) } };
  }
  if (work.type === 'agent.tool_requested' && outcome.kind === 'tool_result') {
    return { type: 'agent.record_tool_result', data: { ...common, ...placeOfCall(work), ...withoutKind(outcome) } };
  }
  if (work.type === 'agent.turn_requested' && outcome.kind === 'turn') {
    return { type: 'agent.record_turn', data: { ...common, ...placeOfTurn(work), ...withoutKind(outcome) } };
  }
  if (work.type === 'agent.turn_requested' && outcome.kind === 'turn_failure') {
    return { type: 'agent.record_turn_failure', data: { ...common, ...placeOfTurn(work), ...withoutKind(outcome) } };
  }
  throw new TypeError(`${outcome.kind} is no outcome of ${work.type}`);
}

function withoutKind<Outcome extends WorkOutcome>({ kind: _kind, ...recorded }: Outcome): Omit<Outcome, 'kind'> {
  return recorded;
}

function placeOfTurn({ data }: agentWork.TurnRequested) {
  return { execution_id: data.execution_id, turn: data.turn };
}

function placeOfCall({ data }: agentWork.ToolRequested) {
  return { execution_id: data.execution_id, turn: data.turn, call_id: data.call_id };
}
