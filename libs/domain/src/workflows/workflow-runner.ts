import {
  jsonText,
  jsonValue,
  signalId,
  stepId,
  taskId,
  userId,
  workflowId,
  type workflowCommand,
  type WorkflowEvent,
  type workflowWork,
} from '@chorda/contracts';
import { derivedId, tenantId, type JsonValue, type PayloadRef } from '@chorda/kernel';
import type { Aggregate, StreamRef, Timer, WorkItem } from '../aggregate.js';
import { branchDefinition } from './branch-state.js';
import type { StepState } from './flow-state.js';
import type { WorkflowError, WorkflowForm } from './form.js';
import { branchOfId, type AnyWorkflowCommand, type WorkflowDecision } from './run-commands.js';
import type { WorkflowPorts, WorkflowStates } from './run-course.js';
import { runDefinition, type KnownRun } from './run-state.js';
import { branchStream, keyOfStep, root, runStream, type WorkflowStreamKind } from './paths.js';
import { workflowsAggregate } from './workflows.aggregate.js';

export type StepRequest = workflowWork.StepRequested['data'];
type StateOf = WorkflowStates[WorkflowStreamKind];

interface Happened {
  readonly stream: StreamRef;
  readonly event: WorkflowEvent;
}

/** What stands for a worker: an output, or a throw of {@link StepFailure}; undefined: nothing is answered yet. */
export type Script = (request: StepRequest, input: JsonValue) => JsonValue | undefined;

export class StepFailure extends Error {
  constructor(readonly error: Partial<WorkflowError>) {
    super(error.message ?? 'It failed');
  }
}

export interface RunnerOptions {
  readonly runId?: string;
  readonly startMs?: number;
  /** By the tool's name, else the type of the step. */
  readonly scripts?: { readonly [name: string]: Script };
  /** What references stand for; left out: nothing is kept by reference. */
  readonly payload?: (ref: PayloadRef) => JsonValue;
  /** In place of those that production has: to see that a test would catch a bug of theirs. */
  readonly rules?: Aggregate<WorkflowStates, AnyWorkflowCommand, WorkflowEvent>;
}

/**
 * A run in memory, by the rules that production has, with a clock that jumps: a workflow that waits a year is through in
 * milliseconds. What engine, log and executors do around the rules is left out.
 */
export class WorkflowRunner {
  readonly runId;
  readonly history: Happened[] = [];
  readonly work: WorkItem[] = [];
  /** Each try of a step that others do, in the order in which they were given out. */
  readonly asked: StepRequest[] = [];
  nowMs: number;
  private readonly states = new Map<string, StateOf>();
  private readonly versions = new Map<string, bigint>();
  private readonly refs = new Map<string, StreamRef<WorkflowStreamKind>>();
  private readonly aggregate: Aggregate<WorkflowStates, AnyWorkflowCommand, WorkflowEvent>;
  private readonly answered = new Set<string>();
  private commands = 0;

  constructor(
    readonly form: WorkflowForm,
    ports: WorkflowPorts,
    private readonly options: RunnerOptions = {},
  ) {
    this.runId = workflowId(options.runId ?? 'run-1');
    this.nowMs = options.startMs ?? Date.UTC(2026, 10, 21, 12);
    this.aggregate = options.rules ?? workflowsAggregate(ports);
  }

  start(input: JsonValue = null, more: Partial<workflowCommand.Start['data']> = {}): WorkflowDecision {
    return this.give({
      type: 'workflow.start',
      data: {
        workflow_id: this.runId,
        workflow_name: this.form.name,
        definition_hash: 'a'.repeat(64),
        definition: jsonText(JSON.parse(JSON.stringify(this.form))),
        input_data: jsonText(input),
        user_id: null,
        start_key: null,
        parent_workflow_id: null,
        parent_step_id: null,
        parent_attempt_token: null,
        forked_from_workflow_id: null,
        forked_at_version: null,
        forked_state: null,
        ...more,
      },
    });
  }

