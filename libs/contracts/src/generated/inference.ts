// libs/contracts/src/generated/inference.ts: written by `npm run contracts:generate`, never by hand.
import type { Event, Decimal, JsonText, TimestampMs } from '../event.js';
import type { AgentId, ExecutionId, RequestId, SessionId, StepId, UserId, WorkflowId } from './ids.js';

/** Where the deadline found it. */
export type ExpiryStage = 'unknown' | 'queued' | 'running';

/** Which queue; a reader that meets `unknown` treats it as normal. */
export type Priority = 'unknown' | 'high' | 'normal' | 'low';

/** Which command brings the outcome to whoever asked. */
export interface ReplyTo {
  /** The command to give, agent.record_turn for example. A worker that does not know it fails the request with REPLY_UNKNOWN before any model is called. */
  readonly command_type: string;
  /** The aggregate that the command is for: with the tenant it is the command's key. */
  readonly subject: string;
  /** An object with the fields of the command that only its asker knows: ids, attempt and attempt token. */
  readonly context: JsonText | null;
}

/** superseded: an answer came after the request had its outcome. */
export type AttemptStatus = 'unknown' | 'completed' | 'failed' | 'cancelled' | 'superseded';

/** The request was withdrawn before it had an answer. */
export type Cancelled = Event<
  'inference.cancelled',
  {
    /** The inference request. */
    readonly request_id: RequestId;
    /** The conversation that it belongs to. */
    readonly session_id: SessionId | null;
    /** The user on whose behalf it ran. A pseudonymous id, never a name or an address. */
    readonly user_id: UserId | null;
    /** The agent that asked. */
    readonly agent_id: AgentId | null;
    /** The execution that asked. */
    readonly execution_id: ExecutionId | null;
    /** The run that asked. */
    readonly workflow_id: WorkflowId | null;
    /** The step of that run. */
    readonly step_id: StepId | null;
    /** The model that was asked for. */
    readonly model: string;
    /** Why, in the words of whoever asked. */
    readonly reason: string;
    /** Who asked. An id of a user, key or service. */
    readonly cancelled_by: string | null;
    /** How many attempts were made. */
    readonly attempts: number;
  }
>;

/** The request has its answer. The first outcome of a request is its only one. */
export type Completed = Event<
  'inference.completed',
  {
    /** The inference request. */
    readonly request_id: RequestId;
    /** The conversation that it belongs to. */
    readonly session_id: SessionId | null;
    /** The user on whose behalf it ran. A pseudonymous id, never a name or an address. */
    readonly user_id: UserId | null;
    /** The agent that asked. */
    readonly agent_id: AgentId | null;
    /** The execution that asked. */
    readonly execution_id: ExecutionId | null;
    /** The run that asked. */
    readonly workflow_id: WorkflowId | null;
    /** The step of that run. */
    readonly step_id: StepId | null;
    /** The model that answered. */
    readonly model: string;
    /** vllm, openai, or another. */
    readonly provider: string;
    /** Which server of the provider. */
    readonly replica: string | null;
    /** The answer as the OpenAI API gives it: the whole body of a chat completion, completion or embedding list, unknown fields included; of a stream, put together. Personal data. */
    readonly output_data: JsonText;
    /** stop, length, tool_calls, content_filter; or a provider's own word. */
    readonly finish_reason: string;
    /** Tokens of the prompt. */
    readonly prompt_tokens: number;
    /** How many of `prompt_tokens` came from a prefix cache. */
    readonly cached_prompt_tokens: number;
    /** Tokens generated. */
    readonly completion_tokens: number;
    /** US dollars by the price list of the deployment. At most 9 digits after the point. */
    readonly cost_usd: Decimal;
    /** How many attempts it took. */
    readonly attempts: number;
    /** From request to dispatch, milliseconds. */
    readonly queue_time_ms: number;
    /** From dispatch to the first token, milliseconds. */
    readonly time_to_first_token_ms: number | null;
    /** From dispatch to the last token, milliseconds. */
    readonly inference_time_ms: number;
    /** Whether its tokens were sent on as they came, as inference.tokens_generated. */
    readonly streamed: boolean;
  }
>;

/** The request's deadline passed before it had an answer. */
export type Expired = Event<
  'inference.expired',
  {
    /** The inference request. */
    readonly request_id: RequestId;
    /** The conversation that it belongs to. */
    readonly session_id: SessionId | null;
    /** The user on whose behalf it ran. A pseudonymous id, never a name or an address. */
    readonly user_id: UserId | null;
    /** The agent that asked. */
    readonly agent_id: AgentId | null;
    /** The execution that asked. */
    readonly execution_id: ExecutionId | null;
    /** The run that asked. */
    readonly workflow_id: WorkflowId | null;
    /** The step of that run. */
    readonly step_id: StepId | null;
    /** The model that was asked for. */
    readonly model: string;
    /** The deadline. */
    readonly deadline_at: TimestampMs;
    /** Where the deadline found it. */
    readonly stage: ExpiryStage;
    /** How many attempts were made. */
    readonly attempts: number;
  }
>;

