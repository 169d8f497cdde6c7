import type { AnyEvent } from '@chorda/contracts';
import { defineTable, type RowOf } from '../bulk/table.js';
import { defineProjection, type ProjectionDefinition } from '../runner/define-projection.js';
import type { EventContext } from '../runner/projection.js';

export type RunEvent = Extract<AnyEvent, { readonly type: `workflow.${string}` }>;

const runsTable = defineTable({
  name: 'runs_v2',
  key: ['tenant_id', 'workflow_id'],
  columns: {
    tenant_id: 'text',
    workflow_id: 'text',
    workflow_name: 'text',
    definition_hash: 'text?',
    status: 'text',
    version: 'bigint?',
    user_id: 'text?',
    parent_workflow_id: 'text?',
    parent_step_id: 'text?',
    forked_from_workflow_id: 'text?',
    forked_at_version: 'bigint?',
    correlation_id: 'text',
    started_at: 'timestamp',
    ended_at: 'timestamp?',
    deadline_at: 'timestamp?',
    paused_at: 'timestamp?',
    execution_time_ms: 'count?',
    reason: 'text?',
    ended_by: 'text?',
    input_data: 'text?',
    output_data: 'text?',
    error: 'text?',
    error_code: 'text?',
    failed_step_id: 'text?',
    current_step_id: 'text?',
    steps_scheduled: 'count',
    steps_completed: 'count',
    steps_failed: 'count',
    steps_compensated: 'count',
    tasks_opened: 'count',
    tasks_closed: 'count',
    signals_received: 'count',
    timers_set: 'count',
    timers_fired: 'count',
    last_active: 'timestamp',
  },
});

export type RunRow = RowOf<typeof runsTable.columns>;

/** Of every type: an event that is passed over leaves `version` behind that of the stream, which commands are held to. */
type OfEveryType = Required<ProjectionDefinition<RunEvent, typeof runsTable.columns>['evolve']>;

/** Runs of workflows: where each stands, and how much of everything it has had. */
export const runs = defineProjection<RunEvent>()({
  name: 'runs',
  version: 2,
  topics: ['workflow.events'],
  table: runsTable,
  begin: unheardOf,
  evolve: {
    'workflow.started': (row, { data }, context) => ({
      ...heard(row, context),
      status: 'running',
      definition_hash: data.definition_hash,
      user_id: data.user_id,
      parent_workflow_id: data.parent_workflow_id,
      parent_step_id: data.parent_step_id,
      forked_from_workflow_id: data.forked_from_workflow_id,
      forked_at_version: data.forked_at_version,
      correlation_id: context.metadata.correlationId,
      started_at: context.metadata.timeMs,
      deadline_at: data.deadline_at,
      input_data: data.input_data,
    }),
    'workflow.step_scheduled': (row, { data }, context) => ({
      ...heard(row, context),
      current_step_id: data.step_id,
      steps_scheduled: row.steps_scheduled + (data.attempt === 1 ? 1 : 0),
    }),
    'workflow.step_started': (row, { data }, context) => ({ ...heard(row, context), current_step_id: data.step_id }),
    'workflow.step_completed': (row, { data }, context) => ({
      ...heard(row, context),
      current_step_id: data.step_id,
      steps_completed: row.steps_completed + 1,
    }),
    // An attempt that is to be followed by another is no failed step, and neither is one that was called off.
    'workflow.step_failed': (row, { data }, context) => ({
      ...heard(row, context),
      current_step_id: data.step_id,
      steps_failed: row.steps_failed + (data.retry_at === null && data.status !== 'cancelled' ? 1 : 0),
    }),
    'workflow.step_compensated': (row, { data }, context) => ({
      ...heard(row, context),
      current_step_id: data.step_id,
      steps_compensated: row.steps_compensated + 1,
    }),
    'workflow.paused': (row, { data }, context) => ({
      ...heard(row, context),
      status: 'paused',
      paused_at: context.metadata.timeMs,
      reason: data.reason,
    }),
    'workflow.resumed': (row, _, context) => ({
      ...heard(row, context),
      status: 'running',
      paused_at: null,
      reason: null,
      // One that had failed and goes on has not ended.
      ended_at: null,
      error: null,
      error_code: null,
      failed_step_id: null,
    }),
    'workflow.completed': (row, { data }, context) => ({
      ...ended(row, context, 'completed', data),
      output_data: data.output_data,
    }),
    'workflow.failed': (row, { data }, context) => ({
      ...ended(row, context, 'failed', data),
      error: data.error,
      error_code: data.error_code,
      failed_step_id: data.failed_step_id,
    }),
    'workflow.cancelled': (row, { data }, context) => ({
      ...ended(row, context, 'cancelled', data),
      reason: data.reason,
      ended_by: data.cancelled_by,
    }),
    'workflow.cancel_requested': (row, { data }, context) => ({
      ...heard(row, context),
      status: 'cancelling',
      reason: data.reason,
    }),
    'workflow.compensation_started': (row, { data }, context) => ({
      ...heard(row, context),
      status: 'compensating',
      reason: data.reason,
    }),
    'workflow.human_task_opened': (row, _, context) => ({ ...heard(row, context), tasks_opened: row.tasks_opened + 1 }),
    'workflow.human_task_decided': (row, { data }, context) => ({
      ...heard(row, context),
      tasks_closed: row.tasks_closed + (data.quorum_reached ? 1 : 0),
    }),
    'workflow.human_task_escalated': (row, _, context) => heard(row, context),
    'workflow.signal_received': (row, _, context) => ({
      ...heard(row, context),
      signals_received: row.signals_received + 1,
    }),
    'workflow.timer_set': (row, _, context) => ({ ...heard(row, context), timers_set: row.timers_set + 1 }),
    'workflow.timer_fired': (row, _, context) => ({ ...heard(row, context), timers_fired: row.timers_fired + 1 }),
    'workflow.human_task_claimed': (row, _, context) => heard(row, context),
    'workflow.signal_taken': (row, _, context) => heard(row, context),
    'workflow.waits_changed': (row, _, context) => heard(row, context),
    'workflow.event_emitted': (row, _, context) => heard(row, context),
    'workflow.state_entered': (row, _, context) => heard(row, context),
    'workflow.step_skipped': (row, _, context) => heard(row, context),
    'workflow.step_progressed': (row, _, context) => heard(row, context),
    'workflow.map_progressed': (row, _, context) => heard(row, context),
    'workflow.branch_started': (row, _, context) => heard(row, context),
    'workflow.branch_ended': (row, _, context) => heard(row, context),
  } satisfies OfEveryType,
});