  /** @throws DomainError where the command is refused; nothing has changed then. */
  give(command: AnyWorkflowCommand, commandId = `command-${this.commands++}`): WorkflowDecision {
    const decision = this.aggregate.decide(
      {
        command,
        commandId,
        tenantId: tenantId('default'),
        subject: this.runId,
        timeMs: this.nowMs,
        actor: 'key-1',
        deriveId: (name) => derivedId(commandId, name),
      },
      {
        // What is kept as a snapshot comes back as a copy.
        of: (ref) => structuredClone(this.stateOf(ref)),
        versionOf: (ref) => this.versions.get(nameOf(ref)) ?? 0n,
        ...(this.options.payload && { payload: this.options.payload }),
      },
    );
    for (const { stream, event } of decision.events) this.append(stream, event);
    this.work.push(...(decision.work ?? []));
    for (const { work } of decision.work ?? []) if (isStepRequest(work)) this.asked.push(work.data);
    return decision;
  }

  get run(): KnownRun {
    const state = this.stateOf(runStream(this.runId));
    if (state.status === 'absent') throw new TypeError('The run was not started');
    return state;
  }

  get status(): KnownRun['status'] {
    return this.run.status;
  }

  get output(): JsonValue {
    return this.run.output;
  }

  /** Types of events, in order, without their area. */
  get types(): readonly string[] {
    return this.history.map(({ event }) => event.type.replace('workflow.', ''));
  }

  step(id: string): StepState {
    const step = this.find(id);
    if (!step) throw new TypeError(`There is no step ${id}`);
    return step;
  }

  find(id: string): StepState | undefined {
    const branch = branchOfId(id);
    if (branch === root) return this.run.undoing?.stepId === id ? this.run.undoing : this.run.flow.steps[keyOfStep(id)];
    const state = this.stateOf(branchStream(this.runId, branch));
    return state.status === 'absent' ? undefined : state.flow.steps[keyOfStep(id)];
  }

  /** Steps of the run and of the flows nested in it, and what undoes one now. */
  get steps(): readonly StepState[] {
    const flows = [...this.refs.values()].flatMap((ref) => {
      const state = this.stateOf(ref);
      return state.status === 'absent' ? [] : Object.values(state.flow.steps);
    });
    const { undoing } = this.run;
    return undoing === null ? flows : [...flows, undoing];
  }

  /** Work that nobody has answered. */
  get requests(): readonly StepRequest[] {
    return this.asked.filter(({ attempt_token }) => !this.answered.has(attempt_token));
  }

  request(id: string): StepRequest {
    const found = this.requests.findLast(({ step_id }) => step_id === id);
    if (!found) throw new TypeError(`Nobody was asked for ${id}`);
    return found;
  }

  complete(id: string, output: JsonValue = null, token?: string): WorkflowDecision {
    return this.result(id, { status: 'completed', output_data: jsonText(output) }, token);
  }

  fail(id: string, error: Partial<WorkflowError> = {}, token?: string): WorkflowDecision {
    return this.result(
      id,
      { status: 'failed', error: jsonText({ class: 'tool', code: 'BROKEN', message: 'It broke', ...error }) },
      token,
    );
  }

  lose(id: string, token?: string): WorkflowDecision {
    return this.result(id, { status: 'lost' }, token);
  }

  private result(
    id: string,
    came: Partial<workflowCommand.RecordStepResult['data']>,
    token = this.request(id).attempt_token,
  ): WorkflowDecision {
    this.answered.add(token);
    return this.give({
      type: 'workflow.record_step_result',
      data: {
        workflow_id: this.runId,
        step_id: stepId(id),
        attempt: 1,
        attempt_token: token,
        status: 'completed',
        output_data: null,
        error: null,
        duration_ms: 1,
        worker: null,
        started_at: null,
        ...came,
      },
    });
  }

  signal(
    name: string,
    data: JsonValue = null,
    more: { key?: string; id?: string; ttlMs?: number; onlyIfAwaited?: boolean } = {},
  ): WorkflowDecision {
    return this.give({
      type: 'workflow.signal',
      data: {
        workflow_id: this.runId,
        signal_id: signalId(more.id ?? `signal-${this.commands}`),
        signal_name: name,
        signal_key: more.key ?? null,
        signal_data: jsonText(data),
        ttl_ms: more.ttlMs ?? null,
        only_if_awaited: more.onlyIfAwaited ?? false,
      },
    });
  }

