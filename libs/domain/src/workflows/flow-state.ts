import { jsonValue, type JsonText, type WorkflowEvent } from '@chorda/contracts';
import type { JsonValue } from '@chorda/kernel';
import type { Timer } from '../aggregate.js';
import { subWorkflowLookMs } from './limits.js';
import { keyOfStep, undoneBy } from './paths.js';

export type StepStatus =
  /** Given out, or waiting for time, people, events, or flows of its own. */
  | 'scheduled'
  | 'running'
  /** Until its pause is over; without `retryMs`: until the run goes on. */
  | 'retrying'
  /** A person has to say what is to become of it. */
  | 'incident'
  | 'completed'
  | 'failed'
  | 'skipped'
  | 'cancelled';

/** A step as far as it has come, or a state of a machine at its last visit. */
export interface StepState {
  readonly stepId: string;
  readonly type: string;
  readonly status: StepStatus;
  readonly attempt: number;
  readonly token: string;
  readonly input: JsonValue;
  readonly output: JsonValue;
  readonly error: JsonValue;
  readonly firstMs: number;
  readonly scheduledMs: number;
  readonly endedMs: number | null;
  /** Of a timer. */
  readonly dueMs: number | null;
  readonly startByMs: number | null;
  readonly deadlineMs: number | null;
  readonly giveUpMs: number | null;
  readonly idleMs: number | null;
  readonly idleByMs: number | null;
  readonly retryMs: number | null;
  /** When its run was asked for its end; left out: not yet, or not that kind of step. */
  readonly lookedMs?: number | null;
  readonly waitsFor: Waiting | null;
  readonly map: MapState | null;
  readonly task: TaskState | null;
  readonly checkpoint: number;
  readonly checkpointValue: JsonValue;
  /** It failed, and what needs it goes on without. */
  readonly isTolerated: boolean;
  /** Done in its place after it failed. */
  readonly isCaught: boolean;
}

export interface Waiting {
  readonly event: string;
  readonly key: string | null;
  readonly count: number;
}

export interface MapState {
  readonly total: number;
  readonly next: number;
  readonly running: readonly number[];
  readonly completed: number;
  readonly failed: number;
  /** By item, where the map collects them. */
  readonly outputs: { readonly [index: number]: JsonValue };
}

export interface TaskState {
  readonly taskId: string;
  readonly assignees: readonly string[];
  readonly groups: readonly string[];
  readonly type: string;
  readonly claimedBy: string | null;
  readonly openedMs: number;
}

/** Where a state machine is. */
export interface MachinePlace {
  readonly state: string;
  readonly visit: number;
  readonly enteredMs: number;
  readonly timers: readonly { readonly id: string; readonly dueMs: number }[];
}

/** A flow as far as it has come. */
export interface FlowState {
  readonly input: JsonValue;
  readonly item: JsonValue;
  readonly index: number | null;
  readonly context: JsonValue;
  readonly steps: { readonly [key: string]: StepState };
  /** Of those that ended well, the latest. */
  readonly lastKey: string | null;
  readonly machine: MachinePlace | null;
}

export const emptyFlow: FlowState = {
  input: null,
  item: null,
  index: null,
  context: {},
  steps: {},
  lastKey: null,
  machine: null,
};

const active: ReadonlySet<StepStatus> = new Set(['scheduled', 'running', 'retrying', 'incident']);

export function isActive({ status }: StepState): boolean {
  return active.has(status);
}

/** What a step brings on to those that need it is settled. */
export function isEnded(step: StepState | undefined): boolean {
  return step !== undefined && !isActive(step);
}

/** It ended well, or as if it had. */
export function isGood(step: StepState | undefined): boolean {
  return step !== undefined && (step.status === 'completed' || (step.status === 'failed' && step.isTolerated));
}

export function optional(text: JsonText | null): JsonValue {
  return text === null ? null : jsonValue(text);
}

