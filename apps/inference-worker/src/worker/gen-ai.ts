import { propagation, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace, type Span } from '@opentelemetry/api';
import type { ModelAnswer } from '../calls/model-client.js';
import type { Replica } from '../replicas/replica.js';
import type { Job } from './job.js';

/** The conventions for generative AI are still moving: their names stand here, and in the metrics, alone. */
const names = {
  operation: 'gen_ai.operation.name',
  provider: 'gen_ai.provider.name',
  requestModel: 'gen_ai.request.model',
  responseModel: 'gen_ai.response.model',
  responseId: 'gen_ai.response.id',
  finishReasons: 'gen_ai.response.finish_reasons',
  inputTokens: 'gen_ai.usage.input_tokens',
  outputTokens: 'gen_ai.usage.output_tokens',
  cachedTokens: 'gen_ai.usage.cache_read.input_tokens',
  conversation: 'gen_ai.conversation.id',
  agent: 'gen_ai.agent.id',
  server: 'server.address',
} as const;

export const operationNames: Readonly<Record<string, string>> = {
  chat_completion: 'chat',
  completion: 'text_completion',
  embedding: 'embeddings',
};

/** A span of one call, in the trace of whoever asked. Neither prompt nor answer is in it. */
export function startCallSpan(job: Job, replica: Replica, model: string, attempt: number): Span {
  const { data, request } = job;
  const { traceparent, tracestate } = request.metadata;
  const carrier = {
    ...(traceparent !== undefined && { traceparent }),
    ...(tracestate !== undefined && { tracestate }),
  };
  const parent = propagation.extract(ROOT_CONTEXT, carrier);
  const operation = operationNames[data.operation] ?? data.operation;
  const attributes = {
    [names.operation]: operation,
    [names.provider]: replica.options.provider,
    [names.requestModel]: model,
    [names.server]: replica.name,
    ...(data.session_id !== null && { [names.conversation]: data.session_id }),
    ...(data.agent_id !== null && { [names.agent]: data.agent_id }),
    'chorda.inference.request_id': data.request_id,
    'chorda.inference.attempt': attempt,
    'chorda.inference.priority': job.priority,
    'chorda.inference.enqueued_ms': request.metadata.timeMs,
    'chorda.inference.fetched_ms': request.fetchedMs,
  };
  return trace.getTracer('chorda').startSpan(`${operation} ${model}`, { kind: SpanKind.CLIENT, attributes }, parent);
}

export function endWell(span: Span, answer: ModelAnswer): void {
  const { id } = answer.body;
  span.setAttributes({
    ...(typeof id === 'string' && { [names.responseId]: id }),
    [names.responseModel]: answer.model,
    [names.finishReasons]: [answer.finishReason],
    ...(answer.usage && {
      [names.inputTokens]: answer.usage.promptTokens,
      [names.outputTokens]: answer.usage.completionTokens,
      [names.cachedTokens]: answer.usage.cachedPromptTokens,
    }),
  });
  span.end();
}

/** @param reason Of a few words: what a provider said may repeat the prompt. */
export function endBadly(span: Span, reason: string): void {
  span.setAttribute('error.type', reason);
  span.setStatus({ code: SpanStatusCode.ERROR, message: reason });
  span.end();
}
