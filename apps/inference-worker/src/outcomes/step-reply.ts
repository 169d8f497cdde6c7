import { jsonValue, type inference } from '@chorda/contracts';
import type { JsonValue } from '@chorda/kernel';
import { isObject, type JsonObject } from '../calls/answer-assembly.js';
import { failedReply } from './failed-reply.js';
import type { OutcomeEvent } from './outcome-events.js';

/** `text` and `json`: what the model said, and its value; left out: the whole of what the server answered. */
type AnswerForm = JsonValue | undefined;

/** What `workflow.record_step_result` says beside the ids that its asker gave. */
export function stepResultOf(outcome: OutcomeEvent, form?: AnswerForm): JsonObject {
  if (outcome.type === 'inference.completed') return completedResult(outcome.data, form);
  const { code, reason, status, isRetriable, retryAfterMs, durationMs } = failedReply(outcome);
  const details = retryAfterMs === null ? null : { retry_after_ms: retryAfterMs };
  return failedResult({ code, message: reason, status, details, retriable: isRetriable }, durationMs);
}

function completedResult(data: inference.Completed['data'], form: AnswerForm): JsonObject {
  const body = jsonValue(data.output_data);
  const done = (output: JsonValue): JsonObject => ({
    ...{ status: 'completed', output_data: output, error: null },
    duration_ms: data.inference_time_ms,
  });
  if (form !== 'text' && form !== 'json') return done(body);
  const [choice] = isObject(body) && Array.isArray(body['choices']) ? body['choices'] : [];
  const message = isObject(choice) && isObject(choice['message']) ? choice['message'] : {};
  const { content, refusal } = message;
  if (typeof refusal === 'string' && refusal !== '') {
    return failedResult(
      { code: 'MODEL_REFUSED', message: refusal.slice(0, 500), retriable: false },
      data.inference_time_ms,
    );
  }
  const text = typeof content === 'string' ? content : '';
  if (form === 'text') return done(text);
  try {
    const value: JsonValue = JSON.parse(text);
    return done(value);
  } catch {
    const isCut = data.finish_reason === 'length';
    const cause = `The answer of the model ${isCut ? 'was cut at its limit of tokens, and ' : ''}is no JSON`;
    // Asked again it may well keep to its schema.
    return failedResult({ code: 'ANSWER_NOT_JSON', message: cause, retriable: true }, data.inference_time_ms);
  }
}

interface Failure {
  readonly code: string;
  readonly message: string;
  readonly status?: number | null;
  readonly details?: JsonValue;
  readonly retriable: boolean;
}

function failedResult({ status = null, details = null, ...said }: Failure, durationMs: number): JsonObject {
  return {
    ...{ status: 'failed', output_data: null, duration_ms: durationMs },
    error: { class: 'llm', ...said, status, details },
  };
}
