import { jsonText, jsonValue, type StepId, type WorkflowCommand } from '@chorda/contracts';
import type { Given, StatesOf } from '../aggregate.js';
import { DomainError } from '../domain-error.js';
import { askAgain, beginStep, isIdempotent, stepNow, timerOf } from './begin-step.js';
import { cancelRun, failRun } from './end-run.js';
import { completeStep, failed, failStep, openIncident } from './end-step.js';
import type { WorkflowError } from './form.js';
import { isActive, stepTimers, type StepState } from './flow-state.js';
import { goOn, happens, retryStep } from './go-on.js';
import { resultBytesMax } from './limits.js';
import { keyOfStep, root, undoneBy, type BranchId } from './paths.js';
import { branchOfId, type TimerDue, type WorkflowDecision } from './run-commands.js';
import { describedStep, RunCourse, type WorkflowPorts, type WorkflowStates } from './run-course.js';
import { going, settleEnd } from './runs.decider.js';
import { errorFrom, workflowError } from './workflow-errors.js';

type Of<Type extends WorkflowCommand['type']> = Given<Extract<WorkflowCommand, { readonly type: Type }>>;
type States = StatesOf<WorkflowStates>;

/** A try that nobody waits for any more: what it brings changes nothing. */
const stale: WorkflowDecision = { events: [], answer: { taken: false } };
const taken = { taken: true };
/** Of a step that may be repeated, when nobody knows what became of its tries. */
const lostAttemptsMax = 3;

interface Tried {
  readonly course: RunCourse;
  readonly step: StepState;
}

function tried(
  given: Of<'workflow.record_step_started' | 'workflow.record_step_progress' | 'workflow.record_step_result'>,
  states: States,
  ports: WorkflowPorts,
): Tried | undefined {
  const { step_id, attempt_token } = given.command.data;
  const course = going(given, states, ports);
  const step = course.step(step_id);
  // An answer that comes while a person has yet to decide is still the answer.
  const isOpen = step !== undefined && isActive(step) && step.token === attempt_token && !step.isCaught;
  return isOpen && attempt_token !== '' ? { course, step } : undefined;
}

export function recordStarted(
  given: Of<'workflow.record_step_started'>,
  states: States,
  ports: WorkflowPorts,
): WorkflowDecision {
  const found = tried(given, states, ports);
  if (found?.step.status !== 'scheduled') return stale;
  const { worker, started_at } = given.command.data;
  started(found.course, found.step, { worker, startedMs: started_at ?? given.timeMs });
  return found.course.decision(taken);
}

/** By the clock of whoever gave it out, which may differ from the engine's: never before it was scheduled, nor after now. */
function started(
  course: RunCourse,
  step: StepState,
  { worker, startedMs }: { readonly worker: string | null; readonly startedMs: number },
): void {
  course.addOf(step.stepId, {
    type: 'workflow.step_started',
    data: {
      ...describedStep(course, step.stepId, course.form.stepOf(step.stepId)),
      attempt: step.attempt,
      worker,
      started_at: Math.min(Math.max(startedMs, step.scheduledMs), course.timeMs),
      idle_by: step.idleMs === null ? null : course.timeMs + step.idleMs,
    },
  });
}

export function recordProgress(
  given: Of<'workflow.record_step_progress'>,
  states: States,
  ports: WorkflowPorts,
): WorkflowDecision {
  const found = tried(given, states, ports);
  const { checkpoint, value } = given.command.data;
  if (!found || (checkpoint > 0 && checkpoint <= found.step.checkpoint)) return stale;
  const { course, step } = found;
  course.addOf(step.stepId, {
    type: 'workflow.step_progressed',
    data: {
      ...describedStep(course, step.stepId, course.form.stepOf(step.stepId)),
      attempt: step.attempt,
      ...{ checkpoint, value },
      idle_by: step.idleMs === null ? null : given.timeMs + step.idleMs,
    },
  });
  return course.decision({ taken: true, stop: course.run.status === 'cancelling' });
}

