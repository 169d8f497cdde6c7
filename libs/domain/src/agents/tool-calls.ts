import {
  jsonText,
  toolCallId,
  incidentId,
  type agent,
  type agentCommand,
  type JsonText,
  type ToolCallId,
} from '@chorda/contracts';
import type { ExecutionCourse } from './execution-course.js';
import { callOf, openCalls, type ToolCall } from './execution.js';
import {
  callsPerTurnMax,
  leaseMs,
  loopRepeats,
  loopWindow,
  resultBytesMax,
  toolAttemptsMax,
  toolTimeMsDefault,
  toolTimeMsMax,
} from './limits.js';
import { isMemoryTool } from './memory.js';
import { canonicalText, type AskedCall } from './model-answer.js';

/** Does what the model asked for: gives each call to an executor, and answers those at once that nobody could make. */
export function callTools(course: ExecutionCourse, asked: readonly AskedCall[]): void {
  if (asked.length > callsPerTurnMax) {
    const reason = `The model asked for ${asked.length} tool calls at once; at most ${callsPerTurnMax} are made`;
    return course.fail('TOO_MANY_TOOL_CALLS', reason);
  }
  const looping = asked.find((call, index) => isLoop(course, asked.slice(0, index), call));
  if (looping) {
    const reason = `The model asked ${loopRepeats} times for ${looping.name} with the same arguments`;
    return course.fail('LOOP_DETECTED', reason);
  }
  for (const [index, call] of asked.entries()) giveOut(course, call, index);
  goOnWhenAnswered(course);
}

/** Counted among the latest calls that were made, and those before it in this answer. */
function isLoop(course: ExecutionCourse, before: readonly AskedCall[], call: AskedCall): boolean {
  const made = course.running.turns.flatMap((turn) => turn.calls.map(signature));
  const latest = [...made, ...before.map(askedSignature)].slice(-loopWindow);
  const own = askedSignature(call);
  return latest.filter((other) => other === own).length >= loopRepeats - 1;
}

function askedSignature({ name, arguments: given }: Pick<AskedCall, 'name' | 'arguments'>): string {
  return `${name} ${canonicalText(JSON.parse(given))}`;
}

const signature = (call: ToolCall): string => askedSignature(call);

function giveOut(course: ExecutionCourse, call: AskedCall, index: number): void {
  const turn = course.running.turns.length;
  const id = toolCallId(course.given.deriveId(`call/${turn}/${index}`));
  const tool = course.agent.tools.find(({ name }) => name === call.name);
  if (tool === undefined) {
    return answerAtOnce(course, id, call, 'UNKNOWN_TOOL', `There is no tool ${call.name}`);
  }
  if (call.parsed === undefined) {
    return answerAtOnce(course, id, call, 'INVALID_ARGUMENTS', 'The arguments are no JSON object');
  }
  if (isMemoryTool(tool.name)) return askMemory(course, id, call);
  begin(course, tool, { id, turn, attempt: 1, arguments: call.arguments });
}

/** No executor has part in it: the session is a stream of the same agent, and is read and written in the same turn. */
function askMemory(course: ExecutionCourse, id: ToolCallId, call: AskedCall): void {
  const { running, given } = course;
  const { agentId: agent_id, executionId: execution_id, sessionId: session_id } = running;
  if (session_id === null) {
    return answerAtOnce(course, id, call, 'NO_SESSION', 'The execution belongs to no session, which alone remembers');
  }
  course.add({
    type: 'agent.tool_called',
    data: {
      ...course.ids,
      turn: running.turns.length,
      ...{ call_id: id, tool_name: call.name, attempt: 1, attempt_token: given.deriveId(`call/${id}/1`) },
      ...{ deadline_at: given.timeMs + toolTimeMsDefault, idempotent: true, arguments: call.arguments },
    },
  });
  course.follow({ type: 'agent.use_memory', data: { agent_id, execution_id, session_id, call_id: id } });
}

/** The model is told, and may do better: nothing was called. */
function answerAtOnce(course: ExecutionCourse, id: ToolCallId, call: AskedCall, code: string, message: string): void {
  course.add({
    type: 'agent.tool_returned',
    data: {
      ...course.ids,
      turn: course.running.turns.length,
      call_id: id,
      tool_name: call.name,
      attempt: 1,
      status: 'refused',
      output_data: null,
      error: jsonText({ code, message }),
      duration_ms: 0,
    },
  });
}

interface Try {
  readonly id: ToolCallId;
  readonly turn: number;
  readonly attempt: number;
  readonly arguments: JsonText;
}

function begin(course: ExecutionCourse, tool: agent.ToolDefinition, call: Try): void {
  const { running, given } = course;
  const attempt_token = given.deriveId(`call/${call.id}/${call.attempt}`);
  const timeMs = Math.min(tool.timeout_ms > 0 ? tool.timeout_ms : toolTimeMsDefault, toolTimeMsMax);
  const deadline_at = given.timeMs + timeMs;
  const { idempotent } = tool;
  const common = {
    ...course.ids,
    turn: call.turn,
    call_id: call.id,
    tool_name: tool.name,
    attempt: call.attempt,
    attempt_token,
    deadline_at,
    idempotent,
    arguments: call.arguments,
  };
  course.add({ type: 'agent.tool_called', data: common });
  const queue = tool.queue === 'workers' ? 'workers' : 'tools';
  course.addWork(`agent.work.${queue}`, {
    type: 'agent.tool_requested',
    data: {
      ...common,
      lease_ms: leaseMs,
      idempotency_key: call.id,
      queue,
      user_id: running.userId,
      session_id: running.sessionId,
    },
  });
}

