import type { JsonValue } from '@chorda/kernel';
import { beginStep } from './begin-step.js';
import { branchesOf, cancelStep } from './cancel-steps.js';
import { completeFlow, failFlow } from './end-flow.js';
import { endAfterUndoing } from './end-run.js';
import { failed } from './end-step.js';
import type { Graph, GraphStep, Join, Machine, WorkflowError } from './form.js';
import { isActive, isEnded, isGood, type FlowState, type StepState } from './flow-state.js';
import { mapGoesOn } from './map-items.js';
import { keyOfStep, stepIdOf, undoIdOf, type BranchId } from './paths.js';
import { describedStep, type RunCourse, type Task } from './run-course.js';
import { takeKeptSignals } from './signals.js';
import { enterState, takeTransition } from './take-transition.js';
import { transitionFor, type Happening } from './transitions.js';
import { errorFrom, expressionFault, workflowError } from './workflow-errors.js';

/** Whatever is left to look at of a flow follows from its state, so that another turn finds it too; these do not. */
const isKept = ({ kind }: Task): boolean => kind === 'flow_failed' || kind === 'step_failed' || kind === 'undo_next';

/** Does what follows from what has changed, until nothing follows, or the turn is full. */
export function goOn(course: RunCourse): void {
  let isCut = false;
  for (let task = course.todo.shift(); task !== undefined; task = course.todo.shift()) {
    if (course.isTurnFull && !isKept(task)) isCut = true;
    else doTask(course, task);
  }
  if (!isCut || course.run.goOnMs !== null || !course.mayBegin) return;
  course.add({
    type: 'workflow.timer_set',
    data: { ...course.ids, timer_id: 'go_on' as never, step_id: null, purpose: 'continue', due_at: course.timeMs },
  });
}

function doTask(course: RunCourse, task: Task): void {
  if (task.kind === 'undo_next') return undoNext(course);
  const { branch } = task;
  if (!course.isGoing(branch)) return;
  switch (task.kind) {
    case 'flow_begins':
    case 'flow_goes_on':
      return flowGoesOn(course, branch);
    case 'flow_failed':
      return failFlow(course, branch, task.error, null);
    case 'step_ended':
      return stepEnded(course, branch, task.key);
    case 'step_failed':
      return stepFailed(course, branch, task.key, task.error);
    case 'retry':
      return retryStep(course, branch, task.key);
    case 'map_goes_on': {
      const step = course.flow(branch).steps[task.key];
      if (step && isActive(step) && !step.isCaught) mapGoesOn(course, step);
    }
  }
}

function flowGoesOn(course: RunCourse, branch: BranchId): void {
  const flow = course.flowFormOf(branch);
  if (flow.kind === 'machine') machineGoesOn(course, branch, flow);
  else graphGoesOn(course, branch, flow);
}

function graphGoesOn(course: RunCourse, branch: BranchId, flow: Graph): void {
  for (const one of flow.steps) consider(course, branch, one);
  for (const [key, step] of Object.entries(course.flow(branch).steps)) {
    if (step.status === 'failed' && !step.isTolerated) {
      return stepFailed(course, branch, key, errorFrom(step.error, noReason));
    }
    stepGoesOn(course, branch, key, step);
  }
  endGraph(course, branch, flow);
}

const noReason = workflowError('workflow', 'FAILED', 'It failed');

function stepGoesOn(course: RunCourse, branch: BranchId, key: string, step: StepState): void {
  if (!isActive(step)) return;
  if (step.status === 'retrying' && step.retryMs === null) course.todo.push({ kind: 'retry', branch, key });
  if (step.type === 'map') course.todo.push({ kind: 'map_goes_on', branch, key });
  for (const nested of branchesOf(course, step)) course.todo.push({ kind: 'flow_goes_on', branch: nested });
}

/** The pause before another try is over. */
export function retryStep(course: RunCourse, branch: BranchId, key: string): void {
  const step = course.flow(branch).steps[key];
  if (step?.status !== 'retrying') return;
  if (course.mayBegin) beginStep(course, step.stepId, step.attempt + 1);
  // Until the run goes on: nothing is waited for that time alone brings.
  else if (step.retryMs !== null) failed(course, step, errorFrom(step.error, noReason), 'retry', null);
}

function stepEnded(course: RunCourse, branch: BranchId, key: string): void {
  const flow = course.flowFormOf(branch);
  if (flow.kind === 'machine') return machineGoesOn(course, branch, flow);
  for (const one of course.form.dependentsOf(flow, key)) consider(course, branch, one);
  endGraph(course, branch, flow);
}

