import { jsonText } from '@chorda/contracts';
import { originOf, type OutcomeEvent } from '../outcomes/outcome-events.js';
import type { AttemptResult } from './attempt-runner.js';
import type { Job } from './job.js';

/** The event of an answer. */
export function completedEvent(job: Job, { made, answer }: Extract<AttemptResult, { kind: 'answered' }>): OutcomeEvent {
  const { facts, usage, cost, durationMs, firstTokenMs } = made;
  return {
    type: 'inference.completed',
    data: {
      ...originOf(job.data),
      model: answer.model,
      provider: facts.provider,
      replica: facts.replica,
      output_data: jsonText(answer.body),
      finish_reason: answer.finishReason,
      prompt_tokens: usage.promptTokens,
      cached_prompt_tokens: usage.cachedPromptTokens,
      completion_tokens: usage.completionTokens,
      cost_usd: cost.usd,
      attempts: facts.attempt,
      queue_time_ms: Math.max(0, (job.firstDispatchedMs ?? facts.dispatchedMs) - facts.enqueuedMs),
      time_to_first_token_ms: firstTokenMs === undefined ? null : Math.max(0, firstTokenMs - facts.dispatchedMs),
      inference_time_ms: durationMs,
      streamed: job.data.stream,
    },
  };
}
