// libs/contracts/src/generated/workflow.ts: written by `npm run contracts:generate`, never by hand.
import type { Event, JsonText, TimestampMs } from '../event.js';
import type { SignalId, StepId, TaskId, TimerId, UserId, WorkflowId } from './ids.js';

/** The answer; expired: nobody gave one in time. */
export type TaskDecision = 'unknown' | 'approved' | 'rejected' | 'submitted' | 'expired';

/** What is asked for. */
export type TaskType = 'unknown' | 'approval' | 'form';

/** How undoing ended. */
export type CompensationStatus = 'unknown' | 'completed' | 'failed';

/** How it ended. */
export type StepStatus = 'unknown' | 'completed' | 'failed' | 'cancelled';

/** A flow within the run ended. */
export type BranchEnded = Event<
  'workflow.branch_ended',
  {
    /** The run, as in /v1/runs/{id}. */
    readonly workflow_id: WorkflowId;
    /** Name of the definition that the run follows. */
    readonly workflow_name: string;
    /** The nested flow, unique in the run. */
    readonly branch_id: string;
    /** The step of the run, unique in it. */
    readonly step_id: StepId;
    /** completed, failed or cancelled. */
    readonly status: string;
    /** What came out: any JSON value. Personal data. */
    readonly output_data: JsonText | null;
    /** What went wrong: any JSON value. Personal data. */
    readonly error: JsonText | null;
    /** When. */
    readonly ended_at: TimestampMs | null;
  }
>;

/** A flow within the run began: the body of a step, or of one item of a map. */
export type BranchStarted = Event<
  'workflow.branch_started',
  {
    /** The run, as in /v1/runs/{id}. */
    readonly workflow_id: WorkflowId;
    /** Name of the definition that the run follows. */
    readonly workflow_name: string;
    /** The nested flow, unique in the run. */
    readonly branch_id: string;
    /** The step of the run, unique in it. */
    readonly step_id: StepId;
    /** Of an item of a map, from 0. */
    readonly index: number | null;
    /** What went in: any JSON value. Personal data. */
    readonly input_data: JsonText;
    /** The item. Personal data. */
    readonly item: JsonText | null;
    /** What the flow's `context` is from now on; null: as it was. Personal data. */
    readonly context: JsonText | null;
    /** When. */
    readonly started_at: TimestampMs | null;
  }
>;

/** The run is to end: nothing new begins, and what is under way is asked to stop. */
export type CancelRequested = Event<
  'workflow.cancel_requested',
  {
    /** The run, as in /v1/runs/{id}. */
    readonly workflow_id: WorkflowId;
    /** Name of the definition that the run follows. */
    readonly workflow_name: string;
    /** Why, in the words of whoever asked. */
    readonly reason: string;
    /** Who asked. An id of a user, key or service. */
    readonly requested_by: string | null;
    /** What has not stopped by then is given up. */
    readonly hard_at: TimestampMs;
    /** Whether what was done is undone first. */
    readonly compensate: boolean;
  }
>;

/** The run was stopped on request. */
export type Cancelled = Event<
  'workflow.cancelled',
  {
    /** The run, as in /v1/runs/{id}. */
    readonly workflow_id: WorkflowId;
    /** Name of the definition that the run follows. */
    readonly workflow_name: string;
    /** Why, in the words of whoever asked. */
    readonly reason: string;
    /** Who asked. An id of a user, key or service. */
    readonly cancelled_by: string | null;
    /** How long it ran, milliseconds. */
    readonly execution_time_ms: number;
    /** Steps that ended well. */
    readonly steps_completed: number;
  }
>;

/** What the run has done is undone, the latest first; then it ends. */
export type CompensationStarted = Event<
  'workflow.compensation_started',
  {
    /** The run, as in /v1/runs/{id}. */
    readonly workflow_id: WorkflowId;
    /** Name of the definition that the run follows. */
    readonly workflow_name: string;
    /** failed or cancelled: how it ends. */
    readonly ending: string;
    /** Why. */
    readonly reason: string;
    /** What went wrong: any JSON value. Personal data. */
    readonly error: JsonText | null;
    /** Code of the failure. */
    readonly error_code: string | null;
    /** The step that failed, where one did. */
    readonly failed_step_id: StepId | null;
    /** What is to be undone, in order. */
    readonly step_ids: readonly string[];
  }
