import { jsonText, type StepId } from '@chorda/contracts';
import type { JsonValue } from '@chorda/kernel';
import { completeStep, failStep } from './end-step.js';
import type { StepState } from './flow-state.js';
import { root, stepIdOf, type BranchId } from './paths.js';
import type { RunCourse } from './run-course.js';
import type { Signal } from './run-state.js';
import { takeTransition } from './take-transition.js';
import { eventValue, transitionFor } from './transitions.js';
import { expressionFault } from './workflow-errors.js';

/** A flow begins to wait: what came before is looked through first, the oldest first. */
export function takeKeptSignals(course: RunCourse, branch: BranchId): void {
  watch(course, branch);
  for (const signal of course.run.signals) offerTo(course, branch, signal);
}

/** A nested flow says at the run that it is to be asked when a signal comes. */
function watch(course: RunCourse, branch: BranchId): void {
  if (branch === root || course.run.waitingBranches.includes(branch)) return;
  course.add({ type: 'workflow.waits_changed', data: { ...course.ids, branch_id: branch, is_waiting: true } });
}

/** Gives a signal to the first that waits for it; kept where nobody does. @returns Whether somebody took it. */
export function offer(course: RunCourse, signal: Signal): boolean {
  return [root, ...course.run.waitingBranches].some(
    (branch) => course.isGoing(branch) && offerTo(course, branch, signal),
  );
}

/** Whether something in the run waits for an event of this name and key now; what it accepts of them is another matter. */
export function isAwaited(course: RunCourse, name: string, key: string | null): boolean {
  const flows = [root, ...course.run.waitingBranches].filter((branch) => course.isGoing(branch));
  return flows.some((branch) => {
    const { steps, machine } = course.flow(branch);
    const isWaiting = Object.values(steps).some(
      ({ status, waitsFor: one }) =>
        status === 'scheduled' && one?.event === name && (one.key === null || one.key === key),
    );
    if (isWaiting || machine === null) return isWaiting;
    const { transitions } = course.form.stateIn(course.flowFormOf(branch), machine.state);
    return transitions.some(({ on }) => on.kind === 'event' && on.name === name);
  });
}

function offerTo(course: RunCourse, branch: BranchId, signal: Signal): boolean {
  const waiting = Object.values(course.flow(branch).steps).filter(
    ({ status, waitsFor }) => status === 'scheduled' && waitsFor !== null,
  );
  for (const step of waiting) {
    const isTaken = offerToStep(course, branch, step, signal);
    if (isTaken) return true;
  }
  return offerToState(course, branch, signal);
}

function offerToStep(course: RunCourse, branch: BranchId, step: StepState, signal: Signal): boolean {
  const { waitsFor } = step;
  if (waitsFor === null || waitsFor.event !== signal.name) return false;
  if (waitsFor.key !== null && waitsFor.key !== signal.key) return false;
  const form = course.form.stepOf(step.stepId);
  if (form.kind !== 'wait') return false;
  try {
    if (form.accept !== null && !course.holds(form.accept, branch, { event: eventValue(signal) })) return false;
  } catch (error) {
    failStep(course, step, expressionFault(error), false);
    return false;
  }
  taken(course, signal, step.stepId);
  const got: JsonValue[] = [...gotBefore(step), eventValue(signal)];
  if (got.length >= waitsFor.count) {
    completeStep(course, step, waitsFor.count === 1 ? (got[0] ?? null) : got);
    return true;
  }
  course.addOf(step.stepId, {
    type: 'workflow.step_progressed',
    data: {
      ...course.ids,
      step_id: step.stepId as StepId,
      step_name: form.name ?? form.id,
      step_type: form.kind,
      attempt: step.attempt,
      checkpoint: got.length,
      value: jsonText(got),
      idle_by: null,
    },
  });
  return true;
}

function gotBefore({ checkpoint, checkpointValue }: StepState): readonly JsonValue[] {
  return checkpoint > 0 && Array.isArray(checkpointValue) ? checkpointValue : [];
}

function offerToState(course: RunCourse, branch: BranchId, signal: Signal): boolean {
  const place = course.flow(branch).machine;
  if (place === null) return false;
  try {
    const happening = { kind: 'event', signal } as const;
    const transition = transitionFor(course, branch, happening);
    if (!transition) return false;
    taken(course, signal, stepIdOf(branch, place.state, place.visit));
    takeTransition(course, branch, transition, happening);
    return true;
  } catch (error) {
    const fault = expressionFault(error);
    course.todo.push({ kind: 'step_failed', branch, key: place.state, error: fault });
    return false;
  }
}

function taken(course: RunCourse, { id }: Signal, stepId: string): void {
  course.add({
    type: 'workflow.signal_taken',
    data: { ...course.ids, signal_id: id as never, step_id: stepId as StepId },
  });
}
