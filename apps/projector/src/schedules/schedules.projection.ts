import type { ScheduleEvent } from '@chorda/contracts';
import { defineTable, type RowOf } from '../bulk/table.js';
import { defineProjection } from '../runner/define-projection.js';
import type { EventContext, EventOf } from '../runner/projection.js';

const schedulesTable = defineTable({
  name: 'schedules_v1',
  key: ['tenant_id', 'schedule_id'],
  columns: {
    tenant_id: 'text',
    schedule_id: 'text',
    status: 'text',
    title: 'text?',
    workflow_name: 'text',
    workflow_version: 'int?',
    input_data: 'text?',
    user_id: 'text?',
    cron: 'text',
    time_zone: 'text',
    overlap: 'text',
    catch_up: 'text',
    catch_up_window_ms: 'count',
    jitter_ms: 'count',
    created_at: 'timestamp',
    created_by: 'text?',
    changed_at: 'timestamp?',
    paused_at: 'timestamp?',
    pause_reason: 'text?',
    next_fire_at: 'timestamp?',
    last_fire_at: 'timestamp?',
    last_run_id: 'text?',
    fires: 'count',
    running: 'count',
    skips: 'count',
    last_skip_at: 'timestamp?',
    last_skip_reason: 'text?',
    refusals: 'count',
    last_error_code: 'text?',
    last_error: 'text?',
  },
});

export type ScheduleRow = RowOf<typeof schedulesTable.columns>;
type RulesData = EventOf<ScheduleEvent, 'schedule.created' | 'schedule.changed'>['data'];

/** Schedules as they stand, and what came of their fires. */
export const schedules = defineProjection<ScheduleEvent>()({
  name: 'schedules',
  version: 1,
  topics: ['schedule.events'],
  table: schedulesTable,
  begin: unheardOf,
  evolve: {
    // A schedule that was deleted may be created anew, and is another one then.
    'schedule.created': (_row, event, context) => ({
      ...unheardOf(event, context),
      ...rulesOf(event.data),
      status: 'active',
      created_by: event.data.by,
      next_fire_at: event.data.next_fire_at,
    }),
    'schedule.changed': (row, { data }, { metadata }) => ({
      ...row,
      ...rulesOf(data),
      changed_at: metadata.timeMs,
      next_fire_at: data.next_fire_at,
    }),
    'schedule.paused': (row, { data }, { metadata }) => ({
      ...row,
      status: 'paused',
      paused_at: metadata.timeMs,
      pause_reason: data.reason,
      next_fire_at: null,
    }),
    'schedule.resumed': (row, { data }) => ({
      ...row,
      status: 'active',
      paused_at: null,
      pause_reason: null,
      next_fire_at: data.next_fire_at,
    }),
    'schedule.deleted': (row) => ({ ...row, status: 'deleted', next_fire_at: null }),
    'schedule.fired': (row, { data }) => ({
      ...row,
      last_fire_at: data.fire_at,
      last_run_id: data.fire_id,
      fires: row.fires + 1,
      running: row.running + 1,
      next_fire_at: data.next_fire_at,
    }),
    'schedule.buffered': (row, { data }) => ({ ...row, next_fire_at: data.next_fire_at }),
    'schedule.skipped': (row, { data }) => ({
      ...row,
      skips: row.skips + 1,
      last_skip_at: data.first_fire_at,
      last_skip_reason: data.reason,
      next_fire_at: row.status === 'active' ? data.next_fire_at : null,
    }),
    'schedule.start_refused': (row, { data }) => ({
      ...row,
      running: Math.max(0, row.running - 1),
      refusals: row.refusals + 1,
      last_error_code: data.error_code,
      last_error: data.message,
    }),
    'schedule.run_ended': (row) => ({ ...row, running: Math.max(0, row.running - 1) }),
  },
});

function rulesOf(data: RulesData) {
  return {
    title: data.title,
    workflow_name: data.workflow_name,
    workflow_version: data.workflow_version,
    input_data: data.input_data,
    user_id: data.user_id,
    cron: data.cron,
    time_zone: data.time_zone,
    overlap: data.overlap,
    catch_up: data.catch_up,
    catch_up_window_ms: data.catch_up_window_ms,
    jitter_ms: data.jitter_ms,
  };
}

function unheardOf({ data }: ScheduleEvent, { metadata }: EventContext): ScheduleRow {
  return {
    tenant_id: metadata.tenantId,
    schedule_id: data.schedule_id,
    status: 'active',
    title: null,
    workflow_name: '',
    workflow_version: null,
    input_data: null,
    user_id: null,
    cron: '',
    time_zone: '',
    overlap: '',
    catch_up: '',
    catch_up_window_ms: 0,
    jitter_ms: 0,
    created_at: metadata.timeMs,
    created_by: null,
    changed_at: null,
    paused_at: null,
    pause_reason: null,
    next_fire_at: null,
    last_fire_at: null,
    last_run_id: null,
    fires: 0,
    running: 0,
    skips: 0,
    last_skip_at: null,
    last_skip_reason: null,
    refusals: 0,
    last_error_code: null,
    last_error: null,
  };
}
