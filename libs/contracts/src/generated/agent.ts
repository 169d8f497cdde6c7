// libs/contracts/src/generated/agent.ts: written by `npm run contracts:generate`, never by hand.
import type { Event, Decimal, JsonText, TimestampMs } from '../event.js';
import type { AgentId, ExecutionId, MemoryId, RequestId, SessionId, StepId, ToolCallId, UserId, WorkflowId } from './ids.js';

/** How it ended. */
export type ExecutionStatus = 'unknown' | 'completed' | 'failed' | 'cancelled';

/** The workflow step that asked for the execution. */
export interface ExecutionMetadata {
  /** The run, as in /v1/runs/{id}. */
  readonly workflow_id: WorkflowId | null;
  /** The step of that run. */
  readonly step_id: StepId | null;
}

/** Tokens and money spent on model calls. */
export interface Usage {
  /** Tokens sent to models. */
  readonly prompt_tokens: number;
  /** How many of `prompt_tokens` came from a prefix cache. */
  readonly cached_prompt_tokens: number;
  /** Tokens that models generated. */
  readonly completion_tokens: number;
  /** US dollars. At most 9 digits after the point. */
  readonly cost_usd: Decimal;
}

/** How long it lives: the session, the conversation history, for good. */
export type MemoryTier = 'unknown' | 'working' | 'episodic' | 'semantic';

/** What led here. */
export type ReadyReason = 'unknown' | 'validated' | 'execution_ended';

/** How the call ended; refused: by a person or a policy. */
export type ToolStatus = 'unknown' | 'completed' | 'failed' | 'cancelled' | 'refused';

/** One check and its result. */
export interface ValidationCheck {
  /** configuration, resources, dependencies, or a check of the agent's own. */
  readonly name: string;
  /** Whether it passed. */
  readonly passed: boolean;
  /** What was found, for people. */
  readonly detail: string | null;
}

/** An agent was defined. State CREATED. */
export type Created = Event<
  'agent.created',
  {
    /** The agent. One of ours is AGENT-YYYYMMDD-HHMMSS-NNNN-XXXX; a foreign agent keeps the id its owner gave it. */
    readonly agent_id: AgentId;
    /** Name for people. */
    readonly name: string;
    /** What the agent is for. */
    readonly description: string | null;
    /** The specialism: assistant, analyst, coder, or any word of the owner's. */
    readonly agent_type: string;
    /** TEXT_PROCESSING, DOCUMENT_ANALYSIS, API_INTEGRATION, WORKFLOW_CONTROL; later ones may come. */
    readonly capabilities: readonly string[];
    /** Names of the tools that it may call. */
    readonly tools: readonly string[];
    /** Model that it uses where a request names none. */
    readonly model: string | null;
    /** Settings of the agent: any JSON value. */
    readonly config: JsonText | null;
    /** Who defined it. An id of a user, key or service. */
    readonly created_by: string | null;
  }
>;

/** The agent's definition was removed; its history stays. */
export type Deleted = Event<
  'agent.deleted',
  {
    /** The agent. One of ours is AGENT-YYYYMMDD-HHMMSS-NNNN-XXXX; a foreign agent keeps the id its owner gave it. */
    readonly agent_id: AgentId;
    /** Why, in the words of whoever asked. */
    readonly reason: string | null;
    /** Who asked. An id of a user, key or service. */
    readonly deleted_by: string | null;
  }
>;

/** An execution of an agent ended well, whoever ran it. */
export type Executed = Event<
  'agent.executed',
  {
    /** The agent. One of ours is AGENT-YYYYMMDD-HHMMSS-NNNN-XXXX; a foreign agent keeps the id its owner gave it. */
    readonly agent_id: AgentId;
    /** The execution of the agent. */
    readonly execution_id: ExecutionId;
    /** The user on whose behalf it ran. A pseudonymous id, never a name or an address. */
    readonly user_id: UserId | null;
    /** The conversation that it belongs to. */
    readonly session_id: SessionId | null;
    /** What went in: any JSON value. Personal data. */
    readonly input_data: JsonText;
    /** What came out: any JSON value. Personal data. */
    readonly output_data: JsonText;
    /** How long it ran, milliseconds. */
    readonly execution_time_ms: number;
    /** completed; cancelled where the sender counts that as ended well. */
    readonly status: ExecutionStatus;
    /** Where the execution comes from; null where no workflow asked for it. */
    readonly metadata: ExecutionMetadata | null;
    /** The model that was used, the main one of several. */
    readonly model: string | null;
    /** Tokens and cost of the whole execution; null where the sender does not know them. */
    readonly usage: Usage | null;
  }