/** What an executor says of a call that it has: of another try it is no news any more. */
export function takeResult(course: ExecutionCourse, data: agentCommand.RecordToolResult['data']): boolean {
  const call = callOf(course.running, data.call_id);
  if (!call || call.status === 'returned' || call.token !== data.attempt_token) return false;
  if (data.status === 'lost' || data.status === 'unknown') {
    // In doubt it is already: the same bad news again.
    if (call.status === 'in_doubt') return false;
    outcomeUnknown(course, call, 'Whoever made the call was lost');
    return true;
  }
  if (call.status === 'in_doubt')
    settle(course, call, {
      resolution: data.status === 'completed' ? 'completed' : 'failed',
      output: data.output_data,
      reason: 'The call was answered after all',
    });
  returnCall(course, call, {
    status: data.status,
    output: data.output_data,
    error: data.error,
    durationMs: data.duration_ms,
  });
  goOnWhenAnswered(course);
  return true;
}

export interface Result {
  readonly status: 'completed' | 'failed' | 'refused';
  readonly output: JsonText | null;
  readonly error: JsonText | null;
  readonly durationMs: number;
}

export function returnCall(course: ExecutionCourse, call: ToolCall & { readonly turn: number }, result: Result): void {
  const isTooLarge = Buffer.byteLength(result.output ?? result.error ?? '') > resultBytesMax;
  course.add({
    type: 'agent.tool_returned',
    data: {
      ...course.ids,
      turn: call.turn,
      call_id: call.id,
      tool_name: call.name,
      attempt: call.attempt,
      status: isTooLarge ? 'failed' : result.status,
      output_data: isTooLarge ? null : result.output,
      error: isTooLarge ? tooLarge : result.error,
      duration_ms: result.durationMs,
    },
  });
}

const tooLarge = jsonText({
  code: 'RESULT_TOO_LARGE',
  message: `The call was made; its result has more than ${resultBytesMax} bytes and is left out`,
});

/**
 * A tool that may be called twice is called again with the same key. Of one that may not, nobody knows whether it did its
 * work: the execution waits until somebody settles that.
 */
export function outcomeUnknown(
  course: ExecutionCourse,
  call: ToolCall & { readonly turn: number },
  reason: string,
): void {
  const tool = course.agent.tools.find(({ name }) => name === call.name);
  if (!call.isIdempotent) {
    course.add({
      type: 'agent.incident_opened',
      data: {
        ...course.ids,
        incident_id: incidentId(course.given.deriveId(`incident/${call.id}/${call.attempt}`)),
        turn: call.turn,
        call_id: call.id,
        tool_name: call.name,
        attempt: call.attempt,
        reason,
        opened_at: course.given.timeMs,
      },
    });
  } else if (tool !== undefined && call.attempt < toolAttemptsMax) {
    begin(course, tool, { id: call.id, turn: call.turn, attempt: call.attempt + 1, arguments: call.arguments });
  } else {
    const error = jsonText({ code: 'OUTCOME_UNKNOWN', message: `${reason}; ${call.attempt} tries brought no answer` });
    returnCall(course, call, { status: 'failed', output: null, error, durationMs: 0 });
    goOnWhenAnswered(course);
  }
}

export interface Settlement {
  readonly resolution: 'completed' | 'failed' | 'repeat' | 'abort';
  readonly output: JsonText | null;
  readonly reason: string | null;
}

/** Closes the incident of a call. The time that the execution waited is given back to it with the last one. */
export function settle(
  course: ExecutionCourse,
  call: ToolCall & { readonly turn: number },
  { resolution, output, reason }: Settlement,
): void {
  const { running, given } = course;
  if (call.incident === null) throw new TypeError(`Nothing is in doubt of call ${call.id}`);
  const others = openCalls(running).filter(({ id, status }) => status === 'in_doubt' && id !== call.id);
  const heldMs = Math.max(0, given.timeMs - (running.heldSinceMs ?? given.timeMs));
  course.add({
    type: 'agent.incident_settled',
    data: {
      ...course.ids,
      incident_id: call.incident,
      call_id: call.id,
      resolution,
      output_data: output,
      reason,
      settled_by: given.actor,
      deadline_at: others.length > 0 ? null : running.deadlineMs + heldMs,
    },
  });
}

/** Calls again what was in doubt. Its tool must still be there. */
export function repeatCall(course: ExecutionCourse, call: ToolCall & { readonly turn: number }): void {
  const tool = course.agent.tools.find(({ name }) => name === call.name);
  if (tool === undefined) {
    const error = jsonText({ code: 'UNKNOWN_TOOL', message: `There is no tool ${call.name} any more` });
    returnCall(course, call, { status: 'refused', output: null, error, durationMs: 0 });
    return goOnWhenAnswered(course);
  }
  begin(course, tool, { id: call.id, turn: call.turn, attempt: call.attempt + 1, arguments: call.arguments });
}

/** The model hears of all its calls at once. */
export function goOnWhenAnswered(course: ExecutionCourse): void {
  if (!course.isOver && course.running.asking === null && openCalls(course.running).length === 0) course.ask();
}
