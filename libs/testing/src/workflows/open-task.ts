import type { StepState, WorkflowRunner } from '@chorda/domain';

/** A question to people that nobody has answered. */
export interface OpenTask {
  readonly step: string;
  readonly type: string;
  readonly title: string;
  readonly description: string | null;
  readonly assignees: readonly string[];
  readonly groups: readonly string[];
  readonly claimed_by: string | null;
  /** RFC 3339. */
  readonly due_at: string | null;
  readonly expires_at: string | null;
}

export function openTask(runner: WorkflowRunner, { stepId, status, task }: StepState): OpenTask | undefined {
  if (task === null || (status !== 'scheduled' && status !== 'running')) return undefined;
  const opened = runner.history.findLast(
    ({ event }) => event.type === 'workflow.human_task_opened' && event.data.task_id === task.taskId,
  )?.event;
  if (opened?.type !== 'workflow.human_task_opened') return undefined;
  const { title, description, due_at, expires_at } = opened.data;
  return {
    step: stepId,
    type: task.type,
    title,
    description,
    assignees: task.assignees,
    groups: task.groups,
    claimed_by: task.claimedBy,
    due_at: timeText(due_at),
    expires_at: timeText(expires_at),
  };
}

function timeText(timeMs: number | null): string | null {
  return timeMs === null ? null : new Date(timeMs).toISOString();
}
