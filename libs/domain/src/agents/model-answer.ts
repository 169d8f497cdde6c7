import { jsonText, jsonValue, type JsonText, type JsonValue } from '@chorda/contracts';
import { asPayloadRef, type PayloadRef } from '@chorda/kernel';

/** A text of a conversation, or where it lies when it is too large to travel with every event. */
export type Said = string | PayloadRef;

/** What a model wants done. */
export interface AskedCall {
  readonly name: string;
  /** As the model wrote them; a text where they are no JSON. */
  readonly arguments: JsonText;
  /** Undefined: they are no JSON object. */
  readonly parsed: { readonly [name: string]: JsonValue } | undefined;
}

export interface ModelAnswer {
  readonly content: Said | null;
  readonly calls: readonly AskedCall[];
}

type JsonObject = { readonly [name: string]: JsonValue };

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The `output_data` of a turn, understood; undefined where it is not `{"content", "tool_calls"}`. */
export function readAnswer(output: JsonText): ModelAnswer | undefined {
  const value = jsonValue(output);
  if (!isObject(value)) return undefined;
  const content = saidIn(value['content'] ?? null);
  const asked = value['tool_calls'] ?? [];
  if (content === undefined || !Array.isArray(asked)) return undefined;
  const list: readonly JsonValue[] = asked;
  const calls = list.map(readCall);
  return calls.every((call) => call !== undefined) ? { content, calls } : undefined;
}

function saidIn(content: JsonValue): Said | null | undefined {
  return content === null || typeof content === 'string' ? content : asPayloadRef(content);
}

/** Arguments come as a JSON value, or as its text, which is how the chat API of OpenAI has them. */
function readCall(value: JsonValue): AskedCall | undefined {
  if (!isObject(value) || typeof value['name'] !== 'string' || value['name'] === '') return undefined;
  const given = value['arguments'] ?? {};
  const parsed = typeof given === 'string' ? parsedObject(given) : isObject(given) ? given : undefined;
  return { name: value['name'], arguments: jsonText(parsed ?? given), parsed };
}

function parsedObject(text: string): JsonObject | undefined {
  if (text.trim() === '') return {};
  try {
    const value: JsonValue = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The same for equal values, whatever the order of their names. */
export function canonicalText(value: JsonValue): string {
  if (Array.isArray(value)) return `[${value.map(canonicalText).join(',')}]`;
  if (!isObject(value)) return JSON.stringify(value);
  const entries = Object.keys(value).sort();
  return `{${entries.map((name) => `${JSON.stringify(name)}:${canonicalText(value[name] ?? null)}`).join(',')}}`;
}
