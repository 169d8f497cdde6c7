import type { AnyCommand, EventMetadata, WorkflowWork } from '@chorda/contracts';
import { stepId, workflowId } from '@chorda/contracts';
import { isPlanted } from '@chorda/platform';
import { stepAnsweredChannel, stepReadyChannel, stepRevokedChannel, type NewWork } from '@chorda/read-models';
import { keptMetadata, type WorkKind } from '@chorda/work';
import { lostStep, type StepOutcome } from './step-outcome.js';

export const source = 'urn:chorda:service:orchestrator';
/** One group for all executors: each step is taken into the inbox once, and done by whoever has room. */
export const stepsGroup = 'orchestrator.steps';

/** An executor's own work waits in one queue for all. */
const ownQueue = 'steps';
/** The table holds whole numbers up to this. */
const leaseMsMax = 2_147_483_647;
const deadlineMsMax = Date.UTC(2999, 0, 1);

/** Work that the engine of workflows gives out. */
export const stepWorkKind: WorkKind<WorkflowWork, WorkflowWork, StepOutcome> = {
  table: 'workflow_work',
  source,
  consumerGroup: stepsGroup,
  topics: ['workflow.work.steps', 'workflow.work.workers'],
  channels: { ready: stepReadyChannel, answered: stepAnsweredChannel, revoked: stepRevokedChannel },
  queues: [ownQueue],
  crashPrefix: 'orchestrator',
  lost: lostStep,
  read: (_topic, work, metadata) => ({ kind: 'asked', item: itemOf(work, metadata) }),
  commandOf(work, outcome) {
    const command = commandOf(work, outcome);
    return command && { command, subject: command.data.workflow_id };
  },
  labelOf: (_leased, work) => (work.type === 'workflow.step_requested' ? work.data.step_type : work.type),
  endOf: (outcome) => (outcome.kind === 'result' ? outcome.status : outcome.kind),
  isUnfinished: (outcome) => outcome.kind === 'result' && outcome.status !== 'completed',
};

function itemOf(work: WorkflowWork, metadata: EventMetadata): NewWork {
  const { data } = work;
  const isCall = work.type === 'workflow.step_requested' && data.queue === 'workers';
  const isRepeatable = work.type !== 'workflow.step_requested' || work.data.idempotent;
  return {
    tenantId: metadata.tenantId,
    workId: data.attempt_token,
    queue: isCall ? workerQueue(work.data.worker_queue ?? 'default') : ownQueue,
    toolName: work.type === 'workflow.step_requested' ? work.data.tool_name : null,
    repeatable: isRepeatable || isPlanted('steps-repeat-all'),
    work: JSON.stringify(work),
    metadata: JSON.stringify(keptMetadata(metadata)),
    leaseMs: Math.min(Math.max(1, data.lease_ms), leaseMsMax),
    deadlineMs: Math.min(data.deadline_at, deadlineMsMax),
  };
}

/** Of a tool: who polls a queue gets its calls alone. */
function workerQueue(name: string): string {
  return `workers:${name}`;
}

type RecordStepResult = Extract<AnyCommand, { readonly type: 'workflow.record_step_result' }>;

/** The command that brings an outcome to the engine; undefined where none is needed. */
function commandOf(work: WorkflowWork, outcome: StepOutcome): RecordStepResult | undefined {
  if (work.type === 'workflow.parent_told') {
    const { data } = work;
    return {
      type: 'workflow.record_step_result',
      data: {
        workflow_id: workflowId(data.parent_workflow_id),
        step_id: stepId(data.parent_step_id),
        attempt: 1,
        attempt_token: data.parent_attempt_token,
        status: data.status === 'completed' ? 'completed' : 'failed',
        output_data: data.output_data,
        error: data.error,
        duration_ms: 0,
      },
    };
  }
  if (outcome.kind !== 'result' || work.type !== 'workflow.step_requested') return undefined;
  const { workflow_id, step_id, attempt, attempt_token } = work.data;
  const { status, output_data, error, duration_ms } = outcome;
  return {
    type: 'workflow.record_step_result',
    data: { workflow_id, step_id, attempt, attempt_token, status, output_data, error, duration_ms },
  };
}
