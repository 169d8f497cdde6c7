import { joined, toolCallHead, toolCallTail } from '../text/chat-template.js';
import { encode, specialTokens } from '../text/tokenizer.js';
import type { Draft, PlannedCall } from './draft.js';

export interface AnswerLimits {
  readonly maxTokens: number;
  readonly minTokens: number;
  readonly stop: readonly string[];
  readonly stopTokenIds: readonly number[];
  /** The model goes on after it has said everything, until `maxTokens`. */
  readonly ignoresEnd: boolean;
  /** A stop string is a part of the answer. */
  readonly keepsStop: boolean;
}

/** What the tokens from one place on are to a client. `silent`: syntax of a tool call, which it never sees. */
export interface Span {
  readonly kind: 'text' | 'silent' | 'call' | 'arguments';
  /** Tokens, counted from the start of the answer. */
  readonly from: number;
  readonly to: number;
  /** Which of the calls; -1 for text. */
  readonly call: number;
}

/** Every token of an answer, known before the first is given. */
export interface AnswerPlan {
  readonly tokens: Uint16Array;
  /** UTF-8 of the tokens, the end token left out. */
  readonly bytes: Buffer;
  readonly spans: readonly Span[];
  /** All of the text that a client sees; of an answer that was cut inside a call, the raw text. */
  readonly text: string;
  /** Calls that are complete. */
  readonly calls: readonly PlannedCall[];
  readonly finishReason: 'stop' | 'length';
  readonly stopReason: string | number | null;
}

const filler = ' … simulated';

/** Lets the limits of the request cut what the model wants to say. */
export function planAnswer(draft: Draft, limits: AnswerLimits): AnswerPlan {
  const { spans, bytes: wanted } = layOut(draft);
  const bytes = extended(wanted, limits);
  const stopped = firstStop(bytes, limits);
  const length = Math.min(stopped?.end ?? bytes.length, limits.maxTokens);
  const isStopped = stopped !== undefined && stopped.end <= limits.maxTokens;
  // The token that ends an answer of its own accord counts, and has no text.
  const endsItself = !isStopped && !limits.ignoresEnd && bytes.length < limits.maxTokens;
  const body = encode(bytes.subarray(0, length));
  const shown = isStopped ? stopped.shown : length;
  const isWhole = shown >= wanted.length;
  return {
    tokens: endsItself ? joined([body, Uint16Array.of(specialTokens.endOfText)]) : body,
    bytes: bytes.subarray(0, shown),
    spans: cutSpans(spans, wanted.length, shown),
    // Beside whole calls their syntax is no text; whatever the model was made to say after them is.
    text:
      draft.calls.length > 0 && isWhole
        ? draft.text + bytes.toString('utf8', wanted.length, shown)
        : bytes.toString('utf8', 0, shown),
    calls: isWhole ? draft.calls : [],
    finishReason: isStopped || endsItself ? 'stop' : 'length',
    stopReason: isStopped ? stopped.reason : null,
  };
}

function layOut(draft: Draft): { spans: Span[]; bytes: Buffer } {
  const parts: Buffer[] = [];
  const spans: Span[] = [];
  let at = 0;
  const add = (kind: Span['kind'], text: string, call: number) => {
    const part = Buffer.from(text, 'utf8');
    if (part.length === 0 && kind !== 'arguments') return;
    parts.push(part);
    spans.push({ kind, from: at, to: at + part.length, call });
    at += part.length;
  };
  add('text', draft.text, -1);
  for (const [index, call] of draft.calls.entries()) {
    add('call', toolCallHead(call.name), index);
    add('arguments', call.arguments, index);
    add('silent', toolCallTail, index);
  }
  return { spans, bytes: Buffer.concat(parts) };
}

function extended(bytes: Buffer, { maxTokens, minTokens, ignoresEnd }: AnswerLimits): Buffer {
  const wanted = Math.min(maxTokens, ignoresEnd ? maxTokens : minTokens);
  if (wanted <= bytes.length) return bytes;
  const more = Buffer.alloc(wanted - bytes.length, filler, 'utf8');
  return Buffer.concat([bytes, more]);
}

interface Stop {
  readonly end: number;
  readonly shown: number;
  readonly reason: string | number;
}

/** The first of all stops; `end` counts its own tokens, `shown` what a client sees. */
function firstStop(bytes: Buffer, limits: AnswerLimits): Stop | undefined {
  let first: Stop | undefined;
  for (const text of limits.stop) {
    const length = Buffer.byteLength(text);
    // Before `minTokens` nothing stops an answer, so a stop that ends there is not one.
    for (let at = bytes.indexOf(text); at >= 0; at = bytes.indexOf(text, at + 1)) {
      const end = at + length;
      if (end <= limits.minTokens) continue;
      if (first === undefined || end < first.end) first = { end, shown: limits.keepsStop ? end : at, reason: text };
      break;
    }
  }
  if (limits.stopTokenIds.length === 0) return first;
  const wanted = new Set(limits.stopTokenIds);
  const tokens = encode(bytes);
  const at = tokens.findIndex((token, index) => index >= limits.minTokens && wanted.has(token));
  const reason = tokens[at];
  if (reason === undefined || (first !== undefined && first.end <= at)) return first;
  return { end: at + 1, shown: limits.keepsStop ? at + 1 : at, reason };
}

function cutSpans(spans: readonly Span[], wanted: number, shown: number): readonly Span[] {
  const cut = spans.filter(({ from }) => from < shown).map((span) => ({ ...span, to: Math.min(span.to, shown) }));
  if (shown <= wanted) return cut;
  return [...cut, { kind: 'text', from: wanted, to: shown, call: -1 }];
}
