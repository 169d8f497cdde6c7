import type { OutgoingData } from '@chorda/client';
import { describe, it } from 'vitest';
import { event, projectionSpec } from '../test-support/projection-spec.js';
import { usage } from './usage.projection.js';

const hour = Date.parse('2026-11-20T12:00:00Z');
const of = { agent_id: 'AGENT-1', workflow_id: 'run-1', provider: 'vllm', model: 'llama' };

function attempt(data: Partial<OutgoingData<'inference.usage_recorded'>> = {}, at = '2026-11-20T12:59:59.999Z') {
  const tokens = { prompt_tokens: 100, cached_prompt_tokens: 40, completion_tokens: 20, cost_usd: '0.000000001' };
  const whole = { request_id: 'req-1', attempt: 1, ...of, status: 'completed', ...tokens, duration_ms: 700, ...data };
  return event('inference.usage_recorded', whole as OutgoingData<'inference.usage_recorded'>, { at });
}

describe('usage', () => {
  const given = projectionSpec(usage);

  it('sums every attempt of its hour, whatever became of it, and money exactly', () =>
    given([attempt({ cost_usd: '123456789.999999999' })])
      .when([
        attempt(),
        attempt({ status: 'failed', prompt_tokens: 0, cached_prompt_tokens: 0, completion_tokens: 0, cost_usd: '0' }),
        attempt({ status: 'superseded', estimated: true }),
        attempt({ status: 'cancelled' }),
      ])
      .then([
        {
          ...of,
          hour,
          attempts: 5,
          attempts_completed: 2,
          attempts_failed: 1,
          attempts_cancelled: 1,
          attempts_superseded: 1,
          attempts_estimated: 1,
          prompt_tokens: 400,
          cached_prompt_tokens: 160,
          completion_tokens: 80,
          cost_usd: '123456790.000000002',
          duration_ms: 3_500,
        },
      ]));

  it('is kept apart by hour, agent, run, provider and model; what nobody asked for has the empty name', () =>
    given([attempt(), attempt({}, '2026-11-20T13:00:00Z'), attempt({ agent_id: null, workflow_id: null })])
      .when([attempt({ model: 'qwen' }), attempt({ provider: 'openai' }), attempt({ workflow_id: 'run-2' })])
      .then([
        { ...of, hour, attempts: 1 },
        { ...of, hour: hour + 3_600_000, attempts: 1 },
        { ...of, hour, agent_id: '', workflow_id: '', attempts: 1 },
        { ...of, hour, model: 'qwen', attempts: 1 },
        { ...of, hour, provider: 'openai', attempts: 1 },
        { ...of, hour, workflow_id: 'run-2', attempts: 1 },
      ]));
});