export function recordResult(
  given: Of<'workflow.record_step_result'>,
  states: States,
  ports: WorkflowPorts,
): WorkflowDecision {
  const found = tried(given, states, ports);
  if (!found) return stale;
  const { course } = found;
  const { data } = given.command;
  const { worker, started_at: startedMs } = data;
  // Whoever is quick is heard of once.
  if (found.step.status === 'scheduled' && startedMs !== null) started(course, found.step, { worker, startedMs });
  const step = stepNow(course, found.step.stepId);
  const wasIncident = step.status === 'incident';
  if (wasIncident && data.status !== 'completed') return stale;
  if (wasIncident) liftIncident(course, step);
  if (data.status === 'completed') {
    if (Buffer.byteLength(data.output_data ?? '') > resultBytesMax) failBy(course, step, tooLarge);
    else completeStep(course, step, data.output_data === null ? null : jsonValue(data.output_data));
  } else if (data.status === 'failed') {
    const unsaid = workflowError(classOf(step), 'FAILED', 'It failed', { retriable: true });
    failBy(course, step, data.error === null ? unsaid : errorFrom(jsonValue(data.error), unsaid));
  } else {
    const lost = workflowError('timeout', 'WORKER_LOST', 'Whoever did it was lost');
    outcomeUnknown(course, step, data.error === null ? lost : errorFrom(jsonValue(data.error), lost));
  }
  settleEnd(course);
  return course.decision(taken);
}

const tooLarge = workflowError('workflow', 'RESULT_TOO_LARGE', `The output has more than ${resultBytesMax} bytes`);

function classOf({ type }: StepState): string {
  return type === 'webhook' ? 'http' : type === 'sub_workflow' ? 'workflow' : type;
}

/** The answer has come after all: nobody has to decide any more. */
function liftIncident(course: RunCourse, step: StepState): void {
  const others = course.run.incidents.filter((one) => one !== step.stepId);
  if (others.length > 0 || course.run.isPausedByHand || course.run.status !== 'paused') return;
  const { run, timeMs } = course;
  const heldMs = run.pausedMs === null ? 0 : timeMs - run.pausedMs;
  course.add({
    type: 'workflow.resumed',
    data: {
      ...course.ids,
      resumed_by: null,
      deadline_at: run.deadlineMs === null ? null : run.deadlineMs + heldMs,
      reopened: [],
      resumed_at: timeMs,
    },
  });
  course.todo.push({ kind: 'flow_goes_on', branch: root });
}

/** In a run that is to end, nothing is tried again and nobody is asked. */
function failBy(course: RunCourse, step: StepState, error: WorkflowError): void {
  if (course.run.status === 'cancelling') failed(course, step, error, 'failed', null);
  else failStep(course, step, error);
}

/** What may be done twice is done again; of what may not, a person has to find out. */
function outcomeUnknown(course: RunCourse, step: StepState, error: WorkflowError): void {
  if (course.run.status === 'cancelling') return failBy(course, step, error);
  if (!isIdempotent(course.form.stepOf(step.stepId))) {
    return openIncident(course, step, { ...error, code: 'OUTCOME_UNKNOWN' });
  }
  if (error.code !== 'WORKER_LOST' || step.attempt >= lostAttemptsMax) return failStep(course, step, error);
  failed(course, step, error, 'retry', course.timeMs);
}

/** Something that was waited for is due; what came in the meantime has taken its timer away. */
export function timerDue(given: Given<TimerDue>, states: States, ports: WorkflowPorts): WorkflowDecision {
  const { workflow_id, branch_id, timer } = given.command.data;
  const course = RunCourse.of(workflow_id, given, states, ports);
  if (!course || !course.isOpenNow(branch_id)) return { events: [] };
  const [purpose = '', attempt = '', ...rest] = timer.split('/');
  if (branch_id === root && runTimer(course, purpose, timer)) return course.decision();
  if (purpose === 'after') {
    const place = course.flow(branch_id).machine;
    if (place?.visit === Number(attempt)) afterDue(course, branch_id, rest.join('/'));
  } else {
    const step = course.step(rest.join('/'));
    if (step && isActive(step) && step.attempt === Number(attempt)) stepDue(course, step, purpose);
  }
  settleEnd(course);
  return course.decision();
}

/** @returns Whether it is a timer of the run itself. */
function runTimer(course: RunCourse, purpose: string, timer: string): boolean {
  const { run, timeMs } = course;
  switch (purpose) {
    case 'deadline':
      if (run.status === 'running' && run.deadlineMs !== null && run.deadlineMs <= timeMs) {
        const reason = `It ran for ${timeMs - run.startedMs} ms, which is longer than it may`;
        failRun(course, workflowError('timeout', 'RUN_TIMEOUT', reason), null);
      }
      break;
    case 'hard':
      if (run.status === 'cancelling' && run.ending !== null) {
        cancelRun(course, run.ending.reason, run.ending.by, run.ending.compensates);
      }
      break;
    case 'go_on':
      course.add({
        type: 'workflow.timer_fired',
        data: {
          ...course.ids,
          ...{ timer_id: 'go_on' as never, step_id: null, purpose: 'continue' },
          due_at: run.goOnMs ?? timeMs,
          fired_at: timeMs,
        },
      });
      course.todo.push({ kind: 'flow_goes_on', branch: root });
      break;
    case 'signal': {
      const kept = run.signals.find(({ id }) => `signal/${id}` === timer);
      if (kept) {
        course.add({
          type: 'workflow.signal_taken',
          data: { ...course.ids, signal_id: kept.id as never, step_id: null },
        });
      }
      break;
    }
    default:
      return false;
  }
  goOn(course);
  return true;
}

