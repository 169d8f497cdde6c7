import { ExpressionError, type Expression, type Expressions } from '@chorda/domain';
import type { JsonValue } from '@chorda/kernel';
import { compileCel, type CelProgram } from './cel-program.js';
import { compileJq } from './jq/jq-program.js';

/** Compiled programs that are kept: those of the workflows that run now. */
const programsMax = 5_000;

/** What a workflow's expressions come to: pure, bounded in cost, the same on every machine. */
export class BoundedExpressions implements Expressions {
  private readonly programs = new Map<string, CelProgram>();

  /** @throws {@link ExpressionError} saying which expression could not be evaluated and why. */
  evaluate(expression: Expression, scope: { readonly [name: string]: JsonValue }): JsonValue {
    try {
      return this.programOf(expression)(scope);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new ExpressionError(`${shortened(expression.text)}: ${why.slice(0, 500)}`);
    }
  }

  private programOf({ language, text }: Expression): CelProgram {
    const key = `${language} ${text}`;
    const known = this.programs.get(key);
    if (known !== undefined) return known;
    const program = language === 'cel' ? compileCel(text) : compileJq(text);
    if (this.programs.size >= programsMax) this.programs.clear();
    this.programs.set(key, program);
    return program;
  }
}

export const expressions: Expressions = new BoundedExpressions();

function shortened(text: string): string {
  return text.length > 120 ? `${text.slice(0, 117)}…` : text;
}
