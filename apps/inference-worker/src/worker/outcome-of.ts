import { jsonText } from '@chorda/contracts';
import { systemClock } from '@chorda/kernel';
import { originOf, type Failure, type OutcomeEvent } from '../outcomes/outcome-events.js';
import type { AttemptResult } from './attempt-runner.js';
import type { Ending, Job } from './job.js';

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

export function failedEvent(job: Job, failure: Failure): OutcomeEvent {
  return {
    type: 'inference.failed',
    data: {
      ...originOf(job.data),
      model: job.data.model,
      error: jsonText(failure.error),
      error_code: failure.code,
      attempts: job.attempts,
      total_time_ms: Math.max(0, systemClock.nowMs() - job.request.metadata.timeMs),
      http_status: failure.httpStatus,
      retry_after_ms: failure.retryAfterMs ?? null,
    },
  };
}

export function endedEvent(job: Job, ending: Ending): OutcomeEvent {
  const common = { ...originOf(job.data), model: job.data.model, attempts: job.attempts };
  if (ending.kind === 'cancelled') {
    return { type: 'inference.cancelled', data: { ...common, reason: ending.reason, cancelled_by: ending.by } };
  }
  const stage = job.state === 'running' ? 'running' : 'queued';
  return { type: 'inference.expired', data: { ...common, deadline_at: job.data.deadline_at, stage } };
}
