import type { AnyEvent } from '@chorda/contracts';
import { defineTable, type RowOf } from '../bulk/table.js';
import { defineProjection } from '../runner/define-projection.js';
import type { EventContext } from '../runner/projection.js';

export type TaskEvent = Extract<AnyEvent, { readonly type: `workflow.human_task_${string}` }>;

const tasksTable = defineTable({
  name: 'tasks_v1',
  key: ['tenant_id', 'task_id', 'workflow_id'],
  columns: {
    tenant_id: 'text',
    task_id: 'text',
    workflow_id: 'text',
    workflow_name: 'text',
    step_id: 'text',
    status: 'text',
    task_type: 'text',
    title: 'text',
    description: 'text?',
    form_schema: 'text?',
    input_data: 'text?',
    assignees: 'text[]',
    groups: 'text[]',
    quorum: 'int',
    opened_at: 'timestamp',
    due_at: 'timestamp?',
    escalate_at: 'timestamp?',
    expires_at: 'timestamp?',
    escalation_level: 'int',
    escalated_at: 'timestamp?',
    escalation_reason: 'text?',
    answers: 'int',
    approvals: 'int',
    rejections: 'int',
    decision: 'text?',
    decided_by: 'text?',
    decided_at: 'timestamp?',
    comment: 'text?',
    form_data: 'text?',
    waiting_time_ms: 'count?',
  },
});

export type TaskRow = RowOf<typeof tasksTable.columns>;

/** Tasks for people, from the question to the answer that closes it. */
export const tasks = defineProjection<TaskEvent>()({
  name: 'tasks',
  version: 1,
  topics: ['workflow.events'],
  table: tasksTable,
  begin: unheardOf,
  evolve: {
    'workflow.human_task_opened': (row, { data }, { metadata }) => ({
      ...row,
      task_type: data.task_type,
      title: data.title,
      description: data.description,
      form_schema: data.form_schema,
      input_data: data.input_data,
      assignees: data.assignees,
      groups: data.groups,
      quorum: data.quorum,
      opened_at: metadata.timeMs,
      due_at: data.due_at,
      escalate_at: data.escalate_at,
      expires_at: data.expires_at,
    }),
    // The last answer is shown; what each of a quorum said is in the journal.
    'workflow.human_task_decided': (row, { data }, { metadata }) => ({
      ...row,
      status: data.quorum_reached ? 'decided' : row.status,
      answers: row.answers + (data.decision === 'expired' ? 0 : 1),
      approvals: row.approvals + (data.decision === 'approved' ? 1 : 0),
      rejections: row.rejections + (data.decision === 'rejected' ? 1 : 0),
      decision: data.quorum_reached ? data.decision : row.decision,
      decided_by: data.decided_by,
      decided_at: data.quorum_reached ? metadata.timeMs : row.decided_at,
      comment: data.comment,
      form_data: data.form_data ?? row.form_data,
      waiting_time_ms: data.waiting_time_ms,
    }),
    'workflow.human_task_escalated': (row, { data }, { metadata }) => ({
      ...row,
      status: row.status === 'decided' ? row.status : 'escalated',
      assignees: data.to_assignees,
      groups: data.to_groups,
      escalation_level: Math.max(row.escalation_level, data.level),
      escalated_at: metadata.timeMs,
      escalation_reason: data.reason,
    }),
  },
});

function unheardOf({ data }: TaskEvent, { metadata }: EventContext): TaskRow {
  return {
    tenant_id: metadata.tenantId,
    task_id: data.task_id,
    workflow_id: data.workflow_id,
    workflow_name: data.workflow_name,
    step_id: data.step_id,
    status: 'open',
    task_type: 'unknown',
    title: '',
    description: null,
    form_schema: null,
    input_data: null,
    assignees: [],
    groups: [],
    quorum: 1,
    opened_at: metadata.timeMs,
    due_at: null,
    escalate_at: null,
    expires_at: null,
    escalation_level: 0,
    escalated_at: null,
    escalation_reason: null,
    answers: 0,
    approvals: 0,
    rejections: 0,
    decision: null,
    decided_by: null,
    decided_at: null,
    comment: null,
    form_data: null,
    waiting_time_ms: null,
  };
}
