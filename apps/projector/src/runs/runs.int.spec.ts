import { describe, it } from 'vitest';
import { event, projectionSpec } from '../test-support/projection-spec.js';
import { runs } from './runs.projection.js';

const run = { workflow_id: 'run-1', workflow_name: 'refund' };
const step = { ...run, step_id: 'ask', step_name: 'Ask', step_type: 'human' };
const ms = (time: string) => Date.parse(`2026-11-20T${time}Z`);

const started = event(
  'workflow.started',
  { ...run, definition_hash: 'abc', input_data: { order: 7 }, user_id: 'user-1', parent_workflow_id: 'run-0' },
  { correlationId: 'chain-1' },
);
const failedOnce = {
  ...step,
  execution_time_ms: 5,
  status: 'failed',
  input_data: 1,
  error: 'down',
  error_code: 'DOWN',
} as const;

describe('runs', () => {
  const given = projectionSpec(runs);

  it('run from their start on, with who asked for what', () =>
    given([started]).then([
      {
        ...run,
        status: 'running',
        version: 1n,
        definition_hash: 'abc',
        user_id: 'user-1',
        parent_workflow_id: 'run-0',
        correlation_id: 'chain-1',
        started_at: ms('12:00:00'),
        ended_at: null,
        input_data: '{"order":7}',
      },
    ]));

  it('count their steps, tasks, timers and signals; an attempt that is tried again is no failed step', () =>
    given([started, event('workflow.step_scheduled', { ...step, input_data: 1 })])
      .when([
        event('workflow.step_started', step),
        event('workflow.step_failed', { ...failedOnce, retry_at: '2026-11-20T12:01:00Z' }),
        event('workflow.timer_set', { ...run, timer_id: 't', purpose: 'retry', due_at: '2026-11-20T12:01:00Z' }),
        event('workflow.timer_fired', {
          ...run,
          timer_id: 't',
          purpose: 'retry',
          due_at: '2026-11-20T12:01:00Z',
          fired_at: '2026-11-20T12:01:01Z',
        }),
        event('workflow.step_scheduled', { ...step, attempt: 2, input_data: 1 }),
        event('workflow.human_task_opened', {
          ...run,
          step_id: 'ask',
          task_id: 'task-1',
          task_type: 'approval',
          title: 'Refund?',
          input_data: 1,
        }),
        event('workflow.signal_received', { ...run, signal_id: 's', signal_name: 'paid', signal_data: 1 }),
        event('workflow.human_task_decided', {
          ...run,
          step_id: 'ask',
          task_id: 'task-1',
          decision: 'approved',
          quorum_reached: true,
          waiting_time_ms: 10,
        }),
        event('workflow.step_completed', {
          ...step,
          attempt: 2,
          execution_time_ms: 5,
          status: 'completed',
          input_data: 1,
          output_data: 2,
        }),
      ])
      .then([
        {
          ...run,
          status: 'running',
          version: 11n,
          current_step_id: 'ask',
          steps_scheduled: 1,
          steps_completed: 1,
          steps_failed: 0,
          tasks_opened: 1,
          tasks_closed: 1,
          timers_set: 1,
          timers_fired: 1,
          signals_received: 1,
          last_active: ms('12:00:10'),
        },
      ]));

  it('have the version of their stream, whatever its last event says; those of nested flows count for themselves', () =>
    given([started])
      .when([
        event('workflow.state_entered', { ...run, state: 'OPEN', visit: 1, timers: [] }),
        event('workflow.step_skipped', { ...step, reason: 'condition' }),
        event('workflow.map_progressed', { ...run, step_id: 'each', started: [0] }),
        event('workflow.branch_started', { ...run, branch_id: 'each[0]', step_id: 'each', input_data: 1 }),
        event('workflow.waits_changed', { ...run, branch_id: 'each[0]', is_waiting: true }),
        event('workflow.step_progressed', { ...step, checkpoint: 1, value: 1 }, { stream: 'workflow-run-1/each[0]' }),
        event('workflow.branch_ended', { ...run, branch_id: 'each[0]', step_id: 'each', status: 'completed' }),
        event('workflow.event_emitted', { ...run, step_id: 'say', event_name: 'paid', event_data: 1 }),
        event('workflow.human_task_claimed', { ...run, step_id: 'ask', task_id: 'task-1' }),
        event('workflow.step_progressed', { ...step, checkpoint: 2, value: 2 }),
        event('workflow.signal_taken', { ...run, signal_id: 's', step_id: null }),
      ])
      .then([{ ...run, status: 'running', version: 11n, steps_scheduled: 0, last_active: ms('12:00:11') }]));

  it('pause and go on', () =>
    given([started, event('workflow.paused', { ...run, reason: 'asked' })])
      .when([event('workflow.resumed', run)])
      .then([{ ...run, status: 'running', paused_at: null, reason: null, version: 3n }]));

  it('end well, badly, or on request, each with what it has to say', () => {
    const runOf = (workflow_id: string) => ({ workflow_id, workflow_name: 'refund' });
    const ended = { execution_time_ms: 4_000, steps_completed: 3 };
    const startOf = (id: string) => event('workflow.started', { ...runOf(id), definition_hash: 'abc', input_data: 1 });
    return given(['well', 'badly', 'asked'].map(startOf))
      .when([
        event('workflow.completed', { ...runOf('well'), ...ended, output_data: 'fine' }),
        event('workflow.step_failed', { ...failedOnce, ...runOf('badly') }),
        event('workflow.failed', {
          ...runOf('badly'),
          ...ended,
          error: { message: 'down' },
          error_code: 'DOWN',
          failed_step_id: 'ask',
        }),
        event('workflow.cancelled', { ...runOf('asked'), ...ended, reason: 'Not approved.', cancelled_by: 'user-2' }),
      ])
      .then([
        { ...runOf('well'), status: 'completed', ended_at: ms('12:00:03'), output_data: '"fine"', steps_completed: 3 },
        {
          ...runOf('badly'),
          status: 'failed',
          steps_failed: 1,
          error: '{"message":"down"}',
          error_code: 'DOWN',
          failed_step_id: 'ask',
        },
        {
          ...runOf('asked'),
          status: 'cancelled',
          reason: 'Not approved.',
          ended_by: 'user-2',
          execution_time_ms: 4_000,
        },
      ]);
  });
});
