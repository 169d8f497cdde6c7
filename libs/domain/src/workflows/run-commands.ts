import type { WorkflowCommand, WorkflowEvent, WorkflowId, WorkflowWork } from '@chorda/contracts';
import type { Decision, StreamRef, Timer } from '../aggregate.js';
import {
  branchOfStep,
  branchStream,
  lineOf,
  placeOf,
  placeOfBranch,
  root,
  runStream,
  undoneBy,
  type BranchId,
  type WorkflowStreamKind,
} from './paths.js';

/** Something that a run, or a flow nested in it, waited for is due. */
export interface TimerDue {
  readonly type: 'workflow.timer_due';
  readonly data: { readonly workflow_id: WorkflowId; readonly branch_id: BranchId; readonly timer: string };
}

/** Also a timer that is due, which is never on a topic. */
export type AnyWorkflowCommand = WorkflowCommand | TimerDue;

export type WorkflowDecision = Decision<AnyWorkflowCommand, WorkflowEvent>;
export type { WorkflowWork };

/** The streams that a command begins with; what it leads to may need more. */
export function readsOf(command: AnyWorkflowCommand): readonly StreamRef<WorkflowStreamKind>[] {
  const { workflow_id: run } = command.data;
  const branch = branchOf(command);
  return lineOf(branch).map((one) => (one === root ? runStream(run) : branchStream(run, one)));
}

function branchOf(command: AnyWorkflowCommand): BranchId {
  switch (command.type) {
    case 'workflow.timer_due':
      return command.data.branch_id;
    case 'workflow.record_step_started':
    case 'workflow.record_step_progress':
    case 'workflow.record_step_result':
    case 'workflow.claim_task':
    case 'workflow.decide_task':
      return branchOfId(command.data.step_id);
    default:
      return root;
  }
}

/** What undoes a step is kept with the run. */
export function branchOfId(stepId: string): BranchId {
  return undoneBy(stepId) === undefined ? branchOfStep(stepId) : root;
}

/** The flow that a nested flow is in. */
export function parentOf(branch: BranchId): BranchId {
  return branchOfStep(placeOfBranch(branch).stepId);
}

export function dueCommand(stream: StreamRef<WorkflowStreamKind>, timer: Timer): TimerDue {
  const { run, branch } = placeOf(stream);
  return { type: 'workflow.timer_due', data: { workflow_id: run, branch_id: branch, timer: timer.id } };
}
