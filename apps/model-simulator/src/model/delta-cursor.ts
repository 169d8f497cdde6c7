import { StringDecoder } from 'node:string_decoder';
import type { AnswerPlan } from './answer-plan.js';

/** What one token adds for a client that watches. An empty text is a token that is half a character, or the end. */
export type Delta =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'call'; readonly call: number; readonly name: string }
  | { readonly kind: 'arguments'; readonly call: number; readonly text: string }
  | { readonly kind: 'end' };

/** Walks an answer token by token. Characters come out whole: the bytes before the last one wait in the decoder. */
export class DeltaCursor {
  private at = 0;
  private span = 0;
  private readonly decoder = new StringDecoder('utf8');

  constructor(private readonly plan: AnswerPlan) {}

  get position(): number {
    return this.at;
  }

  /** Undefined for a token that a client never sees. */
  next(): Delta | undefined {
    const { plan } = this;
    const token = this.at;
    this.at += 1;
    const isLast = this.at === plan.tokens.length;
    while ((plan.spans[this.span]?.to ?? Infinity) <= token) this.span += 1;
    const span = plan.spans[this.span];
    if (span === undefined) return isLast ? { kind: 'end' } : undefined;
    const isSpanEnd = this.at === span.to;
    switch (span.kind) {
      case 'text':
        return { kind: 'text', text: this.decoded(token, isSpanEnd) };
      case 'arguments':
        return { kind: 'arguments', call: span.call, text: this.decoded(token, isSpanEnd) };
      case 'call':
        // The name is known when its syntax is complete.
        if (!isSpanEnd) return undefined;
        return { kind: 'call', call: span.call, name: plan.calls[span.call]?.name ?? nameIn(plan, span) };
      case 'silent':
        return undefined;
    }
  }

  private decoded(token: number, isSpanEnd: boolean): string {
    const text = this.decoder.write(this.plan.bytes.subarray(token, token + 1));
    return isSpanEnd ? text + this.decoder.end() : text;
  }
}

/** Of a call that was cut: the plan has no whole calls then. */
function nameIn(plan: AnswerPlan, { from, to }: { readonly from: number; readonly to: number }): string {
  const text = plan.bytes.toString('utf8', from, to);
  const name: unknown = JSON.parse(/"name": ("(?:[^"\\]|\\.)*")/.exec(text)?.[1] ?? '""');
  return String(name);
}
