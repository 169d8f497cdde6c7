import { BackboneError, type JsonValue } from '@chorda/kernel';

/** A rule said no. The caller is told; nothing has changed. */
export class DomainError extends BackboneError {
  readonly retriable = false;

  /**
   * @param code Stable, UPPER_SNAKE_CASE: the `code` of the problem that the caller gets.
   * @param message What was refused and what to do.
   * @param details Beside the message in the problem, such as the state that the aggregate is in.
   */
  constructor(
    readonly code: string,
    message: string,
    readonly details: { readonly [name: string]: JsonValue } = {},
  ) {
    super(message);
  }
}
