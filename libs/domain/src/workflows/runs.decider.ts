import { jsonText, type StepId, type WorkflowCommand } from '@chorda/contracts';
import type { JsonValue } from '@chorda/kernel';
import type { Given, StatesOf } from '../aggregate.js';
import { DomainError } from '../domain-error.js';
import { beginStep } from './begin-step.js';
import { askToStop, branchesOf, cancelStep } from './cancel-steps.js';
import { cancelRun, tellEndAgain } from './end-run.js';
import { completeStep, giveUpUndoing } from './end-step.js';
import { evaluateTemplate } from './expressions.js';
import { formOf } from './form-lookup.js';
import { isActive, type StepState } from './flow-state.js';
import { goOn } from './go-on.js';
import {
  cancelGraceMs,
  formBytesMax,
  inputBytesMax,
  runIdPattern,
  signalBytesMax,
  signalsKeptMax,
  signalTtlMsDefault,
  signalTtlMsMax,
} from './limits.js';
import { keyOfStep, root, runStream, undoneBy, type BranchId } from './paths.js';
import { branchOfId, type WorkflowDecision } from './run-commands.js';
import { optionalText, RunCourse, type WorkflowPorts, type WorkflowStates } from './run-course.js';
import { invalid, ongoing, refuse, startedRun } from './run-refusals.js';
import type { KnownRun } from './run-state.js';
import { isAwaited, offer } from './signals.js';
import { errorFrom, expressionFault, workflowError } from './workflow-errors.js';

type Of<Type extends WorkflowCommand['type']> = Given<Extract<WorkflowCommand, { readonly type: Type }>>;
type States = StatesOf<WorkflowStates>;

export function start(given: Of<'workflow.start'>, states: States, ports: WorkflowPorts): WorkflowDecision {
  const { data } = given.command;
  const before = states.of(runStream(data.workflow_id));
  if (before.status !== 'absent') return startedBefore(given, states, ports, before);
  if (!runIdPattern.test(data.workflow_id)) throw invalid('workflow_id', `must match ${runIdPattern.source}`);
  if (Buffer.byteLength(data.input_data) > inputBytesMax) {
    throw invalid('input_data', `must have at most ${inputBytesMax} bytes as JSON`);
  }
  if (Buffer.byteLength(data.definition) > formBytesMax) {
    throw invalid('definition', `must have at most ${formBytesMax} bytes as JSON`);
  }
  const course = new RunCourse(before, states, given, ports);
  course.add({ type: 'workflow.started', data: startedData(course, given) });
  course.todo.push({ kind: 'flow_begins', branch: root });
  goOn(course);
  return course.decision({ workflow_id: data.workflow_id, status: course.run.status });
}

/** The same key is the same run, however often somebody asks. */
function startedBefore(
  given: Of<'workflow.start'>,
  states: States,
  ports: WorkflowPorts,
  run: KnownRun,
): WorkflowDecision {
  const { start_key: startKey } = given.command.data;
  if (startKey !== null && run.startKey === startKey) {
    const course = new RunCourse(run, states, given, ports);
    tellEndAgain(course);
    return course.decision({ workflow_id: run.workflowId, status: run.status, started_before: true });
  }
  throw new DomainError('RUN_EXISTS', `Run ${run.workflowId} was started before`, { status: run.status });
}

function startedData(course: RunCourse, { command: { data }, timeMs }: Of<'workflow.start'>) {
  const { form } = formOf(data.definition);
  const input: JsonValue = JSON.parse(data.input_data);
  const issues = course.schemaIssues(form.input_schema, input);
  if (issues.length > 0) throw invalid('input_data', issues.join('; ').slice(0, 2_000));
  const run = { id: data.workflow_id, name: data.workflow_name, started_at: new Date(timeMs).toISOString(), input };
  try {
    const own = form.input === null ? input : evaluateTemplate(form.input, { input, run }, course.values);
    const { context: first } = form.flow;
    const context = first === null ? null : evaluateTemplate(first, { input: own, run }, course.values);
    const { definition, definition_hash, input_data, user_id, start_key } = data;
    return {
      workflow_id: data.workflow_id,
      workflow_name: data.workflow_name,
      ...{ definition, definition_hash, input_data, user_id, start_key },
      parent_workflow_id: data.parent_workflow_id,
      parent_step_id: data.parent_step_id,
      parent_attempt_token: data.parent_attempt_token,
      forked_from_workflow_id: data.forked_from_workflow_id,
      forked_at_version: data.forked_at_version,
      forked_state: data.forked_state,
      flow_input: form.input === null ? null : jsonText(own),
      context: optionalText(context),
      started_at: timeMs,
      deadline_at: form.timeout_ms === null ? null : timeMs + form.timeout_ms,
    };
  } catch (error) {
    throw invalid('input_data', `cannot be used: ${expressionFault(error).message}`);
  }
}

/** @throws DomainError `RUN_NOT_FOUND` */
export function going(given: Given<WorkflowCommand>, states: States, ports: WorkflowPorts): RunCourse {
  const id = given.command.data.workflow_id;
  return new RunCourse(startedRun(states.of(runStream(id)), id), states, given, ports);
}