function afterDue(course: RunCourse, branch: BranchId, id: string): void {
  const isDue = course.flow(branch).machine?.timers.some((one) => one.id === id && one.dueMs <= course.timeMs);
  if (isDue !== true) return;
  const place = course.flow(branch).machine;
  if (happens(course, branch, { kind: 'after', id }) || place === null) return;
  // Its guard says no: the time has come and gone, and is not waited for again.
  course.add(
    {
      type: 'workflow.state_entered',
      data: {
        ...course.ids,
        branch_id: branch === root ? null : branch,
        state: place.state,
        from_state: place.state,
        visit: place.visit,
        entered_at: place.enteredMs,
        timers: jsonText(
          place.timers.filter((one) => one.id !== id).map(({ id: own, dueMs }) => ({ id: own, due_at: dueMs })),
        ),
        waits_for: null,
        context: null,
      },
    },
    branch,
  );
}

function stepDue(course: RunCourse, step: StepState, purpose: string): void {
  const isDue = (dueMs: number | null): boolean => dueMs !== null && dueMs <= course.timeMs;
  if (purpose === 'sleep' && isDue(step.dueMs)) return woken(course, step);
  if (purpose === 'retry' && step.status === 'retrying') return retryNow(course, step);
  if (purpose === 'start' && isDue(step.startByMs)) {
    return failStep(
      course,
      step,
      workflowError('timeout', 'NOT_STARTED', 'Nobody began it in time', { retriable: true }),
    );
  }
  if (purpose === 'idle' && isDue(step.idleByMs)) {
    return outcomeUnknown(course, step, workflowError('timeout', 'IDLE_TIMEOUT', 'Nothing was heard of it in time'));
  }
  if (purpose === 'whole' && isDue(step.giveUpMs)) {
    const error = workflowError('timeout', 'WHOLE_TIMEOUT', 'All its tries together took longer than they may');
    return isOutside(course, step) ? outcomeUnknown(course, step, error) : failStep(course, step, error, false);
  }
  if (purpose === 'run' && isDue(step.deadlineMs)) return deadlinePassed(course, step);
  if (purpose === 'look') return lookAfter(course, step);
}

/** Whether a try is out that may have done what cannot be done twice. */
function isOutside(course: RunCourse, step: StepState): boolean {
  return step.status !== 'retrying' && !isIdempotent(course.form.stepOf(step.stepId));
}

function deadlinePassed(course: RunCourse, step: StepState): void {
  switch (step.type) {
    case 'human':
      return failStep(course, step, workflowError('human', 'TASK_EXPIRED', 'Nobody answered in time'));
    case 'wait':
      return failStep(
        course,
        step,
        workflowError('timeout', 'EVENT_TIMEOUT', 'What it waited for did not come in time'),
      );
    default:
      return outcomeUnknown(course, step, workflowError('timeout', 'STEP_TIMEOUT', 'It took longer than it may'));
  }
}

/** The work of the step is given out once more: its run, which is there or has ended, says anew what became of it. */
function lookAfter(course: RunCourse, step: StepState): void {
  const due = stepTimers(step).find(({ id }) => id.startsWith('look/'));
  if (due === undefined || due.dueMs > course.timeMs) return;
  course.addOf(step.stepId, {
    type: 'workflow.timer_fired',
    data: {
      ...course.ids,
      timer_id: due.id as ReturnType<typeof timerOf>,
      step_id: step.stepId as StepId,
      purpose: 'look',
      due_at: due.dueMs,
      fired_at: course.timeMs,
    },
  });
  askAgain(course, step);
}

function woken(course: RunCourse, step: StepState): void {
  course.addOf(step.stepId, {
    type: 'workflow.timer_fired',
    data: {
      ...course.ids,
      timer_id: timerOf(step),
      step_id: step.stepId as StepId,
      purpose: 'sleep',
      due_at: step.dueMs ?? course.timeMs,
      fired_at: course.timeMs,
    },
  });
  completeStep(course, step, null);
}

