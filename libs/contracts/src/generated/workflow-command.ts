// libs/contracts/src/generated/workflow-command.ts: written by `npm run contracts:generate`, never by hand.
import type { Command, JsonText, TimestampMs } from '../event.js';
import type { SignalId, StepId, TaskId, UserId, WorkflowId } from './ids.js';

/** The answer. */
export type TaskAnswer = 'unknown' | 'approved' | 'rejected' | 'submitted';

/** How the try ended. */
export type StepOutcome = 'unknown' | 'completed' | 'failed' | 'lost';

/** What is done about it. */
export type StepResolution = 'unknown' | 'repeat' | 'completed' | 'failed';

/** Ends a run: first what is under way is asked to stop, then it is given up. */
export type Cancel = Command<
  'workflow.cancel',
  {
    /** The run, as in /v1/runs/{id}. */
    readonly workflow_id: WorkflowId;
    /** Why, in the words of whoever asks. */
    readonly reason: string | null;
    /** Does not wait for what is under way. */
    readonly hard: boolean;
    /** Undoes what was done first. */
    readonly compensate: boolean;
  }
>;

/** Takes a task upon oneself, or gives it back. */
export type ClaimTask = Command<
  'workflow.claim_task',
  {
    /** The run, as in /v1/runs/{id}. */
    readonly workflow_id: WorkflowId;
    /** The step of the run, unique in it. */
    readonly step_id: StepId;
    /** The task, as in /v1/tasks/{id}. */
    readonly task_id: TaskId;
    /** Who takes it. */
    readonly user_id: UserId;
    /** Groups that whoever asks belongs to. */
    readonly groups: readonly string[];
    /** Gives it back. */
    readonly release: boolean;
  }
>;

/** Answers a task. */
export type DecideTask = Command<
  'workflow.decide_task',
  {
    /** The run, as in /v1/runs/{id}. */
    readonly workflow_id: WorkflowId;
    /** The step of the run, unique in it. */
    readonly step_id: StepId;
    /** The task, as in /v1/tasks/{id}. */
    readonly task_id: TaskId;
    /** The answer. */
    readonly decision: TaskAnswer;
    /** What was entered: any JSON value. Personal data. */
    readonly form_data: JsonText | null;
    /** What the person adds. Personal data. */
    readonly comment: string | null;
    /** Who answers. */
    readonly user_id: UserId;
    /** Groups that whoever asks belongs to. */
    readonly groups: readonly string[];
  }
>;

/** Lets nothing new begin in a run until it is resumed. */
export type Pause = Command<
  'workflow.pause',
  {
    /** The run, as in /v1/runs/{id}. */
    readonly workflow_id: WorkflowId;
    /** Why, in the words of whoever asks. */
    readonly reason: string | null;
  }
>;

/** A worker says how far it is. */
export type RecordStepProgress = Command<
  'workflow.record_step_progress',
  {
    /** The run, as in /v1/runs/{id}. */
    readonly workflow_id: WorkflowId;
    /** The step of the run, unique in it. */
    readonly step_id: StepId;
    /** Names this try: a result that brings another token is of an earlier try and changes nothing. */
    readonly attempt_token: string;
    /** Counts what it keeps, from 1; 0: only a sign of life. */
    readonly checkpoint: number;
    /** What it keeps: any JSON value. Personal data. */
    readonly value: JsonText;
  }
>;

/** What a step came to. */
export type RecordStepResult = Command<
  'workflow.record_step_result',
  {
    /** The run, as in /v1/runs/{id}. */
    readonly workflow_id: WorkflowId;
    /** The step of the run, unique in it. */
    readonly step_id: StepId;
    /** Counts the tries of this step, from 1. */
    readonly attempt: number;
    /** Names this try: a result that brings another token is of an earlier try and changes nothing. */
    readonly attempt_token: string;
    /** lost: nobody knows whether it was done. */
    readonly status: StepOutcome;
    /** What came out: any JSON value. Personal data. */
    readonly output_data: JsonText | null;
    /** What went wrong: `{class, code, message, status, details, retriable}`. Personal data. */
    readonly error: JsonText | null;
    /** How long it took, milliseconds. */
    readonly duration_ms: number;
    /** Who was given the try; null: nobody outside the engine's own executors. */
    readonly worker: string | null;
    /** When the worker was given it: a start that nobody has told of yet is told by this. null: none was given it. */
    readonly started_at: TimestampMs | null;
  }
