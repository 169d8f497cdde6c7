import { jsonText, requestId, type inference } from '@chorda/contracts';
import { describe, expect, it } from 'vitest';
import { turnFailureOf } from './turn-reply.js';

const origin = {
  ...{ request_id: requestId('r-1'), session_id: null, user_id: null, agent_id: null, execution_id: null },
  ...{ workflow_id: null, step_id: null, model: 'small', attempts: 1 },
};
const failed = (error_code: string, http_status: number | null): inference.Failed => ({
  type: 'inference.failed',
  data: {
    ...{ ...origin, error_code, http_status, retry_after_ms: null, total_time_ms: 12 },
    error: jsonText({ message: 'No', type: 't', param: null, code: null }),
  },
});

describe('an agent whose request ended without an answer', () => {
  it.each([
    ['RATE_LIMITED', 429, 'MODEL_RATE_LIMITED', true],
    ['PROVIDER_UNAVAILABLE', 503, 'MODEL_OVERLOADED', true],
    ['ATTEMPTS_EXHAUSTED', 502, 'MODEL_UNAVAILABLE', true],
    ['INVALID_REQUEST', 400, 'MODEL_REFUSED', false],
    ['CONTEXT_LENGTH_EXCEEDED', 400, 'MODEL_CONTEXT_TOO_LONG', false],
    ['MODEL_NOT_FOUND', 404, 'MODEL_UNKNOWN', false],
    ['OUTPUT_TOO_LARGE', 502, 'MODEL_ANSWER_TOO_LARGE', false],
    // Tomorrow there is a budget again, and no sooner.
    ['BUDGET_EXCEEDED', 429, 'BUDGET_EXCEEDED', false],
  ])('is told of %s (%s) as %s, retriable: %s', (code, status, told, isRetriable) => {
    expect(turnFailureOf(failed(code, status))).toEqual({
      ...{ error_code: told, is_retriable: isRetriable, reason: 'No', retry_after_ms: null, duration_ms: 12 },
    });
  });

  it('asks again what expired, and not what somebody withdrew', () => {
    const expired = { type: 'inference.expired', data: { ...origin, deadline_at: 1, stage: 'queued' } } as const;
    const cancelled = {
      type: 'inference.cancelled',
      data: { ...origin, reason: 'asked', cancelled_by: null },
    } as const;
    expect(turnFailureOf(expired)).toMatchObject({ error_code: 'MODEL_TIMED_OUT', is_retriable: true });
    expect(turnFailureOf(cancelled)).toMatchObject({ error_code: 'MODEL_ABORTED', is_retriable: false });
  });
});