function retryNow(course: RunCourse, step: StepState): void {
  if (undoneBy(step.stepId) === undefined) return retryStep(course, branchOfId(step.stepId), keyOfStep(step.stepId));
  if (course.run.status === 'compensating') beginStep(course, step.stepId, step.attempt + 1);
}

export function decideTask(given: Of<'workflow.decide_task'>, states: States, ports: WorkflowPorts): WorkflowDecision {
  const { data } = given.command;
  const { course, step, form } = openTaskOf(given, states, ports);
  const { task } = step;
  if (task === null || form.kind !== 'human') throw new TypeError(`${step.stepId} is no task`);
  if (data.decision === 'unknown') throw refusedField('decision', 'must be approved, rejected or submitted');
  if ((form.task === 'form') !== (data.decision === 'submitted')) {
    const lawful = form.task === 'form' ? 'must be submitted: a form is asked for' : 'must be approved or rejected';
    throw refusedField('decision', lawful);
  }
  const form_data = data.form_data === null ? null : jsonValue(data.form_data);
  const issues = course.schemaIssues(form.form_schema, form_data);
  if (issues.length > 0 && data.decision !== 'rejected')
    throw refusedField('form_data', issues.join('; ').slice(0, 2_000));
  course.addOf(step.stepId, {
    type: 'workflow.human_task_decided',
    data: {
      ...course.ids,
      step_id: data.step_id,
      task_id: data.task_id,
      decision: data.decision,
      form_data: data.form_data,
      comment: data.comment,
      decided_by: data.user_id,
      quorum_reached: true,
      waiting_time_ms: Math.max(0, given.timeMs - step.scheduledMs),
    },
  });
  const answer = { decision: data.decision, form_data, comment: data.comment, decided_by: data.user_id };
  // Answered it is, whatever follows: nobody is to close it again.
  const answered = { ...step, task: null };
  if (data.decision === 'rejected' && form.fail_on_rejection) {
    const details = { details: answer };
    failStep(course, answered, workflowError('human', 'TASK_REJECTED', data.comment ?? 'It was rejected', details));
  } else {
    completeStep(course, answered, answer);
  }
  settleEnd(course);
  return course.decision({ status: course.run.status, decision: data.decision });
}

export function claimTask(given: Of<'workflow.claim_task'>, states: States, ports: WorkflowPorts): WorkflowDecision {
  const { data } = given.command;
  const { course, step } = openTaskOf(given, states, ports);
  const claimed_by = data.release ? null : data.user_id;
  if (step.task?.claimedBy === claimed_by) return { events: [], answer: { claimed_by } };
  const { step_id, task_id } = data;
  course.addOf(step.stepId, {
    type: 'workflow.human_task_claimed',
    data: { ...course.ids, step_id, task_id, claimed_by },
  });
  return course.decision({ claimed_by });
}

/** @throws DomainError `TASK_NOT_OPEN`, `TASK_FORBIDDEN`, `TASK_CLAIMED` */
function openTaskOf(given: Of<'workflow.decide_task' | 'workflow.claim_task'>, states: States, ports: WorkflowPorts) {
  const { task_id, step_id, user_id, groups } = given.command.data;
  const course = going(given, states, ports);
  const step = course.step(step_id);
  if (
    step?.task?.taskId !== task_id ||
    !isActive(step) ||
    step.type !== 'human' ||
    course.run.status === 'cancelling'
  ) {
    throw new DomainError('TASK_NOT_OPEN', `Task ${task_id} is not open`, { state: step?.status ?? 'absent' });
  }
  const { assignees, groups: allowed, claimedBy } = step.task;
  const isOpenToAll = assignees.length === 0 && allowed.length === 0;
  if (!isOpenToAll && !assignees.includes(user_id) && !groups.some((group) => allowed.includes(group))) {
    throw new DomainError('TASK_FORBIDDEN', `${user_id} is none of those who may decide task ${task_id}`);
  }
  if (claimedBy !== null && claimedBy !== user_id) {
    throw new DomainError('TASK_CLAIMED', `${claimedBy} has task ${task_id}`, { claimed_by: claimedBy });
  }
  return { course, step, form: course.form.stepOf(step_id) };
}

function refusedField(field: string, rule: string): DomainError {
  return new DomainError('INVALID_COMMAND', `${field} ${rule}`, { pointer: `/${field}` });
}