>;

/** A worker took a step. */
export type RecordStepStarted = Command<
  'workflow.record_step_started',
  {
    /** The run, as in /v1/runs/{id}. */
    readonly workflow_id: WorkflowId;
    /** The step of the run, unique in it. */
    readonly step_id: StepId;
    /** Names this try: a result that brings another token is of an earlier try and changes nothing. */
    readonly attempt_token: string;
    /** Instance that runs it. */
    readonly worker: string | null;
    /** When the worker was given it; null: when this is decided. */
    readonly started_at: TimestampMs | null;
  }
>;

/** Lets a paused run go on. */
export type Resume = Command<
  'workflow.resume',
  {
    /** The run, as in /v1/runs/{id}. */
    readonly workflow_id: WorkflowId;
  }
>;

/** Goes on with a run from the steps that failed. */
export type Retry = Command<
  'workflow.retry',
  {
    /** The run, as in /v1/runs/{id}. */
    readonly workflow_id: WorkflowId;
    /** The step; null: all that failed. */
    readonly step_id: StepId | null;
    /** repeat: it is done again; completed or failed: as was found by whoever looked. */
    readonly resolution: StepResolution;
    /** Of a step that is found completed: any JSON value. Personal data. */
    readonly output_data: JsonText | null;
    /** Why, in the words of whoever asks. */
    readonly reason: string | null;
  }
>;

/** Tells a run of something that it may wait for. */
export type Signal = Command<
  'workflow.signal',
  {
    /** The run, as in /v1/runs/{id}. */
    readonly workflow_id: WorkflowId;
    /** The signal; the same one twice counts once. */
    readonly signal_id: SignalId;
    /** What the run waits for it by. */
    readonly signal_name: string;
    /** What waits are correlated by. */
    readonly signal_key: string | null;
    /** What it says: any JSON value. Personal data. */
    readonly signal_data: JsonText;
    /** How long it is kept for a wait that is yet to come, milliseconds; null: as the run's other signals. */
    readonly ttl_ms: number | null;
    /** Where nothing in the run waits for its name and key by then, it is as if it had not been sent. */
    readonly only_if_awaited: boolean;
  }
>;

/** Starts a run of a workflow. */
export type Start = Command<
  'workflow.start',
  {
    /** The run, as in /v1/runs/{id}. */
    readonly workflow_id: WorkflowId;
    /** Name of the definition that the run follows. */
    readonly workflow_name: string;
    /** SHA-256 of the definition, lower case hex. */
    readonly definition_hash: string;
    /** The definition, as it is pinned. */
    readonly definition: JsonText;
    /** What goes in: any JSON value. Personal data. */
    readonly input_data: JsonText;
    /** The user on whose behalf it runs. A pseudonymous id, never a name or an address. */
    readonly user_id: UserId | null;
    /** A run is started once for each key. */
    readonly start_key: string | null;
    /** The run that this one is a step of. */
    readonly parent_workflow_id: WorkflowId | null;
    /** The step of that run. */
    readonly parent_step_id: StepId | null;
    /** Names the try of that step. */
    readonly parent_attempt_token: string | null;
    /** The run that this one is forked from. */
    readonly forked_from_workflow_id: WorkflowId | null;
    /** Stream version of that run up to which its history is shared. */
    readonly forked_at_version: bigint | null;
    /** Which steps have ended there, and how, as edited. Personal data. */
    readonly forked_state: JsonText | null;
  }
>;

/** Every command of area workflow. */
export type WorkflowCommand =
  | Cancel
  | ClaimTask
  | DecideTask
  | Pause
  | RecordStepProgress
  | RecordStepResult
  | RecordStepStarted
  | Resume
  | Retry
  | Signal
  | Start;