>;

/** The execution was stopped on request before its end. */
export type ExecutionCancelled = Event<
  'agent.execution_cancelled',
  {
    /** The agent. One of ours is AGENT-YYYYMMDD-HHMMSS-NNNN-XXXX; a foreign agent keeps the id its owner gave it. */
    readonly agent_id: AgentId;
    /** The execution of the agent. */
    readonly execution_id: ExecutionId;
    /** How long it ran, milliseconds. */
    readonly execution_time_ms: number;
    /** Why, in the words of whoever asked. */
    readonly reason: string;
    /** Who asked. An id of a user, key or service. */
    readonly cancelled_by: string | null;
  }
>;

/** The execution ended well. State COMPLETED; payload, tokens and cost are in `agent.executed`. */
export type ExecutionCompleted = Event<
  'agent.execution_completed',
  {
    /** The agent. One of ours is AGENT-YYYYMMDD-HHMMSS-NNNN-XXXX; a foreign agent keeps the id its owner gave it. */
    readonly agent_id: AgentId;
    /** The execution of the agent. */
    readonly execution_id: ExecutionId;
    /** How long it ran, milliseconds. */
    readonly execution_time_ms: number;
    /** Model calls that it took. */
    readonly turns: number;
  }
>;

/** The execution ended badly. State FAILED; the error's detail is in `agent.failed`. */
export type ExecutionFailed = Event<
  'agent.execution_failed',
  {
    /** The agent. One of ours is AGENT-YYYYMMDD-HHMMSS-NNNN-XXXX; a foreign agent keeps the id its owner gave it. */
    readonly agent_id: AgentId;
    /** The execution of the agent. */
    readonly execution_id: ExecutionId;
    /** How long it ran, milliseconds. */
    readonly execution_time_ms: number;
    /** Model calls that were made. */
    readonly turns: number;
    /** Stable UPPER_SNAKE_CASE code of the failure, for counting and alerting. */
    readonly error_code: string;
    /** Why, in one sentence for people. */
    readonly reason: string;
  }
>;

/** An execution began. State EXECUTING. */
export type ExecutionStarted = Event<
  'agent.execution_started',
  {
    /** The agent. One of ours is AGENT-YYYYMMDD-HHMMSS-NNNN-XXXX; a foreign agent keeps the id its owner gave it. */
    readonly agent_id: AgentId;
    /** The execution of the agent. */
    readonly execution_id: ExecutionId;
    /** The user on whose behalf it ran. A pseudonymous id, never a name or an address. */
    readonly user_id: UserId | null;
    /** The conversation that it belongs to. */
    readonly session_id: SessionId | null;
    /** What went in: any JSON value. Personal data. */
    readonly input_data: JsonText;
    /** The execution is stopped then, at the latest. */
    readonly deadline_at: TimestampMs | null;
    /** Where the execution comes from; null where no workflow asked for it. */
    readonly metadata: ExecutionMetadata | null;
  }
>;

