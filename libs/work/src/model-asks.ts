import {
  jsonText,
  requestId,
  type CommandCodec,
  type EventCodec,
  type inference,
  type TimestampMs,
} from '@chorda/contracts';
import { BackboneError, derivedId, systemClock, type JsonValue, type TenantId } from '@chorda/kernel';
import type { Producer } from '@chorda/messaging';
import type { KeptMetadata } from './work-kind.js';

type Requested = inference.Requested['data'];

/** On whose behalf a model is asked: who is charged, and where it shows. */
export type ModelAskOrigin = Pick<
  Requested,
  'session_id' | 'user_id' | 'agent_id' | 'execution_id' | 'workflow_id' | 'step_id'
>;

/** A question to a model that goes over the log, and whose outcome comes as a command or is looked for. */
export interface ModelAsk {
  readonly tenantId: TenantId;
  /** The same of a repeat, which then is no other request: the attempt token of the work that asks. */
  readonly requestId: string;
  readonly operation: 'chat_completion' | 'completion' | 'embedding';
  /** Null: the default. */
  readonly model: string | null;
  readonly priority?: 'high' | 'normal' | 'low';
  /** The body as the OpenAI API takes it, without model and stream. */
  readonly input: JsonValue;
  readonly completionTokensMax: number | null;
  readonly deadlineAtMs: TimestampMs;
  readonly origin: ModelAskOrigin;
  readonly replyTo: { readonly commandType: string; readonly subject: string; readonly context: JsonValue } | null;
  readonly metadata: KeptMetadata;
}

export interface WithdrawnAsk {
  readonly tenantId: TenantId;
  readonly requestId: string;
  readonly reason: string;
  readonly metadata: KeptMetadata;
}

export interface ModelAsksParts {
  readonly producer: Producer;
  readonly events: EventCodec;
  readonly commands: CommandCodec;
  /** What inference workers offer, in the order in which a default is taken. */
  readonly offered: { models(): Promise<readonly { readonly model: string }[]> };
  /** Left out: a request is written whether or not anybody reads it. */
  readonly presence?: { missing(): Promise<number | undefined> };
  /** Of the records: `urn:chorda:service:<app>`. */
  readonly source: string;
  readonly defaultModel?: string | undefined;
  /** Asked for vectors. Left out: as `defaultModel`. */
  readonly defaultEmbeddingModel?: string | undefined;
}

/** No model is named, and none is known that could be the default. */
export class NoModelError extends BackboneError {
  readonly code = 'NO_MODEL';
  readonly retriable = true;

  constructor() {
    super('No inference worker offers a model: name one, set CHORDA_MODEL, or look whether a worker runs');
  }
}

/** Nobody reads requests to models: what is asked would wait until its time is over. */
export class NoWorkerError extends BackboneError {
  readonly code = 'NO_INFERENCE_WORKER';
  readonly retriable = true;

  constructor(missingMs: number) {
    super(`No inference worker was heard of for ${Math.round(missingMs / 1_000)} s: nobody reads inference.requests`);
  }
}

/** Asks models through the log, for whoever does the work of an engine. */
export class ModelAsks {
  constructor(private readonly parts: ModelAsksParts) {}

  /**
   * Resolves once the request is in the log; asked again under the same id it has one outcome all the same.
   *
   * @throws {@link NoWorkerError}; {@link NoModelError}; what the codec says of a request that is no record, `EVENT_TOO_LARGE` among it; what the
   * producer says while the brokers are away: then it may have been taken.
   */
  async ask(ask: ModelAsk): Promise<void> {
    const { events, producer, source } = this.parts;
    const { origin, metadata, replyTo } = ask;
    const missingMs = await this.parts.presence?.missing();
    if (missingMs !== undefined) throw new NoWorkerError(missingMs);
    const data: Requested = {
      ...origin,
      request_id: requestId(ask.requestId),
      operation: ask.operation,
      model: ask.model ?? (await this.defaultModel(ask.operation)),
      priority: ask.priority ?? 'normal',
      input_data: jsonText(ask.input),
      ...{ stream: false, prefix_key: null },
      max_completion_tokens: ask.completionTokensMax,
      deadline_at: ask.deadlineAtMs,
      requested_by: source,
      ...{ tokens_max: null, cost_usd_max: null, attempts_max: null },
      reply_to: replyTo && {
        command_type: replyTo.commandType,
        subject: replyTo.subject,
        context: jsonText(replyTo.context),
      },
    };
    const record = events.encode({
      event: { type: 'inference.requested', data },
      metadata: {
        ...this.contextOf(ask.tenantId, metadata),
        id: ask.requestId,
        subject: origin.session_id ?? ask.requestId,
      },
    });
    await producer.send(record);
  }

  /** Resolves once the cancellation is in the log. One that has its outcome keeps it. */
  async cancel({ tenantId, requestId: id, reason, metadata }: WithdrawnAsk): Promise<void> {
    const { commands, producer, source } = this.parts;
    const data = { request_id: requestId(id), reason, cancelled_by: source, request: null };
    const record = commands.encode({
      command: { type: 'inference.cancel', data },
      metadata: {
        ...this.contextOf(tenantId, metadata),
        ...{ id: derivedId(tenantId, id, 'cancel'), subject: id, actor: source },
      },
    });
    await producer.send(record);
  }

  private async defaultModel(operation: ModelAsk['operation']): Promise<string> {
    const { defaultModel, defaultEmbeddingModel, offered } = this.parts;
    const named = operation === 'embedding' ? (defaultEmbeddingModel ?? defaultModel) : defaultModel;
    if (named !== undefined) return named;
    const [first] = await offered.models();
    if (first === undefined) throw new NoModelError();
    return first.model;
  }

  private contextOf(tenantId: TenantId, { id, correlationId, traceparent, tracestate }: KeptMetadata) {
    return {
      ...{ source: this.parts.source, tenantId, correlationId, causationId: id, timeMs: systemClock.nowMs() },
      ...(traceparent !== undefined && { traceparent }),
      ...(tracestate !== undefined && { tracestate }),
    };
  }
}
