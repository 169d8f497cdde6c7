import { jsonValue, parseCommandData, type CommandCodec, type EventMetadata, type inference } from '@chorda/contracts';
import { derivedId, type JsonValue } from '@chorda/kernel';
import type { InferenceOutboxRecord } from '@chorda/read-models';
import { isObject, type JsonObject } from '../calls/answer-assembly.js';
import { contextOf, workerSource, type OutcomeEvent } from './outcome-events.js';

type ReplyTo = NonNullable<inference.Requested['data']['reply_to']>;

/** Asks for an answer that the worker cannot bring. */
export class ReplyUnknownError extends Error {}

const reasons: Readonly<Record<string, string>> = {
  'inference.expired': 'The deadline passed before there was an answer',
  'inference.cancelled': 'The request was withdrawn',
};

/** Brings outcomes to whoever asked, as the command that it named. */
export class Replies {
  constructor(private readonly codec: CommandCodec) {}

  /** Whether a reply could be given at all; asked before a model is. @throws {@link ReplyUnknownError} */
  check(metadata: EventMetadata, data: inference.Requested['data']): void {
    if (data.reply_to === null) return;
    const { request_id, model, deadline_at } = data;
    const origin = {
      session_id: null,
      user_id: null,
      agent_id: null,
      execution_id: null,
      workflow_id: null,
      step_id: null,
    };
    const trial = { request_id, model, deadline_at, ...origin, stage: 'queued' as const, attempts: 0 };
    try {
      this.record(metadata, data, { type: 'inference.expired', data: trial });
    } catch (error) {
      throw new ReplyUnknownError(error instanceof Error ? error.message : String(error), { cause: error });
    }
  }

  /** Undefined: nobody is to be told. */
  record(
    metadata: EventMetadata,
    { reply_to: replyTo, request_id: requestId }: inference.Requested['data'],
    outcome: OutcomeEvent,
  ): InferenceOutboxRecord | undefined {
    if (replyTo === null) return undefined;
    const id = derivedId(metadata.tenantId, requestId, 'reply');
    const { topic, key, value, headers } = this.codec.encode({
      command: commandOf(replyTo, outcome),
      metadata: {
        ...contextOf(metadata),
        ...{ id, source: workerSource, subject: replyTo.subject, timeMs: Date.now(), actor: workerSource },
      },
    });
    return { recordId: id, kind: 'outcome', topic, key, value, headers: JSON.stringify(headers) };
  }
}

function commandOf(replyTo: ReplyTo, outcome: OutcomeEvent) {
  const context = replyTo.context === null ? {} : jsonValue(replyTo.context);
  if (!isObject(context)) throw new ReplyUnknownError('reply_to.context must be an object');
  switch (replyTo.command_type) {
    case 'agent.record_turn':
      return outcome.type === 'inference.completed'
        ? parsed('agent.record_turn', { ...context, ...turnOf(outcome.data) })
        : parsed('agent.record_turn_failure', { ...context, ...turnFailureOf(outcome) });
    case 'workflow.record_step_result':
      return parsed('workflow.record_step_result', { ...context, ...stepResultOf(outcome) });
    default:
      throw new ReplyUnknownError(`reply_to.command_type ${JSON.stringify(replyTo.command_type)} is not known here`);
  }
}

function parsed<Type extends 'agent.record_turn' | 'agent.record_turn_failure' | 'workflow.record_step_result'>(
  type: Type,
  data: JsonObject,
) {
  const read = parseCommandData(type, data);
  if (read.ok) return read.command;
  const [first] = read.issues;
  throw new ReplyUnknownError(`reply_to.context${first?.pointer ?? ''} ${first?.detail ?? 'is not sound'}`);
}

function turnOf(data: inference.Completed['data']): JsonObject {
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

function turnFailureOf(outcome: Exclude<OutcomeEvent, inference.Completed>): JsonObject {
  const failed = outcome.type === 'inference.failed' ? outcome.data : undefined;
  const status = failed?.http_status ?? null;
  return {
    error_code: failed?.error_code ?? (outcome.type === 'inference.expired' ? 'EXPIRED' : 'CANCELLED'),
    reason: reasons[outcome.type] ?? messageOf(failed),
    is_retriable: status === null || status === 429 || status >= 500,
    retry_after_ms: failed?.retry_after_ms ?? null,
    duration_ms: failed?.total_time_ms ?? 0,
  };
}

function stepResultOf(outcome: OutcomeEvent): JsonObject {
  if (outcome.type === 'inference.completed') {
    const { output_data, inference_time_ms } = outcome.data;
    return { status: 'completed', output_data: jsonValue(output_data), error: null, duration_ms: inference_time_ms };
  }
  const failure = turnFailureOf(outcome);
  const error = {
    class: 'InferenceError',
    code: failure['error_code'] ?? null,
    message: failure['reason'] ?? null,
    status: outcome.type === 'inference.failed' ? outcome.data.http_status : null,
    retriable: failure['is_retriable'] ?? false,
  };
  return { status: 'failed', output_data: null, error, duration_ms: failure['duration_ms'] ?? 0 };
}

/** What the provider said may repeat the prompt, and goes to whoever asked: the event keeps it too. */
function messageOf(failed: inference.Failed['data'] | undefined): string {
  const error = failed === undefined ? null : jsonValue(failed.error);
  const message = isObject(error) ? error['message'] : undefined;
  return typeof message === 'string' && message !== '' ? message.slice(0, 500) : 'The request failed';
}
