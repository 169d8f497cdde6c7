import {
  jsonValue,
  type JsonText,
  type StepId,
  type UserId,
  type WorkflowEvent,
  type WorkflowId,
} from '@chorda/contracts';
import type { JsonValue } from '@chorda/kernel';
import type { StreamDefinition, Timer } from '../aggregate.js';
import {
  emptyFlow,
  evolveFlow,
  evolveStep,
  flowTimers,
  isActive,
  isObject,
  optional,
  stepTimers,
  type FlowState,
  type StepState,
} from './flow-state.js';
import { signalIdsKeptMax } from './limits.js';
import { undoneBy } from './paths.js';

export type RunStatus =
  | 'running'
  | 'paused'
  /** Nothing new begins; what is under way may still end by itself. */
  | 'cancelling'
  /** What was done is undone; then it ends. */
  | 'compensating'
  | 'completed'
  | 'failed'
  | 'cancelled';

export interface Signal {
  readonly id: string;
  readonly name: string;
  readonly key: string | null;
  readonly data: JsonValue;
  readonly expiresMs: number | null;
}

/** How a run ends that was cancelled, or that is undone first. */
export interface Ending {
  readonly kind: 'failed' | 'cancelled';
  readonly reason: string;
  readonly by: string | null;
  readonly error: JsonValue;
  readonly errorCode: string | null;
  readonly failedStepId: string | null;
  /** Until then, what is under way may end by itself. */
  readonly hardMs: number | null;
  readonly compensates: boolean;
  /** Steps that are still to be undone, the next one first. */
  readonly undo: readonly string[];
}

export interface KnownRun {
  readonly status: RunStatus;
  readonly workflowId: WorkflowId;
  readonly name: string;
  readonly hash: string;
  readonly definition: JsonText;
  readonly input: JsonValue;
  readonly userId: UserId | null;
  readonly startKey: string | null;
  readonly startedMs: number;
  readonly deadlineMs: number | null;
  readonly parent: { readonly run: WorkflowId; readonly stepId: StepId; readonly token: string } | null;
  readonly forkedFrom: WorkflowId | null;
  readonly flow: FlowState;
  readonly pausedMs: number | null;
  /** A person asked for it; incidents alone pause a run too. */
  readonly isPausedByHand: boolean;
  /** Steps about which a person has to decide. */
  readonly incidents: readonly string[];
  readonly ending: Ending | null;
  /** What undoes a step, now. */
  readonly undoing: StepState | null;
  readonly signals: readonly Signal[];
  readonly signalIds: readonly string[];
  /** Nested flows that wait for events. */
  readonly waitingBranches: readonly string[];
  /** A turn ended before everything was done that could be. */
  readonly goOnMs: number | null;
  readonly stepsCompleted: number;
  readonly output: JsonValue;
}

export type Run = { readonly status: 'absent' } | KnownRun;

