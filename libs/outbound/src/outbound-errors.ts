import { BackboneError } from '@chorda/kernel';

/**
 * What is known of a request's effect on the world outside: `none`, it never reached anybody; `done`, it took place and
 * only the answer is of no use; `unknown`, nobody can say, and it must not be made again where twice is once too often.
 */
export type Effect = 'none' | 'done' | 'unknown';

export abstract class OutboundError extends BackboneError {
  abstract readonly effect: Effect;
}

/** The request breaks a rule: the same one would break it again. */
export class OutboundRefusedError extends OutboundError {
  readonly retriable = false;
  readonly effect = 'none';

  /** @param code Stable, UPPER_SNAKE_CASE. */
  constructor(
    readonly code: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** The request did not come to an answer that is of use. */
export class OutboundFailedError extends OutboundError {
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

/** The signal of the request was aborted. */
export class OutboundAbortedError extends OutboundError {
  readonly code = 'REQUEST_ABORTED';
  readonly retriable = true;

  constructor(readonly effect: Effect) {
    super('The request was stopped before it was answered');
  }
}
