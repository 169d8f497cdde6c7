import type { JsonValue } from '@chorda/kernel';
import { DomainError } from '../domain-error.js';
import type { Flow, Graph, Step } from './form.js';
import { formOf, type Form } from './form-lookup.js';
import { isEnded, type FlowState, type StepState } from './flow-state.js';
import { keyOfStep } from './paths.js';
import type { KnownRun } from './run-state.js';

export interface PlannedStep {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly needs: readonly string[];
  /** pending: it has not begun. */
  readonly status: string;
  readonly step_id: string | null;
  readonly attempt: number | null;
  readonly scheduled_at_ms: number | null;
  readonly ended_at_ms: number | null;
  readonly retry_at_ms: number | null;
  /** Items of a map. */
  readonly items: {
    readonly total: number;
    readonly running: number;
    readonly completed: number;
    readonly failed: number;
  } | null;
}

export interface PlannedPhase {
  /** From 1: what is in one needs something of the one before. */
  readonly phase: number;
  readonly steps: readonly PlannedStep[];
}

export interface RunPlan {
  readonly kind: Flow['kind'];
  readonly phases: readonly PlannedPhase[];
  /** Of a state machine. */
  readonly current_state: string | null;
}

/** What a run does, in phases, and how far each step has come. */
export function runPlan(run: KnownRun): RunPlan {
  const form = formOf(run.definition);
  const { flow } = form.form;
  if (flow.kind === 'graph') return { kind: 'graph', phases: phasesOf(flow, run.flow), current_state: null };
  const phases = flow.states.map(({ name, step }, at) => ({
    phase: at + 1,
    steps: [
      planned({ id: name, name: step?.name ?? name, type: step?.kind ?? 'state', needs: [] }, run.flow.steps[name]),
    ],
  }));
  return { kind: 'machine', phases, current_state: run.flow.machine?.state ?? null };
}

function phasesOf(flow: Graph, state: FlowState): PlannedPhase[] {
  const depths = new Map<string, number>();
  const needsOf = new Map(flow.steps.map(({ step, needs }) => [step.id, needs]));
  const depthOf = (id: string): number => {
    const known = depths.get(id);
    if (known !== undefined) return known;
    const depth = 1 + Math.max(0, ...(needsOf.get(id) ?? []).map(depthOf));
    depths.set(id, depth);
    return depth;
  };
  const phases = new Map<number, PlannedStep[]>();
  for (const { step, needs } of flow.steps) {
    const depth = depthOf(step.id);
    const about = { id: step.id, name: step.name ?? step.id, type: step.kind, needs };
    phases.set(depth, [...(phases.get(depth) ?? []), planned(about, state.steps[step.id])]);
  }
  return [...phases].toSorted(([one], [other]) => one - other).map(([phase, steps]) => ({ phase, steps }));
}

function planned(about: Pick<PlannedStep, 'id' | 'name' | 'type' | 'needs'>, step: StepState | undefined): PlannedStep {
  const map = step?.map ?? null;
  return {
    ...about,
    status: step?.status ?? 'pending',
    step_id: step?.stepId ?? null,
    attempt: step === undefined || step.status === 'skipped' ? null : step.attempt,
    scheduled_at_ms: step?.scheduledMs ?? null,
    ended_at_ms: step?.endedMs ?? null,
    retry_at_ms: step?.retryMs ?? null,
    items: map && { total: map.total, running: map.running.length, completed: map.completed, failed: map.failed },
  };
}

export interface RunReport {
  readonly status: string;
  readonly started_at_ms: number;
  readonly output: JsonValue;
  /** By step. */
  readonly results: { readonly [stepId: string]: JsonValue };
  readonly success: {
    readonly steps: number;
    readonly completed: number;
    readonly failed: number;
    readonly skipped: number;
    readonly cancelled: number;
    readonly under_way: number;
    /** Steps that needed more than one try. */
    readonly retried: number;
    /** Of those that ended one way or the other, 0 to 1; null: none has. */
    readonly rate: number | null;
  };
  readonly errors: readonly { readonly step_id: string; readonly attempts: number; readonly error: JsonValue }[];
  readonly incidents: readonly string[];
  readonly ending: {
    readonly reason: string;
    readonly error_code: string | null;
    readonly failed_step_id: string | null;
  } | null;
}