  decide(
    id: string,
    decision: workflowCommand.DecideTask['data']['decision'],
    more: Partial<workflowCommand.DecideTask['data']> = {},
  ): WorkflowDecision {
    const task = this.step(id).task?.taskId ?? 'none';
    return this.give({
      type: 'workflow.decide_task',
      data: {
        workflow_id: this.runId,
        step_id: stepId(id),
        task_id: taskId(task),
        decision,
        form_data: null,
        comment: null,
        user_id: userId('ada'),
        groups: [],
        ...more,
      },
    });
  }

  /** Passes time, with all that is due in between; workers answer as they are scripted. */
  pass(ms: number): void {
    const untilMs = this.nowMs + ms;
    this.answerAll();
    for (let round = 0; round < 1_000_000; round++) {
      const [next] = this.timers().toSorted((one, other) => one.timer.dueMs - other.timer.dueMs);
      if (!next || next.timer.dueMs > untilMs) break;
      this.nowMs = Math.max(this.nowMs, next.timer.dueMs);
      this.fire(next);
      this.answerAll();
    }
    this.nowMs = untilMs;
  }

  fire({ stream, timer }: { readonly stream: StreamRef<WorkflowStreamKind>; readonly timer: Timer }): void {
    const command = this.aggregate.due?.(stream, timer);
    if (command) this.give(command);
  }

  timers(): { readonly stream: StreamRef<WorkflowStreamKind>; readonly timer: Timer }[] {
    return [...this.refs.values()].flatMap((stream) => {
      const state = this.stateOf(stream);
      return this.timersOf(stream, state).map((timer) => ({ stream, timer }));
    });
  }

  /** Gives every request that is out to its script, and those that follow. */
  answerAll(): void {
    for (let round = 0; round < 1_000_000; round++) {
      const answer = this.requests
        .map((request) => [request, this.scripted(request)] as const)
        .find(([, given]) => given);
      if (!answer?.[1]) return;
      const [{ step_id, attempt_token }, { output, error }] = answer;
      if (error === undefined) this.complete(step_id, output, attempt_token);
      else this.fail(step_id, error, attempt_token);
    }
  }

  private scripted(request: StepRequest): { output: JsonValue; error?: Partial<WorkflowError> } | undefined {
    const script = this.options.scripts?.[request.tool_name ?? request.step_type];
    try {
      const output = script?.(request, jsonValue(request.input_data));
      return output === undefined ? undefined : { output };
    } catch (error) {
      if (error instanceof StepFailure) return { output: null, error: error.error };
      throw error;
    }
  }

  private timersOf(stream: StreamRef<WorkflowStreamKind>, state: StateOf): readonly Timer[] {
    const { workflow, branch } = this.aggregate.streams;
    // The definition of its kind alone knows the state.
    return stream.kind === 'workflow'
      ? (workflow.timers?.(state as WorkflowStates['workflow']) ?? [])
      : (branch.timers?.(state as WorkflowStates['branch']) ?? []);
  }

  private append(ref: StreamRef, event: WorkflowEvent): void {
    const name = nameOf(ref);
    const before = this.states.get(name);
    const isRun = ref.kind === 'workflow';
    const after = isRun
      ? runDefinition.evolve((before ?? runDefinition.initialState) as WorkflowStates['workflow'], event)
      : branchDefinition.evolve((before ?? branchDefinition.initialState) as WorkflowStates['branch'], event);
    this.states.set(name, after);
    this.versions.set(name, (this.versions.get(name) ?? 0n) + 1n);
    this.refs.set(name, { kind: isRun ? 'workflow' : 'branch', id: ref.id });
    this.history.push({ stream: ref, event });
  }

  private stateOf<Kind extends WorkflowStreamKind>(ref: StreamRef<Kind>): WorkflowStates[Kind] {
    const initial = ref.kind === 'workflow' ? runDefinition.initialState : branchDefinition.initialState;
    return (this.states.get(nameOf(ref)) ?? initial) as WorkflowStates[Kind];
  }
}

function isStepRequest(work: WorkItem['work']): work is workflowWork.StepRequested {
  return work.type === 'workflow.step_requested';
}

function nameOf({ kind, id }: StreamRef): string {
  return `${kind}-${id}`;
}
