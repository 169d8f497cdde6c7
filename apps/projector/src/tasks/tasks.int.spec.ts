import { describe, it } from 'vitest';
import { event, projectionSpec } from '../test-support/projection-spec.js';
import { tasks } from './tasks.projection.js';

const of = { workflow_id: 'run-1', workflow_name: 'refund', step_id: 'ask', task_id: 'task-1' };
const ms = (time: string) => Date.parse(`2026-11-20T${time}Z`);

const opened = event('workflow.human_task_opened', {
  ...of,
  task_type: 'approval',
  title: 'Refund?',
  input_data: { order: 7 },
  assignees: ['manager-1', 'manager-2'],
  groups: ['managers'],
  quorum: 2,
  due_at: '2026-11-20T18:00:00Z',
});

function decided(decision: 'approved' | 'rejected' | 'expired', quorum_reached: boolean, decided_by: string | null) {
  return event('workflow.human_task_decided', {
    ...of,
    decision,
    quorum_reached,
    decided_by,
    comment: decision,
    waiting_time_ms: 60_000,
  });
}

const escalated = event('workflow.human_task_escalated', {
  ...of,
  level: 1,
  from_assignees: ['manager-1', 'manager-2'],
  to_groups: ['directors'],
  reason: 'overdue',
});

describe('tasks', () => {
  const given = projectionSpec(tasks);

  it('are open until as many have answered as it takes', () =>
    given([opened])
      .when([decided('approved', false, 'manager-1')])
      .then([
        {
          ...of,
          status: 'open',
          task_type: 'approval',
          title: 'Refund?',
          assignees: ['manager-1', 'manager-2'],
          groups: ['managers'],
          quorum: 2,
          answers: 1,
          approvals: 1,
          decision: null,
          decided_at: null,
          opened_at: ms('12:00:00'),
          due_at: ms('18:00:00'),
          input_data: '{"order":7}',
        },
      ]));

  it('go to others, and are decided by the answer that closes them', () =>
    given([opened, decided('approved', false, 'manager-1'), escalated])
      .when([decided('rejected', true, 'director-1'), escalated])
      .then([
        {
          ...of,
          status: 'decided',
          assignees: [],
          groups: ['directors'],
          escalation_level: 1,
          escalation_reason: 'overdue',
          answers: 2,
          approvals: 1,
          rejections: 1,
          decision: 'rejected',
          decided_by: 'director-1',
          decided_at: ms('12:00:03'),
          comment: 'rejected',
          waiting_time_ms: 60_000,
        },
      ]));

  it('expire without an answer', () =>
    given([opened, escalated])
      .when([decided('expired', true, null)])
      .then([{ ...of, status: 'decided', decision: 'expired', decided_by: null, answers: 0 }]));
});
