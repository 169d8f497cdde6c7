// libs/contracts/src/generated/agent-work.ts: written by `npm run contracts:generate`, never by hand.
import type { Work, JsonText, TimestampMs } from '../event.js';
import type { AgentId, ExecutionId, SessionId, ToolCallId, UserId } from './ids.js';

/** Which of the works on an agent itself. */
export type CheckPhase = 'unknown' | 'initialization' | 'validation' | 'clean_up';

/** Who does the work: tools are called by executors of the deployment, workers are processes of its users. */
export type WorkQueue = 'unknown' | 'tools' | 'workers';

/** A tool as it was found when the agent was initialised. */
export interface ToolDefinition {
  /** Name by which a model asks for it. */
  readonly name: string;
  /** What it does, for the model. */
  readonly description: string | null;
  /** JSON schema of its arguments. */
  readonly parameters: JsonText | null;
  /** Where its calls wait. */
  readonly queue: WorkQueue;
  /** Whether it may be called again with the same key when the outcome of a call is unknown. */
  readonly idempotent: boolean;
  /** A call may take so long, milliseconds. */
  readonly timeout_ms: number;
}

/** Where the work was put: it is revoked behind it, on the same partition. */
export type RevokedQueue = 'unknown' | 'models' | 'tools' | 'workers';

/** An agent itself is to be initialised, checked or cleaned up. */
export type CheckRequested = Work<
  'agent.check_requested',
  {
    /** The agent. One of ours is AGENT-YYYYMMDD-HHMMSS-NNNN-XXXX; a foreign agent keeps the id its owner gave it. */
    readonly agent_id: AgentId;
    /** Which work it is. */
    readonly phase: CheckPhase;
    /** Counts the tries, from 1. */
    readonly attempt: number;
    /** Names this try: a result that brings another token is of an earlier try and changes nothing. */
    readonly attempt_token: string;
    /** Who takes the work is thought lost when nothing is heard of it for so long, milliseconds. */
    readonly lease_ms: number;
    /** The engine gives the try up then. */
    readonly deadline_at: TimestampMs;
    /** The same for every try of this work. */
    readonly idempotency_key: string;
    /** What the agent is to be able to do. */
    readonly capabilities: readonly string[];
    /** Names of the tools that it may call. */
    readonly tools: readonly string[];
    /** Model that it uses. */
    readonly model: string | null;
    /** Settings of the agent. */
    readonly config: JsonText | null;
  }
>;

/** A tool is to be called. */
export type ToolRequested = Work<
  'agent.tool_requested',
  {
    /** The agent. One of ours is AGENT-YYYYMMDD-HHMMSS-NNNN-XXXX; a foreign agent keeps the id its owner gave it. */
    readonly agent_id: AgentId;
    /** The execution of the agent. */
    readonly execution_id: ExecutionId;
    /** Counts the turns of the execution, from 1. */
    readonly turn: number;
    /** The call, unique in the execution; also the idempotency key that the tool is given. */
    readonly call_id: ToolCallId;
    /** Counts the tries, from 1. */
    readonly attempt: number;
    /** Names this try: a result that brings another token is of an earlier try and changes nothing. */
    readonly attempt_token: string;
    /** Who takes the work is thought lost when nothing is heard of it for so long, milliseconds. */
    readonly lease_ms: number;
    /** The engine gives the try up then. */
    readonly deadline_at: TimestampMs;
    /** The same for every try of this work. */
    readonly idempotency_key: string;
    /** The tool. */
    readonly tool_name: string;
    /** Where it waits. */
    readonly queue: WorkQueue;
    /** Whether it may be called again when the outcome of a call is unknown. */
    readonly idempotent: boolean;
    /** What the tool is given: any JSON value. Personal data. */
    readonly arguments: JsonText;
    /** The user on whose behalf it ran. A pseudonymous id, never a name or an address. */
    readonly user_id: UserId | null;
    /** The conversation that it belongs to. */
    readonly session_id: SessionId | null;
  }
>;

/** A model is to be asked for the next step of an execution. */
export type TurnRequested = Work<
  'agent.turn_requested',
  {
    /** The agent. One of ours is AGENT-YYYYMMDD-HHMMSS-NNNN-XXXX; a foreign agent keeps the id its owner gave it. */
    readonly agent_id: AgentId;
    /** The execution of the agent. */
    readonly execution_id: ExecutionId;
    /** Counts the turns of the execution, from 1. */
    readonly turn: number;
    /** Counts the tries, from 1. */
    readonly attempt: number;
    /** Names this try: a result that brings another token is of an earlier try and changes nothing. */
    readonly attempt_token: string;
    /** Who takes the work is thought lost when nothing is heard of it for so long, milliseconds. */
    readonly lease_ms: number;
    /** The engine gives the try up then. */
    readonly deadline_at: TimestampMs;
    /** The same for every try of this work. */
    readonly idempotency_key: string;
    /** The user on whose behalf it ran. A pseudonymous id, never a name or an address. */
    readonly user_id: UserId | null;
    /** The conversation that it belongs to. */
    readonly session_id: SessionId | null;
    /** Model to ask; null: the default of the deployment. */
    readonly model: string | null;
    /** The conversation so far, as the chat API of OpenAI has it. Personal data. */
    readonly messages: JsonText;
    /** What it may call. */
    readonly tools: readonly ToolDefinition[];
    /** Tokens that it may generate. */
    readonly completion_tokens_max: number | null;
    /** Settings of the agent. */
    readonly config: JsonText | null;
  }
>;

/** Nobody waits for these tries any more: whoever has one stops, and who has not begun does not. */
export type WorkRevoked = Work<
  'agent.work_revoked',
  {
    /** The agent. One of ours is AGENT-YYYYMMDD-HHMMSS-NNNN-XXXX; a foreign agent keeps the id its owner gave it. */
    readonly agent_id: AgentId;
    /** The execution of the agent. */
    readonly execution_id: ExecutionId;
    /** Where the tries wait. */
    readonly queue: RevokedQueue;
    /** The tries that are given up. */
    readonly attempt_tokens: readonly string[];
    /** Why, for people. */
    readonly reason: string;
  }
>;

/** Every work of area agent. */
export type AgentWork =
  | CheckRequested
  | ToolRequested
  | TurnRequested
  | WorkRevoked;
