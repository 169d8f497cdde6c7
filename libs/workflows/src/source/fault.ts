import { BackboneError, type Issue } from '@chorda/kernel';

/** A rule that a definition breaks, and where. */
export interface DefinitionFault extends Issue {
  /** From 1; null for what has no text, such as a definition made by the builder. */
  readonly line: number | null;
  readonly column: number | null;
}

/** Enough for a person to mend a definition; a hostile one could break a rule in each of its steps. */
export const faultsMax = 100;

/** A definition that cannot be used, with all that is wrong with it. */
export class InvalidDefinitionError extends BackboneError {
  readonly code = 'INVALID_WORKFLOW';
  readonly retriable = false;

  constructor(readonly faults: readonly DefinitionFault[]) {
    super(`The workflow is not valid: ${faults.slice(0, 10).map(shown).join('; ')}`);
  }
}

function shown({ line, column, pointer, detail }: DefinitionFault): string {
  return `${line === null ? '' : `line ${line}, column ${column ?? 1}, `}${pointer || '/'} ${detail}`;
}

/** Gathers what is wrong, so that all of it is told at once. */
export class Faults {
  private readonly found: Issue[] = [];

  add(pointer: string, detail: string): void {
    if (this.found.length < faultsMax) this.found.push({ pointer, detail });
  }

  get all(): readonly Issue[] {
    return this.found;
  }
}

/** A step further down: `/steps` and `a/b` is `/steps/a~1b`. */
export function within(pointer: string, ...names: readonly (string | number)[]): string {
  return names.reduce<string>(
    (place, name) => `${place}/${String(name).replaceAll('~', '~0').replaceAll('/', '~1')}`,
    pointer,
  );
}