function evolve(run: Run, event: WorkflowEvent): Run {
  if (event.type === 'workflow.started') return started(event);
  if (run.status === 'absent') throw new TypeError(`${event.type} of a run that was not started`);
  switch (event.type) {
    case 'workflow.paused':
      return {
        ...run,
        status: run.status === 'running' ? 'paused' : run.status,
        pausedMs: run.pausedMs ?? event.data.paused_at,
        isPausedByHand: run.isPausedByHand || !event.data.is_incident,
        incidents:
          event.data.is_incident && event.data.step_id !== null
            ? [...run.incidents, event.data.step_id]
            : run.incidents,
      };
    case 'workflow.resumed':
      return resumed(run, event);
    case 'workflow.signal_received':
      return signalReceived(run, event);
    case 'workflow.signal_taken':
      return { ...run, signals: run.signals.filter(({ id }) => id !== event.data.signal_id) };
    case 'workflow.waits_changed': {
      const others = run.waitingBranches.filter((branch) => branch !== event.data.branch_id);
      return { ...run, waitingBranches: event.data.is_waiting ? [...others, event.data.branch_id] : others };
    }
    case 'workflow.cancel_requested':
      return cancelRequested(run, event);
    case 'workflow.compensation_started':
      return compensationStarted(run, event);
    case 'workflow.step_compensated':
      return undone(run, event.data.step_id);
    case 'workflow.timer_set':
      return event.data.purpose === 'continue' ? { ...run, goOnMs: event.data.due_at } : run;
    case 'workflow.timer_fired':
      return event.data.purpose === 'continue'
        ? { ...run, goOnMs: null }
        : { ...run, flow: evolveFlow(run.flow, event) };
    case 'workflow.completed':
      return { ...ended(run, 'completed'), output: jsonValue(event.data.output_data) };
    case 'workflow.failed':
      return ended(run, 'failed', {
        error: jsonValue(event.data.error),
        errorCode: event.data.error_code,
        failedStepId: event.data.failed_step_id,
      });
    case 'workflow.cancelled':
      return ended(run, 'cancelled', { reason: event.data.reason, by: event.data.cancelled_by });
    default:
      return ofStep(run, event);
  }
}

function ofStep(run: KnownRun, event: WorkflowEvent): Run {
  const stepId = 'step_id' in event.data ? (event.data.step_id ?? '') : '';
  const isUndo = undoneBy(stepId) !== undefined;
  switch (event.type) {
    case 'workflow.step_scheduled':
    case 'workflow.step_started':
    case 'workflow.step_progressed':
    case 'workflow.step_completed':
    case 'workflow.step_failed': {
      const incidents = run.incidents.filter((one) => one !== stepId);
      if (isUndo) return { ...run, incidents, undoing: evolveStep(run.undoing ?? undefined, event) };
      const isCompleted = event.type === 'workflow.step_completed';
      const stepsCompleted = run.stepsCompleted + (isCompleted ? 1 : 0);
      return { ...run, incidents, stepsCompleted, flow: evolveFlow(run.flow, event) };
    }
    default:
      return { ...run, flow: evolveFlow(run.flow, event) };
  }
}

type Of<Type extends WorkflowEvent['type']> = Extract<WorkflowEvent, { readonly type: Type }>;

function started({ data }: Of<'workflow.started'>): KnownRun {
  const { parent_workflow_id: parent, parent_step_id: parentStep } = data;
  return {
    status: 'running',
    workflowId: data.workflow_id,
    name: data.workflow_name,
    hash: data.definition_hash,
    definition: data.definition ?? ('null' as JsonText),
    input: jsonValue(data.input_data),
    userId: data.user_id,
    startKey: data.start_key,
    startedMs: data.started_at ?? 0,
    deadlineMs: data.deadline_at,
    parent:
      parent === null || parentStep === null
        ? null
        : { run: parent, stepId: parentStep, token: data.parent_attempt_token ?? '' },
    forkedFrom: data.forked_from_workflow_id,
    flow: flowOf(data),
    pausedMs: null,
    isPausedByHand: false,
    incidents: [],
    ending: null,
    undoing: null,
    signals: [],
    signalIds: [],
    waitingBranches: [],
    goOnMs: null,
    stepsCompleted: 0,
    output: null,
  };
}

function flowOf({ forked_state, flow_input, input_data, context }: Of<'workflow.started'>['data']): FlowState {
  const forked = optional(forked_state);
  // Written by `forkedState`, from a flow like this one.
  if (isObject(forked)) return { ...emptyFlow, ...(forked as Partial<FlowState>) };
  return { ...emptyFlow, input: jsonValue(flow_input ?? input_data), context: optional(context) ?? {} };
}

function resumed(run: KnownRun, { data }: Of<'workflow.resumed'>): KnownRun {
  const reopened = new Set(data.reopened);
  const steps = Object.entries(run.flow.steps).filter(([, { stepId }]) => !reopened.has(stepId));
  const isOver = run.status === 'failed' || run.status === 'cancelled';
  return {
    ...run,
    status: run.status === 'paused' || isOver ? 'running' : run.status,
    pausedMs: null,
    isPausedByHand: false,
    deadlineMs: data.deadline_at,
    ending: isOver ? null : run.ending,
    flow: { ...run.flow, steps: Object.fromEntries(steps) },
  };
}

