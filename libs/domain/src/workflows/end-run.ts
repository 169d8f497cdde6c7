import { jsonText, type StepId } from '@chorda/contracts';
import type { JsonValue } from '@chorda/kernel';
import { cancelOthers } from './cancel-steps.js';
import type { WorkflowError } from './form.js';
import { isObject, type StepState } from './flow-state.js';
import { leaseMs, resultBytesMax } from './limits.js';
import { bodyBranch, catchBranch, root, type BranchId } from './paths.js';
import { optionalText, type RunCourse } from './run-course.js';
import { errorValue, expressionFault, workflowError } from './workflow-errors.js';

const tellingTimeMs = 86_400_000;

/** The run's own flow ended well. */
export function completeRun(course: RunCourse, flowOutput: JsonValue): void {
  const { form } = course.form;
  let output: JsonValue;
  try {
    output = form.output === null ? flowOutput : course.value(form.output, root, { output: flowOutput });
  } catch (error) {
    return failRun(course, expressionFault(error), null);
  }
  const issues = course.schemaIssues(form.output_schema, output);
  if (issues.length > 0) {
    return failRun(course, workflowError('schema', 'OUTPUT_INVALID', issues.join('; ').slice(0, 2_000)), null);
  }
  if (Buffer.byteLength(JSON.stringify(output)) > resultBytesMax) {
    const reason = `The output of the run has more than ${resultBytesMax} bytes`;
    return failRun(course, workflowError('workflow', 'RESULT_TOO_LARGE', reason), null);
  }
  cancelOthers(course, root, 'The run has ended');
  course.add({
    type: 'workflow.completed',
    data: { ...course.ids, output_data: jsonText(output), ...spent(course) },
  });
  tellParent(course, 'completed', output, null);
}

/** The run ends badly; what it did is undone first, where the definition says how. */
export function failRun(course: RunCourse, error: WorkflowError, stepId: string | null): void {
  cancelOthers(course, root, 'The run has failed');
  const undo = undoable(course);
  if (undo.length === 0) return endFailed(course, error, stepId);
  course.add({
    type: 'workflow.compensation_started',
    data: {
      ...course.ids,
      ending: 'failed',
      reason: error.message,
      error: jsonText(errorValue(error)),
      error_code: error.code,
      failed_step_id: stepId as StepId | null,
      step_ids: undo,
    },
  });
  course.todo.push({ kind: 'undo_next' });
}

/** Nothing is waited for any more. */
export function cancelRun(course: RunCourse, reason: string, by: string | null, compensates: boolean): void {
  cancelOthers(course, root, reason);
  const undo = compensates ? undoable(course) : [];
  if (undo.length === 0) return endCancelled(course, reason, by);
  course.add({
    type: 'workflow.compensation_started',
    data: {
      ...course.ids,
      ...{ ending: 'cancelled', reason, error: null, error_code: null, failed_step_id: null, step_ids: undo },
    },
  });
  course.todo.push({ kind: 'undo_next' });
}

/** Everything is undone: the run ends as it would have. */
export function endAfterUndoing(course: RunCourse): void {
  const { ending } = course.run;
  if (ending === null) throw new TypeError('Nothing says how the run ends');
  if (ending.kind === 'cancelled') return endCancelled(course, ending.reason, ending.by);
  const error = { ...workflowError('workflow', ending.errorCode ?? 'FAILED', ending.reason), ...partsOf(ending.error) };
  endFailed(course, error, ending.failedStepId);
}

function partsOf(error: JsonValue): Partial<WorkflowError> {
  // Written by `failRun`.
  return isObject(error) ? (error as Partial<WorkflowError>) : {};
}

function endFailed(course: RunCourse, error: WorkflowError, stepId: string | null): void {
  course.add({
    type: 'workflow.failed',
    data: {
      ...course.ids,
      error: jsonText(errorValue(error)),
      error_code: error.code,
      failed_step_id: stepId as StepId | null,
      ...spent(course),
    },
  });
  tellParent(course, 'failed', null, errorValue(error));
}

function endCancelled(course: RunCourse, reason: string, by: string | null): void {
  course.add({ type: 'workflow.cancelled', data: { ...course.ids, reason, cancelled_by: by, ...spent(course) } });
  tellParent(course, 'cancelled', null, errorValue(workflowError('cancelled', 'CANCELLED', reason)));
}

function spent({ run, timeMs }: RunCourse) {
  return { execution_time_ms: Math.max(0, timeMs - run.startedMs), steps_completed: run.stepsCompleted };
}

/** The run that this one is a step of lies in another partition: its command goes by way of an executor. */
function tellParent(course: RunCourse, status: string, output: JsonValue, error: JsonValue): void {
  const { parent } = course.run;
  if (parent === null || parent.token === '') return;
  course.addWork('steps', {
    type: 'workflow.parent_told',
    data: {
      ...course.ids,
      attempt_token: course.given.deriveId('parent told'),
      lease_ms: leaseMs,
      deadline_at: course.timeMs + tellingTimeMs,
      queue: 'steps',
      parent_workflow_id: parent.run,
      parent_step_id: parent.stepId,
      parent_attempt_token: parent.token,
      status,
      output_data: optionalText(output),
      error: optionalText(error),
    },
  });
}

/** Whoever asks again for a run that has ended is told its end again: the first time may have been lost. */
export function tellEndAgain(course: RunCourse): void {
  const { status, output, ending } = course.run;
  if (status === 'completed') tellParent(course, status, output, null);
  else if (status === 'failed') tellParent(course, status, null, ending?.error ?? null);
  else if (status === 'cancelled') {
    tellParent(course, status, null, errorValue(workflowError('cancelled', 'CANCELLED', ending?.reason ?? '')));
  }
}

/** Steps that were done and can be undone, the latest first, those of nested flows among them. */
function undoable(course: RunCourse): string[] {
  const done = stepsDone(course, root).filter(({ stepId }) => course.form.stepOf(stepId).compensate !== null);
  return done.toSorted((one, other) => (other.endedMs ?? 0) - (one.endedMs ?? 0)).map(({ stepId }) => stepId);
}

function stepsDone(course: RunCourse, branch: BranchId): StepState[] {
  return Object.values(course.flow(branch).steps)
    .flatMap((step) => [
      ...everyBranchOf(course, step).flatMap((nested) => stepsDone(course, nested)),
      ...(step.status === 'completed' ? [step] : []),
    ])
    .toReversed();
}

/** Also those that have ended. */
function everyBranchOf(course: RunCourse, step: StepState): readonly BranchId[] {
  const form = course.form.stepOf(step.stepId);
  const caught = form.catch.flatMap(({ flow }, rule) => (flow === null ? [] : [catchBranch(step.stepId, rule)]));
  const own =
    step.type === 'flow'
      ? [bodyBranch(step.stepId, null, step.attempt)]
      : Array.from({ length: step.map?.next ?? 0 }, (_, index) => bodyBranch(step.stepId, index, step.attempt));
  return [...own, ...caught].filter((one) => course.branch(one).status !== 'absent');
}
