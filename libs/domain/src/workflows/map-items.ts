import type { StepId } from '@chorda/contracts';
import type { JsonValue } from '@chorda/kernel';
import { branchesOf, cancelOthers, endBranch } from './cancel-steps.js';
import { completeStep, failStep, startBranch } from './end-step.js';
import { ExpressionError } from './expressions.js';
import type { MapStep, Step } from './form.js';
import type { MapState, StepState } from './flow-state.js';
import { inputBytesMax } from './limits.js';
import { bodyBranch } from './paths.js';
import { branchOfId } from './run-commands.js';
import type { RunCourse } from './run-course.js';
import { expressionFault, workflowError } from './workflow-errors.js';

const nothingYet: MapState = { total: 0, next: 0, running: [], completed: 0, failed: 0, outputs: {} };

/** Begins as many items as the window has room for, or ends the map. */
export function mapGoesOn(course: RunCourse, step: StepState): void {
  const form = course.form.stepOf(step.stepId);
  if (form.kind !== 'map') return;
  const map = step.map ?? nothingYet;
  try {
    const list = course.values.opened(step.input);
    const items: readonly JsonValue[] = Array.isArray(list) ? list : [];
    if (endsNow(course, step, form, map, items.length)) return;
    const started = nextItems(course, step, form, map, items);
    if (started === 'no more') return finishMap(course, step, form, map);
    if (started.length > 0) begin(course, step, form, items, started);
  } catch (error) {
    cancelItems(course, step, 'The map has failed');
    failStep(course, step, expressionFault(error), false);
  }
}

function endsNow(course: RunCourse, step: StepState, form: Step & MapStep, map: MapState, total: number): boolean {
  if (map.failed > form.failures_max) {
    cancelItems(course, step, 'Too many items failed');
    const reason = `${map.failed} of ${total} items failed; at most ${form.failures_max} may`;
    failStep(course, step, workflowError('workflow', 'ITEMS_FAILED', reason));
    return true;
  }
  const isEnough = form.join_count !== null && map.completed >= form.join_count;
  if (!isEnough && map.completed + map.failed < total) return false;
  finishMap(course, step, form, map);
  return true;
}

function finishMap(course: RunCourse, step: StepState, form: Step & MapStep, map: MapState): void {
  cancelItems(course, step, 'The map has ended');
  if (form.join_count !== null && map.completed < form.join_count) {
    const reason = `${map.completed} of the ${form.join_count} items that were needed ended well`;
    return failStep(course, step, workflowError('workflow', 'JOIN_MISSED', reason));
  }
  const counts = { total: map.completed + map.failed, completed: map.completed, failed: map.failed };
  const outputs = Array.from({ length: map.next }, (_, index) => map.outputs[index] ?? null);
  completeStep(course, course.step(step.stepId) ?? step, form.collect === 'all' ? outputs : counts);
}

/** Items that begin now. @throws ExpressionError of its `while`. */
function nextItems(
  course: RunCourse,
  step: StepState,
  form: Step & MapStep,
  map: MapState,
  items: readonly JsonValue[],
): readonly number[] | 'no more' {
  if (!course.mayBegin || course.isTurnFull) return [];
  const room = Math.min(form.window - map.running.length, items.length - map.next);
  const started = asManyAsFit(items, map.next, room);
  const [first] = started;
  if (form.while === null || first === undefined) return started;
  const scope = { item: items[first] ?? null, index: first };
  return course.holds(form.while, branchOfId(step.stepId), scope) ? [first] : 'no more';
}

/** What they begin with is in the events of one turn: of large ones fewer begin, and the next when one has ended. */
function asManyAsFit(items: readonly JsonValue[], next: number, room: number): readonly number[] {
  const started: number[] = [];
  let bytes = 0;
  for (let index = next; index < next + room; index++) {
    const size = Buffer.byteLength(JSON.stringify(items[index] ?? null));
    if (size > inputBytesMax)
      throw new ExpressionError(`Item ${index} of the map has more than ${inputBytesMax} bytes`);
    bytes += size;
    if (started.length > 0 && bytes > inputBytesMax) break;
    started.push(index);
  }
  return started;
}

function begin(
  course: RunCourse,
  step: StepState,
  form: Step & MapStep,
  items: readonly JsonValue[],
  started: readonly number[],
): void {
  const branch = branchOfId(step.stepId);
  const inputs = started.map((index) => {
    const item = items[index] ?? null;
    return form.item_input === null ? item : course.value(form.item_input, branch, { item, index });
  });
  course.add(
    {
      type: 'workflow.map_progressed',
      data: {
        ...course.ids,
        step_id: step.stepId as StepId,
        ...{ ended_index: null, ended_status: null, output_data: null, error: null },
        started: [...started],
      },
    },
    branch,
  );
  for (const [at, index] of started.entries()) {
    const given = { input: inputs[at] ?? null, item: items[index] ?? null, index };
    startBranch(course, bodyBranch(step.stepId, index, step.attempt), step, given);
  }
}

function cancelItems(course: RunCourse, step: StepState, reason: string): void {
  for (const nested of branchesOf(course, course.step(step.stepId) ?? step)) {
    if (!course.isOpen(nested)) continue;
    cancelOthers(course, nested, reason);
    endBranch(course, nested, step.stepId, { status: 'cancelled', output: null, error: null });
  }
}