function signalReceived(run: KnownRun, { data }: Of<'workflow.signal_received'>): KnownRun {
  const signal = {
    id: data.signal_id,
    name: data.signal_name,
    key: data.signal_key,
    data: jsonValue(data.signal_data),
    expiresMs: data.expires_at,
  };
  return {
    ...run,
    signals: [...run.signals, signal],
    signalIds: [...run.signalIds, data.signal_id].slice(-signalIdsKeptMax),
  };
}

const noEnding: Ending = {
  kind: 'cancelled',
  reason: '',
  by: null,
  error: null,
  errorCode: null,
  failedStepId: null,
  hardMs: null,
  compensates: false,
  undo: [],
};

function cancelRequested(run: KnownRun, { data }: Of<'workflow.cancel_requested'>): KnownRun {
  const { reason, requested_by: by, hard_at: hardMs, compensate: compensates } = data;
  return { ...run, status: 'cancelling', ending: { ...noEnding, reason, by, hardMs, compensates } };
}

function compensationStarted(run: KnownRun, { data }: Of<'workflow.compensation_started'>): KnownRun {
  const kind = data.ending === 'cancelled' ? 'cancelled' : 'failed';
  return {
    ...run,
    status: 'compensating',
    ending: {
      ...(run.ending ?? noEnding),
      kind,
      reason: data.reason,
      error: optional(data.error),
      errorCode: data.error_code,
      failedStepId: data.failed_step_id,
      hardMs: null,
      undo: data.step_ids,
    },
  };
}

function undone(run: KnownRun, stepId: string): KnownRun {
  const { ending } = run;
  if (ending === null) throw new TypeError(`${stepId} is undone in a run that does not end`);
  return { ...run, undoing: null, ending: { ...ending, undo: ending.undo.filter((one) => one !== stepId) } };
}

function ended(run: KnownRun, status: 'completed' | 'failed' | 'cancelled', how: Partial<Ending> = {}): KnownRun {
  return {
    ...run,
    status,
    pausedMs: null,
    isPausedByHand: false,
    incidents: [],
    undoing: null,
    goOnMs: null,
    signals: [],
    waitingBranches: [],
    ending: status === 'completed' ? null : { ...(run.ending ?? noEnding), kind: status, ...how },
  };
}

function timers(run: Run): readonly Timer[] {
  switch (run.status) {
    case 'absent':
    case 'completed':
    case 'failed':
    case 'cancelled':
      return [];
    case 'running':
    case 'paused':
    case 'cancelling':
    case 'compensating':
      return timersOf(run);
  }
}

function timersOf(run: KnownRun): readonly Timer[] {
  const list: Timer[] = run.status === 'compensating' ? [] : [...flowTimers(run.flow)];
  if (run.status === 'running' && run.deadlineMs !== null) list.push({ id: 'deadline', dueMs: run.deadlineMs });
  if (run.status === 'running' && run.goOnMs !== null) list.push({ id: 'go_on', dueMs: run.goOnMs });
  if (run.status === 'cancelling' && run.ending !== null && run.ending.hardMs !== null)
    list.push({ id: 'hard', dueMs: run.ending.hardMs });
  if (run.undoing !== null && isActive(run.undoing)) list.push(...stepTimers(run.undoing));
  for (const { id, expiresMs } of run.signals)
    if (expiresMs !== null) list.push({ id: `signal/${id}`, dueMs: expiresMs });
  return list;
}

const absentRun: Run = { status: 'absent' };

export const runDefinition: StreamDefinition<Run, WorkflowEvent> = {
  initialState: absentRun,
  evolve,
  timers,
  snapshotVersion: 1,
};