>;

/** The run ended well. */
export type Completed = Event<
  'workflow.completed',
  {
    /** The run, as in /v1/runs/{id}. */
    readonly workflow_id: WorkflowId;
    /** Name of the definition that the run follows. */
    readonly workflow_name: string;
    /** What came out: any JSON value. Personal data. */
    readonly output_data: JsonText;
    /** How long it ran, milliseconds. */
    readonly execution_time_ms: number;
    /** Steps that ended well. */
    readonly steps_completed: number;
  }
>;

/** A run said something to everybody. */
export type EventEmitted = Event<
  'workflow.event_emitted',
  {
    /** The run, as in /v1/runs/{id}. */
    readonly workflow_id: WorkflowId;
    /** Name of the definition that the run follows. */
    readonly workflow_name: string;
    /** The step of the run, unique in it. */
    readonly step_id: StepId;
    /** What waits know it by. */
    readonly event_name: string;
    /** What waits are correlated by. */
    readonly event_key: string | null;
    /** What it says: any JSON value. Personal data. */
    readonly event_data: JsonText;
    /** Until then it is kept for runs that are yet to wait for it; null: for none. */
    readonly expires_at: TimestampMs | null;
  }
>;

/** The run ended badly. */
export type Failed = Event<
  'workflow.failed',
  {
    /** The run, as in /v1/runs/{id}. */
    readonly workflow_id: WorkflowId;
    /** Name of the definition that the run follows. */
    readonly workflow_name: string;
    /** What went wrong: any JSON value; an object with `message` where we make it. Personal data. */
    readonly error: JsonText;
    /** Stable UPPER_SNAKE_CASE code of the failure, for counting and alerting. */
    readonly error_code: string;
    /** The step that failed, where one did. */
    readonly failed_step_id: StepId | null;
    /** How long it ran, milliseconds. */
    readonly execution_time_ms: number;
    /** Steps that ended well. */
    readonly steps_completed: number;
  }
>;

/** Somebody took a task upon themselves, or gave it back. */
export type HumanTaskClaimed = Event<
  'workflow.human_task_claimed',
  {
    /** The run, as in /v1/runs/{id}. */
    readonly workflow_id: WorkflowId;
    /** Name of the definition that the run follows. */
    readonly workflow_name: string;
    /** The step of the run, unique in it. */
    readonly step_id: StepId;
    /** The task, as in /v1/tasks/{id}. */
    readonly task_id: TaskId;
    /** Who has it; null: nobody any more. */
    readonly claimed_by: UserId | null;
  }
>;

/** A person answered. */
export type HumanTaskDecided = Event<
  'workflow.human_task_decided',
  {
    /** The run, as in /v1/runs/{id}. */
    readonly workflow_id: WorkflowId;
    /** Name of the definition that the run follows. */
    readonly workflow_name: string;
    /** The step that waits for people. */
    readonly step_id: StepId;
    /** The task, as in /v1/tasks/{id}. */
    readonly task_id: TaskId;
    /** The answer. */
    readonly decision: TaskDecision;
    /** What was entered: any JSON value. Personal data. */
    readonly form_data: JsonText | null;
    /** What the person added. Personal data. */
    readonly comment: string | null;
    /** Who answered; null: nobody did in time. */
    readonly decided_by: UserId | null;
    /** Whether the task is closed by this answer. */
    readonly quorum_reached: boolean;
    /** From opening to this answer, milliseconds. */
    readonly waiting_time_ms: number;
  }
>;

/** A task without an answer went to others. */
export type HumanTaskEscalated = Event<
  'workflow.human_task_escalated',
  {
    /** The run, as in /v1/runs/{id}. */
    readonly workflow_id: WorkflowId;
    /** Name of the definition that the run follows. */
    readonly workflow_name: string;
    /** The step that waits for people. */
    readonly step_id: StepId;
    /** The task, as in /v1/tasks/{id}. */
    readonly task_id: TaskId;
    /** Counts the escalations of the task, from 1. */
    readonly level: number;
    /** Users who had it. */
    readonly from_assignees: readonly UserId[];
    /** Users who have it now. */
    readonly to_assignees: readonly UserId[];
    /** Groups that have it now. */
    readonly to_groups: readonly string[];
    /** Why: overdue, or in the words of whoever asked. */
    readonly reason: string;
  }
