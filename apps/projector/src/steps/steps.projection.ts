import type { AnyEvent } from '@chorda/contracts';
import { defineTable, type RowOf } from '../bulk/table.js';
import { defineProjection } from '../runner/define-projection.js';
import type { EventContext, EventOf } from '../runner/projection.js';

export type StepEvent = Extract<AnyEvent, { readonly type: `workflow.step_${string}` }>;
type EndEvent = EventOf<StepEvent, 'workflow.step_completed' | 'workflow.step_failed'>;

const stepsTable = defineTable({
  name: 'steps_v1',
  key: ['tenant_id', 'workflow_id', 'step_id'],
  columns: {
    tenant_id: 'text',
    workflow_id: 'text',
    step_id: 'text',
    workflow_name: 'text',
    step_name: 'text',
    step_type: 'text',
    status: 'text',
    attempts: 'int',
    queue: 'text?',
    worker: 'text?',
    queued_at: 'timestamp',
    scheduled_at: 'timestamp?',
    not_before: 'timestamp?',
    deadline_at: 'timestamp?',
    started_at: 'timestamp?',
    ended_at: 'timestamp?',
    retry_at: 'timestamp?',
    queue_time_ms: 'count?',
    execution_time_ms: 'count?',
    total_time_ms: 'count?',
    compensated_at: 'timestamp?',
    compensation_time_ms: 'count?',
    input_data: 'text?',
    output_data: 'text?',
    error: 'text?',
    error_code: 'text?',
    next_steps: 'text[]',
  },
});

export type StepRow = RowOf<typeof stepsTable.columns>;

/** Steps of runs, with what each waited and worked. Times of an attempt are those of the last one. */
export const steps = defineProjection<StepEvent>()({
  name: 'steps',
  version: 1,
  topics: ['workflow.events'],
  table: stepsTable,
  begin: unheardOf,
  evolve: {
    'workflow.step_scheduled': (row, { data }, { metadata }) => ({
      ...row,
      status: 'scheduled',
      attempts: Math.max(row.attempts, data.attempt),
      queue: data.queue,
      worker: null,
      scheduled_at: metadata.timeMs,
      not_before: data.not_before,
      deadline_at: data.deadline_at,
      started_at: null,
      ended_at: null,
      retry_at: null,
      queue_time_ms: null,
      execution_time_ms: null,
      total_time_ms: null,
      input_data: data.input_data,
    }),
    'workflow.step_started': (row, { data }, { metadata }) => {
      // A step that is quick is heard of when it has ended: what counts is when it began.
      const startedMs = data.started_at ?? metadata.timeMs;
      return {
        ...row,
        status: 'running',
        attempts: Math.max(row.attempts, data.attempt),
        worker: data.worker,
        started_at: startedMs,
        // A clock that was set back between the two gives no time below nothing.
        queue_time_ms: row.scheduled_at === null ? null : Math.max(0, startedMs - row.scheduled_at),
      };
    },
    'workflow.step_skipped': (row) => ({ ...row, status: 'skipped' }),
    'workflow.step_completed': (row, event, context) => ({
      ...ended(row, event, context),
      status: 'completed',
      output_data: event.data.output_data,
      error: null,
      error_code: null,
      next_steps: event.data.next_steps,
    }),
    'workflow.step_failed': (row, event, context) => ({
      ...ended(row, event, context),
      status: event.data.retry_at === null ? endStatus(event) : 'retrying',
      retry_at: event.data.retry_at,
      error: event.data.error,
      error_code: event.data.error_code,
    }),
    'workflow.step_compensated': (row, { data }, { metadata }) => ({
      ...row,
      status: data.status === 'failed' ? 'compensation_failed' : 'compensated',
      compensated_at: metadata.timeMs,
      compensation_time_ms: data.compensation_time_ms,
      error: data.error ?? row.error,
    }),
  },
});

function unheardOf({ data }: StepEvent, { metadata }: EventContext): StepRow {
  return {
    tenant_id: metadata.tenantId,
    workflow_id: data.workflow_id,
    step_id: data.step_id,
    workflow_name: data.workflow_name,
    step_name: data.step_name,
    step_type: data.step_type,
    status: 'unknown',
    attempts: 0,
    queue: null,
    worker: null,
    queued_at: metadata.timeMs,
    scheduled_at: null,
    not_before: null,
    deadline_at: null,
    started_at: null,
    ended_at: null,
    retry_at: null,
    queue_time_ms: null,
    execution_time_ms: null,
    total_time_ms: null,
    compensated_at: null,
    compensation_time_ms: null,
    input_data: null,
    output_data: null,
    error: null,
    error_code: null,
    next_steps: [],
  };
}

function ended(row: StepRow, { data }: EndEvent, { metadata }: EventContext): StepRow {
  return {
    ...row,
    attempts: Math.max(row.attempts, data.attempt),
    ended_at: metadata.timeMs,
    retry_at: null,
    execution_time_ms: data.execution_time_ms,
    total_time_ms: Math.max(0, metadata.timeMs - row.queued_at),
    input_data: data.input_data,
  };
}

/** A status that a newer engine has and we do not know ended badly all the same: the type says so. */
function endStatus({ data }: EndEvent): string {
  return data.status === 'cancelled' ? 'cancelled' : 'failed';
}
