import type { InferenceEvent } from '@chorda/contracts';
import { defineTable, type RowOf } from '../bulk/table.js';
import { defineProjection } from '../runner/define-projection.js';
import type { EventContext, EventOf } from '../runner/projection.js';
import { addUsd } from '../usage/add-usd.js';

const inferenceRequestsTable = defineTable({
  name: 'inference_requests_v1',
  key: ['tenant_id', 'request_id'],
  columns: {
    tenant_id: 'text',
    request_id: 'text',
    status: 'text',
    operation: 'text?',
    model: 'text',
    answering_model: 'text?',
    priority: 'text?',
    stream: 'boolean',
    session_id: 'text?',
    user_id: 'text?',
    agent_id: 'text?',
    execution_id: 'text?',
    workflow_id: 'text?',
    step_id: 'text?',
    requested_by: 'text?',
    correlation_id: 'text',
    requested_at: 'timestamp',
    deadline_at: 'timestamp?',
    ended_at: 'timestamp?',
    attempts: 'count?',
    provider: 'text?',
    replica: 'text?',
    finish_reason: 'text?',
    prompt_tokens: 'count?',
    cached_prompt_tokens: 'count?',
    completion_tokens: 'count?',
    cost_usd: 'decimal?',
    queue_time_ms: 'count?',
    time_to_first_token_ms: 'count?',
    inference_time_ms: 'count?',
    billed_attempts: 'count',
    billed_prompt_tokens: 'count',
    billed_completion_tokens: 'count',
    billed_cost_usd: 'decimal',
    reason: 'text?',
    cancelled_by: 'text?',
    error_code: 'text?',
    http_status: 'count?',
    error: 'text?',
    output_data: 'text?',
  },
});

export type InferenceRequestRow = RowOf<typeof inferenceRequestsTable.columns>;
type Of<Type extends InferenceEvent['type']> = EventOf<InferenceEvent, Type>;
type Outcome = Of<'inference.completed' | 'inference.failed' | 'inference.expired' | 'inference.cancelled'>;

/**
 * Model calls that were asked for. A request lies on the partition of its session and its outcome on that of its id, so
 * they may come in any order: the request owns who asked for what, the outcome what became of it, and accounting the sums
 * of what it cost. Until the request has come, the outcome says what it knows of it.
 */
export const inferenceRequests = defineProjection<InferenceEvent>()({
  name: 'inference_requests',
  version: 1,
  topics: ['inference.requests.high', 'inference.requests.normal', 'inference.requests.low', 'inference.events'],
  shared: true,
  table: inferenceRequestsTable,
  begin: unheardOf,
  evolve: {
    'inference.requested': requested,
    'inference.completed': (row, event, context) => ({
      ...ended(row, event, context, 'completed'),
      answering_model: event.data.model,
      provider: event.data.provider,
      replica: event.data.replica,
      finish_reason: event.data.finish_reason,
      prompt_tokens: event.data.prompt_tokens,
      cached_prompt_tokens: event.data.cached_prompt_tokens,
      completion_tokens: event.data.completion_tokens,
      cost_usd: event.data.cost_usd,
      queue_time_ms: event.data.queue_time_ms,
      time_to_first_token_ms: event.data.time_to_first_token_ms,
      inference_time_ms: event.data.inference_time_ms,
      output_data: event.data.output_data,
    }),
    'inference.failed': (row, event, context) => ({
      ...ended(row, event, context, 'failed'),
      error: event.data.error,
      error_code: event.data.error_code,
      http_status: event.data.http_status,
    }),
    'inference.expired': (row, event, context) => ({
      ...ended(row, event, context, 'expired'),
      reason: event.data.stage,
    }),
    'inference.cancelled': (row, event, context) => ({
      ...ended(row, event, context, 'cancelled'),
      reason: event.data.reason,
      cancelled_by: event.data.cancelled_by,
    }),
    'inference.usage_recorded': (row, { data }) => ({
      ...row,
      billed_attempts: row.billed_attempts + 1,
      billed_prompt_tokens: row.billed_prompt_tokens + data.prompt_tokens,
      billed_completion_tokens: row.billed_completion_tokens + data.completion_tokens,
      billed_cost_usd: addUsd(row.billed_cost_usd, data.cost_usd),
    }),
  },
});

function unheardOf({ data }: InferenceEvent, { metadata }: EventContext): InferenceRequestRow {
  return {
    tenant_id: metadata.tenantId,
    request_id: data.request_id,
    status: 'pending',
    operation: null,
    model: data.model,
    answering_model: null,
    priority: null,
    stream: false,
    session_id: null,
    user_id: null,
    agent_id: null,
    execution_id: null,
    workflow_id: null,
    step_id: null,
    requested_by: null,
    correlation_id: metadata.correlationId,
    requested_at: metadata.timeMs,
    deadline_at: null,
    ended_at: null,
    attempts: null,
    provider: null,
    replica: null,
    finish_reason: null,
    prompt_tokens: null,
    cached_prompt_tokens: null,
    completion_tokens: null,
    cost_usd: null,
    queue_time_ms: null,
    time_to_first_token_ms: null,
    inference_time_ms: null,
    billed_attempts: 0,
    billed_prompt_tokens: 0,
    billed_completion_tokens: 0,
    billed_cost_usd: '0',
    reason: null,
    cancelled_by: null,
    error_code: null,
    http_status: null,
    error: null,
    output_data: null,
  };
}

function requested(
  row: InferenceRequestRow,
  { data }: Of<'inference.requested'>,
  { metadata }: EventContext,
): InferenceRequestRow {
  return {
    ...row,
    ...whoAsked(data),
    operation: data.operation,
    model: data.model,
    // A reader that meets `unknown` treats it as normal.
    priority: data.priority === 'unknown' ? 'normal' : data.priority,
    stream: data.stream,
    requested_by: data.requested_by,
    correlation_id: metadata.correlationId,
    requested_at: metadata.timeMs,
    deadline_at: data.deadline_at,
  };
}

/** The first outcome of a request is its only one. */
function ended(
  row: InferenceRequestRow,
  { data }: Outcome,
  { metadata }: EventContext,
  status: 'completed' | 'failed' | 'expired' | 'cancelled',
): InferenceRequestRow {
  return {
    ...row,
    ...(row.operation === null && whoAsked(data)),
    status,
    ended_at: metadata.timeMs,
    attempts: data.attempts,
  };
}

function whoAsked(data: (Outcome | Of<'inference.requested'>)['data']): Partial<InferenceRequestRow> {
  return {
    session_id: data.session_id,
    user_id: data.user_id,
    agent_id: data.agent_id,
    execution_id: data.execution_id,
    workflow_id: data.workflow_id,
    step_id: data.step_id,
  };
}