>;

/** The run waits for people. */
export type HumanTaskOpened = Event<
  'workflow.human_task_opened',
  {
    /** The run, as in /v1/runs/{id}. */
    readonly workflow_id: WorkflowId;
    /** Name of the definition that the run follows. */
    readonly workflow_name: string;
    /** The step that waits for people. */
    readonly step_id: StepId;
    /** The task, as in /v1/tasks/{id}. */
    readonly task_id: TaskId;
    /** What is asked for. */
    readonly task_type: TaskType;
    /** The question, in one line. */
    readonly title: string;
    /** What people need to know to answer. Personal data. */
    readonly description: string | null;
    /** JSON Schema of the answer to a form. */
    readonly form_schema: JsonText | null;
    /** What went in: any JSON value. Personal data. */
    readonly input_data: JsonText;
    /** Users who may decide. */
    readonly assignees: readonly UserId[];
    /** Groups whose members may decide. */
    readonly groups: readonly string[];
    /** How many have to approve. */
    readonly quorum: number;
    /** When an answer is wanted by. */
    readonly due_at: TimestampMs | null;
    /** When it goes to others without an answer. */
    readonly escalate_at: TimestampMs | null;
    /** When it counts as refused without an answer. */
    readonly expires_at: TimestampMs | null;
  }
>;

/** Items of a map ended or began. */
export type MapProgressed = Event<
  'workflow.map_progressed',
  {
    /** The run, as in /v1/runs/{id}. */
    readonly workflow_id: WorkflowId;
    /** Name of the definition that the run follows. */
    readonly workflow_name: string;
    /** The step of the run, unique in it. */
    readonly step_id: StepId;
    /** The item that ended, from 0. */
    readonly ended_index: number | null;
    /** completed, failed or cancelled. */
    readonly ended_status: string | null;
    /** What the item came to, where the map collects that. Personal data. */
    readonly output_data: JsonText | null;
    /** What went wrong with the item. Personal data. */
    readonly error: JsonText | null;
    /** Items that begin now. */
    readonly started: readonly number[];
  }
>;

/** The run takes no further step until it is resumed. */
export type Paused = Event<
  'workflow.paused',
  {
    /** The run, as in /v1/runs/{id}. */
    readonly workflow_id: WorkflowId;
    /** Name of the definition that the run follows. */
    readonly workflow_name: string;
    /** Why: in the words of whoever asked, or the incident that stopped it. */
    readonly reason: string;
    /** The step whose retries are used up, where that is why. */
    readonly step_id: StepId | null;
    /** Who asked; null: the engine did. An id of a user, key or service. */
    readonly paused_by: string | null;
    /** When. */
    readonly paused_at: TimestampMs | null;
    /** Whether somebody has to decide about a step before the run can go on. */
    readonly is_incident: boolean;
  }
>;

/** A paused run goes on. */
export type Resumed = Event<
  'workflow.resumed',
  {
    /** The run, as in /v1/runs/{id}. */
    readonly workflow_id: WorkflowId;
    /** Name of the definition that the run follows. */
    readonly workflow_name: string;
    /** Who asked. An id of a user, key or service. */
    readonly resumed_by: string | null;
    /** The run is stopped then, at the latest: what it was paused for is given back. */
    readonly deadline_at: TimestampMs | null;
    /** Steps that had failed or were cancelled, and are done anew. */
    readonly reopened: readonly string[];
    /** When. */
    readonly resumed_at: TimestampMs | null;
  }
>;

/** A message for the run came from outside. */
export type SignalReceived = Event<
  'workflow.signal_received',
  {
    /** The run, as in /v1/runs/{id}. */
    readonly workflow_id: WorkflowId;
    /** Name of the definition that the run follows. */
    readonly workflow_name: string;
    /** The signal; the same one twice counts once. */
    readonly signal_id: SignalId;
    /** What the run waits for it by. */
    readonly signal_name: string;
    /** What it says: any JSON value. Personal data. */
    readonly signal_data: JsonText;
    /** Who sent it. An id of a user, key or service. */
    readonly sent_by: string | null;
    /** What waits are correlated by. */
    readonly signal_key: string | null;
    /** When it was sent. */
    readonly received_at: TimestampMs | null;
    /** Nobody has taken it by then: it is dropped. */
    readonly expires_at: TimestampMs | null;
  }
