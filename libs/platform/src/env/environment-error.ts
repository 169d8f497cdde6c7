import { BackboneError, type Issue } from '@chorda/kernel';

/** The environment breaks rules. Names every key and its rule, and never a value: a value may be a secret. */
export class EnvironmentError extends BackboneError {
  readonly code = 'INVALID_ENVIRONMENT';
  readonly retriable = false;

  constructor(readonly issues: readonly Issue[]) {
    super(`The environment is not valid:\n${issues.map((issue) => `  ${issue.pointer} ${issue.detail}`).join('\n')}`);
  }
}
