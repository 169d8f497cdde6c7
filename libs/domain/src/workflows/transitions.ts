import type { JsonValue } from '@chorda/kernel';
import type { Transition, WorkflowError } from './form.js';
import type { BranchId } from './paths.js';
import type { RunCourse } from './run-course.js';
import type { Signal } from './run-state.js';
import { errorValue, matches } from './workflow-errors.js';

/** What may lead a machine on. */
export type Happening =
  | { readonly kind: 'done'; readonly output: JsonValue }
  | { readonly kind: 'error'; readonly error: WorkflowError }
  | { readonly kind: 'event'; readonly signal: Signal }
  | { readonly kind: 'after'; readonly id: string };

/** The first transition of the state that applies. @throws ExpressionError */
export function transitionFor(course: RunCourse, branch: BranchId, happening: Happening): Transition | undefined {
  const place = course.flow(branch).machine;
  if (place === null) return undefined;
  const { transitions } = course.form.stateIn(course.flowFormOf(branch), place.state);
  return transitions.find((one, index) => applies(course, branch, one, index, happening));
}

function applies(
  course: RunCourse,
  branch: BranchId,
  { on, when }: Transition,
  index: number,
  happening: Happening,
): boolean {
  const scope = scopeOf(happening);
  const holds = (): boolean => when === null || course.holds(when, branch, scope);
  switch (on.kind) {
    case 'done':
      return happening.kind === 'done' && holds();
    case 'after':
      return happening.kind === 'after' && happening.id === String(index) && holds();
    case 'error':
      return (
        happening.kind === 'error' &&
        matches(on.errors, happening.error, (guard) => course.holds(guard, branch, scope)) &&
        holds()
      );
    case 'event': {
      if (happening.kind !== 'event' || happening.signal.name !== on.name) return false;
      const key = on.key === null ? null : textOf(course.value({ kind: 'expression', expression: on.key }, branch));
      return (key === null || key === happening.signal.key) && holds();
    }
  }
}

/** Keys are compared as text: an order's number is the same whether it came as one or as text. */
export function textOf(value: JsonValue): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

export function eventValue({ name, key, data, id }: Signal): JsonValue {
  return { id, name, key, data };
}

/** What guards and assignments see of what happened. */
export function scopeOf(happening: Happening): { readonly [name: string]: JsonValue } {
  switch (happening.kind) {
    case 'done':
      return { output: happening.output };
    case 'error':
      return { error: errorValue(happening.error) };
    case 'event':
      return { event: eventValue(happening.signal) };
    case 'after':
      return {};
  }
}
