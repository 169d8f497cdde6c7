import { jsonText, type StepId } from '@chorda/contracts';
import type { JsonValue } from '@chorda/kernel';
import { cancelOthers, endBranch } from './cancel-steps.js';
import { completeRun, failRun } from './end-run.js';
import { completeStep, failStep } from './end-step.js';
import type { WorkflowError } from './form.js';
import { isActive, type StepState } from './flow-state.js';
import { keyOfStep, placeOfBranch, root, type BranchId } from './paths.js';
import { branchOfId } from './run-commands.js';
import { optionalText, type RunCourse } from './run-course.js';
import { errorValue, expressionFault } from './workflow-errors.js';

/** A flow has come to its end: so has the run, the step that it is nested in, or an item of a map. */
export function completeFlow(course: RunCourse, branch: BranchId, came: JsonValue): void {
  const flow = course.flowFormOf(branch);
  let output: JsonValue;
  try {
    output = flow.output === null ? came : course.value(flow.output, branch, { output: came });
  } catch (error) {
    return failFlow(course, branch, expressionFault(error), null);
  }
  cancelOthers(course, branch, 'The flow has ended');
  if (branch === root) return completeRun(course, output);
  const { stepId, index } = placeOfBranch(branch);
  endBranch(course, branch, stepId, { status: 'completed', output, error: null });
  const step = course.step(stepId);
  if (!step || !isActive(step)) return;
  if (index === null) completeStep(course, step, output);
  else itemEnded(course, step, index, 'completed', output, null);
}

export function failFlow(course: RunCourse, branch: BranchId, error: WorkflowError, stepId: string | null): void {
  cancelOthers(course, branch, 'The flow has failed');
  if (branch === root) return failRun(course, error, stepId);
  const { stepId: parent, index } = placeOfBranch(branch);
  endBranch(course, branch, parent, { status: 'failed', output: null, error: errorValue(error) });
  const step = course.step(parent);
  if (!step || !isActive(step)) return;
  if (index === null) failStep(course, step, error);
  else itemEnded(course, step, index, 'failed', null, errorValue(error));
}

function itemEnded(
  course: RunCourse,
  step: StepState,
  index: number,
  status: 'completed' | 'failed',
  output: JsonValue,
  error: JsonValue,
): void {
  const form = course.form.stepOf(step.stepId);
  const collects = form.kind === 'map' && form.collect === 'all' && status === 'completed';
  const branch = branchOfId(step.stepId);
  course.add(
    {
      type: 'workflow.map_progressed',
      data: {
        ...course.ids,
        step_id: step.stepId as StepId,
        ended_index: index,
        ended_status: status,
        output_data: collects ? jsonText(output) : null,
        error: optionalText(error),
        started: [],
      },
    },
    branch,
  );
  course.todo.push({ kind: 'map_goes_on', branch, key: keyOfStep(step.stepId) });
}