/** Version 1, whose rows of before may lag behind their streams; the same code has kept it up since. */
export const runsBefore = runs.onTable?.({ version: 1, table: 'runs_v1' }) ?? runs;

/** A run whose start the log lacks is shown by what it does: `unknown` until it is paused, goes on or ends. */
function unheardOf({ data }: RunEvent, { metadata }: EventContext): RunRow {
  return {
    tenant_id: metadata.tenantId,
    workflow_id: data.workflow_id,
    workflow_name: data.workflow_name,
    definition_hash: null,
    status: 'unknown',
    version: null,
    user_id: null,
    parent_workflow_id: null,
    parent_step_id: null,
    forked_from_workflow_id: null,
    forked_at_version: null,
    correlation_id: metadata.correlationId,
    started_at: metadata.timeMs,
    ended_at: null,
    deadline_at: null,
    paused_at: null,
    execution_time_ms: null,
    reason: null,
    ended_by: null,
    input_data: null,
    output_data: null,
    error: null,
    error_code: null,
    failed_step_id: null,
    current_step_id: null,
    steps_scheduled: 0,
    steps_completed: 0,
    steps_failed: 0,
    steps_compensated: 0,
    tasks_opened: 0,
    tasks_closed: 0,
    signals_received: 0,
    timers_set: 0,
    timers_fired: 0,
    last_active: metadata.timeMs,
  };
}

function heard(row: RunRow, { metadata }: EventContext): RunRow {
  return {
    ...row,
    // Nested flows of a run have streams, and versions, of their own.
    version: metadata.decision?.stream === undefined ? (metadata.decision?.streamVersion ?? row.version) : row.version,
    last_active: Math.max(row.last_active, metadata.timeMs),
  };
}

function ended(
  row: RunRow,
  context: EventContext,
  status: string,
  data: { readonly execution_time_ms: number; readonly steps_completed: number },
): RunRow {
  return {
    ...heard(row, context),
    status,
    ended_at: context.metadata.timeMs,
    paused_at: null,
    execution_time_ms: data.execution_time_ms,
    steps_completed: data.steps_completed,
  };
}