>;

/** A signal that was kept is kept no longer. */
export type SignalTaken = Event<
  'workflow.signal_taken',
  {
    /** The run, as in /v1/runs/{id}. */
    readonly workflow_id: WorkflowId;
    /** Name of the definition that the run follows. */
    readonly workflow_name: string;
    /** The signal. */
    readonly signal_id: SignalId;
    /** The step that took it; null: nobody did in time. */
    readonly step_id: StepId | null;
  }
>;

/** A run of a workflow began. */
export type Started = Event<
  'workflow.started',
  {
    /** The run, as in /v1/runs/{id}. */
    readonly workflow_id: WorkflowId;
    /** Name of the definition that the run follows. */
    readonly workflow_name: string;
    /** SHA-256 of the definition that the run is pinned to, lower case hex. */
    readonly definition_hash: string;
    /** What went in: any JSON value. Personal data. */
    readonly input_data: JsonText;
    /** The user on whose behalf it ran. A pseudonymous id, never a name or an address. */
    readonly user_id: UserId | null;
    /** The run that this one is a step of. */
    readonly parent_workflow_id: WorkflowId | null;
    /** The step of that run. */
    readonly parent_step_id: StepId | null;
    /** The run that this one was forked from. */
    readonly forked_from_workflow_id: WorkflowId | null;
    /** Stream version of that run up to which its history is shared. */
    readonly forked_at_version: bigint | null;
    /** The run is stopped then, at the latest. */
    readonly deadline_at: TimestampMs | null;
    /** The definition itself: what a run follows is in its own history. */
    readonly definition: JsonText | null;
    /** What the flow begins with: the input as the definition makes it. Personal data. */
    readonly flow_input: JsonText | null;
    /** What the flow's `context` is from now on; null: as it was. Personal data. */
    readonly context: JsonText | null;
    /** When it was started, by whoever asked. */
    readonly started_at: TimestampMs | null;
    /** A run is started once for each key. */
    readonly start_key: string | null;
    /** Names the try of the parent's step that waits for this run. */
    readonly parent_attempt_token: string | null;
    /** What the run begins with where it was forked: which steps have ended, and how. Personal data. */
    readonly forked_state: JsonText | null;
  }
>;

/** A state machine went on to another state. */
export type StateEntered = Event<
  'workflow.state_entered',
  {
    /** The run, as in /v1/runs/{id}. */
    readonly workflow_id: WorkflowId;
    /** Name of the definition that the run follows. */
    readonly workflow_name: string;
    /** The nested flow that it belongs to; null: the run's own. */
    readonly branch_id: string | null;
    /** The state. */
    readonly state: string;
    /** The state before; null: there was none. */
    readonly from_state: string | null;
    /** Counts the states that the flow has entered, from 1. */
    readonly visit: number;
    /** When. */
    readonly entered_at: TimestampMs | null;
    /** What happens by time in this state: `[{id, due_at}]`. */
    readonly timers: JsonText;
    /** What the flow's `context` is from now on; null: as it was. Personal data. */
    readonly context: JsonText | null;
    /** Events that lead on from it: `[{event, key}]`, with the key null where any does or it is known later; null: none. */
    readonly waits_for: JsonText | null;
  }
>;

/** What a step had done was undone, or undoing it failed. */
export type StepCompensated = Event<
  'workflow.step_compensated',
  {
    /** The run, as in /v1/runs/{id}. */
    readonly workflow_id: WorkflowId;
    /** Name of the definition that the run follows. */
    readonly workflow_name: string;
    /** The step of the run, unique in it. */
    readonly step_id: StepId;
    /** The step's name for people. */
    readonly step_name: string;
    /** agent, tool, llm, human, webhook, http, timer, map, sub_workflow, script; later ones may come. */
    readonly step_type: string;
    /** How long that took, milliseconds. */
    readonly compensation_time_ms: number;
    /** How undoing ended. */
    readonly status: CompensationStatus;
    /** What the compensation gave: any JSON value. Personal data. */
    readonly output_data: JsonText | null;
    /** What went wrong: any JSON value. Personal data. */
    readonly error: JsonText | null;
  }
