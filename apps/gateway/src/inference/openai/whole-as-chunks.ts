import { isObject } from './openai-body.js';

type Body = Readonly<Record<string, unknown>>;

/**
 * A whole answer as the chunks of a stream: one for each choice, and one with what it cost.
 *
 * @param sent Text of the first choice that the client has already.
 */
export function wholeAsChunks(answer: unknown, sent: string): readonly Body[] | undefined {
  if (!isObject(answer) || !Array.isArray(answer['choices'])) return undefined;
  const { choices, usage, object, ...head } = answer;
  const list: readonly unknown[] = Array.isArray(choices) ? choices : [];
  if (sent !== '' && (list.length !== 1 || !firstText(list[0]).startsWith(sent))) return undefined;
  const kind = object === 'chat.completion' ? 'chat.completion.chunk' : object;
  const chunks: Body[] = list
    .filter(isObject)
    .map((choice) => ({ ...head, object: kind, choices: [asDelta(choice, sent.length)] }));
  return isObject(usage) ? [...chunks, { ...head, object: kind, choices: [], usage }] : chunks;
}

function firstText(choice: unknown): string {
  if (!isObject(choice)) return '';
  const { message, text } = choice;
  const said = isObject(message) ? message['content'] : text;
  return typeof said === 'string' ? said : '';
}

function asDelta({ message, text, ...choice }: Body, sentLength: number): Body {
  if (!isObject(message)) return { ...choice, text: String(text ?? '').slice(sentLength) };
  const { content, tool_calls: calls, ...rest } = message;
  const said = typeof content === 'string' ? { content: content.slice(sentLength) } : {};
  const called = Array.isArray(calls) && calls.length > 0 ? { tool_calls: calls.map(numbered) } : {};
  return { ...choice, delta: { ...rest, ...said, ...called } };
}

/** In chunks, calls of tools are told apart by a number. */
function numbered(call: unknown, index: number): unknown {
  return isObject(call) ? { index, ...call } : call;
}
