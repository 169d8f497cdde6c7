// libs/contracts/src/generated/workflow-work.ts: written by `npm run contracts:generate`, never by hand.
import type { Work, JsonText, TimestampMs } from '../event.js';
import type { StepId, UserId, WorkflowId } from './ids.js';

/** Who does the work: steps are done by executors of the deployment, workers are processes of its users. */
export type WorkflowQueue = 'unknown' | 'steps' | 'workers';

/** A run that is a step of another ended. */
export type ParentTold = Work<
  'workflow.parent_told',
  {
    /** The run, as in /v1/runs/{id}. */
    readonly workflow_id: WorkflowId;
    /** Name of the definition that the run follows. */
    readonly workflow_name: string;
    /** Names this try: a result that brings another token is of an earlier try and changes nothing. */
    readonly attempt_token: string;
    /** As of a step. */
    readonly lease_ms: number;
    /** As of a step. */
    readonly deadline_at: TimestampMs;
    /** Who does the work. */
    readonly queue: WorkflowQueue;
    /** The run that it is a step of. */
    readonly parent_workflow_id: WorkflowId;
    /** The step of that run. */
    readonly parent_step_id: StepId;
    /** Names the try of that step. */
    readonly parent_attempt_token: string;
    /** completed, failed or cancelled. */
    readonly status: string;
    /** What came out: any JSON value. Personal data. */
    readonly output_data: JsonText | null;
    /** What went wrong: any JSON value. Personal data. */
    readonly error: JsonText | null;
  }
>;

/** A step is to be done. */
export type StepRequested = Work<
  'workflow.step_requested',
  {
    /** The run, as in /v1/runs/{id}. */
    readonly workflow_id: WorkflowId;
    /** Name of the definition that the run follows. */
    readonly workflow_name: string;
    /** The step of the run, unique in it. */
    readonly step_id: StepId;
    /** The step's name for people. */
    readonly step_name: string;
    /** agent, tool, llm, human, webhook, emit, wait, timer, sub_workflow, script, raise, flow, map; later ones may come. */
    readonly step_type: string;
    /** Counts the tries of this step, from 1. */
    readonly attempt: number;
    /** Names this try: a result that brings another token is of an earlier try and changes nothing. */
    readonly attempt_token: string;
    /** Who takes the work is thought lost when nothing is heard of it for so long, milliseconds. */
    readonly lease_ms: number;
    /** The engine gives the try up then. */
    readonly deadline_at: TimestampMs;
    /** The same for every try of this step. */
    readonly idempotency_key: string;
    /** Whether it may be done again when nobody knows what became of a try. */
    readonly idempotent: boolean;
    /** Who does the work. */
    readonly queue: WorkflowQueue;
    /** Of a tool: the queue that its workers ask for. */
    readonly worker_queue: string | null;
    /** Of a tool. */
    readonly tool_name: string | null;
    /** The user on whose behalf it runs. A pseudonymous id, never a name or an address. */
    readonly user_id: UserId | null;
    /** What goes in: any JSON value. Personal data. */
    readonly input_data: JsonText;
    /** What is special to its type: address and headers of a webhook, model of an llm step. */
    readonly settings: JsonText;
    /** How far an earlier try came; 0: nowhere. */
    readonly checkpoint: number;
    /** What it kept. Personal data. */
    readonly checkpoint_value: JsonText | null;
  }
>;

/** What a step has begun is to be stopped: the run does not wait for it any more. */
export type StopRequested = Work<
  'workflow.stop_requested',
  {
    /** The run, as in /v1/runs/{id}. */
    readonly workflow_id: WorkflowId;
    /** Name of the definition that the run follows. */
    readonly workflow_name: string;
    /** The step of the run, unique in it. */
    readonly step_id: StepId;
    /** agent or sub_workflow; later ones may come. */
    readonly step_type: string;
    /** Names this try: a result that brings another token is of an earlier try and changes nothing. */
    readonly attempt_token: string;
    /** As of a step. */
    readonly lease_ms: number;
    /** As of a step. */
    readonly deadline_at: TimestampMs;
    /** Who does the work. */
    readonly queue: WorkflowQueue;
    /** The execution, or the run. */
    readonly target_id: string;
    /** As of the step. */
    readonly settings: JsonText;
  }
>;

/** Every work of area workflow. */
export type WorkflowWork =
  | ParentTold
  | StepRequested
  | StopRequested;