>;

/** A step of a workflow ended well. */
export type StepCompleted = Event<
  'workflow.step_completed',
  {
    /** The run, as in /v1/runs/{id}. */
    readonly workflow_id: WorkflowId;
    /** Name of the definition that the run follows. */
    readonly workflow_name: string;
    /** The step of the run, unique in it. */
    readonly step_id: StepId;
    /** The step's name for people. */
    readonly step_name: string;
    /** agent, tool, llm, human, webhook, http, timer, map, sub_workflow, script; later ones may come. */
    readonly step_type: string;
    /** Counts the tries of this step, from 1. */
    readonly attempt: number;
    /** How long it ran, milliseconds. */
    readonly execution_time_ms: number;
    /** completed. */
    readonly status: StepStatus;
    /** What went in: any JSON value. Personal data. */
    readonly input_data: JsonText;
    /** What came out: any JSON value. Personal data. */
    readonly output_data: JsonText;
    /** Steps that this one made ready. */
    readonly next_steps: readonly StepId[];
    /** What the flow's `context` is from now on; null: as it was. Personal data. */
    readonly context: JsonText | null;
    /** When it ended. */
    readonly ended_at: TimestampMs | null;
  }
>;

/** A step of a workflow ended badly. */
export type StepFailed = Event<
  'workflow.step_failed',
  {
    /** The run, as in /v1/runs/{id}. */
    readonly workflow_id: WorkflowId;
    /** Name of the definition that the run follows. */
    readonly workflow_name: string;
    /** The step of the run, unique in it. */
    readonly step_id: StepId;
    /** The step's name for people. */
    readonly step_name: string;
    /** agent, tool, llm, human, webhook, http, timer, map, sub_workflow, script; later ones may come. */
    readonly step_type: string;
    /** Counts the tries of this step, from 1. */
    readonly attempt: number;
    /** How long it ran, milliseconds. */
    readonly execution_time_ms: number;
    /** failed, or cancelled. */
    readonly status: StepStatus;
    /** What went in: any JSON value. Personal data. */
    readonly input_data: JsonText;
    /** What went wrong: any JSON value; an object with `message` where we make it. Personal data. */
    readonly error: JsonText;
    /** Stable UPPER_SNAKE_CASE code of the failure, for counting and alerting. */
    readonly error_code: string;
    /** When the next attempt starts; null: there is none. */
    readonly retry_at: TimestampMs | null;
    /** What the flow's `context` is from now on; null: as it was. Personal data. */
    readonly context: JsonText | null;
    /** retry, incident (a person decides), caught, continue (what needs it goes on without), failed; later ones may come. */
    readonly handling: string;
    /** When it ended. */
    readonly ended_at: TimestampMs | null;
  }
>;

/** A worker said how far it is; its next try begins from there. */
export type StepProgressed = Event<
  'workflow.step_progressed',
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
    /** Counts what it keeps, from 1; 0: only a sign of life. */
    readonly checkpoint: number;
    /** What it keeps: any JSON value. Personal data. */
    readonly value: JsonText;
    /** Something must be heard of it again by then. */
    readonly idle_by: TimestampMs | null;
  }
>;

/** A step may run: all it needs is there. */
export type StepScheduled = Event<
  'workflow.step_scheduled',
  {
    /** The run, as in /v1/runs/{id}. */
    readonly workflow_id: WorkflowId;
    /** Name of the definition that the run follows. */
    readonly workflow_name: string;
    /** The step of the run, unique in it. */
    readonly step_id: StepId;
    /** The step's name for people. */
    readonly step_name: string;
    /** agent, tool, llm, human, webhook, http, timer, map, sub_workflow, script; later ones may come. */
    readonly step_type: string;
    /** Counts the tries of this step, from 1. */
    readonly attempt: number;
    /** What went in: any JSON value. Personal data. */
    readonly input_data: JsonText;
    /** Work queue that the step was put on; null for steps that the engine does itself. */
    readonly queue: string | null;
    /** It does not start earlier. */
    readonly not_before: TimestampMs | null;
    /** The step is given up then. */
    readonly deadline_at: TimestampMs | null;
    /** Names this try: a result that brings another token changes nothing. */
    readonly attempt_token: string;
    /** When it was scheduled. */
    readonly scheduled_at: TimestampMs | null;
    /** It is given up where nobody has begun it by then. */
    readonly start_by: TimestampMs | null;
    /** All its tries together end then. */
    readonly give_up_at: TimestampMs | null;
    /** It is given up where nothing is heard of it for so long, milliseconds. */
    readonly idle_ms: number | null;
    /** What ends a step that waits: `{event, key, count}` of an event. */
    readonly waits_for: JsonText | null;
  }