export function pause(given: Of<'workflow.pause'>, states: States, ports: WorkflowPorts): WorkflowDecision {
  const course = going(given, states, ports);
  const { run } = course;
  ongoing(run, 'can be paused');
  if (run.isPausedByHand) return { events: [], answer: { status: run.status } };
  const reason = given.command.data.reason ?? 'Paused on request';
  course.add({
    type: 'workflow.paused',
    data: {
      ...course.ids,
      ...{ reason, step_id: null, paused_by: given.actor, paused_at: given.timeMs, is_incident: false },
    },
  });
  return course.decision({ status: course.run.status });
}

export function resume(given: Of<'workflow.resume'>, states: States, ports: WorkflowPorts): WorkflowDecision {
  const course = going(given, states, ports);
  const { run } = course;
  if (run.status === 'running') return { events: [], answer: { status: 'running' } };
  if (run.status !== 'paused') throw refuse(run, 'only one that is paused can be resumed');
  if (run.incidents.length > 0) {
    const detail = `${run.incidents.join(', ')} failed: retry them, or say what became of them`;
    throw new DomainError('INCIDENT_OPEN', detail, { state: run.status, incidents: [...run.incidents] });
  }
  resumeRun(course);
  goOn(course);
  return course.decision({ status: course.run.status });
}

/** What it was paused for does not count against its time. */
function resumeRun(course: RunCourse, reopened: readonly string[] = []): void {
  const { run, timeMs, given } = course;
  const heldMs = run.pausedMs === null ? 0 : Math.max(0, timeMs - run.pausedMs);
  const { timeout_ms } = course.form.form;
  const isOver = run.status === 'failed' || run.status === 'cancelled';
  const anew = timeout_ms === null ? null : timeMs + timeout_ms;
  course.add({
    type: 'workflow.resumed',
    data: {
      ...course.ids,
      resumed_by: given.actor,
      deadline_at: isOver ? anew : run.deadlineMs === null ? null : run.deadlineMs + heldMs,
      reopened: [...reopened],
      resumed_at: timeMs,
    },
  });
  course.todo.push({ kind: 'flow_goes_on', branch: root }, { kind: 'undo_next' });
}

export function cancel(given: Of<'workflow.cancel'>, states: States, ports: WorkflowPorts): WorkflowDecision {
  const course = going(given, states, ports);
  const { data } = given.command;
  const { run } = course;
  if (run.status === 'cancelled') return { events: [], answer: { status: 'cancelled' } };
  if (run.status === 'completed' || run.status === 'failed') throw refuse(run, 'it has ended');
  const reason = data.reason ?? 'Cancelled on request';
  if (run.status === 'compensating') throw refuse(run, 'what it did is being undone');
  if (data.hard) {
    cancelRun(course, run.ending?.reason ?? reason, run.ending?.by ?? given.actor, data.compensate);
  } else if (run.status !== 'cancelling') {
    course.add({
      type: 'workflow.cancel_requested',
      data: {
        ...course.ids,
        ...{ reason, requested_by: given.actor, hard_at: given.timeMs + cancelGraceMs, compensate: data.compensate },
      },
    });
    stopFlow(course, root, reason);
  }
  endWhenStopped(course);
  goOn(course);
  return course.decision({ status: course.run.status });
}

const isOut = ({ status, type, isCaught }: StepState): boolean =>
  (status === 'scheduled' || status === 'running') &&
  !isCaught &&
  ['agent', 'tool', 'llm', 'webhook', 'sub_workflow'].includes(type);

/** Ends what nobody works on, and asks whoever works on the rest to stop. */
function stopFlow(course: RunCourse, branch: BranchId, reason: string): void {
  for (const step of Object.values(course.flow(branch).steps).filter(isActive)) {
    const nested = branchesOf(course, step);
    for (const one of nested) stopFlow(course, one, reason);
    if (isOut(step)) askToStop(course, step);
    else if (!nested.some((one) => countOut(course, one) > 0)) cancelStep(course, branch, step, reason);
  }
}

function countOut(course: RunCourse, branch: BranchId): number {
  return Object.values(course.flow(branch).steps).reduce((sum, step) => {
    const nested = isActive(step) ? branchesOf(course, step) : [];
    return sum + (isOut(step) ? 1 : 0) + nested.reduce((inner, one) => inner + countOut(course, one), 0);
  }, 0);
}

/** A run that is to end does so as soon as nobody works on it any more. */
function endWhenStopped(course: RunCourse): void {
  const { status, ending } = course.run;
  if (status !== 'cancelling' || ending === null || countOut(course, root) > 0) return;
  cancelRun(course, ending.reason, ending.by, ending.compensates);
}