/** Of the events of a flow; others leave it as it is. */
export function evolveFlow(flow: FlowState, event: WorkflowEvent): FlowState {
  switch (event.type) {
    case 'workflow.step_scheduled':
    case 'workflow.step_started':
    case 'workflow.step_progressed':
    case 'workflow.step_skipped':
    case 'workflow.map_progressed':
    case 'workflow.human_task_opened':
    case 'workflow.human_task_claimed': {
      const key = keyOfStep(event.data.step_id);
      return withStep(flow, key, evolveStep(flow.steps[key], event));
    }
    case 'workflow.step_completed': {
      const key = keyOfStep(event.data.step_id);
      const { [key]: before, ...others } = flow.steps;
      // In the order in which they ended, which times do not tell: those of one turn are the same.
      const ended = withStep({ ...flow, steps: others }, key, evolveStep(before, event));
      return { ...withContext(ended, event.data.context), lastKey: key };
    }
    case 'workflow.step_failed': {
      const key = keyOfStep(event.data.step_id);
      return withContext(withStep(flow, key, evolveStep(flow.steps[key], event)), event.data.context);
    }
    case 'workflow.state_entered': {
      const { state, visit, entered_at, timers, context } = event.data;
      const place = { state, visit, enteredMs: entered_at ?? 0, timers: dueTimes(jsonValue(timers)) };
      return withContext({ ...flow, machine: place }, context);
    }
    case 'workflow.timer_fired': {
      const { step_id, purpose, fired_at } = event.data;
      const key = step_id === null ? '' : keyOfStep(step_id);
      const step = flow.steps[key];
      return purpose === 'look' && step !== undefined ? withStep(flow, key, { ...step, lookedMs: fired_at }) : flow;
    }
    default:
      return flow;
  }
}

type StepEvent = Extract<
  WorkflowEvent,
  {
    readonly type:
      | `workflow.step_${'scheduled' | 'started' | 'progressed' | 'skipped' | 'completed' | 'failed'}`
      | 'workflow.map_progressed'
      | `workflow.human_task_${'opened' | 'claimed'}`;
  }
>;

export function evolveStep(step: StepState | undefined, event: StepEvent): StepState {
  if (event.type === 'workflow.step_scheduled') return scheduled(step, event);
  if (event.type === 'workflow.step_skipped') {
    return { ...newStep, stepId: event.data.step_id, type: event.data.step_type, status: 'skipped' };
  }
  if (step === undefined) throw new TypeError(`${event.type} of ${event.data.step_id}, which was not scheduled`);
  switch (event.type) {
    case 'workflow.step_started':
      return { ...step, status: 'running', startByMs: null, idleByMs: event.data.idle_by };
    case 'workflow.step_progressed':
      return {
        ...step,
        ...(event.data.checkpoint > 0 && {
          checkpoint: event.data.checkpoint,
          checkpointValue: jsonValue(event.data.value),
        }),
        idleByMs: event.data.idle_by,
      };
    case 'workflow.step_completed':
      return { ...over(step, event.data.ended_at), status: 'completed', output: jsonValue(event.data.output_data) };
    case 'workflow.step_failed':
      return failed(step, event);
    case 'workflow.map_progressed':
      return { ...step, map: mapProgressed(step, event) };
    case 'workflow.human_task_opened':
      return { ...step, task: opened(event) };
    case 'workflow.human_task_claimed':
      return { ...step, task: step.task && { ...step.task, claimedBy: event.data.claimed_by } };
  }
}

const newStep: StepState = {
  stepId: '',
  type: '',
  status: 'scheduled',
  attempt: 1,
  token: '',
  input: null,
  output: null,
  error: null,
  firstMs: 0,
  scheduledMs: 0,
  endedMs: null,
  dueMs: null,
  startByMs: null,
  deadlineMs: null,
  giveUpMs: null,
  idleMs: null,
  idleByMs: null,
  retryMs: null,
  waitsFor: null,
  map: null,
  task: null,
  checkpoint: 0,
  checkpointValue: null,
  isTolerated: false,
  isCaught: false,
};

type Of<Type extends StepEvent['type']> = Extract<StepEvent, { readonly type: Type }>;

function scheduled(before: StepState | undefined, { data }: Of<'workflow.step_scheduled'>): StepState {
  // A state that is entered again begins anew, and so does a step that was reopened.
  const same = before?.stepId === data.step_id && data.attempt > 1 ? before : undefined;
  const atMs = data.scheduled_at ?? 0;
  return {
    ...newStep,
    stepId: data.step_id,
    type: data.step_type,
    attempt: data.attempt,
    token: data.attempt_token,
    input: jsonValue(data.input_data),
    firstMs: same?.firstMs ?? atMs,
    scheduledMs: atMs,
    dueMs: data.not_before,
    startByMs: data.start_by,
    deadlineMs: data.deadline_at,
    giveUpMs: data.give_up_at,
    idleMs: data.idle_ms,
    waitsFor: waitingOf(optional(data.waits_for)),
    checkpoint: same?.checkpoint ?? 0,
    checkpointValue: same?.checkpointValue ?? null,
  };
}