>;

/** A step was left out: its condition did not hold, or nothing that it needs was done. */
export type StepSkipped = Event<
  'workflow.step_skipped',
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
    /** condition, needs; later ones may come. */
    readonly reason: string;
  }
>;

/** A worker took a step. */
export type StepStarted = Event<
  'workflow.step_started',
  {
    /** The run, as in /v1/runs/{id}. */
    readonly workflow_id: WorkflowId;
    /** Name of the definition that the run follows. */
    readonly workflow_name: string;
    /** The step of the run, unique in it. */
    readonly step_id: StepId;
    /** The step's name for people. */
    readonly step_name: string;
    /** agent, tool, llm, human, webhook, http, timer, map, sub_workflow, script; later ones may come. */
    readonly step_type: string;
    /** Counts the tries of this step, from 1. */
    readonly attempt: number;
    /** Instance that runs it. */
    readonly worker: string | null;
    /** When it was begun. */
    readonly started_at: TimestampMs | null;
    /** Something must be heard of it by then. */
    readonly idle_by: TimestampMs | null;
  }
>;

/** A timer fired, never early. */
export type TimerFired = Event<
  'workflow.timer_fired',
  {
    /** The run, as in /v1/runs/{id}. */
    readonly workflow_id: WorkflowId;
    /** Name of the definition that the run follows. */
    readonly workflow_name: string;
    /** The timer, unique in the run. */
    readonly timer_id: TimerId;
    /** The step that it belongs to. */
    readonly step_id: StepId | null;
    /** retry, step_deadline, run_deadline, escalation, expiry, sleep; later ones may come. */
    readonly purpose: string;
    /** When it is due, by the database's clock. */
    readonly due_at: TimestampMs;
    /** When the engine saw it due, by the database's clock. */
    readonly fired_at: TimestampMs;
  }
>;

/** A timer was set. */
export type TimerSet = Event<
  'workflow.timer_set',
  {
    /** The run, as in /v1/runs/{id}. */
    readonly workflow_id: WorkflowId;
    /** Name of the definition that the run follows. */
    readonly workflow_name: string;
    /** The timer, unique in the run. */
    readonly timer_id: TimerId;
    /** The step that it belongs to. */
    readonly step_id: StepId | null;
    /** retry, step_deadline, run_deadline, escalation, expiry, sleep; later ones may come. */
    readonly purpose: string;
    /** When it is due, by the database's clock. */
    readonly due_at: TimestampMs;
  }
>;

/** A nested flow began or ceased to wait for events. */
export type WaitsChanged = Event<
  'workflow.waits_changed',
  {
    /** The run, as in /v1/runs/{id}. */
    readonly workflow_id: WorkflowId;
    /** Name of the definition that the run follows. */
    readonly workflow_name: string;
    /** The nested flow, unique in the run. */
    readonly branch_id: string;
    /** Whether it waits now. */
    readonly is_waiting: boolean;
  }
>;

/** Every event of area workflow. */
export type WorkflowEvent =
  | BranchEnded
  | BranchStarted
  | CancelRequested
  | Cancelled
  | CompensationStarted
  | Completed
  | EventEmitted
  | Failed
  | HumanTaskClaimed
  | HumanTaskDecided
  | HumanTaskEscalated
  | HumanTaskOpened
  | MapProgressed
  | Paused
  | Resumed
  | SignalReceived
  | SignalTaken
  | Started
  | StateEntered
  | StepCompensated
  | StepCompleted
  | StepFailed
  | StepProgressed
  | StepScheduled
  | StepSkipped
  | StepStarted
  | TimerFired
  | TimerSet
  | WaitsChanged;
