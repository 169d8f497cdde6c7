import { jsonText, type agentCommand } from '@chorda/contracts';
import type { JsonValue } from '@chorda/kernel';
import type { Given, StatesOf } from '../aggregate.js';
import { DomainError } from '../domain-error.js';
import type { Agent, KnownAgent } from './agent.js';
import type { CancelWithAgent, WaitEnded } from './agent-commands.js';
import type { ModelPrices } from './budget.js';
import { told } from './conversation.js';
import { ExecutionCourse, type AgentDecision } from './execution-course.js';
import { openCalls, type Execution, type RunningExecution } from './execution.js';
import {
  answerBytesMax,
  concurrencyMax,
  historyBytesMax,
  historyMessagesMax,
  idPattern,
  inputBytesMax,
  limitsOf,
  retryMs,
  turnAttemptsMax,
  type Limits,
} from './limits.js';
import { memoryOf } from './memory.js';
import { messageBytes } from './message-bytes.js';
import { readAnswer } from './model-answer.js';
import { begun, invalid, known, notInState } from './refusals.js';
import { latestWithin, type Session } from './session.js';
import { agentStream, executionStream, sessionStream } from './streams.js';
import {
  callTools,
  goOnWhenAnswered,
  outcomeUnknown,
  repeatCall,
  returnCall,
  settle,
  takeResult,
} from './tool-calls.js';
import { isMoreUsd } from './usd.js';

export interface AgentStates {
  readonly agent: Agent;
  readonly execution: Execution;
  readonly session: Session;
}

type States = StatesOf<AgentStates>;
type With<Command extends { readonly type: string; readonly data: unknown }> = Given<Command> & {
  readonly prices?: ModelPrices;
};

export function execute(given: With<agentCommand.Execute>, states: States): AgentDecision {
  const { data } = given.command;
  const agent = known(states.of(agentStream(data.agent_id)), data.agent_id);
  if (Buffer.byteLength(data.input_data) > inputBytesMax) {
    throw invalid('input_data', `must have at most ${inputBytesMax} bytes as JSON`);
  }
  const history = data.session_id === null ? undefined : states.of(sessionStream(data.agent_id, data.session_id));
  const most = Math.min(agent.definition.memory?.history_messages_max ?? historyMessagesMax, historyMessagesMax * 20);
  const context = history === undefined ? [] : contextOf(history, most);
  return begin(given, states, agent, {
    execution_id: data.execution_id,
    user_id: data.user_id,
    session_id: data.session_id,
    input_data: data.input_data,
    metadata: data.metadata,
    retry_of: null,
    context: context.length === 0 ? null : jsonText(context),
    limits: limitsOf(agent.definition.limits, data.limits),
  });
}

/** What the model is told before the input: what is known of the session, and what was said in it. */
function contextOf(session: Session, messagesMax: number): readonly JsonValue[] {
  const { context } = memoryOf(session);
  const told = latestWithin(session.messages, historyBytesMax, messagesMax);
  if (Object.keys(context).length === 0) return told;
  return [{ role: 'system', content: `Context of this session, as JSON: ${JSON.stringify(context)}` }, ...told];
}

/** Goes on with what was said in an execution that ended: no stored answer is asked for again. */
export function retry(given: With<agentCommand.RetryExecution>, states: States): AgentDecision {
  const { agent_id, execution_id, retry_of } = given.command.data;
  const agent = known(states.of(agentStream(agent_id)), agent_id);
  const before = begun(states.of(executionStream(agent_id, retry_of)), retry_of);
  if (before.status !== 'failed' && before.status !== 'cancelled') {
    throw notInState(
      `Execution ${retry_of}`,
      before.status,
      'only one that failed or was cancelled can be tried again',
    );
  }
  const context = told(before);
  if (messageBytes(context) > historyBytesMax) {
    throw new DomainError('CONTEXT_TOO_LARGE', `What was said has more than ${historyBytesMax} bytes: start anew`);
  }
  return begin(given, states, agent, {
    execution_id,
    user_id: before.userId,
    session_id: before.sessionId,
    input_data: before.input,
    metadata: before.metadata,
    retry_of,
    context: jsonText(context),
    limits: limitsOf(agent.definition.limits, null),
  });
}

type Start = Pick<
  agentCommand.Execute['data'],
  'execution_id' | 'user_id' | 'session_id' | 'input_data' | 'metadata'
> & {
  readonly retry_of: RunningExecution['retryOf'];
  readonly context: RunningExecution['context'];
  readonly limits: Limits;
};