/** Nothing is waited for any more. */
function over(step: StepState, endedMs: number | null): StepState {
  const { dueMs: _due, startByMs: _start, deadlineMs: _deadline, ...rest } = step;
  return {
    ...rest,
    endedMs,
    dueMs: null,
    startByMs: null,
    deadlineMs: null,
    giveUpMs: null,
    idleByMs: null,
    retryMs: null,
  };
}

function failed(step: StepState, { data }: Of<'workflow.step_failed'>): StepState {
  const error = jsonValue(data.error);
  const ended = { ...over(step, data.ended_at), error };
  switch (data.handling) {
    case 'retry':
      // The whole time goes on, whatever tries there are.
      return { ...ended, status: 'retrying', endedMs: null, retryMs: data.retry_at, giveUpMs: step.giveUpMs };
    case 'incident':
      return { ...ended, status: 'incident', endedMs: null };
    case 'caught':
      return { ...ended, status: 'scheduled', endedMs: null, isCaught: true, map: null, token: '' };
    case 'continue':
      return { ...ended, status: 'failed', isTolerated: true };
    default:
      return { ...ended, status: data.status === 'cancelled' ? 'cancelled' : 'failed' };
  }
}

function mapProgressed({ map, input }: StepState, { data }: Of<'workflow.map_progressed'>): MapState {
  const before = map ?? {
    total: Array.isArray(input) ? input.length : 0,
    next: 0,
    running: [],
    completed: 0,
    failed: 0,
    outputs: {},
  };
  const { ended_index: ended, output_data } = data;
  return {
    total: before.total,
    next: before.next + data.started.length,
    running: [...before.running.filter((index) => index !== ended), ...data.started],
    completed: before.completed + (data.ended_status === 'completed' ? 1 : 0),
    failed: before.failed + (data.ended_status === 'failed' ? 1 : 0),
    outputs:
      ended === null || output_data === null ? before.outputs : { ...before.outputs, [ended]: jsonValue(output_data) },
  };
}

function opened({ data }: Of<'workflow.human_task_opened'>): TaskState {
  return {
    taskId: data.task_id,
    assignees: data.assignees,
    groups: data.groups,
    type: data.task_type,
    claimedBy: null,
    openedMs: 0,
  };
}

function waitingOf(value: JsonValue): Waiting | null {
  if (!isObject(value)) return null;
  const { event, key, count } = value;
  return {
    event: typeof event === 'string' ? event : '',
    key: typeof key === 'string' ? key : null,
    count: typeof count === 'number' ? count : 1,
  };
}

function dueTimes(value: JsonValue): MachinePlace['timers'] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((one: JsonValue) =>
    isObject(one) && typeof one['id'] === 'string' && typeof one['due_at'] === 'number'
      ? [{ id: one['id'], dueMs: one['due_at'] }]
      : [],
  );
}

export function isObject(value: JsonValue | undefined): value is { readonly [name: string]: JsonValue } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function withStep(flow: FlowState, key: string, step: StepState): FlowState {
  return { ...flow, steps: { ...flow.steps, [key]: step } };
}

function withContext(flow: FlowState, context: JsonText | null): FlowState {
  return context === null ? flow : { ...flow, context: jsonValue(context) };
}

/** What a flow waits for. */
export function flowTimers(flow: FlowState): readonly Timer[] {
  const steps = Object.values(flow.steps).flatMap(stepTimers);
  const place = flow.machine;
  if (place === null) return steps;
  return [...steps, ...place.timers.map(({ id, dueMs }) => ({ id: `after/${place.visit}/${id}`, dueMs }))];
}

/**
 * A run may take for ever, so that nothing else would ask for it where its work, or what it says at its end, was lost
 * together with the database. Each time is three times as far from the beginning as the one before.
 */
function lookMs({ stepId, type, deadlineMs, scheduledMs, lookedMs = null }: StepState): number | null {
  if (type !== 'sub_workflow' || deadlineMs !== null || undoneBy(stepId) !== undefined) return null;
  return lookedMs === null ? scheduledMs + subWorkflowLookMs : lookedMs + 2 * (lookedMs - scheduledMs);
}

export function stepTimers(step: StepState): readonly Timer[] {
  if (step.status === 'incident' || !isActive(step)) return [];
  const of = (purpose: string, dueMs: number | null): readonly Timer[] =>
    dueMs === null ? [] : [{ id: `${purpose}/${step.attempt}/${step.stepId}`, dueMs }];
  return [
    ...of('sleep', step.dueMs),
    ...of('start', step.startByMs),
    ...of('run', step.deadlineMs),
    ...of('whole', step.giveUpMs),
    ...of('idle', step.idleByMs),
    ...of('retry', step.retryMs),
    ...of('look', lookMs(step)),
  ];
}
