import { BackboneError, type JsonValue } from '@chorda/kernel';
import type { Expression, Scope, Template } from './form.js';

/** Computes expressions: the same value for the same scope, in bounded time and memory. */
export interface Expressions {
  /** @throws {@link ExpressionError} */
  evaluate(expression: Expression, scope: Scope): JsonValue;
}

/** An expression has no value here: it is wrong, refers to what is not there, or costs too much. */
export class ExpressionError extends BackboneError {
  readonly code = 'EXPRESSION_INVALID';
  readonly retriable = false;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
  }
}

/** Expressions of a run, whose values may be kept by reference. */
export interface RunExpressions extends Expressions {
  /** A value with what they stand for in the place of references. @throws {@link ExpressionError} */
  whole(value: JsonValue): JsonValue;
}

/** A template with its expressions computed. @throws {@link ExpressionError} */
export function evaluateTemplate(template: Template, scope: Scope, expressions: RunExpressions): JsonValue {
  switch (template.kind) {
    case 'value':
      return template.value;
    case 'expression':
      return expressions.evaluate(template.expression, scope);
    case 'list':
      return template.items.map((item) => evaluateTemplate(item, scope, expressions));
    case 'object': {
      const members = Object.entries(template.members);
      return Object.fromEntries(members.map(([name, value]) => [name, evaluateTemplate(value, scope, expressions)]));
    }
    case 'text':
      return template.parts.map((part) => textOf(part, scope, expressions)).join('');
  }
}

function textOf(part: string | Expression, scope: Scope, expressions: RunExpressions): string {
  if (typeof part === 'string') return part;
  const value = expressions.whole(expressions.evaluate(part, scope));
  return typeof value === 'string' ? value : JSON.stringify(value);
}
