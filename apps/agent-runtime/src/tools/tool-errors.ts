import { BackboneError } from '@chorda/kernel';

/**
 * What is known of a call's effect on the world outside: `none`, the call never reached it or was undone; `done`, it
 * took place and only the answer is of no use; `unknown`, nobody can say. An unknown effect of a tool that is not
 * idempotent must never be tried again.
 */
export type Effect = 'none' | 'done' | 'unknown';

export abstract class ToolError extends BackboneError {
  abstract readonly effect: Effect;
}

/** The call breaks a rule of its tool: the same call would break it again. */
export class ToolRefusedError extends ToolError {
  readonly retriable = false;
  readonly effect = 'none';

  /** @param code Stable, UPPER_SNAKE_CASE: the model and the history of the execution see it. */
  constructor(
    readonly code: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** The call did not come to an answer. */
export class ToolFailedError extends ToolError {
  constructor(
    readonly code: string,
    message: string,
    readonly effect: Effect,
    readonly retriable: boolean,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

export class ToolTimedOutError extends ToolError {
  readonly code = 'TOOL_TIMED_OUT';
  readonly retriable = true;

  constructor(
    tool: string,
    timeoutMs: number,
    readonly effect: Effect,
  ) {
    super(`${tool} gave no answer within ${timeoutMs} ms`);
  }
}

/** The execution was cancelled, the executor stops, or its lease is lost. */
export class ToolAbortedError extends ToolError {
  readonly code = 'TOOL_ABORTED';
  readonly retriable = true;

  constructor(
    tool: string,
    readonly effect: Effect,
  ) {
    super(`${tool} was stopped before it answered`);
  }
}
