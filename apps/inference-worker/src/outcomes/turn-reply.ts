import { jsonValue, type inference } from '@chorda/contracts';
import type { JsonValue } from '@chorda/kernel';
import { isObject, type JsonObject } from '../calls/answer-assembly.js';
import type { OutcomeEvent } from './outcome-events.js';
import { failedReply } from './failed-reply.js';

/** Agents know failures of models by these codes, whichever way their models are asked. */
const codes: Readonly<Record<string, string>> = {
  INVALID_REQUEST: 'MODEL_REFUSED',
  CONTEXT_LENGTH_EXCEEDED: 'MODEL_CONTEXT_TOO_LONG',
  MODEL_NOT_FOUND: 'MODEL_UNKNOWN',
  RATE_LIMITED: 'MODEL_RATE_LIMITED',
  PROVIDER_UNAVAILABLE: 'MODEL_OVERLOADED',
  PROVIDER_ERROR: 'MODEL_UNAVAILABLE',
  ATTEMPTS_EXHAUSTED: 'MODEL_UNAVAILABLE',
  OUTPUT_TOO_LARGE: 'MODEL_ANSWER_TOO_LARGE',
  EXPIRED: 'MODEL_TIMED_OUT',
  CANCELLED: 'MODEL_ABORTED',
};

/** What `agent.record_turn` says beside the ids that its asker gave. */
export function turnOf(data: inference.Completed['data']): JsonObject {
  const body = jsonValue(data.output_data);
  const [choice] = isObject(body) && Array.isArray(body['choices']) ? body['choices'] : [];
  const message = isObject(choice) && isObject(choice['message']) ? choice['message'] : {};
  const calls = Array.isArray(message['tool_calls']) ? message['tool_calls'] : [];
  return {
    request_id: data.request_id,
    model: data.model,
    output_data: { content: message['content'] ?? null, tool_calls: calls.filter(isObject).map(callOf) },
    finish_reason: data.finish_reason,
    prompt_tokens: data.prompt_tokens,
    cached_prompt_tokens: data.cached_prompt_tokens,
    completion_tokens: data.completion_tokens,
    cost_usd: data.cost_usd,
    duration_ms: data.inference_time_ms,
  };
}

function callOf(call: JsonObject): JsonValue {
  const called = isObject(call['function']) ? call['function'] : {};
  return { id: call['id'] ?? '', name: called['name'] ?? '', arguments: called['arguments'] ?? '' };
}

/** What `agent.record_turn_failure` says beside those ids. */
export function turnFailureOf(outcome: Exclude<OutcomeEvent, inference.Completed>): JsonObject {
  const { code, reason, isRetriable, retryAfterMs, durationMs } = failedReply(outcome);
  return {
    error_code: codes[code] ?? code,
    reason,
    is_retriable: isRetriable,
    retry_after_ms: retryAfterMs,
    duration_ms: durationMs,
  };
}
