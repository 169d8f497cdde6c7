import type { StepState, WorkflowError, WorkflowRunner } from '@chorda/domain';
import type { JsonValue } from '@chorda/kernel';
import { differences, written } from './differences.js';
import { ExpectationError } from './expectation-error.js';
import { msOf } from './replies.js';
import { runText, spanText, waitsOf } from './run-text.js';
import type { Call, ScriptedWorld } from './scripted-world.js';

export type RunStatus = WorkflowRunner['status'];
export type StepStatus = StepState['status'] | 'pending';

export interface ExpectedStep {
  readonly status?: StepStatus;
  readonly input?: unknown;
  readonly output?: unknown;
  readonly attempt?: number;
  /** Only the members that are named are looked at. */
  readonly error?: Partial<WorkflowError>;
}

export interface HistoryEntry {
  /** Without its area: `step_completed`. */
  readonly type: string;
  readonly stepId: string | null;
  readonly data: object;
}

/** What can be said of a run. Everything chains; what does not hold is thrown with how the run stands. */
export class Expectations {
  protected eventsBefore = 0;

  constructor(
    protected readonly runner: WorkflowRunner,
    protected readonly world: ScriptedWorld,
  ) {}

  get status(): RunStatus {
    return this.runner.status;
  }

  get output(): JsonValue {
    return this.runner.output;
  }

  /** What the clock says. */
  get now(): Date {
    return new Date(this.runner.nowMs);
  }

  /** Of the run and the flows nested in it, in order. */
  get history(): readonly HistoryEntry[] {
    return this.runner.history.map(({ event: { type, data } }) => {
      const stepId: unknown = Reflect.get(data, 'step_id');
      return { type: type.replace('workflow.', ''), stepId: typeof stepId === 'string' ? stepId : null, data };
    });
  }

  /** What was asked of everybody outside, in order. @param name Of a tool, an agent, …; left out: all. */
  calls(name?: string): readonly Call[] {
    return this.world.calls.filter(({ asked }) => name === undefined || asked.name === name);
  }

  /** How it stands, for people: `console.log(String(run))`. */
  toString(): string {
    return runText(this.runner, this.world);
  }

  thenStatus(status: RunStatus): this {
    if (this.status === status) return this;
    throw this.unmet(`Expected the run to be ${status}, and it is ${this.status}`);
  }

  /** @param output What it came to; left out: whatever. */
  thenCompleted(...output: readonly [unknown?]): this {
    this.thenStatus('completed');
    return output.length === 0 ? this : this.same('Expected another output', this.output, output[0]);
  }

  /** @param error Only the members that are named are looked at. */
  thenFailed(error: Partial<WorkflowError> = {}): this {
    this.thenStatus('failed');
    return this.has('Expected another error', Object(this.runner.run.ending?.error) as object, error);
  }

  thenCancelled(): this {
    return this.thenStatus('cancelled');
  }

  /** A step failed, and a person has to decide. */
  thenIncident(stepId: string, error: Partial<WorkflowError> = {}): this {
    return this.thenStep(stepId, { status: 'incident', error });
  }

  /** @param expected Only the members that are named are looked at. */
  thenStep(stepId: string, expected: ExpectedStep): this {
    const step = this.runner.find(stepId);
    const { error, ...plain } = expected;
    const own = { status: step?.status ?? 'pending', input: step?.input, output: step?.output, attempt: step?.attempt };
    this.has(`Expected another state of ${stepId}`, own, plain);
    return error === undefined
      ? this
      : this.has(`Expected another error of ${stepId}`, Object(step?.error ?? {}) as object, error);
  }

  /** By id; a step that has not begun is `pending`. */
  thenSteps(expected: { readonly [stepId: string]: StepStatus }): this {
    const own = Object.keys(expected).map((id) => [id, this.runner.find(id)?.status ?? 'pending'] as const);
    return this.same('Expected steps in other states', Object.fromEntries(own), expected);
  }

  /** It goes on only when something comes from outside, or time passes: a step waits for a person, an event, a worker. */
  thenWaitsFor(stepId: string): this {
    const step = this.runner.find(stepId);
    if (step?.status === 'scheduled' || step?.status === 'running' || step?.status === 'retrying') return this;
    throw this.unmet(`Expected it to wait for ${stepId}, which is ${step?.status ?? 'pending'}`);
  }