/** What a run came to, as far as it has. */
export function runReport(run: KnownRun): RunReport {
  const steps = Object.values(run.flow.steps);
  const count = (status: StepState['status']): number => steps.filter((step) => step.status === status).length;
  const completed = count('completed');
  const failed = count('failed');
  const { ending } = run;
  return {
    status: run.status,
    started_at_ms: run.startedMs,
    output: run.output,
    results: Object.fromEntries(
      steps.filter(({ status }) => status === 'completed').map(({ stepId, output }) => [stepId, output]),
    ),
    success: {
      steps: steps.length,
      completed,
      failed,
      skipped: count('skipped'),
      cancelled: count('cancelled'),
      under_way: steps.filter((step) => !isEnded(step)).length,
      retried: steps.filter(({ attempt }) => attempt > 1).length,
      rate: completed + failed === 0 ? null : completed / (completed + failed),
    },
    errors: steps
      // What was cancelled because others came first, or the run ended, is told above and went not wrong.
      .filter(({ status, error }) => error !== null && status !== 'cancelled')
      .map(({ stepId, attempt, error }) => ({ step_id: stepId, attempts: attempt, error })),
    incidents: run.incidents,
    ending: ending && {
      reason: ending.reason === '' ? messageOf(ending.error) : ending.reason,
      error_code: ending.errorCode,
      failed_step_id: ending.failedStepId,
    },
  };
}

/** A run that failed with nothing to undo has its reason in its error alone. */
function messageOf(error: JsonValue): string {
  const message: unknown = Object.getOwnPropertyDescriptor(Object(error), 'message')?.value;
  return typeof message === 'string' ? message : '';
}

export interface ForkEdits {
  /** In place of what the run's flow began with. */
  readonly input?: JsonValue;
  readonly context?: JsonValue;
  /** Steps that are done anew, with all that needs them. */
  readonly rerun?: readonly string[];
}

/**
 * What a fork begins with: what had ended by then stays so, what was under way begins anew.
 *
 * @throws DomainError `INVALID_COMMAND` for a step that is none.
 */
export function forkedState(run: KnownRun, { input, context, rerun = [] }: ForkEdits): JsonValue {
  const form = formOf(run.definition);
  const again = withDependents(form, rerun);
  const kept = Object.entries(run.flow.steps).filter(
    ([key, step]) =>
      !again.has(key) && isEnded(step) && (step.status !== 'failed' || step.isTolerated) && step.status !== 'cancelled',
  );
  const { machine, item, index, lastKey } = run.flow;
  const state: FlowState = {
    ...{ item, index },
    input: input === undefined ? run.flow.input : input,
    context: context === undefined ? run.flow.context : context,
    steps: Object.fromEntries(kept),
    lastKey: lastKey !== null && again.has(lastKey) ? null : lastKey,
    // Time in a state begins anew with the fork.
    machine: machine && { ...machine, timers: [] },
  };
  const copy: JsonValue = JSON.parse(JSON.stringify(state));
  return copy;
}

function withDependents(form: Form, rerun: readonly string[]): ReadonlySet<string> {
  const { flow } = form.form;
  const again = new Set<string>();
  const add = (key: string): void => {
    if (again.has(key)) return;
    again.add(key);
    for (const { step } of form.dependentsOf(flow, key)) add(step.id);
  };
  for (const stepId of rerun) {
    const key = keyOfStep(stepId);
    const step: Step | undefined = form.stepIn(flow, key);
    if (!step)
      throw new DomainError('INVALID_COMMAND', `rerun names ${stepId}, which is no step`, { pointer: '/rerun' });
    add(key);
  }
  return again;
}