function begin(
  given: With<agentCommand.Execute | agentCommand.RetryExecution>,
  states: States,
  agent: KnownAgent,
  { limits, ...start }: Start,
): AgentDecision {
  const { agent_id } = agent.definition;
  const before = states.of(executionStream(agent_id, start.execution_id));
  takesExecution(agent, before, start.execution_id);
  const slot = { agent_id, execution_id: start.execution_id, running: agent.running.length + 1 };
  const course = new ExecutionCourse(before, agent, given);
  course.add({
    type: 'agent.execution_started',
    data: {
      agent_id,
      ...start,
      started_at: given.timeMs,
      deadline_at: given.timeMs + limits.executionTimeMsMax,
      model: agent.definition.model,
      limits: {
        execution_time_ms_max: limits.executionTimeMsMax,
        turns_max: limits.turnsMax,
        tokens_max: limits.tokensMax,
        cost_usd_max: limits.costUsdMax,
      },
    },
  });
  course.ask();
  const decision = course.decision({ ...slot, status: 'running' });
  const taken = { stream: agentStream(agent_id), event: { type: 'agent.slot_taken', data: slot } } as const;
  return { ...decision, events: [taken, ...decision.events] };
}

function takesExecution({ state, running, definition }: KnownAgent, before: Execution, id: string): void {
  if (state !== 'READY' && state !== 'EXECUTING') {
    throw notInState(`Agent ${definition.agent_id}`, state, 'executions start when it is READY or EXECUTING');
  }
  if (!idPattern.test(id)) throw invalid('execution_id', `must match ${idPattern.source}`);
  if (before.status !== 'absent') {
    throw new DomainError('EXECUTION_EXISTS', `Execution ${id} was started before`, { status: before.status });
  }
  const most = Math.min(definition.concurrency_max, concurrencyMax);
  if (running.length >= most) {
    throw new DomainError('AGENT_BUSY', `${running.length} executions run, which is as many as the agent may`, {
      state,
      running: running.length,
      concurrency_max: most,
    });
  }
}

/** The execution, where it still runs; nothing is left to decide where it has ended. */
export function going(
  given: With<{
    readonly type: string;
    readonly data: Pick<agentCommand.RecordTurn['data'], 'agent_id' | 'execution_id'>;
  }>,
  states: States,
): ExecutionCourse | undefined {
  const { agent_id, execution_id } = given.command.data;
  const agent = states.of(agentStream(agent_id));
  const execution = begun(states.of(executionStream(agent_id, execution_id)), execution_id);
  if (agent.state === 'ABSENT') throw new TypeError(`Execution ${execution_id} of an agent that was not created`);
  return execution.status === 'running' ? new ExecutionCourse(execution, agent, given) : undefined;
}

/** A try that nobody waits for any more: what it brings changes nothing. */
const stale: AgentDecision = { events: [], answer: { taken: false } };
const taken = { taken: true };

export function recordTurn(given: With<agentCommand.RecordTurn>, states: States): AgentDecision {
  const { data } = given.command;
  const course = going(given, states);
  if (!course || !isAsked(course.running, data)) return stale;
  const { attempt_token: _token, ...recorded } = data;
  course.add({ type: 'agent.turn_recorded', data: recorded });
  actOn(course, data);
  return course.decision(taken);
}

function isAsked(
  { asking }: RunningExecution,
  data: { readonly turn: number; readonly attempt_token: string },
): boolean {
  return (
    asking !== null && asking.deadlineMs !== null && asking.turn === data.turn && asking.token === data.attempt_token
  );
}

/** The answer is stored by now, whatever follows from it. */
function actOn(course: ExecutionCourse, { output_data, finish_reason }: agentCommand.RecordTurn['data']): void {
  const answer = readAnswer(output_data);
  if (!answer) return course.fail('RESULT_INVALID', 'The answer of the model is not {"content", "tool_calls"}');
  if (Buffer.byteLength(output_data) > answerBytesMax) {
    return course.fail('RESULT_TOO_LARGE', `The answer of the model has more than ${answerBytesMax} bytes`);
  }
  if (finish_reason === 'content_filter') return course.fail('CONTENT_FILTERED', 'The model refused to answer');
  if (answer.calls.length === 0) {
    if (answer.content === null || answer.content === '') {
      return course.fail('RESULT_EMPTY', `The model answered nothing (${finish_reason})`);
    }
    return course.complete(answer.content, finish_reason);
  }
  const { usage, limits } = course.running;
  const tokens = usage.promptTokens + usage.completionTokens;
  if (tokens >= limits.tokensMax) {
    return course.fail('BUDGET_EXHAUSTED', `${tokens} tokens were used; at most ${limits.tokensMax} may be`);
  }
  if (limits.costUsdMax !== null && isMoreUsd(usage.costUsd, limits.costUsdMax)) {
    return course.fail(
      'BUDGET_EXHAUSTED',
      `${usage.costUsd} US dollars were spent; at most ${limits.costUsdMax} may be`,
    );
  }
  callTools(course, answer.calls);
}