/** Begins a step, or leaves it out, once what it needs is settled. */
function consider(course: RunCourse, branch: BranchId, { step, needs, join }: GraphStep): void {
  const { steps } = course.flow(branch);
  if (steps[step.id] !== undefined || !course.mayBegin || course.isTurnFull) return;
  const standing = standingOf(steps, needs, join);
  if (standing === 'open') return;
  const stepId = stepIdOf(branch, step.id, null);
  if (standing === 'missed') return skip(course, branch, stepId, 'needs');
  if (join.cancel_rest) {
    for (const need of needs) {
      const other = steps[need];
      if (!other || !isActive(other)) continue;
      cancelStep(course, branch, other, `${step.id} needs it no more`);
      // Others may have needed it too: nothing else would look at them again, and the run would wait for ever.
      course.todo.push({ kind: 'step_ended', branch, key: need });
    }
  }
  if (mayRun(course, branch, stepId)) beginStep(course, stepId, 1);
}

/** Whether its condition holds; a step is skipped where it does not, and fails where that cannot be said. */
function mayRun(course: RunCourse, branch: BranchId, stepId: string): boolean {
  const { when } = course.form.stepOf(stepId);
  if (when === null) return true;
  try {
    if (course.holds(when, branch)) return true;
    skip(course, branch, stepId, 'condition');
  } catch (error) {
    course.todo.push({ kind: 'flow_failed', branch, error: expressionFault(error) });
  }
  return false;
}

function skip(course: RunCourse, branch: BranchId, stepId: string, reason: string): void {
  const form = course.form.stepOf(stepId);
  course.add({ type: 'workflow.step_skipped', data: { ...describedStep(course, stepId, form), reason } }, branch);
  course.todo.push({ kind: 'step_ended', branch, key: keyOfStep(stepId) });
}

type Standing = 'open' | 'met' | 'missed';

function standingOf(steps: FlowState['steps'], needs: readonly string[], join: Join): Standing {
  if (needs.length === 0) return 'met';
  const states = needs.map((need) => steps[need]);
  const good = states.filter(isGood).length;
  const open = states.filter((state) => !isEnded(state)).length;
  if (join.mode === 'all') return open > 0 ? 'open' : good > 0 ? 'met' : 'missed';
  const wanted = join.mode === 'any' ? 1 : (join.count ?? needs.length);
  if (good >= wanted) return 'met';
  return good + open < wanted ? 'missed' : 'open';
}

function leavesOf(course: RunCourse, flow: Graph): readonly string[] {
  return flow.steps
    .filter(({ step }) => course.form.dependentsOf(flow, step.id).length === 0)
    .map(({ step }) => step.id);
}

function endGraph(course: RunCourse, branch: BranchId, flow: Graph): void {
  if (!course.isGoing(branch)) return;
  const { steps } = course.flow(branch);
  const leaves = leavesOf(course, flow);
  const states = leaves.map((key) => steps[key]);
  const open = states.filter((state) => !isEnded(state)).length;
  const good = leaves.filter((key) => isGood(steps[key]));
  const { mode, count, cancel_rest } = flow.join;
  const isFailing = Object.entries(steps).some(
    ([key, { status, isTolerated }]) =>
      status === 'failed' && !isTolerated && (mode === 'all' || !leaves.includes(key)),
  );
  // A step that fails at once, as one that raises does, is settled before its failure is looked at, which comes next.
  if (isFailing) return;
  const wanted = mode === 'all' ? leaves.length : mode === 'any' ? 1 : (count ?? leaves.length);
  const isMet = mode === 'all' ? open === 0 : good.length >= wanted && (cancel_rest || open === 0);
  if (isMet) return completeFlow(course, branch, outputOf(steps, good, wanted, mode));
  if (mode !== 'all' && good.length + open < wanted) {
    const reason = `${good.length} of the ${wanted} branches that were needed ended well`;
    failFlow(course, branch, workflowError('workflow', 'JOIN_MISSED', reason), null);
  }
}

/** The winner's where one is enough, else by step. */
function outputOf(steps: FlowState['steps'], good: readonly string[], wanted: number, mode: Join['mode']): JsonValue {
  const [first] = good;
  if (mode !== 'all' && wanted === 1 && first !== undefined) {
    const winner = good.reduce((one, other) =>
      (steps[other]?.endedMs ?? 0) < (steps[one]?.endedMs ?? 0) ? other : one,
    );
    return steps[winner]?.output ?? null;
  }
  return Object.fromEntries(good.map((key) => [key, steps[key]?.output ?? null]));
}

