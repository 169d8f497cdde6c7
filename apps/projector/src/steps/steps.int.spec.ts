import { describe, it } from 'vitest';
import { event, projectionSpec } from '../test-support/projection-spec.js';
import { steps } from './steps.projection.js';

const of = { workflow_id: 'run-1', workflow_name: 'refund', step_id: 'check' };
const step = { ...of, step_name: 'Check', step_type: 'agent' };
const ms = (time: string) => Date.parse(`2026-11-20T${time}Z`);
const at = (time: string) => ({ at: `2026-11-20T${time}Z` });

const scheduled = event('workflow.step_scheduled', { ...step, input_data: { a: 1 }, queue: 'default' }, at('12:00:00'));
const started = event('workflow.step_started', { ...step, worker: 'executor-1' }, at('12:00:02'));
const failedOnce = {
  ...step,
  execution_time_ms: 3_000,
  status: 'failed',
  input_data: { a: 1 },
  error: 'down',
  error_code: 'DOWN',
} as const;
const retrying = event('workflow.step_failed', { ...failedOnce, retry_at: '2026-11-20T12:00:10Z' }, at('12:00:05'));

describe('steps', () => {
  const given = projectionSpec(steps);

  it('wait, then run', () =>
    given([scheduled])
      .when([started])
      .then([
        {
          ...step,
          status: 'running',
          attempts: 1,
          queue: 'default',
          worker: 'executor-1',
          queued_at: ms('12:00:00'),
          scheduled_at: ms('12:00:00'),
          started_at: ms('12:00:02'),
          ended_at: null,
          queue_time_ms: 2_000,
          total_time_ms: null,
          input_data: '{"a":1}',
        },
      ]));

  it('began when their worker began, also where that is heard of with their end', () =>
    given([scheduled])
      .when([
        event('workflow.step_started', { ...step, started_at: '2026-11-20T12:00:02Z' }, at('12:00:05')),
        event(
          'workflow.step_completed',
          { ...step, execution_time_ms: 3_000, status: 'completed', input_data: { a: 1 }, output_data: 'fine' },
          at('12:00:05'),
        ),
      ])
      .then([
        {
          ...of,
          status: 'completed',
          started_at: ms('12:00:02'),
          ended_at: ms('12:00:05'),
          queue_time_ms: 2_000,
          execution_time_ms: 3_000,
        },
      ]));

  it('are tried again: times are those of the last attempt, and the whole from the first', () =>
    given([scheduled, started, retrying])
      .when([
        event('workflow.step_scheduled', { ...step, attempt: 2, input_data: { a: 1 } }, at('12:00:10')),
        event('workflow.step_started', { ...step, attempt: 2 }, at('12:00:11')),
        event(
          'workflow.step_completed',
          {
            ...step,
            attempt: 2,
            execution_time_ms: 4_000,
            status: 'completed',
            input_data: { a: 1 },
            output_data: 'fine',
            next_steps: ['send'],
          },
          at('12:00:15'),
        ),
      ])
      .then([
        {
          ...of,
          status: 'completed',
          attempts: 2,
          queued_at: ms('12:00:00'),
          scheduled_at: ms('12:00:10'),
          started_at: ms('12:00:11'),
          ended_at: ms('12:00:15'),
          queue_time_ms: 1_000,
          execution_time_ms: 4_000,
          total_time_ms: 15_000,
          retry_at: null,
          output_data: '"fine"',
          error: null,
          error_code: null,
          next_steps: ['send'],
        },
      ]));

  it('are retrying while an attempt is to follow, then failed, then compensated', () => {
    const other = { ...failedOnce, workflow_id: 'run-2' };
    return given([scheduled, started, retrying, event('workflow.step_failed', { ...other, status: 'cancelled' })])
      .when([
        event('workflow.step_failed', { ...failedOnce, workflow_id: 'run-3' }),
        event('workflow.step_compensated', {
          ...step,
          workflow_id: 'run-3',
          compensation_time_ms: 9,
          status: 'completed',
        }),
      ])
      .then([
        { ...of, status: 'retrying', retry_at: ms('12:00:10'), error: '"down"', error_code: 'DOWN' },
        { ...of, workflow_id: 'run-2', status: 'cancelled', retry_at: null },
        { ...of, workflow_id: 'run-3', status: 'compensated', compensation_time_ms: 9, error_code: 'DOWN' },
      ]);
  });
});
