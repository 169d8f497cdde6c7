import { encodePosition } from '@chorda/contracts';
import type { JsonValue } from '@chorda/kernel';
import type { CommandAnswer, Outcome as DecidedOutcome } from '@chorda/decisions';
import { Problem, problems, type ProblemCode } from '../http/problem.js';
import type { Outcome } from '../idempotency/answer.js';

/** How a command that is taken is answered. */
export interface Shown {
  /** Of a command that was decided. */
  readonly status: 200 | 201;
  /** Where what it made can be read. */
  readonly location?: string;
}

/** It is in the log; more is not known of it. */
export interface Taken {
  readonly kind: 'taken';
}

const jsonHeaders = { 'content-type': 'application/json; charset=utf-8' };

/** What a caller is told: what was decided, why not, or that it is not decided yet. */
export function outcomeOf(commandId: string, answer: CommandAnswer | Taken, shown: Shown): Outcome {
  if (answer.kind === 'taken') {
    const body = { command_id: commandId, status: 'taken', position: null };
    const headers = { ...jsonHeaders, location: `/v1/commands/${encodeURIComponent(commandId)}` };
    // The same request again finds the outcome by then, or waits for it once more.
    return { effect: 'uncertain', answer: { status: 202, headers, body: JSON.stringify(body) } };
  }
  const { outcome, position } = answer;
  if (outcome.status !== 'accepted') return { effect: 'none', problem: refusalOf(outcome) };
  const headers = { ...jsonHeaders, ...(shown.location === undefined ? {} : { location: shown.location }) };
  const body = JSON.stringify(decidedBody(commandId, outcome, encodePosition([position])));
  return { effect: 'logged', answer: { status: shown.status, headers, body } };
}

export function decidedBody(
  commandId: string,
  outcome: Extract<DecidedOutcome, { readonly status: 'accepted' }>,
  position: string,
): Record<string, unknown> {
  return {
    ...membersOf(outcome.answer),
    command_id: commandId,
    events: outcome.events.map(({ id, type, version }) => ({
      id,
      type,
      stream_version: version === undefined ? null : String(version),
    })),
    position,
  };
}

/** The rules of agents answer with an object. */
function membersOf(answer: JsonValue | undefined): object {
  return typeof answer === 'object' && answer !== null && !Array.isArray(answer) ? answer : {};
}

/** A rule's refusal has its own code; one that this build does not know is a matter of state. */
export function refusalOf(outcome: Exclude<DecidedOutcome, { readonly status: 'accepted' }>): Problem {
  if (outcome.status === 'failed') return new Problem('COMMAND_FAULT', outcome.message);
  const { code, message, details } = outcome;
  const { pointer, ...members } = details;
  if (!isProblemCode(code)) return new Problem('NOT_IN_THIS_STATE', message, { members: { ...members, rule: code } });
  const issues = typeof pointer === 'string' ? { issues: [{ pointer, detail: message }] } : {};
  return new Problem(code, message, { members, ...issues });
}

function isProblemCode(code: string): code is ProblemCode {
  return Object.hasOwn(problems, code);
}
