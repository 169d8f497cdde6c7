import { jsonText, taskId, type StepId } from '@chorda/contracts';
import { branchOfId } from './run-commands.js';
import { errorValue, expressionFault, workflowError } from './workflow-errors.js';
import { isActive, type StepState } from './flow-state.js';
import { cancelGraceMs, leaseMs } from './limits.js';
import { bodyBranch, catchBranch, type BranchId } from './paths.js';
import { describedStep, type RunCourse } from './run-course.js';

/** Ends what is under way in a flow, but for one step. */
export function cancelOthers(course: RunCourse, branch: BranchId, reason: string, exceptKey?: string): void {
  for (const [key, step] of Object.entries(course.flow(branch).steps)) {
    if (key !== exceptKey && isActive(step)) cancelStep(course, branch, step, reason);
  }
}

/** Ends a step without an outcome; flows within it first. Whoever does it is asked to stop, and heard no more. */
export function cancelStep(course: RunCourse, branch: BranchId, step: StepState, reason: string): void {
  for (const nested of branchesOf(course, step)) cancelBranch(course, nested, step.stepId, reason);
  closeTask(course, branch, step);
  askToStop(course, step);
  course.add(
    {
      type: 'workflow.step_failed',
      data: {
        ...describedStep(course, step.stepId, course.form.stepOf(step.stepId)),
        attempt: step.attempt,
        execution_time_ms: Math.max(0, course.timeMs - step.scheduledMs),
        status: 'cancelled',
        input_data: jsonText(step.input),
        error: jsonText(errorValue(workflowError('cancelled', 'CANCELLED', reason))),
        error_code: 'CANCELLED',
        retry_at: null,
        context: null,
        handling: 'failed',
        ended_at: course.timeMs,
      },
    },
    branch,
  );
}

/** Flows of a step that run now. */
export function branchesOf(course: RunCourse, step: StepState): readonly BranchId[] {
  if (step.isCaught) {
    const rules = course.form.stepOf(step.stepId).catch.map((_, rule) => catchBranch(step.stepId, rule));
    return rules.filter((one) => course.isOpen(one));
  }
  if (step.type === 'flow') {
    return [bodyBranch(step.stepId, null, step.attempt)].filter((one) => course.isOpen(one));
  }
  return step.map?.running.map((index) => bodyBranch(step.stepId, index, step.attempt)) ?? [];
}

function cancelBranch(course: RunCourse, branch: BranchId, stepId: string, reason: string): void {
  cancelOthers(course, branch, reason);
  endBranch(course, branch, stepId, { status: 'cancelled', output: null, error: null });
}

export interface BranchEnd {
  readonly status: 'completed' | 'failed' | 'cancelled';
  readonly output: Parameters<typeof jsonText>[0];
  readonly error: Parameters<typeof jsonText>[0];
}

export function endBranch(course: RunCourse, branch: BranchId, stepId: string, end: BranchEnd): void {
  const { status, output, error } = end;
  course.add(
    {
      type: 'workflow.branch_ended',
      data: {
        ...course.ids,
        branch_id: branch,
        step_id: stepId as StepId,
        status,
        output_data: status === 'completed' ? jsonText(output) : null,
        error: error === null ? null : jsonText(error),
        ended_at: course.timeMs,
      },
    },
    branch,
  );
  if (!course.run.waitingBranches.includes(branch)) return;
  course.add({ type: 'workflow.waits_changed', data: { ...course.ids, branch_id: branch, is_waiting: false } });
}

/** Nobody has to answer any more. */
export function closeTask(course: RunCourse, branch: BranchId, { task, stepId, scheduledMs }: StepState): void {
  if (task === null) return;
  course.add(
    {
      type: 'workflow.human_task_decided',
      data: {
        ...course.ids,
        step_id: stepId as StepId,
        task_id: taskId(task.taskId),
        decision: 'expired',
        form_data: null,
        comment: null,
        decided_by: null,
        quorum_reached: true,
        waiting_time_ms: Math.max(0, course.timeMs - scheduledMs),
      },
    },
    branch,
  );
}

const stoppable = ['agent', 'sub_workflow', 'tool', 'webhook', 'llm'];

/** Work that is out goes on where it is, unless somebody says that nobody waits for it. */
export function askToStop(course: RunCourse, step: StepState): void {
  const isOut = step.status === 'scheduled' || step.status === 'running';
  if (!isOut || step.isCaught || !stoppable.includes(step.type) || step.token === '') return;
  course.addWork('steps', {
    type: 'workflow.stop_requested',
    data: {
      ...course.ids,
      step_id: step.stepId as StepId,
      step_type: step.type,
      attempt_token: course.given.deriveId(`stop/${step.stepId}/${step.attempt}`),
      lease_ms: leaseMs,
      deadline_at: course.timeMs + 6 * cancelGraceMs,
      queue: 'steps',
      target_id: step.token,
      settings: jsonText(step.type === 'agent' ? { agent_id: agentOf(course, step) } : null),
    },
  });
}

/** As far as it can still be said: what has no value now had one when the step began. */
function agentOf(course: RunCourse, step: StepState): string | null {
  const form = course.form.stepOf(step.stepId);
  if (form.kind !== 'agent') return null;
  try {
    const value = course.value(form.agent_id, branchOfId(step.stepId));
    return typeof value === 'string' ? value : null;
  } catch (error) {
    expressionFault(error);
    return null;
  }
}
