import { jsonText, type StepId } from '@chorda/contracts';
import type { JsonValue } from '@chorda/kernel';
import { closeTask } from './cancel-steps.js';
import { backoffMs, chanceOf } from './durations.js';
import { evaluateTemplate } from './expressions.js';
import type { Flow, Scope, Step, WorkflowError } from './form.js';
import { isEnded, isObject, type StepState } from './flow-state.js';
import { resultBytesMax, retryAfterMsMax } from './limits.js';
import { catchBranch, keyOfStep, stepIdOf, undoneBy, type BranchId } from './paths.js';
import { branchOfId } from './run-commands.js';
import { describedStep, optionalText, type RunCourse } from './run-course.js';
import { transitionFor } from './transitions.js';
import { errorValue, expressionFault, matches, workflowError } from './workflow-errors.js';

/** A try came to something: the step has ended well, unless what it came to is not what was promised. */
export function completeStep(course: RunCourse, step: StepState, came: JsonValue): void {
  const form = course.form.stepOf(step.stepId);
  const branch = branchOfId(step.stepId);
  if (undoneBy(step.stepId) !== undefined) return compensated(course, step, 'completed', came, null);
  let output: JsonValue;
  let context: JsonValue;
  try {
    const scope = { ...ownScope(step), output: came };
    output = form.output === null ? came : course.value(form.output, branch, scope);
    context = course.assigned(form.assign, branch, { ...scope, output });
  } catch (error) {
    return failStep(course, step, expressionFault(error));
  }
  const fault = answerFault(course, form, came) ?? faultOf(course, form, output);
  if (fault) return failStep(course, step, fault);
  course.add(
    {
      type: 'workflow.step_completed',
      data: {
        ...describedStep(course, step.stepId, form),
        attempt: step.attempt,
        execution_time_ms: Math.max(0, course.timeMs - step.scheduledMs),
        status: 'completed',
        input_data: jsonText(step.input),
        output_data: jsonText(output),
        next_steps: nextSteps(course, branch, keyOfStep(step.stepId)),
        context: optionalText(context),
        ended_at: course.timeMs,
      },
    },
    branch,
  );
  course.todo.push({ kind: 'step_ended', branch, key: keyOfStep(step.stepId) });
}

/** What a step's own expressions see beside the flow. */
function ownScope({ input, attempt }: StepState) {
  return { step: { input, attempt } };
}

/** Of a model that was told what its answer has to look like; asked again it may well keep to it. */
function answerFault(course: RunCourse, form: Step, came: JsonValue): WorkflowError | undefined {
  const schema = form.kind === 'llm' ? form.answer_schema : null;
  const issues = course.schemaIssues(schema, came);
  const detail = issues.join('; ').slice(0, 2_000);
  return issues.length === 0 ? undefined : workflowError('schema', 'ANSWER_INVALID', detail, { retriable: true });
}

function faultOf(course: RunCourse, form: Step, output: JsonValue): WorkflowError | undefined {
  if (Buffer.byteLength(JSON.stringify(output)) > resultBytesMax) {
    const reason = `The output has more than ${resultBytesMax} bytes`;
    return workflowError('workflow', 'RESULT_TOO_LARGE', reason);
  }
  const issues = course.schemaIssues(form.output_schema, output);
  return issues.length === 0 ? undefined : workflowError('schema', 'OUTPUT_INVALID', issues.join('; ').slice(0, 2_000));
}

/** Steps that need nothing more than this one. */
function nextSteps(course: RunCourse, branch: BranchId, key: string): StepId[] {
  const { steps } = course.flow(branch);
  return course.form
    .dependentsOf(course.flowFormOf(branch), key)
    .filter(
      ({ step, needs }) => steps[step.id] === undefined && needs.every((one) => one === key || isEnded(steps[one])),
    )
    .map(({ step }) => stepIdOf(branch, step.id, null) as StepId);
}

/** A try failed: it is tried again, caught, left to a person, or the step has failed. */
export function failStep(course: RunCourse, step: StepState, error: WorkflowError, mayRetry = true): void {
  const form = course.form.stepOf(step.stepId);
  const branch = branchOfId(step.stepId);
  closeTask(course, branch, step);
  try {
    const retryMs = mayRetry && !step.isCaught ? retryMsOf(course, step, form, error) : null;
    if (retryMs !== null) return failed(course, step, error, 'retry', retryMs);
    if (undoneBy(step.stepId) !== undefined) return openIncident(course, step, error);
    const rule = step.isCaught ? -1 : form.catch.findIndex(({ errors }) => fits(course, branch, errors, error));
    if (rule >= 0) return caught(course, step, form, rule, error);
    if (transitionFor(course, branch, { kind: 'error', error })) {
      failed(course, step, error, 'failed', null);
      course.todo.push({ kind: 'step_failed', branch, key: keyOfStep(step.stepId), error });
      return;
    }
  } catch (fault) {
    // A guard that has no value cannot say what is done about the error, which is the one to be shown.
    expressionFault(fault);
  }
  switch (form.on_failure) {
    case 'pause':
      return openIncident(course, step, error);
    case 'continue':
      failed(course, step, error, 'continue', null);
      course.todo.push({ kind: 'step_ended', branch, key: keyOfStep(step.stepId) });
      return;
    case 'fail':
      failed(course, step, error, 'failed', null);
      course.todo.push({ kind: 'step_failed', branch, key: keyOfStep(step.stepId), error });
  }
}