/** An execution of an agent ended badly, whoever ran it. */
export type Failed = Event<
  'agent.failed',
  {
    /** The agent. One of ours is AGENT-YYYYMMDD-HHMMSS-NNNN-XXXX; a foreign agent keeps the id its owner gave it. */
    readonly agent_id: AgentId;
    /** The execution of the agent. */
    readonly execution_id: ExecutionId;
    /** The user on whose behalf it ran. A pseudonymous id, never a name or an address. */
    readonly user_id: UserId | null;
    /** The conversation that it belongs to. */
    readonly session_id: SessionId | null;
    /** What went in: any JSON value. Personal data. */
    readonly input_data: JsonText;
    /** What went wrong: any JSON value; an object with `message` where we make it. Personal data. */
    readonly error: JsonText;
    /** Stable UPPER_SNAKE_CASE code of the failure, for counting and alerting. */
    readonly error_code: string;
    /** How long it ran, milliseconds. */
    readonly execution_time_ms: number;
    /** failed, or cancelled. */
    readonly status: ExecutionStatus;
    /** Where the execution comes from; null where no workflow asked for it. */
    readonly metadata: ExecutionMetadata | null;
    /** The model that was used, the main one of several. */
    readonly model: string | null;
    /** Tokens and cost of the whole execution; null where the sender does not know them. */
    readonly usage: Usage | null;
  }
>;

/** The agent began to claim what it needs. State INITIALIZING. */
export type InitializationStarted = Event<
  'agent.initialization_started',
  {
    /** The agent. One of ours is AGENT-YYYYMMDD-HHMMSS-NNNN-XXXX; a foreign agent keeps the id its owner gave it. */
    readonly agent_id: AgentId;
    /** Counts the initialisations of the agent, from 1. */
    readonly attempt: number;
  }
>;

/** The agent has its tools, memory and connections. */
export type Initialized = Event<
  'agent.initialized',
  {
    /** The agent. One of ours is AGENT-YYYYMMDD-HHMMSS-NNNN-XXXX; a foreign agent keeps the id its owner gave it. */
    readonly agent_id: AgentId;
    /** How long that took, milliseconds. */
    readonly initialization_time_ms: number;
    /** Names of the tools that answered. */
    readonly tools: readonly string[];
  }
>;

/** The agent wrote to its memory. */
export type MemoryWritten = Event<
  'agent.memory_written',
  {
    /** The agent. One of ours is AGENT-YYYYMMDD-HHMMSS-NNNN-XXXX; a foreign agent keeps the id its owner gave it. */
    readonly agent_id: AgentId;
    /** The execution that wrote. */
    readonly execution_id: ExecutionId | null;
    /** The entry; writing it again replaces it. */
    readonly memory_id: MemoryId;
    /** Which memory. */
    readonly tier: MemoryTier;
    /** What the entry is found by. */
    readonly key: string;
    /** What is remembered: any JSON value. Personal data. */
    readonly value: JsonText;
    /** Ids of the events that it was made from, so that erasing them can follow. */
    readonly source_event_ids: readonly string[];
    /** When it is forgotten; null: never. */
    readonly expires_at: TimestampMs | null;
  }
>;

/** The agent takes executions. State READY. */
export type Ready = Event<
  'agent.ready',
  {
    /** The agent. One of ours is AGENT-YYYYMMDD-HHMMSS-NNNN-XXXX; a foreign agent keeps the id its owner gave it. */
    readonly agent_id: AgentId;
    /** What led here. */
    readonly reason: ReadyReason;
    /** The execution that ended, where one did. */
    readonly execution_id: ExecutionId | null;
  }
>;

/** The agent was taken out of service for good and cleaned up. State TERMINATED. */
export type Terminated = Event<
  'agent.terminated',
  {
    /** The agent. One of ours is AGENT-YYYYMMDD-HHMMSS-NNNN-XXXX; a foreign agent keeps the id its owner gave it. */
    readonly agent_id: AgentId;
    /** Why, in the words of whoever asked. */
    readonly reason: string;
    /** Who asked. An id of a user, key or service. */
    readonly terminated_by: string | null;
  }
>;

/** A tool was asked to do something. */
export type ToolCalled = Event<
  'agent.tool_called',
  {
    /** The agent. One of ours is AGENT-YYYYMMDD-HHMMSS-NNNN-XXXX; a foreign agent keeps the id its owner gave it. */
    readonly agent_id: AgentId;
    /** The execution of the agent. */
    readonly execution_id: ExecutionId;
    /** The turn that asked for the call. */
    readonly turn: number;
    /** The call, unique in the execution; also the idempotency key that the tool is given. */
    readonly call_id: ToolCallId;
    /** The tool. */
    readonly tool_name: string;
    /** Counts the tries of this call, from 1. */
    readonly attempt: number;
    /** What the tool was given: any JSON value. Personal data. */
    readonly arguments: JsonText;
  }