  /** @param inputs Of all calls, in order; left out: that there was one. */
  thenCalled(name: string, inputs?: readonly unknown[]): this {
    const own = this.calls(name).map(({ input }) => input);
    if (inputs !== undefined) return this.same(`Expected other calls of ${name}`, own, inputs);
    if (own.length > 0) return this;
    const names = [...new Set(this.calls().map(({ asked }) => asked.name))];
    throw this.unmet(`Expected a call of ${name}`, [
      names.length === 0 ? 'nobody was called' : `called were ${names.join(', ')}`,
    ]);
  }

  thenNotCalled(name: string): this {
    return this.same(
      `Expected no call of ${name}`,
      this.calls(name).map(({ input }) => input),
      [],
    );
  }

  /** What was undone, in order. */
  thenCompensated(stepIds: readonly string[]): this {
    const own = this.history.flatMap(({ type, stepId }) => (type === 'step_compensated' ? [stepId] : []));
    return this.same('Expected other steps to be undone', own, stepIds);
  }

  /** An event was said to everybody. */
  thenEmitted(name: string, ...data: readonly [unknown?]): this {
    const emitted = this.runner.history.flatMap(({ event }) =>
      event.type === 'workflow.event_emitted' ? [event.data] : [],
    );
    const found = emitted.filter(({ event_name }) => event_name === name);
    const values = found.map(({ event_data }): unknown => JSON.parse(String(event_data)));
    if (data.length === 0 ? found.length > 0 : values.some((each) => differences(each, data[0]).length === 0))
      return this;
    const instead = emitted.map((each) => `emitted was ${each.event_name} ${String(each.event_data)}`);
    throw this.unmet(
      `Expected the event ${name}${data.length === 0 ? '' : ` with ${written(data[0])}`}`,
      instead.length === 0 ? ['none was emitted'] : instead,
    );
  }

  /** Types of events, `step_completed ship` where the step matters, in this order; others may stand between them. */
  thenHistoryHas(expected: readonly string[]): this {
    const own = this.history.map(({ type, stepId }) => ({ type, full: `${type} ${stepId ?? ''}`.trim() }));
    let place = 0;
    for (const [index, wanted] of expected.entries()) {
      const found = own.findIndex(({ type, full }, at) => at >= place && (type === wanted || full === wanted));
      if (found < 0) {
        const after = index === 0 ? 'at all' : `after ${expected[index - 1]}`;
        const rest = own.slice(place).map(({ full }) => full);
        throw this.unmet(`Expected ${wanted} ${after}`, [
          `there ${place === 0 ? 'is' : 'follows'}: ${rest.slice(0, 30).join(', ') || 'nothing'}`,
        ]);
      }
      place = found + 1;
    }
    return this;
  }

  /** All types of events, in order. */
  thenHistory(types: readonly string[]): this {
    return this.same(
      'Expected another history',
      this.history.map(({ type }) => type),
      types,
    );
  }

  /** So much time has passed since it was started: until it ended, where it has. */
  thenTook(duration: string | number): this {
    const endMs = this.world.endedMs ?? this.runner.nowMs;
    const own = endMs - this.runner.run.startedMs;
    if (own === msOf(duration)) return this;
    throw this.unmet(`Expected it to take ${String(duration)}, and it took ${spanText(own)}`);
  }

  protected same(what: string, actual: unknown, expected: unknown): this {
    const found = differences(actual, expected);
    if (found.length === 0) return this;
    throw this.unmet(what, found);
  }

  protected has(what: string, actual: object, expected: object): this {
    const named = Object.fromEntries(Object.keys(expected).map((name) => [name, Reflect.get(actual, name)]));
    return this.same(what, named, expected);
  }

  protected unmet(what: string, details: readonly string[] = []): ExpectationError {
    return new ExpectationError(what, details, this.toString());
  }

  /** What has to happen for it to go on, a line each. */
  get waits(): readonly string[] {
    return waitsOf(this.runner, this.world.calls);
  }
}
