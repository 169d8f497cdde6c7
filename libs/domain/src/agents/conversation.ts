import { jsonValue, type JsonText, type JsonValue } from '@chorda/contracts';
import { asPayloadRef } from '@chorda/kernel';
import type { KnownAgent } from './agent.js';
import type { EndedExecution, RunningExecution, ToolCall, Turn } from './execution.js';
import { resultBytesMax } from './limits.js';
import type { Said } from './model-answer.js';
import { messagesIn } from './session.js';

type Begun = RunningExecution | EndedExecution;

/** All that a model is sent for the next turn, as the chat API of OpenAI has it. */
export function conversation(execution: Begun, { definition }: Pick<KnownAgent, 'definition'>): readonly JsonValue[] {
  const system = definition.instructions === null ? [] : [{ role: 'system', content: definition.instructions }];
  return [...system, ...told(execution)];
}

/** What was said in the execution, what came before it included: a retry goes on from here. */
export function told(execution: Begun): readonly JsonValue[] {
  return [...(execution.context === null ? [] : messagesIn(execution.context)), ...saidIn(execution)];
}

/** What was said in the execution itself. Of one that goes on from another the input was said there. */
function saidIn(execution: Begun): readonly JsonValue[] {
  const input = execution.retryOf === null ? [userMessage(execution)] : [];
  return [...input, ...execution.turns.flatMap(turnMessages)];
}

/** A result that no conversation has room for is named: the model goes on, and whoever reads its answer finds it. */
function shownResult(result: JsonValue): JsonValue {
  const payload = asPayloadRef(result);
  if (payload === undefined || payload.length <= resultBytesMax) return result;
  return { note: 'The result is too large to be shown here, and is kept as a payload', payload: { ...payload } };
}

/** What went in. */
export function userMessage({ input }: Pick<Begun, 'input'>): JsonValue {
  return { role: 'user', content: inputText(input) };
}

/** A text is said as it is, a reference stands for what it refers to, anything else is said as JSON. */
function inputText(input: JsonText): JsonValue {
  const value = jsonValue(input);
  return typeof value === 'string' || asPayloadRef(value) !== undefined ? value : input;
}

/** As a message or a result has it. */
export function shown(said: Said): JsonValue {
  return typeof said === 'string' ? said : { ...said };
}

function turnMessages({ content, calls }: Turn): readonly JsonValue[] {
  if (calls.length === 0) return [{ role: 'assistant', content: shown(content ?? '') }];
  const asked = calls.map((call) => ({
    id: call.id,
    type: 'function',
    function: { name: call.name, arguments: call.arguments },
  }));
  const told = content === null ? null : shown(content);
  return [{ role: 'assistant', content: told, tool_calls: asked }, ...calls.map(resultMessage)];
}

function resultMessage(call: ToolCall): JsonValue {
  const result = call.result === null ? null : shownResult(jsonValue(call.result));
  const content = call.outcome === 'completed' ? result : { status: call.outcome, error: result };
  return {
    role: 'tool',
    tool_call_id: call.id,
    content: typeof content === 'string' || asPayloadRef(content) !== undefined ? content : JSON.stringify(content),
  };
}
