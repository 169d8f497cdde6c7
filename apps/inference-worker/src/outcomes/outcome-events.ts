import type { AnyEvent, EventCodec, EventMetadata, inference, JsonText } from '@chorda/contracts';
import { jsonText } from '@chorda/contracts';
import { derivedId, type TenantId } from '@chorda/kernel';
import type { ClaimedOutcome, InferenceOutboxRecord } from '@chorda/read-models';
import type { JsonObject, Usage } from '../calls/answer-assembly.js';

export const workerSource = 'urn:chorda:service:inference-worker';

/** Who and what a request is of, in the words that all its events share. */
export type RequestOrigin = Pick<
  inference.Requested['data'],
  'request_id' | 'session_id' | 'user_id' | 'agent_id' | 'execution_id' | 'workflow_id' | 'step_id'
>;

/** What events of a request take from the record that asked. */
export type RequestContext = Pick<
  EventMetadata,
  'tenantId' | 'correlationId' | 'causationId' | 'traceparent' | 'tracestate'
>;

export type OutcomeEvent = inference.Completed | inference.Failed | inference.Expired | inference.Cancelled;

export interface Failure {
  readonly code: string;
  readonly httpStatus: number | null;
  readonly error: JsonObject;
  readonly retryAfterMs?: number | undefined;
}

export interface AttemptFacts {
  readonly attempt: number;
  readonly provider: string;
  readonly model: string;
  readonly replica: string | null;
  readonly operation: string;
  readonly enqueuedMs: number;
  readonly fetchedMs: number;
  readonly dispatchedMs: number;
}

export interface AttemptCost {
  readonly status: 'completed' | 'failed' | 'cancelled' | 'superseded';
  readonly usage: Usage;
  readonly costUsd: string;
  readonly priceVersion: string | undefined;
  readonly isEstimated: boolean;
  readonly durationMs: number;
  readonly firstTokenMs: number | undefined;
  readonly errorCode: string | undefined;
}

export function originOf(data: inference.Requested['data']): RequestOrigin {
  const { request_id, session_id, user_id, agent_id, execution_id, workflow_id, step_id } = data;
  return { request_id, session_id, user_id, agent_id, execution_id, workflow_id, step_id };
}

export function contextOf({ tenantId, correlationId, id, traceparent, tracestate }: EventMetadata): RequestContext {
  return {
    ...{ tenantId, correlationId, causationId: id },
    ...(traceparent !== undefined && { traceparent }),
    ...(tracestate !== undefined && { tracestate }),
  };
}

/** OpenAI's shape of an error. */
export function errorBody(message: string, type: string, code: string | null, param: string | null = null): JsonObject {
  return { message, type, param, code };
}

export function usageEvent(origin: RequestOrigin, facts: AttemptFacts, cost: AttemptCost): inference.UsageRecorded {
  return {
    type: 'inference.usage_recorded',
    data: {
      ...origin,
      attempt: facts.attempt,
      provider: facts.provider,
      model: facts.model,
      replica: facts.replica,
      status: cost.status,
      prompt_tokens: cost.usage.promptTokens,
      cached_prompt_tokens: cost.usage.cachedPromptTokens,
      completion_tokens: cost.usage.completionTokens,
      cost_usd: cost.costUsd,
      duration_ms: cost.durationMs,
      estimated: cost.isEstimated,
      operation: facts.operation,
      error_code: cost.errorCode ?? null,
      price_version: cost.priceVersion ?? null,
      enqueued_at: facts.enqueuedMs,
      fetched_at: facts.fetchedMs,
      dispatched_at: facts.dispatchedMs,
      first_token_at: cost.firstTokenMs ?? null,
    },
  };
}

export function failureText(failure: Failure): JsonText {
  return jsonText(failure.error);
}

/** Makes records of events. An event of one request, kind and attempt has the same id whoever makes it. */
export class OutcomeRecords {
  constructor(private readonly codec: EventCodec) {}

  outcome(context: RequestContext, event: OutcomeEvent): { claim: ClaimedOutcome; record: InferenceOutboxRecord } {
    const id = outcomeId(context.tenantId, event.data.request_id);
    const record = this.record(context, event, id, 'outcome');
    return { claim: { type: event.type, eventId: id, value: record.value, headers: record.headers }, record };
  }

  usage(context: RequestContext, event: inference.UsageRecorded): InferenceOutboxRecord {
    const { request_id: requestId, attempt } = event.data;
    return this.record(context, event, derivedId(context.tenantId, requestId, 'usage', attempt), 'usage');
  }

  private record(
    context: RequestContext,
    event: AnyEvent & { readonly data: { readonly request_id: string } },
    id: string,
    kind: InferenceOutboxRecord['kind'],
  ): InferenceOutboxRecord {
    const metadata = { ...context, id, source: workerSource, subject: event.data.request_id, timeMs: Date.now() };
    const { topic, key, value, headers } = this.codec.encode({ event, metadata });
    return { recordId: id, kind, topic, key, value, headers: JSON.stringify(headers) };
  }
}

export function outcomeId(tenantId: TenantId, requestId: string): string {
  return derivedId(tenantId, requestId, 'outcome');
}
