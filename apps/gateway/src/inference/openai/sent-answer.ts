import { isObject } from './openai-body.js';

type Chunk = Record<string, unknown>;

/** An attempt says something else than what was sent. */
export const differs = Symbol('differs');

/**
 * What a client was sent of an answer, so that another attempt at it can go on where the first one broke off.
 *
 * Modes: sending, in which every chunk passes; repeating, entered by `restart`, in which an attempt says again what was
 * sent already: its chunks are left out until it comes to something new. It leaves that mode by itself, or the attempt
 * says something else, and then nothing can be made of the two.
 */
export class SentAnswer {
  private text = '';
  private hasSent = false;
  private isComparable = true;
  private repeated: string | undefined;

  /** The text of the first choice. */
  get sent(): string {
    return this.text;
  }

  get canGoOn(): boolean {
    return this.isComparable;
  }

  /** Another attempt begins. False: what was sent cannot be compared with what will come. */
  restart(): boolean {
    if (!this.hasSent) return true;
    this.repeated = '';
    return this.isComparable;
  }

  /** The chunk to send, undefined for one that the client has already, or `differs`. */
  next(text: string): string | undefined | typeof differs {
    const chunk: unknown = JSON.parse(text);
    const choice = onlyChoice(chunk);
    const said = choice === undefined ? undefined : textOf(choice);
    if (this.repeated !== undefined) return this.whileRepeating(chunk, choice, said);
    if (said === undefined) this.isComparable = this.isComparable && isUsage(chunk);
    else this.text += said;
    this.hasSent ||= said !== '' || choice === undefined;
    return text;
  }

  private whileRepeating(
    chunk: unknown,
    choice: Chunk | undefined,
    said: string | undefined,
  ): string | undefined | typeof differs {
    if (said === undefined || choice === undefined) return differs;
    const whole = `${this.repeated ?? ''}${said}`;
    this.repeated = whole;
    const hasEnded = typeof choice['finish_reason'] === 'string';
    if (whole.length < this.text.length || (whole === this.text && !hasEnded)) {
      if (!this.text.startsWith(whole) || hasEnded) return differs;
      if (whole === this.text) this.repeated = undefined;
      return undefined;
    }
    if (!whole.startsWith(this.text)) return differs;
    const rest = whole.slice(this.text.length);
    this.text = whole;
    this.repeated = undefined;
    return JSON.stringify(withText(chunk, choice, rest));
  }
}

/** Several choices come mixed, and are not put in order for a case that is so rare. */
function onlyChoice(chunk: unknown): Chunk | undefined {
  if (!isObject(chunk) || !Array.isArray(chunk['choices']) || chunk['choices'].length !== 1) return undefined;
  const [choice]: readonly unknown[] = chunk['choices'];
  return isObject(choice) && (choice['index'] ?? 0) === 0 ? choice : undefined;
}

/** Undefined for what is more than text: calls of tools, reasoning, probabilities. */
function textOf(choice: Chunk): string | undefined {
  if (choice['logprobs'] !== undefined && choice['logprobs'] !== null) return undefined;
  const { text, delta } = choice;
  if (typeof text === 'string') return text;
  if (!isObject(delta)) return undefined;
  for (const [name, value] of Object.entries(delta)) {
    const isEmpty = value === null || value === '' || (Array.isArray(value) && value.length === 0);
    if (name !== 'content' && name !== 'role' && !isEmpty) return undefined;
  }
  return typeof delta['content'] === 'string' ? delta['content'] : '';
}

function withText(chunk: unknown, choice: Chunk, text: string): unknown {
  const { delta } = choice;
  const changed = isObject(delta) ? { ...choice, delta: { ...delta, content: text } } : { ...choice, text };
  return { ...Object(chunk), choices: [changed] };
}

/** The chunk that ends a stream with what it cost: it has no choice. */
export function isUsage(chunk: unknown): boolean {
  return (
    isObject(chunk) && Array.isArray(chunk['choices']) && chunk['choices'].length === 0 && isObject(chunk['usage'])
  );
}
