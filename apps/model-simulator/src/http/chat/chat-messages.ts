import type { ChatMessage } from '../../text/chat-template.js';
import { badForm, badRequest } from '../answer-error.js';
import { isObject, type Fields, type JsonObject } from '../fields.js';

/** @throws the answer that says which message is wrong. */
export function readMessages(fields: Fields, model: string): readonly ChatMessage[] {
  fields.required('messages');
  const given = fields.list('messages');
  fields.check();
  if (given === undefined) throw missing('messages', fields.body);
  if (given.length === 0) throw badRequest('messages must hold at least one message.', 'messages');
  return given.map((message, index) => readMessage(message, index, model));
}

function readMessage(given: unknown, index: number, model: string): ChatMessage {
  if (!isObject(given)) {
    const input = `'${String(given).slice(0, 200)}'`;
    throw badForm([
      { type: 'dict_type', loc: `body.messages.${index}`, msg: 'Input should be a valid dictionary', input },
    ]);
  }
  const { role, content, tool_calls: calls } = given;
  if (typeof role !== 'string') throw missing(`messages.${index}.role`, given);
  return { role, text: textOf(content, index, model), toolCalls: readCalls(calls, index) };
}

/** Parts of a text are joined by line breaks, as vLLM does for a model without pictures. */
function textOf(content: unknown, index: number, model: string): string {
  if (content === null || content === undefined) return '';
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) {
    throw badRequest(`messages.${index}.content must be a text or a list of parts.`, 'messages');
  }
  const parts: readonly unknown[] = content;
  return parts.map((part) => partText(part, index, model)).join('\n');
}

function partText(part: unknown, index: number, model: string): string {
  if (typeof part === 'string') return part;
  const type = isObject(part) ? part['type'] : undefined;
  if (isObject(part) && typeof part['text'] === 'string' && (type === 'text' || type === 'input_text'))
    return part['text'];
  if (isObject(part) && type === 'refusal' && typeof part['refusal'] === 'string') return part['refusal'];
  if (typeof type === 'string' && type !== 'text') throw badRequest(`${model} is not a multimodal model`, null);
  throw badRequest(`messages.${index}.content holds a part without a type that is known.`, 'messages');
}

function readCalls(calls: unknown, index: number): ChatMessage['toolCalls'] {
  if (calls === undefined || calls === null) return [];
  if (!Array.isArray(calls)) throw badRequest(`messages.${index}.tool_calls must be a list.`, 'messages');
  return calls.map((call: unknown) => {
    const made = isObject(call) ? call['function'] : undefined;
    const name = isObject(made) ? made['name'] : undefined;
    const text = isObject(made) ? made['arguments'] : undefined;
    if (typeof name !== 'string' || (text !== undefined && typeof text !== 'string')) {
      throw badRequest(`messages.${index}.tool_calls must hold functions with name and arguments.`, 'messages');
    }
    return { name, arguments: text ?? '{}' };
  });
}

function missing(loc: string, body: JsonObject): Error {
  const input = `'<dict of ${Object.keys(body).length} items>'`;
  return badForm([{ type: 'missing', loc: `body.${loc}`, msg: 'Field required', input }]);
}
