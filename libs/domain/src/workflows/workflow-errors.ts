import type { JsonValue } from '@chorda/kernel';
import { ExpressionError } from './expressions.js';
import { isObject } from './flow-state.js';
import type { ErrorMatch, WorkflowError } from './form.js';

const textLengthMax = 2_000;

export function workflowError(
  errorClass: string,
  code: string,
  message: string,
  more: Partial<WorkflowError> = {},
): WorkflowError {
  return { class: errorClass, code, message, status: null, details: null, retriable: false, ...more };
}

/** What a worker or a definition says of an error, with what it leaves out. */
export function errorFrom(value: JsonValue, otherwise: WorkflowError): WorkflowError {
  if (!isObject(value)) return { ...otherwise, details: value };
  const text = (name: string): string | undefined => {
    const one = value[name];
    return typeof one === 'string' && one !== '' ? one.slice(0, textLengthMax) : undefined;
  };
  const { status, details, retriable } = value;
  return {
    class: text('class') ?? otherwise.class,
    code: text('code') ?? otherwise.code,
    message: text('message') ?? text('detail') ?? otherwise.message,
    status: typeof status === 'number' ? status : otherwise.status,
    details: details ?? otherwise.details,
    retriable: typeof retriable === 'boolean' ? retriable : otherwise.retriable,
  };
}

/** An expression without a value is an error of the workflow; anything else is a fault of ours. */
export function expressionFault(error: unknown): WorkflowError {
  if (!(error instanceof ExpressionError)) throw error;
  return workflowError('expression', error.code, error.message.slice(0, textLengthMax));
}

/** As expressions see it. */
export function errorValue(error: WorkflowError): JsonValue {
  return { ...error };
}

export function matches(
  { classes, codes, statuses, when }: ErrorMatch,
  error: WorkflowError,
  holds: (when: NonNullable<ErrorMatch['when']>) => boolean,
): boolean {
  return (
    isAmong(classes, error.class) &&
    isAmong(codes, error.code) &&
    (statuses.length === 0 || (error.status !== null && statuses.includes(error.status))) &&
    (when === null || holds(when))
  );
}

function isAmong(patterns: readonly string[], name: string): boolean {
  if (patterns.length === 0) return true;
  return patterns.some((pattern) => (pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : pattern === name));
}
