import { jsonText, requestId, type inference } from '@chorda/contracts';
import type { JsonValue } from '@chorda/kernel';
import { describe, expect, it } from 'vitest';
import { stepResultOf } from './step-reply.js';

const origin = {
  request_id: requestId('r-1'),
  ...{ session_id: null, user_id: null, agent_id: null, execution_id: null, workflow_id: null, step_id: null },
};

function completed(message: JsonValue, finish_reason = 'stop'): inference.Completed {
  const data: Partial<inference.Completed['data']> = {
    ...origin,
    output_data: jsonText({ choices: [{ message }] }),
    finish_reason,
    inference_time_ms: 12,
  };
  // What a reply does not look at is left out.
  return { type: 'inference.completed', data: data as inference.Completed['data'] };
}

describe('the result of a step that asked a model', () => {
  it('is what the model said, or its value', () => {
    expect(stepResultOf(completed({ content: 'Yes' }), 'text')).toMatchObject({
      status: 'completed',
      output_data: 'Yes',
    });
    const json = stepResultOf(completed({ content: '{"good":true}' }), 'json');
    expect(json).toMatchObject({ status: 'completed', output_data: { good: true }, duration_ms: 12 });
    expect(stepResultOf(completed({ content: null }), 'text')).toMatchObject({ output_data: '' });
  });

  it.each([
    [completed({ content: 'Sure! {' }), 'json', 'ANSWER_NOT_JSON', true],
    [completed({ content: '{"goo' }, 'length'), 'json', 'ANSWER_NOT_JSON', true],
    [completed({ content: null, refusal: 'I will not' }), 'text', 'MODEL_REFUSED', false],
  ])('is an error where that is of no use: %#', (outcome, form, code, retriable) => {
    expect(stepResultOf(outcome, form)).toMatchObject({ status: 'failed', error: { class: 'llm', code, retriable } });
  });

  it('is an error of class llm where there was no answer, with the pause that was asked for', () => {
    const failed: inference.Failed = {
      type: 'inference.failed',
      data: {
        ...origin,
        ...{ model: 'tiny', attempts: 2, error: jsonText({ message: 'Busy' }), error_code: 'RATE_LIMITED' },
        ...{ total_time_ms: 5, http_status: 429, retry_after_ms: 2_000 },
      },
    };
    expect(stepResultOf(failed, 'text')).toMatchObject({
      status: 'failed',
      error: { class: 'llm', code: 'RATE_LIMITED', status: 429, retriable: true, details: { retry_after_ms: 2_000 } },
    });
  });
});
