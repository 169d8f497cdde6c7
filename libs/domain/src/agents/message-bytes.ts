import { jsonText, type JsonValue } from '@chorda/contracts';
import { asPayloadRef } from '@chorda/kernel';

/** UTF-8 bytes of messages as JSON, as they travel. */
export function inlineBytes(messages: readonly JsonValue[]): number {
  return Buffer.byteLength(jsonText(messages));
}

/** What a model is told of them: what they refer to counts as if it stood there. */
export function messageBytes(messages: readonly JsonValue[]): number {
  return messages.reduce((sum: number, message) => sum + referredBytes(message), inlineBytes(messages));
}

function referredBytes(message: JsonValue): number {
  const isMessage = typeof message === 'object' && message !== null && 'content' in message;
  return (isMessage && asPayloadRef(message['content'])?.length) || 0;
}
