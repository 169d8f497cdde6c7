/**
 * The root of every error that Chorda throws on purpose.
 *
 * The class is the retry decision: `retriable` says whether the same call may succeed later, and `code` is the stable
 * name that logs, metrics and problem+json carry. The message says what failed, which thing, and what to do.
 */
export abstract class BackboneError extends Error {
  /** Stable, UPPER_SNAKE_CASE, never reused for another meaning. */
  abstract readonly code: string;
  /** Whether the same call, unchanged, may succeed later. */
  abstract readonly retriable: boolean;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** One thing wrong with a value from outside. */
export interface Issue {
  /** RFC 6901 JSON pointer into the value that was given, `''` for the whole. */
  readonly pointer: string;
  /** The rule that was broken, as a sentence for the person who sent the value. */
  readonly detail: string;
}

/** A value from outside broke rules. Every broken rule is listed, never only the first. */
export class InvalidInputError extends BackboneError {
  readonly code = 'INVALID_INPUT';
  readonly retriable = false;

  constructor(
    what: string,
    readonly issues: readonly Issue[],
  ) {
    super(`${what} is not valid: ${issues.map((issue) => `${issue.pointer || '/'} ${issue.detail}`).join('; ')}`);
  }
}

/** A case that the types say cannot be. Reaching it is a fault of ours. */
export function assertNever(value: never): never {
  throw new TypeError(`Unhandled case: ${JSON.stringify(value)}`);
}