>;

/** A tool answered, failed, or was refused. */
export type ToolReturned = Event<
  'agent.tool_returned',
  {
    /** The agent. One of ours is AGENT-YYYYMMDD-HHMMSS-NNNN-XXXX; a foreign agent keeps the id its owner gave it. */
    readonly agent_id: AgentId;
    /** The execution of the agent. */
    readonly execution_id: ExecutionId;
    /** The turn that asked for the call. */
    readonly turn: number;
    /** The call, unique in the execution; also the idempotency key that the tool is given. */
    readonly call_id: ToolCallId;
    /** The tool. */
    readonly tool_name: string;
    /** The try that this is the answer of. */
    readonly attempt: number;
    /** How the call ended. */
    readonly status: ToolStatus;
    /** What the tool gave: any JSON value. Personal data. */
    readonly output_data: JsonText | null;
    /** What went wrong: any JSON value. Personal data. */
    readonly error: JsonText | null;
    /** How long the call took, milliseconds. */
    readonly duration_ms: number;
  }
>;

/** A model's answer, stored before it is acted upon: resuming never asks the model again for it. */
export type TurnRecorded = Event<
  'agent.turn_recorded',
  {
    /** The agent. One of ours is AGENT-YYYYMMDD-HHMMSS-NNNN-XXXX; a foreign agent keeps the id its owner gave it. */
    readonly agent_id: AgentId;
    /** The execution of the agent. */
    readonly execution_id: ExecutionId;
    /** Counts the turns of the execution, from 1. */
    readonly turn: number;
    /** The inference request that gave the answer. */
    readonly request_id: RequestId | null;
    /** Model that answered. */
    readonly model: string;
    /** What came out: any JSON value. Personal data. */
    readonly output_data: JsonText;
    /** stop, length, tool_calls, content_filter; or a provider's own word. */
    readonly finish_reason: string;
    /** Tokens of the prompt. */
    readonly prompt_tokens: number;
    /** Tokens generated. */
    readonly completion_tokens: number;
    /** From asking to the last token, milliseconds. */
    readonly duration_ms: number;
  }
>;

/** All checks passed. State VALIDATED. */
export type Validated = Event<
  'agent.validated',
  {
    /** The agent. One of ours is AGENT-YYYYMMDD-HHMMSS-NNNN-XXXX; a foreign agent keeps the id its owner gave it. */
    readonly agent_id: AgentId;
    /** Every check that was made. */
    readonly checks: readonly ValidationCheck[];
    /** How long the checks took, milliseconds. */
    readonly validation_time_ms: number;
  }
>;

/** A check did not pass. The agent stays out of service until it is validated anew. */
export type ValidationFailed = Event<
  'agent.validation_failed',
  {
    /** The agent. One of ours is AGENT-YYYYMMDD-HHMMSS-NNNN-XXXX; a foreign agent keeps the id its owner gave it. */
    readonly agent_id: AgentId;
    /** Every check that was made; at least one did not pass. */
    readonly checks: readonly ValidationCheck[];
    /** How long the checks took, milliseconds. */
    readonly validation_time_ms: number;
  }
>;

/** Checks of the agent began. State VALIDATING. */
export type ValidationStarted = Event<
  'agent.validation_started',
  {
    /** The agent. One of ours is AGENT-YYYYMMDD-HHMMSS-NNNN-XXXX; a foreign agent keeps the id its owner gave it. */
    readonly agent_id: AgentId;
    /** Names of the checks to be made. */
    readonly checks: readonly string[];
  }
>;

/** Every event of area agent. */
export type AgentEvent =
  | Created
  | Deleted
  | Executed
  | ExecutionCancelled
  | ExecutionCompleted
  | ExecutionFailed
  | ExecutionStarted
  | Failed
  | InitializationStarted
  | Initialized
  | MemoryWritten
  | Ready
  | Terminated
  | ToolCalled
  | ToolReturned
  | TurnRecorded
  | Validated
  | ValidationFailed
  | ValidationStarted;