/** The request failed for good. */
export type Failed = Event<
  'inference.failed',
  {
    /** The inference request. */
    readonly request_id: RequestId;
    /** The conversation that it belongs to. */
    readonly session_id: SessionId | null;
    /** The user on whose behalf it ran. A pseudonymous id, never a name or an address. */
    readonly user_id: UserId | null;
    /** The agent that asked. */
    readonly agent_id: AgentId | null;
    /** The execution that asked. */
    readonly execution_id: ExecutionId | null;
    /** The run that asked. */
    readonly workflow_id: WorkflowId | null;
    /** The step of that run. */
    readonly step_id: StepId | null;
    /** The model that was asked for. */
    readonly model: string;
    /** What went wrong: an object with `message`, `type`, `param` and `code` as the OpenAI API gives it; any JSON value where a provider said something else. Personal data. */
    readonly error: JsonText;
    /** Stable UPPER_SNAKE_CASE code of the failure, for counting and alerting: INVALID_REQUEST, MODEL_NOT_FOUND, CONTEXT_LENGTH_EXCEEDED, OUTPUT_TOO_LARGE, RATE_LIMITED, BUDGET_EXCEEDED, LIMIT_EXCEEDED, PROVIDER_UNAVAILABLE, PROVIDER_ERROR, ATTEMPTS_EXHAUSTED, REPLY_UNKNOWN. */
    readonly error_code: string;
    /** How many attempts were made. */
    readonly attempts: number;
    /** From request to giving up, milliseconds. */
    readonly total_time_ms: number;
    /** What a caller who waits over HTTP is answered; null: 502. */
    readonly http_status: number | null;
    /** How long the provider asked to be left alone, milliseconds. */
    readonly retry_after_ms: number | null;
  }
>;

/** A model call was accepted and waits for a worker. */
export type Requested = Event<
  'inference.requested',
  {
    /** The inference request. */
    readonly request_id: RequestId;
    /** The conversation that it belongs to. */
    readonly session_id: SessionId | null;
    /** The user on whose behalf it ran. A pseudonymous id, never a name or an address. */
    readonly user_id: UserId | null;
    /** The agent that asked. */
    readonly agent_id: AgentId | null;
    /** The execution that asked. */
    readonly execution_id: ExecutionId | null;
    /** The run that asked. */
    readonly workflow_id: WorkflowId | null;
    /** The step of that run. */
    readonly step_id: StepId | null;
    /** chat_completion, completion or embedding; later ones may come. */
    readonly operation: string;
    /** The model or router name that was asked for. */
    readonly model: string;
    /** Which of the request topics it waits on. */
    readonly priority: Priority;
    /** The body of the request as the OpenAI API takes it, without `model` and `stream`: messages, prompt or input, tools, response_format, sampling, and whatever else the sender put there, passed on as it came. Personal data. */
    readonly input_data: JsonText;
    /** Whether tokens are to be sent on as they come. */
    readonly stream: boolean;
    /** Most tokens that may be generated. */
    readonly max_completion_tokens: number | null;
    /** Hash of the prompt's shared prefix, for choosing a replica. */
    readonly prefix_key: string | null;
    /** It is not worth an answer after that and expires. */
    readonly deadline_at: TimestampMs;
    /** Who asked. An id of a user, key or service. */
    readonly requested_by: string | null;
    /** Tokens that all its attempts may take together, sent and generated; null: as the deployment sets it. */
    readonly tokens_max: number | null;
    /** US dollars that all its attempts may cost together; null: as the deployment sets it. */
    readonly cost_usd_max: Decimal | null;
    /** Attempts that may be made; null: as the deployment sets it. */
    readonly attempts_max: number | null;
    /** Null: nobody but the readers of inference.events is told. */
    readonly reply_to: ReplyTo | null;
  }
>;

/** One attempt at a model call and what it cost, whatever became of it. */
export type UsageRecorded = Event<
  'inference.usage_recorded',
  {
    /** The inference request. */
    readonly request_id: RequestId;
    /** The conversation that it belongs to. */
    readonly session_id: SessionId | null;
    /** The user on whose behalf it ran. A pseudonymous id, never a name or an address. */
    readonly user_id: UserId | null;
    /** The agent that asked. */
    readonly agent_id: AgentId | null;
    /** The execution that asked. */
    readonly execution_id: ExecutionId | null;
    /** The run that asked. */
    readonly workflow_id: WorkflowId | null;
    /** The step of that run. */
    readonly step_id: StepId | null;
    /** Counts the attempts at the request, from 1. */
    readonly attempt: number;
    /** vllm, openai, or another. */
    readonly provider: string;
    /** The model that was called. */
    readonly model: string;
    /** Which server of the provider. */
    readonly replica: string | null;
    /** What became of the attempt. */
    readonly status: AttemptStatus;
    /** Tokens of the prompt. */
    readonly prompt_tokens: number;
    /** How many of `prompt_tokens` came from a prefix cache. */
    readonly cached_prompt_tokens: number;
    /** Tokens generated. */
    readonly completion_tokens: number;
    /** US dollars by the price list of the deployment. At most 9 digits after the point. */
    readonly cost_usd: Decimal;
    /** How long the attempt took, milliseconds. */
    readonly duration_ms: number;
    /** Whether tokens and cost are an estimate of ours, because the attempt ended before its provider told them. */
    readonly estimated: boolean;
    /** chat_completion, completion or embedding. */
    readonly operation: string;
    /** Why the attempt failed, as in inference.failed. */
    readonly error_code: string | null;
    /** Which price list `cost_usd` was reckoned by. */
    readonly price_version: string | null;
    /** When the request was taken. */
    readonly enqueued_at: TimestampMs | null;
    /** When a worker had it from its topic. */
    readonly fetched_at: TimestampMs | null;
    /** When it was written to the provider. */
    readonly dispatched_at: TimestampMs | null;
    /** When the first token came. */
    readonly first_token_at: TimestampMs | null;
  }
>;

/** Every event of area inference. */
export type InferenceEvent =
  | Cancelled
  | Completed
  | Expired
  | Failed
  | Requested
  | UsageRecorded;
