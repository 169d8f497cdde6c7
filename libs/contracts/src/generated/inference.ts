// libs/contracts/src/generated/inference.ts: written by `npm run contracts:generate`, never by hand.
import type { Event, Decimal, JsonText, TimestampMs } from '../event.js';
import type { AgentId, ExecutionId, RequestId, SessionId, UserId, WorkflowId } from './ids.js';

/** Where the deadline found it. */
export type ExpiryStage = 'unknown' | 'queued' | 'running';

/** Which queue; a reader that meets `unknown` treats it as normal. */
export type Priority = 'unknown' | 'high' | 'normal' | 'low';

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
    /** The model that answered. */
    readonly model: string;
    /** vllm, openai, or another. */
    readonly provider: string;
    /** Which server of the provider. */
    readonly replica: string | null;
    /** What came out: any JSON value. Personal data. */
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
    /** The model that was asked for. */
    readonly model: string;
    /** What went wrong: any JSON value; an object with `message` where we make it. Personal data. */
    readonly error: JsonText;
    /** Stable UPPER_SNAKE_CASE code of the failure, for counting and alerting. */
    readonly error_code: string;
    /** How many attempts were made. */
    readonly attempts: number;
    /** From request to giving up, milliseconds. */
    readonly total_time_ms: number;
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
    /** chat_completion, completion, embedding; later ones may come. */
    readonly operation: string;
    /** The model or router name that was asked for. */
    readonly model: string;
    /** Which of the request topics it waits on. */
    readonly priority: Priority;
    /** The request as the OpenAI API takes it, without `model` and `stream`. Personal data. */
    readonly input_data: JsonText;
    /** Whether tokens are to be sent on as they come. */
    readonly stream: boolean;
    /** Most tokens that may be generated. */
    readonly max_completion_tokens: number | null;
    /** Hash of the prompt's shared prefix, for choosing a replica. */
    readonly prefix_key: string | null;
    /** It is not worth an answer after that and expires. */
    readonly deadline_at: TimestampMs;
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
