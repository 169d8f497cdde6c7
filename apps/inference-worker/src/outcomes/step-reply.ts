import { jsonValue } from '@chorda/contracts';
import type { JsonObject } from '../calls/answer-assembly.js';
import type { OutcomeEvent } from './outcome-events.js';
import { failedReply } from './failed-reply.js';

/** What `workflow.record_step_result` says beside the ids that its asker gave. */
export function stepResultOf(outcome: OutcomeEvent): JsonObject {
  if (outcome.type === 'inference.completed') {
    const { output_data, inference_time_ms } = outcome.data;
    return { status: 'completed', output_data: jsonValue(output_data), error: null, duration_ms: inference_time_ms };
  }
  const { code, reason, status, isRetriable, durationMs } = failedReply(outcome);
  const error = { class: 'InferenceError', code, message: reason, status, retriable: isRetriable };
  return { status: 'failed', output_data: null, error, duration_ms: durationMs };
}
