import { jsonValue, type EventMetadata, type JsonText, type WorkflowWork } from '@chorda/contracts';
import { isPlanted } from '@chorda/platform';
import { stepAnsweredChannel, stepReadyChannel, stepRevokedChannel, type NewWork } from '@chorda/read-models';
import { keptMetadata, stepAnswers, type StepOutcome, type WorkKind } from '@chorda/work';
import { membersOf } from './members-of.js';
import { lostStep } from './step-outcome.js';

export const { source } = stepAnswers;
/** One group for all executors: each step is taken into the inbox once, and done by whoever has room. */
export const stepsGroup = 'orchestrator.steps';

/** An executor's own work waits in one queue for all. */
const ownQueue = 'steps';
/** The table holds whole numbers up to this. */
const leaseMsMax = 2_147_483_647;
const deadlineMsMax = Date.UTC(2999, 0, 1);

/** Work that the engine of workflows gives out. */
export const stepWorkKind: WorkKind<WorkflowWork, WorkflowWork, StepOutcome> = {
  ...stepAnswers,
  table: 'workflow_work',
  consumerGroup: stepsGroup,
  topics: ['workflow.work.steps', 'workflow.work.workers'],
  endsWork: new Set(['workflow.stop_requested']),
  channels: { ready: stepReadyChannel, answered: stepAnsweredChannel, revoked: stepRevokedChannel },
  queues: [ownQueue],
  lost: lostStep,
  read: (_topic, work, metadata) => ({ kind: 'asked', item: itemOf(work, metadata) }),
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
    isTold: !isCall || isWatched(work.data.settings),
  };
}

/** The engine counts the time until it is begun, or hears of its life: whoever hands it out says so at once. */
function isWatched(settings: JsonText): boolean {
  const { idle_ms: idleMs = null, start_ms: startMs = null } = membersOf(jsonValue(settings));
  return idleMs !== null || startMs !== null;
}

/** Of a tool: who polls a queue gets its calls alone. */
function workerQueue(name: string): string {
  return `workers:${name}`;
}
