import { encode, specialTokens } from './tokenizer.js';

/** A message of a chat, its parts put together. */
export interface ChatMessage {
  readonly role: string;
  readonly text: string;
  readonly toolCalls: readonly { readonly name: string; readonly arguments: string }[];
}

const lineBreak = encode('\n');

/** The recorded model's template: tools are no part of it, a call that was made before is. */
export function renderChat(messages: readonly ChatMessage[], addsGenerationPrompt: boolean): Uint16Array {
  const parts: Uint16Array[] = [];
  const start = Uint16Array.of(specialTokens.messageStart);
  const end = Uint16Array.of(specialTokens.messageEnd);
  for (const message of messages) {
    parts.push(start, encode(message.role), lineBreak, encode(bodyOf(message)), end, lineBreak);
  }
  if (addsGenerationPrompt) parts.push(start, encode('assistant'));
  return joined(parts);
}

function bodyOf({ text, toolCalls }: ChatMessage): string {
  return [text, ...toolCalls.map((call) => toolCallText(call))].filter((part) => part !== '').join('\n');
}

/** How the `hermes` parser's models write a call. */
export function toolCallText(call: { readonly name: string; readonly arguments: string }): string {
  return `${toolCallHead(call.name)}${call.arguments}${toolCallTail}`;
}

export function toolCallHead(name: string): string {
  return `<tool_call>\n{"name": ${JSON.stringify(name)}, "arguments": `;
}

export const toolCallTail = '}\n</tool_call>';

export function joined(parts: readonly Uint16Array[]): Uint16Array {
  const all = new Uint16Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