function fits(course: RunCourse, branch: BranchId, errors: Parameters<typeof matches>[0], error: WorkflowError) {
  return matches(errors, error, (when) => course.holds(when, branch, { error: errorValue(error) }));
}

function retryMsOf(course: RunCourse, step: StepState, form: Step, error: WorkflowError): number | null {
  const rule = form.retry.find(({ errors }) => fits(course, branchOfId(step.stepId), errors, error));
  if (!rule || step.attempt >= rule.attempts_max) return null;
  const chance = chanceOf(course.given.deriveId(`jitter/${step.stepId}/${step.attempt}`));
  const atMs = course.timeMs + Math.max(backoffMs(rule.backoff, step.attempt, chance), askedPauseMs(error));
  const untilMs = rule.time_ms_max === null ? Infinity : step.firstMs + rule.time_ms_max;
  return atMs <= Math.min(untilMs, step.giveUpMs ?? Infinity) ? atMs : null;
}

/** Whom it was asked of may have said when to ask again. */
function askedPauseMs({ details }: WorkflowError): number {
  const asked = isObject(details) ? details['retry_after_ms'] : undefined;
  return typeof asked === 'number' && asked > 0 ? Math.min(asked, retryAfterMsMax) : 0;
}

type Handling = 'retry' | 'incident' | 'caught' | 'continue' | 'failed';

export function failed(
  course: RunCourse,
  step: StepState,
  error: WorkflowError,
  handling: Handling,
  retryMs: number | null,
): void {
  course.addOf(step.stepId, {
    type: 'workflow.step_failed',
    data: {
      ...describedStep(course, step.stepId, course.form.stepOf(step.stepId)),
      attempt: step.attempt,
      execution_time_ms: Math.max(0, course.timeMs - step.scheduledMs),
      status: 'failed',
      input_data: jsonText(step.input),
      error: jsonText(errorValue(error)),
      error_code: error.code,
      retry_at: retryMs,
      context: null,
      handling,
      ended_at: course.timeMs,
    },
  });
}

/** Nothing more is tried by itself: the run waits for a person, and nothing of it is lost. */
export function openIncident(course: RunCourse, step: StepState, error: WorkflowError): void {
  failed(course, step, error, 'incident', null);
  course.add({
    type: 'workflow.paused',
    data: {
      ...course.ids,
      reason: `${step.stepId} failed: ${error.message}`,
      step_id: step.stepId as StepId,
      paused_by: null,
      paused_at: course.timeMs,
      is_incident: true,
    },
  });
}

function caught(course: RunCourse, step: StepState, form: Step, rule: number, error: WorkflowError): void {
  failed(course, step, error, 'caught', null);
  const now = course.step(step.stepId) ?? step;
  const flow = form.catch[rule]?.flow ?? null;
  if (flow === null) return completeStep(course, now, null);
  startBranch(course, catchBranch(step.stepId, rule), step, { input: step.input, item: null, index: null, error });
}

export interface BranchInput {
  readonly input: JsonValue;
  readonly item: JsonValue;
  readonly index: number | null;
  /** What is caught. */
  readonly error?: WorkflowError;
}

/** Begins a flow within a step. */
export function startBranch(course: RunCourse, branch: BranchId, step: StepState, given: BranchInput): void {
  const { input, item, index, error } = given;
  const scope = { input, ...(index !== null && { item, index }), ...(error && { error: errorValue(error) }) };
  const { context, fault } = firstContext(course, course.flowFormOf(branch), scope);
  course.add(
    {
      type: 'workflow.branch_started',
      data: {
        ...course.ids,
        branch_id: branch,
        step_id: step.stepId as StepId,
        index,
        input_data: jsonText(input),
        item: index === null ? null : jsonText(item),
        context: jsonText(context),
        started_at: course.timeMs,
      },
    },
    branch,
  );
  course.todo.push(fault ? { kind: 'flow_failed', branch, error: fault } : { kind: 'flow_begins', branch });
}

/** What a flow's context begins with: what is caught, and what the flow says. */
function firstContext(
  course: RunCourse,
  { context }: Flow,
  scope: Scope,
): { context: JsonValue; fault?: WorkflowError } {
  const caughtError = scope['error'] === undefined ? {} : { error: scope['error'] };
  if (context === null) return { context: caughtError };
  try {
    const own = evaluateTemplate(context, scope, course.values);
    return { context: isObject(own) ? { ...caughtError, ...own } : own };
  } catch (error) {
    return { context: caughtError, fault: expressionFault(error) };
  }
}

/** What undoes a step came to its end. */
function compensated(
  course: RunCourse,
  step: StepState,
  status: 'completed' | 'failed',
  output: JsonValue,
  error: JsonValue,
): void {
  const undone = undoneBy(step.stepId) ?? step.stepId;
  course.add({
    type: 'workflow.step_compensated',
    data: {
      ...describedStep(course, undone, course.form.stepOf(undone)),
      compensation_time_ms: Math.max(0, course.timeMs - step.scheduledMs),
      status,
      output_data: optionalText(output),
      error: optionalText(error),
    },
  });
  course.todo.push({ kind: 'undo_next' });
}

/** A person says that undoing it is given up. */
export function giveUpUndoing(course: RunCourse, step: StepState): void {
  compensated(course, step, 'failed', null, step.error);
}
