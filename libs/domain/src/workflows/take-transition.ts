import { jsonText } from '@chorda/contracts';
import type { JsonValue } from '@chorda/kernel';
import { cancelStep } from './cancel-steps.js';
import { correlationOf, type WaitCorrelation } from './correlation.js';
import { durationMs } from './durations.js';
import type { MachineState, Transition } from './form.js';
import { isActive } from './flow-state.js';
import { root, type BranchId } from './paths.js';
import { optionalText, type RunCourse } from './run-course.js';
import { scopeOf, textOf, type Happening } from './transitions.js';
import { expressionFault, workflowError } from './workflow-errors.js';

/** Leads a machine on to another state. @throws ExpressionError where an assignment has no value; nothing has changed then. */
export function takeTransition(
  course: RunCourse,
  branch: BranchId,
  { assign, to }: Transition,
  happening: Happening,
): void {
  const context = course.assigned(assign, branch, scopeOf(happening));
  const place = course.flow(branch).machine;
  const step = place === null ? undefined : course.flow(branch).steps[place.state];
  if (step && isActive(step)) cancelStep(course, branch, step, `The state was left for ${to}`);
  enterState(course, branch, to, context);
}

export function enterState(
  course: RunCourse,
  branch: BranchId,
  state: string,
  context: Parameters<typeof optionalText>[0],
): void {
  const flow = course.flowFormOf(branch);
  const before = course.flow(branch).machine;
  const visit = (before?.visit ?? 0) + 1;
  if (flow.kind !== 'machine') throw new TypeError(`${branch} has no states`);
  if (visit > flow.visits_max) {
    const reason = `${flow.visits_max} states did not bring an end`;
    course.todo.push({ kind: 'flow_failed', branch, error: workflowError('workflow', 'LOOP_BOUND', reason) });
    return;
  }
  const { transitions } = course.form.stateIn(flow, state);
  const timers = transitions.flatMap(({ on }, index) => {
    if (on.kind !== 'after') return [];
    const { ms } = on;
    const waitMs =
      ms.kind === 'ms' ? ms.ms : durationMs(course.value({ kind: 'expression', expression: ms.expression }, branch));
    return [{ id: String(index), due_at: course.timeMs + waitMs }];
  });
  const waits = awaitedIn(course, branch, course.form.stateIn(flow, state), context);
  course.add(
    {
      type: 'workflow.state_entered',
      data: {
        ...course.ids,
        branch_id: branch === root ? null : branch,
        state,
        from_state: before?.state ?? null,
        visit,
        entered_at: course.timeMs,
        timers: jsonText(timers),
        waits_for: waits.length === 0 ? null : jsonText(waits),
        context: optionalText(context),
      },
    },
    branch,
  );
  course.todo.push({ kind: 'flow_goes_on', branch });
}

type Awaited = { readonly event: string; readonly key: string | null } & WaitCorrelation;

function awaitedIn(
  course: RunCourse,
  branch: BranchId,
  { step, transitions }: MachineState,
  context: JsonValue,
): readonly Awaited[] {
  return transitions.flatMap(({ on }): Awaited[] => {
    if (on.kind !== 'event') return [];
    const by = correlationOf(on.correlate);
    // A step of the state may change what the key is made of: whoever looks for waits is told that any may do.
    if (on.key === null || step !== null) return [{ event: on.name, key: null, ...by }];
    const template = { kind: 'expression', expression: on.key } as const;
    try {
      const seen = context === null ? {} : { context };
      return [{ event: on.name, key: textOf(course.value(template, branch, seen)), ...by }];
    } catch (error) {
      // It is asked again when an event comes, and is the state's fault then.
      expressionFault(error);
      return [{ event: on.name, key: null, ...by }];
    }
  });
}
