import { jsonText, type StepId, type WorkflowEvent, type WorkflowId, type WorkflowWork } from '@chorda/contracts';
import type { JsonValue } from '@chorda/kernel';
import type { Given, StatesOf, StreamRef, WorkItem } from '../aggregate.js';
import { branchDefinition, type Branch } from './branch-state.js';
import { evaluateTemplate, ExpressionError, type Expressions } from './expressions.js';
import type { Assign, Expression, Flow, Scope, Step, Template, WorkflowError } from './form.js';
import { formOf, type Form } from './form-lookup.js';
import { isEnded, isObject, type FlowState, type StepState } from './flow-state.js';
import { contextBytesMax } from './limits.js';
import { branchStream, keyOfStep, root, runStream, undoneBy, type BranchId } from './paths.js';
import { branchOfId, type AnyWorkflowCommand, type WorkflowDecision } from './run-commands.js';
import { ReferredValues } from './referred-values.js';
import { runDefinition, type KnownRun, type Run } from './run-state.js';
import { expressionFault } from './workflow-errors.js';

/** What the rules of workflows ask of the outside: both are pure. */
export interface WorkflowPorts {
  readonly expressions: Expressions;
  /** What is wrong with a value by a JSON Schema, in words; empty: nothing. */
  schemaIssues(schema: JsonValue, value: JsonValue): readonly string[];
}

export interface WorkflowStates {
  readonly workflow: Run;
  readonly branch: Branch;
}

/** What is left to look at once a step or a flow has changed. */
export type Task =
  | { readonly kind: 'flow_begins'; readonly branch: BranchId }
  /** All of a flow: what can begin in it, and whether it has ended. */
  | { readonly kind: 'flow_goes_on'; readonly branch: BranchId }
  | { readonly kind: 'step_ended'; readonly branch: BranchId; readonly key: string }
  | { readonly kind: 'step_failed'; readonly branch: BranchId; readonly key: string; readonly error: WorkflowError }
  | { readonly kind: 'flow_failed'; readonly branch: BranchId; readonly error: WorkflowError }
  | { readonly kind: 'retry'; readonly branch: BranchId; readonly key: string }
  | { readonly kind: 'map_goes_on'; readonly branch: BranchId; readonly key: string }
  | { readonly kind: 'undo_next' };

/** Events after which a turn leaves the rest to the next one. */
const eventsOfTurn = 400;

type GivenHere = Pick<Given<AnyWorkflowCommand>, 'timeMs' | 'actor' | 'deriveId'>;

/** What a command comes to in a run and the flows nested in it: each event is in the state before the next rule looks. */
export class RunCourse {
  readonly todo: Task[] = [];
  private readonly events: { readonly stream: StreamRef; readonly event: WorkflowEvent }[] = [];
  private readonly work: WorkItem<WorkflowWork>[] = [];
  private readonly branches = new Map<BranchId, Branch>();
  readonly values: ReferredValues;

  constructor(
    private state: Run,
    private readonly states: StatesOf<WorkflowStates>,
    readonly given: GivenHere,
    private readonly ports: WorkflowPorts,
  ) {
    this.values = valuesOf(states, ports);
  }

  /** Undefined where no such run was started. */
  static of(
    id: WorkflowId,
    given: GivenHere,
    states: StatesOf<WorkflowStates>,
    ports: WorkflowPorts,
  ): RunCourse | undefined {
    const run = states.of(runStream(id));
    return run.status === 'absent' ? undefined : new RunCourse(run, states, given, ports);
  }

  /** @throws TypeError where nothing was started. */
  get run(): KnownRun {
    if (this.state.status === 'absent') throw new TypeError('The run was not started');
    return this.state;
  }

  get form(): Form {
    return formOf(this.run.definition);
  }

  /** Whether steps may begin. */
  get mayBegin(): boolean {
    return this.run.status === 'running';
  }

  /** What every event says first. */
  get ids() {
    const { workflowId, name } = this.run;
    return { workflow_id: workflowId, workflow_name: name };
  }

  get timeMs(): number {
    return this.given.timeMs;
  }

  get isTurnFull(): boolean {
    return this.events.length >= eventsOfTurn;
  }

  flowFormOf(branch: BranchId): Flow {
    return this.form.flowOf(branch);
  }

  branch(id: BranchId): Branch {
    const known = this.branches.get(id);
    if (known) return known;
    const state = this.states.of(branchStream(this.run.workflowId, id));
    this.branches.set(id, state);
    return state;
  }

  /** Whether a flow has begun and not ended. */
  isOpen(branch: BranchId): boolean {
    return branch === root ? isUnderWay(this.run) : this.branch(branch).status === 'running';
  }

  /** Whether something in it may be due: also in a run that is about to end. */
  isOpenNow(branch: BranchId): boolean {
    const { status } = this.run;
    if (status === 'completed' || status === 'failed' || status === 'cancelled') return false;
    return branch === root || this.branch(branch).status === 'running';
  }

  /** Whether it may also go on: not in a run that is about to end. */
  isGoing(branch: BranchId): boolean {
    return isUnderWay(this.run) && this.isOpen(branch);
  }

