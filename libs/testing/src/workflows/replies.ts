import type { WorkflowError } from '@chorda/domain';
import type { JsonValue } from '@chorda/kernel';
import { durationMsOf } from '@chorda/workflows';

/** What a script is asked: one try of a step. */
export interface ScriptedCall {
  /** As `reserve`, `each[17]/ship`, `review#3`, `reserve~undo`. */
  readonly stepId: string;
  /** Counts the tries of the step, from 1. */
  readonly attempt: number;
  /** The same for every try of a step. */
  readonly idempotencyKey: string;
  readonly input: JsonValue;
  /** Of agents, models and webhooks: what the definition says of them, expressions evaluated. */
  readonly settings: { readonly [name: string]: JsonValue };
  /** What an earlier try of the step kept. */
  readonly checkpoint: { readonly n: number; readonly value: JsonValue } | null;
}

/** An error as a worker says it; what is left out is class tool (http, llm, agent), code FAILED, not retriable. */
export type ScriptedError = Partial<Pick<WorkflowError, 'class' | 'code' | 'message' | 'status' | 'retriable'>> & {
  readonly details?: unknown;
};

export interface HttpResponse {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

export type ReplyKind =
  | { readonly kind: 'answer'; readonly of: (call: ScriptedCall) => unknown }
  | { readonly kind: 'response'; readonly response: HttpResponse }
  | { readonly kind: 'failure'; readonly error: ScriptedError }
  | { readonly kind: 'loss' }
  /** Nothing is heard of it. */
  | { readonly kind: 'silence'; readonly begins: boolean };

/** What whoever does a step does with one try of it. Made by {@link answers}, {@link fails} and the others. */
export class Reply {
  private constructor(
    readonly what: ReplyKind,
    readonly afterMs: number,
    /** Between two signs of life; null: it gives none. */
    readonly progressMs: number | null,
  ) {}

  static of(what: ReplyKind): Reply {
    return new Reply(what, 0, null);
  }

  /** Says it so much later: `30s`, `5m`, `2h`, `1d`, `PT5M`, or milliseconds. Later than the step may take: it is late. */
  after(duration: string | number): Reply {
    return new Reply(this.what, msOf(duration), this.progressMs);
  }

  /** Meanwhile gives a sign of life so often, so that no idle time-out strikes. */
  withProgressEvery(duration: string | number): Reply {
    const ms = msOf(duration);
    if (ms <= 0) throw new TypeError('Signs of life need time between them');
    return new Reply(this.what, this.afterMs, ms);
  }
}

/** The step comes to this. */
export function answers(output: unknown): Reply {
  return Reply.of({ kind: 'answer', of: () => output });
}

/** The step comes to what this computes of its input; an error that it throws fails your test. */
export function answersWith<Input = JsonValue>(of: (input: Input, call: ScriptedCall) => unknown): Reply {
  // What goes in is said by whoever writes the workflow: the schema of the step is checked before.
  return Reply.of({ kind: 'answer', of: (call) => of(call.input as Input, call) });
}

/** Of a webhook: a status that the step does not expect is an error of class http. */
export function responds(status: number, body: unknown = null, headers: Readonly<Record<string, string>> = {}): Reply {
  return Reply.of({ kind: 'response', response: { status, headers, body } });
}

/** The try fails so. @param error A code alone stands for an error that may not be tried again. */
export function fails(error: string | ScriptedError = {}): Reply {
  return Reply.of({ kind: 'failure', error: typeof error === 'string' ? { code: error } : error });
}

/** It is begun, and nothing is heard of it any more: what the time-outs of the step make of that. */
export function staysSilent(): Reply {
  return Reply.of({ kind: 'silence', begins: true });
}

/** Nobody takes it: what `schedule_to_start` makes of that. */
export function isNeverTaken(): Reply {
  return Reply.of({ kind: 'silence', begins: false });
}

/** Whoever did it was killed, and nobody knows whether it was done. */
export function isLost(): Reply {
  return Reply.of({ kind: 'loss' });
}

/** @throws TypeError for what is no duration. */
export function msOf(duration: string | number): number {
  const year = typeof duration === 'string' ? /^(\d+)y$/.exec(duration)?.[1] : undefined;
  const ms = year === undefined ? durationMsOf(duration) : Number(year) * 365 * 86_400_000;
  if (ms === undefined)
    throw new TypeError(`${JSON.stringify(duration)} is no duration: 500ms, 30s, 5m, 2h, 1d, 1y or PT5M`);
  return ms;
}