export function signal(given: Of<'workflow.signal'>, states: States, ports: WorkflowPorts): WorkflowDecision {
  const course = going(given, states, ports);
  const { data } = given.command;
  const { run } = course;
  const { only_if_awaited: isForWaits, signal_id, signal_name, signal_key, signal_data } = data;
  const untaken = (awaited: boolean): WorkflowDecision => ({
    events: [],
    answer: { status: run.status, taken: false, ...(isForWaits && { awaited }) },
  });
  if (run.signalIds.includes(signal_id)) return untaken(true);
  ongoing(run, 'takes signals');
  if (isForWaits && !isAwaited(course, signal_name, signal_key)) return untaken(false);
  if (Buffer.byteLength(data.signal_data) > signalBytesMax) {
    throw invalid('signal_data', `must have at most ${signalBytesMax} bytes as JSON`);
  }
  if (!isForWaits && run.signals.length >= signalsKeptMax) {
    throw new DomainError('TOO_MANY_SIGNALS', `${run.signals.length} signals wait that nobody has taken`, {
      state: run.status,
    });
  }
  const ttlMs = Math.min(data.ttl_ms ?? signalTtlMsDefault, signalTtlMsMax);
  course.add({
    type: 'workflow.signal_received',
    data: {
      ...course.ids,
      ...{ signal_id, signal_name, signal_key, signal_data },
      sent_by: given.actor,
      received_at: given.timeMs,
      expires_at: given.timeMs + ttlMs,
    },
  });
  const kept = course.run.signals.at(-1);
  const taken = kept !== undefined && offer(course, kept);
  // It stays with whoever sent it. A wait that it made fail has become something of the run.
  if (isForWaits && !taken && course.hasOnly('workflow.signal_received')) return untaken(true);
  goOn(course);
  return course.decision({ status: course.run.status, taken });
}

export function retry(given: Of<'workflow.retry'>, states: States, ports: WorkflowPorts): WorkflowDecision {
  const course = going(given, states, ports);
  const { data } = given.command;
  const { run } = course;
  if (data.resolution === 'unknown') throw invalid('resolution', 'must be repeat, completed or failed');
  if (run.status === 'failed' || run.status === 'cancelled') {
    if (data.resolution !== 'repeat') throw invalid('resolution', `must be repeat: the run is ${run.status}`);
    return reopen(course, data.step_id);
  }
  const wanted = run.incidents.filter((stepId) => data.step_id === null || stepId === data.step_id);
  if (wanted.length === 0) throw refuse(run, 'no step of it waits for somebody to decide');
  for (const stepId of wanted) settle(course, stepId, data);
  goOn(course);
  return course.decision({ status: course.run.status, steps: [...wanted] });
}

function settle(course: RunCourse, stepId: string, data: Of<'workflow.retry'>['command']['data']): void {
  const step = course.step(stepId);
  if (step?.status !== 'incident') throw new TypeError(`${stepId} is said to be an incident and is none`);
  const others = course.run.incidents.filter((one) => one !== stepId);
  if (others.length === 0 && !course.run.isPausedByHand) resumeRun(course);
  switch (data.resolution) {
    case 'completed':
      return completeStep(course, step, data.output_data === null ? null : JSON.parse(data.output_data));
    case 'failed': {
      if (undoneBy(stepId) !== undefined) return giveUpUndoing(course, step);
      const why = data.reason ?? 'Found failed by whoever looked';
      course.todo.push({
        kind: 'step_failed',
        branch: branchOfId(stepId),
        key: markFailed(course, step, why),
        error: errorFrom(step.error, workflowError('workflow', 'FAILED', why)),
      });
      return;
    }
    default:
      beginStep(course, stepId, step.attempt + 1);
  }
}

function markFailed(course: RunCourse, step: StepState, why: string): string {
  const form = course.form.stepOf(step.stepId);
  const error = errorFrom(step.error, workflowError('workflow', 'FAILED', why));
  course.addOf(step.stepId, {
    type: 'workflow.step_failed',
    data: {
      ...course.ids,
      step_id: step.stepId as StepId,
      step_name: form.name ?? form.id,
      step_type: form.kind,
      attempt: step.attempt,
      execution_time_ms: 0,
      status: 'failed',
      input_data: jsonText(step.input),
      error: jsonText({ ...error }),
      error_code: error.code,
      retry_at: null,
      context: null,
      handling: 'failed',
      ended_at: course.timeMs,
    },
  });
  return keyOfStep(step.stepId);
}

/** A run that ended badly goes on from what failed; what was done stays done. */
function reopen(course: RunCourse, stepId: string | null): WorkflowDecision {
  const { run } = course;
  if (run.ending?.compensates === true || run.undoing !== null) throw refuse(run, 'what it did was undone');
  const over = Object.values(run.flow.steps).filter(({ status }) => status === 'failed' || status === 'cancelled');
  const failedSteps = over.filter(({ isTolerated }) => !isTolerated).map((step) => step.stepId);
  if (failedSteps.length === 0 || (stepId !== null && !failedSteps.includes(stepId))) {
    throw refuse(run, 'no step of it failed that could be tried again');
  }
  resumeRun(course, failedSteps);
  goOn(course);
  return course.decision({ status: course.run.status, steps: failedSteps });
}

/** After anything that may have been the last that a run which is to end waited for. */
export function settleEnd(course: RunCourse): void {
  endWhenStopped(course);
  goOn(course);
}