export function recordTurnFailure(given: With<agentCommand.RecordTurnFailure>, states: States): AgentDecision {
  const { data } = given.command;
  const course = going(given, states);
  if (!course || !isAsked(course.running, data)) return stale;
  noAnswer(course, data.error_code, data.reason, data.is_retriable, data.retry_after_ms);
  return course.decision(taken);
}

function noAnswer(
  course: ExecutionCourse,
  error_code: string,
  reason: string,
  isRetriable: boolean,
  askedMs: number | null,
): void {
  const { asking, deadlineMs } = course.running;
  if (asking === null) return;
  const { turn, attempt } = asking;
  const againMs = course.given.timeMs + retryMs(attempt, askedMs);
  const retry_at = isRetriable && attempt < turnAttemptsMax && againMs < deadlineMs ? againMs : null;
  course.add({ type: 'agent.turn_failed', data: { ...course.ids, turn, attempt, error_code, reason, retry_at } });
  if (retry_at === null) course.fail(error_code.toUpperCase() as Uppercase<string>, reason);
}

export function recordToolResult(given: With<agentCommand.RecordToolResult>, states: States): AgentDecision {
  const course = going(given, states);
  if (!course || !takeResult(course, given.command.data)) return stale;
  return course.decision(taken);
}

export function cancelExecution(given: With<agentCommand.CancelExecution>, states: States): AgentDecision {
  const { agent_id, execution_id, reason } = given.command.data;
  const execution = begun(states.of(executionStream(agent_id, execution_id)), execution_id);
  // Whoever asks twice is told the same.
  if (execution.status === 'cancelled') return { events: [], answer: { status: 'cancelled' } };
  const course = going(given, states);
  if (!course) throw notInState(`Execution ${execution_id}`, execution.status, 'only one that runs can be cancelled');
  course.cancel(reason ?? 'Cancelled on request');
  return course.decision({ status: 'cancelled' });
}

export function cancelWithAgent(given: With<CancelWithAgent>, states: States): AgentDecision {
  const course = going(given, states);
  if (!course) return { events: [] };
  course.cancel(given.command.data.reason, true);
  return course.decision(undefined);
}

export function settleIncident(given: With<agentCommand.SettleIncident>, states: States): AgentDecision {
  const { data } = given.command;
  const { execution_id, incident_id, resolution } = data;
  if (resolution === 'unknown') throw invalid('resolution', 'must be completed, failed, repeat or abort');
  const course = going(given, states);
  const call = course && openCalls(course.running).find(({ incident }) => incident === incident_id);
  if (!call) {
    throw new DomainError('INCIDENT_NOT_OPEN', `Execution ${execution_id} has no open incident ${incident_id}`);
  }
  settle(course, call, { resolution, output: data.output_data, reason: data.reason });
  const why = data.reason ?? 'as was found by whoever settled the incident';
  switch (resolution) {
    case 'abort':
      course.fail('INCIDENT_ABORTED', `Given up at an incident: ${why}`);
      break;
    case 'repeat':
      repeatCall(course, call);
      break;
    case 'completed':
      returnCall(course, call, {
        status: 'completed',
        output: data.output_data ?? jsonText(null),
        error: null,
        durationMs: 0,
      });
      goOnWhenAnswered(course);
      break;
    case 'failed': {
      const error = jsonText({ code: 'NOT_DONE', message: why });
      returnCall(course, call, { status: 'failed', output: null, error, durationMs: 0 });
      goOnWhenAnswered(course);
    }
  }
  return course.decision({ resolution, status: course.isOver ? 'failed' : 'running' });
}

function timeIsUp(course: ExecutionCourse): void {
  const { executionTimeMsMax } = course.running.limits;
  course.fail('TIME_LIMIT', `It ran for ${executionTimeMsMax} ms, which is as long as it may`);
}

/** Something that the execution waited for is due; what came in the meantime has taken its timer away. */
export function waitEnded(given: With<WaitEnded>, states: States): AgentDecision {
  const course = going(given, states);
  if (!course) return { events: [] };
  const { running } = course;
  const [what, id = '', attempt = ''] = given.command.data.timer.split('/');
  const isOfTry = running.asking?.turn === Number(id) && running.asking.attempt === Number(attempt);
  if (what === 'deadline' && running.heldSinceMs === null) {
    timeIsUp(course);
  } else if (what === 'turn' && isOfTry && given.timeMs >= running.deadlineMs) {
    timeIsUp(course);
  } else if (what === 'turn' && isOfTry && running.asking?.deadlineMs !== null) {
    noAnswer(course, 'MODEL_TIMEOUT', 'The model did not answer in time', true, null);
  } else if (what === 'retry' && isOfTry && running.asking?.retryMs !== null) {
    course.ask(Number(attempt) + 1);
  } else if (what === 'call') {
    const call = openCalls(running).find((one) => one.id === id && one.attempt === Number(attempt));
    if (call?.status === 'called') outcomeUnknown(course, call, 'The tool did not answer in time');
  }
  return course.decision(undefined);
}