  flow(branch: BranchId): FlowState {
    if (branch === root) return this.run.flow;
    const state = this.branch(branch);
    if (state.status === 'absent') throw new TypeError(`The flow ${branch} was not started`);
    return state.flow;
  }

  /** A step by its name in the run, where it has come to anything. */
  step(stepId: string): StepState | undefined {
    if (undoneBy(stepId) !== undefined) return this.run.undoing?.stepId === stepId ? this.run.undoing : undefined;
    const branch = branchOfId(stepId);
    if (branch !== root && this.branch(branch).status === 'absent') return undefined;
    const step = this.flow(branch).steps[keyOfStep(stepId)];
    return step?.stepId === stepId ? step : undefined;
  }

  /** How far the run has come, or the flow that the event is of. */
  add(event: WorkflowEvent, branch: BranchId = root): void {
    if (branch === root) {
      this.state = runDefinition.evolve(this.state, event);
      this.events.push({ stream: runStream(event.data.workflow_id), event });
      return;
    }
    const stream = branchStream(event.data.workflow_id, branch);
    this.branches.set(branch, branchDefinition.evolve(this.branch(branch), event));
    this.events.push({ stream, event });
  }

  /** Of a step, to the flow that it is in. */
  addOf(stepId: string, event: WorkflowEvent): void {
    this.add(event, branchOfId(stepId));
  }

  addWork(queue: 'steps' | 'workers', work: WorkflowWork): void {
    this.work.push({ queue: `workflow.work.${queue}`, stream: runStream(this.run.workflowId), work });
  }

  /** Whether nothing has come of it but one event of this type. */
  hasOnly(type: WorkflowEvent['type']): boolean {
    return this.todo.length === 0 && this.events.length === 1 && this.events[0]?.event.type === type;
  }

  decision(answer?: WorkflowDecision['answer']): WorkflowDecision {
    return { events: this.events, work: this.work, ...(answer !== undefined && { answer }) };
  }

  /** @throws {@link ExpressionError} */
  value(template: Template, branch: BranchId, more: Scope = {}): JsonValue {
    if (template.kind === 'value') return template.value;
    return evaluateTemplate(template, this.scope(branch, more), this.values);
  }

  /** @throws {@link ExpressionError} also where it is neither true nor false. */
  holds(expression: Expression, branch: BranchId, more: Scope = {}): boolean {
    const value = this.values.evaluate(expression, this.scope(branch, more));
    if (typeof value === 'boolean') return value;
    throw new ExpressionError(`${expression.text} is ${JSON.stringify(value).slice(0, 100)}, neither true nor false`);
  }

  /** The context with these values put in; null: there are none. @throws {@link ExpressionError} */
  assigned(assigns: readonly Assign[], branch: BranchId, more: Scope = {}): JsonValue {
    if (assigns.length === 0) return null;
    let { context } = this.flow(branch);
    for (const { path, value } of assigns) {
      context = putIn(context, path, this.value(value, branch, { ...more, context }));
    }
    if (Buffer.byteLength(JSON.stringify(context)) <= contextBytesMax) return context;
    throw new ExpressionError(`The context would have more than ${contextBytesMax} bytes`);
  }

  /** What is wrong with a value, in words; what cannot be read cannot be held against it. Null: nothing is asked of it. */
  schemaIssues(schema: JsonValue | null, value: JsonValue): readonly string[] {
    if (schema === null) return [];
    try {
      return this.ports.schemaIssues(schema, this.values.whole(value));
    } catch (error) {
      return [expressionFault(error).message];
    }
  }

  private scope(branch: BranchId, more: Scope): Scope {
    const { workflowId, name, startedMs, input } = this.run;
    const flow = this.flow(branch);
    const ended = Object.entries(flow.steps).filter(([, step]) => isEnded(step));
    const steps = ended.map(([key, { status, output, error }]) => [key, { status, output, error }] as const);
    return {
      input: flow.input,
      context: flow.context,
      steps: Object.fromEntries(steps),
      run: { id: workflowId, name, started_at: new Date(startedMs).toISOString(), input },
      ...(flow.index !== null && { item: flow.item, index: flow.index }),
      ...more,
    };
  }
}

export function valuesOf({ payload }: StatesOf<WorkflowStates>, { expressions }: WorkflowPorts): ReferredValues {
  return new ReferredValues(expressions, payload);
}

function isUnderWay({ status }: KnownRun): boolean {
  return status === 'running' || status === 'paused';
}

function putIn(target: JsonValue, path: readonly string[], value: JsonValue): JsonValue {
  const [first, ...rest] = path;
  if (first === undefined) return value;
  const before = isObject(target) ? target : {};
  return { ...before, [first]: putIn(before[first] ?? null, rest, value) };
}

/** What every event of a step says of it. */
export function describedStep(course: RunCourse, stepId: string, step: Step) {
  return { ...course.ids, step_id: stepId as StepId, step_name: step.name ?? step.id, step_type: step.kind };
}

export function optionalText(value: JsonValue) {
  return value === null ? null : jsonText(value);
}
