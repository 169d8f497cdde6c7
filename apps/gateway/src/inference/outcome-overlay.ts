import { inferenceRequestsList, type ListRow } from '@chorda/read-models';
import type { InferenceOutcome, OutcomeEnvelope } from './inference-waits.js';

/** A request as its read model has it, with the outcome that stands in the database before the projector has come to it. */
export function overlaid(row: ListRow | undefined, outcome: OutcomeEnvelope | undefined): ListRow {
  if (outcome === undefined) return row ?? {};
  const { event, metadata } = outcome;
  const { data } = event;
  const base = row ?? {
    ...Object.fromEntries(Object.keys(inferenceRequestsList.fields).map((name) => [name, null])),
    ...{ request_id: data.request_id, model: data.model, stream: false, correlation_id: metadata.correlationId },
    ...{ session_id: data.session_id, user_id: data.user_id, agent_id: data.agent_id },
    ...{ execution_id: data.execution_id, workflow_id: data.workflow_id, step_id: data.step_id },
    ...{ billed_attempts: 0, billed_prompt_tokens: 0, billed_completion_tokens: 0, billed_cost_usd: '0' },
    requested_at: new Date(metadata.timeMs),
  };
  const status = event.type.slice('inference.'.length);
  return { ...base, status, ended_at: new Date(metadata.timeMs), attempts: data.attempts, ...ownMembers(event) };
}

function ownMembers(event: InferenceOutcome): ListRow {
  switch (event.type) {
    case 'inference.completed': {
      const { model, provider, replica, finish_reason, prompt_tokens, cached_prompt_tokens, completion_tokens } =
        event.data;
      const { cost_usd, queue_time_ms, time_to_first_token_ms, inference_time_ms, output_data } = event.data;
      return {
        ...{ answering_model: model, provider, replica, finish_reason },
        ...{ prompt_tokens, cached_prompt_tokens, completion_tokens, cost_usd },
        ...{ queue_time_ms, time_to_first_token_ms, inference_time_ms, output_data },
      };
    }
    case 'inference.failed':
      return { error: event.data.error, error_code: event.data.error_code, http_status: event.data.http_status };
    case 'inference.expired':
      return { reason: event.data.stage };
    case 'inference.cancelled':
      return { reason: event.data.reason, cancelled_by: event.data.cancelled_by };
  }
}
