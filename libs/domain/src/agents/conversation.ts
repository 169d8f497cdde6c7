import { jsonText, jsonValue, type JsonText, type JsonValue } from '@chorda/contracts';
import type { KnownAgent } from './agent.js';
import type { EndedExecution, RunningExecution, ToolCall, Turn } from './execution.js';
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

/** What went in. */
export function userMessage({ input }: Pick<Begun, 'input'>): JsonValue {
  return { role: 'user', content: inputText(input) };
}

/** A text is said as it is, anything else as JSON. */
function inputText(input: JsonText): string {
  const value = jsonValue(input);
  return typeof value === 'string' ? value : input;
}

function turnMessages({ content, calls }: Turn): readonly JsonValue[] {
  if (calls.length === 0) return [{ role: 'assistant', content: content ?? '' }];
  const asked = calls.map((call) => ({
    id: call.id,
    type: 'function',
    function: { name: call.name, arguments: call.arguments },
  }));
  return [{ role: 'assistant', content, tool_calls: asked }, ...calls.map(resultMessage)];
}

function resultMessage(call: ToolCall): JsonValue {
  const result = call.result === null ? null : jsonValue(call.result);
  const content = call.outcome === 'completed' ? result : { status: call.outcome, error: result };
  return {
    role: 'tool',
    tool_call_id: call.id,
    content: typeof content === 'string' ? content : JSON.stringify(content),
  };
}

/** UTF-8 bytes of messages as JSON. */
export function messageBytes(messages: readonly JsonValue[]): number {
  return Buffer.byteLength(jsonText(messages));
}
