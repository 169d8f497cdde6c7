import {
  jsonText,
  jsonValue,
  parseCommandData,
  type CommandCodec,
  type EventMetadata,
  type inference,
} from '@chorda/contracts';
import { derivedId } from '@chorda/kernel';
import type { InferenceOutboxRecord } from '@chorda/read-models';
import { isObject, type JsonObject } from '../calls/answer-assembly.js';
import { contextOf, errorBody, workerSource, type OutcomeEvent } from './outcome-events.js';
import { stepResultOf } from './step-reply.js';
import { turnFailureOf, turnOf } from './turn-reply.js';

type EncodedRecord = ReturnType<CommandCodec['encode']>;
type ReplyTo = NonNullable<inference.Requested['data']['reply_to']>;

/** Asks for an answer that the worker cannot bring. */
export class ReplyUnknownError extends Error {}

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
    const encoded = (told: OutcomeEvent) =>
      this.codec.encode({
        command: commandOf(replyTo, told),
        metadata: {
          ...contextOf(metadata),
          ...{ id, source: workerSource, subject: replyTo.subject, timeMs: Date.now(), actor: workerSource },
        },
      });
    const { topic, key, value, headers } = this.encodedOrUnusable(encoded, outcome);
    return { recordId: id, kind: 'outcome', topic, key, value, headers: JSON.stringify(headers) };
  }

  /** An answer that its command cannot carry is told as a failure: who waits for it would not hear of it at all. */
  private encodedOrUnusable(encoded: (told: OutcomeEvent) => EncodedRecord, outcome: OutcomeEvent): EncodedRecord {
    try {
      return encoded(outcome);
    } catch (error) {
      if (outcome.type !== 'inference.completed') throw error;
      return encoded(unusable(outcome));
    }
  }
}

function unusable({ data }: inference.Completed): OutcomeEvent {
  const { request_id, session_id, user_id, agent_id, execution_id, workflow_id, step_id, model, attempts } = data;
  const message = 'The answer of the model does not fit into the command that was asked for';
  return {
    type: 'inference.failed',
    data: {
      ...{ request_id, session_id, user_id, agent_id, execution_id, workflow_id, step_id, model, attempts },
      error: jsonText(errorBody(message, 'server_error', 'answer_unusable')),
      error_code: 'ANSWER_UNUSABLE',
      total_time_ms: data.queue_time_ms + data.inference_time_ms,
      ...{ http_status: 422, retry_after_ms: null },
    },
  };
}

function commandOf(replyTo: ReplyTo, outcome: OutcomeEvent) {
  const context = replyTo.context === null ? {} : jsonValue(replyTo.context);
  if (!isObject(context)) throw new ReplyUnknownError('reply_to.context must be an object');
  switch (replyTo.command_type) {
    case 'agent.record_turn':
      return outcome.type === 'inference.completed'
        ? parsed('agent.record_turn', { ...context, ...turnOf(outcome.data) })
        : parsed('agent.record_turn_failure', { ...context, ...turnFailureOf(outcome) });
    case 'workflow.record_step_result': {
      const { answer, ...ids } = context;
      return parsed('workflow.record_step_result', { ...ids, ...stepResultOf(outcome, answer) });
    }
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
