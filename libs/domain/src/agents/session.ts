import { jsonValue, type AgentEvent, type JsonText, type JsonValue } from '@chorda/contracts';
import type { StreamDefinition } from '../aggregate.js';
import { historyBytesMax } from './limits.js';
import { messageBytes } from './message-bytes.js';

/** What an agent remembers of a session: the latest messages, oldest first, as the chat API has them. */
export interface Session {
  readonly messages: readonly JsonValue[];
  /** Short-term memory by `<area>/<key>`, each value as JSON. */
  readonly entries: Readonly<Record<string, JsonText>>;
}

function evolve(state: Session, event: AgentEvent): Session {
  if (event.type !== 'agent.memory_written') throw new TypeError(`${event.type} is no event of a session`);
  const { tier, key, value } = event.data;
  if (tier === 'working') return { ...state, entries: withEntry(state.entries, key, value) };
  const written = messagesIn(value);
  return { ...state, messages: latestWithin([...state.messages, ...written], historyBytesMax, 1000) };
}

function withEntry(entries: Session['entries'], key: string, value: JsonText): Session['entries'] {
  const { [key]: _before, ...others } = entries;
  return value === 'null' ? others : { ...others, [key]: value };
}

/** Messages of a JSON text; none where it is no list. */
export function messagesIn(text: JsonText): readonly JsonValue[] {
  const value = jsonValue(text);
  return Array.isArray(value) ? value : [];
}

/** The latest messages that fit, beginning with one of the user: a model refuses answers to calls that it does not see. */
export function latestWithin(
  messages: readonly JsonValue[],
  bytesMax: number,
  messagesMax: number,
): readonly JsonValue[] {
  let bytes = 0;
  let from = messages.length;
  while (from > 0 && messages.length - from < messagesMax) {
    bytes += messageBytes(messages.slice(from - 1, from));
    if (bytes > bytesMax) break;
    from--;
  }
  while (from < messages.length && !isOfUser(messages[from])) from++;
  return messages.slice(from);
}

function isOfUser(message: JsonValue | undefined): boolean {
  return typeof message === 'object' && message !== null && 'role' in message && message['role'] === 'user';
}

const nothing: Session = { messages: [], entries: {} };

export const sessionDefinition: StreamDefinition<Session, AgentEvent> = {
  initialState: nothing,
  evolve,
  snapshotVersion: 2,
};
