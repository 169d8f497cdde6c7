import type { JsonValue } from '@chorda/kernel';

export type JsonObject = Readonly<Record<string, JsonValue>>;

interface Choice {
  readonly index: number;
  /** What a chat delta, or the text of a completion, has come to. */
  message: Record<string, JsonValue>;
  /** The rest of the choice: finish reason, log probabilities, and whatever a server adds. */
  rest: Record<string, JsonValue>;
}

export interface Usage {
  readonly promptTokens: number;
  readonly cachedPromptTokens: number;
  readonly completionTokens: number;
}

/** Said once and never in pieces. */
const wholeTexts = new Set(['role', 'id', 'type', 'name']);

/**
 * Puts a stream together to the body that the same request has without a stream. Fields that nobody here knows are kept:
 * texts grow, lists are appended to (by `index`, where their items have one), other values are replaced.
 */
export class AnswerAssembly {
  private readonly choices = new Map<number, Choice>();
  private envelope: Record<string, JsonValue> = {};
  private usageGiven: JsonObject | undefined;
  private chunkCount = 0;

  constructor(private readonly operation: 'chat_completion' | 'completion') {}

  /** Chunks that held a part of the answer: about as many as tokens. */
  get contentChunks(): number {
    return this.chunkCount;
  }

  /** Every choice said that it is at its end. */
  get isWhole(): boolean {
    return this.choices.size > 0 && [...this.choices.values()].every(({ rest }) => isText(rest['finish_reason']));
  }

  get finishReason(): string {
    const [first] = this.choices.values();
    const reason = first?.rest['finish_reason'];
    return isText(reason) ? reason : 'stop';
  }

  get model(): string | undefined {
    const { model } = this.envelope;
    return isText(model) ? model : undefined;
  }

  get usage(): Usage | undefined {
    return usageIn(this.usageGiven);
  }

  add(chunk: JsonObject): void {
    const { choices, usage, ...envelope } = chunk;
    if (isObject(usage)) this.usageGiven = usage;
    this.envelope = { ...this.envelope, ...envelope };
    for (const choice of Array.isArray(choices) ? choices : []) if (isObject(choice)) this.addChoice(choice);
  }

  body(): JsonObject {
    const isChat = this.operation === 'chat_completion';
    const choices = [...this.choices.values()]
      .sort((one, other) => one.index - other.index)
      .map(({ index, message, rest }) =>
        isChat ? { index, message: messageOf(message), ...rest } : { index, ...message, ...rest },
      );
    return {
      ...this.envelope,
      object: isChat ? 'chat.completion' : 'text_completion',
      choices,
      usage: this.usageGiven ?? null,
    };
  }

  private addChoice({ index: given, delta, text, ...rest }: JsonObject): void {
    const index = typeof given === 'number' ? given : 0;
    const choice = this.choices.get(index) ?? { index, message: {}, rest: {} };
    this.choices.set(index, choice);
    const part = this.operation === 'completion' ? { text: text ?? '' } : isObject(delta) ? delta : {};
    if (hasContent(part)) this.chunkCount += 1;
    choice.message = merged(choice.message, part);
    const { finish_reason: finishReason, logprobs, ...others } = rest;
    choice.rest = { ...choice.rest, ...others };
    if (finishReason !== undefined) choice.rest['finish_reason'] = finishReason ?? choice.rest['finish_reason'] ?? null;
    if (logprobs !== undefined) {
      const known = choice.rest['logprobs'];
      choice.rest['logprobs'] =
        isObject(logprobs) && isObject(known) ? merged(known, logprobs) : (logprobs ?? known ?? null);
    }
  }
}

/** What a body says that it cost; undefined where it says nothing. */
export function usageIn(usage: JsonValue | undefined): Usage | undefined {
  if (!isObject(usage)) return undefined;
  const details = usage['prompt_tokens_details'];
  return {
    promptTokens: count(usage['prompt_tokens']),
    cachedPromptTokens: isObject(details) ? count(details['cached_tokens']) : 0,
    completionTokens: count(usage['completion_tokens']),
  };
}

export function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function merged(known: JsonObject, part: JsonObject): Record<string, JsonValue> {
  const result: Record<string, JsonValue> = { ...known };
  for (const [name, value] of Object.entries(part)) result[name] = grown(name, result[name], value);
  return result;
}

function grown(name: string, known: JsonValue | undefined, part: JsonValue): JsonValue {
  if (known === undefined || known === null) return Array.isArray(part) ? listed([], part) : part;
  if (part === null) return known;
  if (isText(known) && isText(part)) return wholeTexts.has(name) ? part || known : known + part;
  if (Array.isArray(known) && Array.isArray(part)) return listed(known, part);
  if (isObject(known) && isObject(part)) return merged(known, part);
  return part;
}

/** Items with an `index`, as tool calls have, are grown where they stand; the index itself is of the stream alone. */
function listed(known: readonly JsonValue[], part: readonly JsonValue[]): JsonValue[] {
  const result = [...known];
  for (const item of part) {
    const at = isObject(item) ? item['index'] : undefined;
    if (!isObject(item) || typeof at !== 'number' || !Number.isInteger(at) || at < 0 || at > result.length)
      result.push(item);
    else {
      const before = result[at];
      result[at] = isObject(before) ? merged(before, item) : item;
    }
  }
  return result;
}

function messageOf(message: JsonObject): JsonObject {
  const { tool_calls: calls, ...rest } = message;
  const content = rest['content'] ?? null;
  const whole = { role: 'assistant', ...rest, content: content === '' && Array.isArray(calls) ? null : content };
  if (!Array.isArray(calls) || calls.length === 0) return whole;
  return { ...whole, tool_calls: calls.map((call) => (isObject(call) ? withoutIndex(call) : call)) };
}

function withoutIndex({ index: _index, ...call }: JsonObject): JsonObject {
  return call;
}

function hasContent(part: JsonObject): boolean {
  return Object.entries(part).some(([name, value]) => name !== 'role' && value !== null && value !== '');
}

function isText(value: JsonValue | undefined): value is string {
  return typeof value === 'string';
}

function count(value: JsonValue | undefined): number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : 0;
}