function stepFailed(course: RunCourse, branch: BranchId, key: string, error: WorkflowError): void {
  const flow = course.flowFormOf(branch);
  if (flow.kind === 'machine') {
    if (happens(course, branch, { kind: 'error', error })) return;
    const stepId = course.flow(branch).steps[key]?.stepId ?? null;
    return failFlow(course, branch, error, stepId);
  }
  // A competitor that falls out leaves the race to the others.
  const isLeaf = course.form.dependentsOf(flow, key).length === 0;
  if (flow.join.mode !== 'all' && isLeaf) return stepEnded(course, branch, key);
  failFlow(course, branch, error, course.flow(branch).steps[key]?.stepId ?? null);
}

function machineGoesOn(course: RunCourse, branch: BranchId, flow: Machine): void {
  const { machine: place, steps } = course.flow(branch);
  try {
    if (place === null) return enterState(course, branch, flow.start, null);
    const state = course.form.stateIn(flow, place.state);
    if (state.final !== null) return finish(course, branch, state.final);
    if (state.step === null) return moveOn(course, branch, { kind: 'done', output: lastOutput(course.flow(branch)) });
    const stepId = stepIdOf(branch, place.state, place.visit);
    const step = steps[place.state];
    if (step?.stepId !== stepId) {
      if (course.mayBegin && !course.isTurnFull && mayRun(course, branch, stepId)) beginStep(course, stepId, 1);
      // What was sent before it was entered may lead on from here at once.
      if (state.transitions.some(({ on }) => on.kind === 'event')) takeKeptSignals(course, branch);
      return;
    }
    if (isActive(step)) return stepGoesOn(course, branch, place.state, step);
    if (step.status === 'failed' && !step.isTolerated) {
      return stepFailed(course, branch, place.state, errorFrom(step.error, noReason));
    }
    moveOn(course, branch, { kind: 'done', output: step.output });
  } catch (error) {
    failFlow(course, branch, expressionFault(error), null);
  }
}

function lastOutput({ steps, lastKey }: FlowState): JsonValue {
  return lastKey === null ? null : (steps[lastKey]?.output ?? null);
}

/** Leads on from a state that is done, or waits there for what else may lead on. */
function moveOn(course: RunCourse, branch: BranchId, happening: Happening): void {
  const transition = transitionFor(course, branch, happening);
  if (transition) return takeTransition(course, branch, transition, happening);
  const place = course.flow(branch).machine;
  const { transitions } = course.form.stateIn(course.flowFormOf(branch), place?.state ?? '');
  const isWaiting = transitions.some(({ on }) => on.kind === 'event' || on.kind === 'after');
  if (isWaiting) return takeKeptSignals(course, branch);
  const reason = `Nothing leads on from the state ${place?.state}`;
  failFlow(course, branch, workflowError('workflow', 'NO_TRANSITION', reason), null);
}

/** @returns Whether it leads on from the state that the machine is in. */
export function happens(course: RunCourse, branch: BranchId, happening: Happening): boolean {
  try {
    const transition = transitionFor(course, branch, happening);
    if (!transition) return false;
    takeTransition(course, branch, transition, happening);
  } catch (error) {
    failFlow(course, branch, expressionFault(error), null);
  }
  return true;
}

function finish(course: RunCourse, branch: BranchId, final: NonNullable<Machine['states'][number]['final']>): void {
  const last = lastOutput(course.flow(branch));
  switch (final.kind) {
    case 'completed':
      return completeFlow(
        course,
        branch,
        final.output === null ? last : course.value(final.output, branch, { output: last }),
      );
    case 'failed': {
      const raised = workflowError('raised', 'RAISED', 'The workflow ended in a state that says that it failed');
      return failFlow(course, branch, errorFrom(course.value(final.error, branch), raised), null);
    }
    case 'run_completed': {
      const output = final.output === null ? last : course.value(final.output, branch, { output: last });
      return completeFlow(course, '', output);
    }
  }
}

/** Undoes the latest of what is left to be undone. */
function undoNext(course: RunCourse): void {
  const { run } = course;
  if (run.status !== 'compensating' || run.ending === null) return;
  const [next] = run.ending.undo;
  if (next === undefined) return endAfterUndoing(course);
  const before = run.undoing?.stepId === undoIdOf(next) ? run.undoing : null;
  if (before === null) return beginStep(course, undoIdOf(next), 1);
  if (before.status === 'retrying') beginStep(course, before.stepId, before.attempt + 1);
}
