import { DomainError, runPlan, runReport, type StepState, type WorkflowRunner } from '@chorda/domain';
import type { JsonValue } from '@chorda/kernel';
import { Expectations } from './expectations.js';
import { msOf } from './replies.js';
import { openTask, type OpenTask } from './open-task.js';
import { jsonOf, type ScriptedWorld } from './scripted-world.js';

export interface DecideOptions {
  /** Who answers; left out: somebody who may. */
  readonly by?: string;
  readonly groups?: readonly string[];
  readonly form?: unknown;
  readonly comment?: string;
}

export interface SignalOptions {
  readonly key?: string;
  /** The same id twice counts once. */
  readonly id?: string;
  /** How long it is kept for a wait that is yet to come. */
  readonly ttl?: string | number;
}

/** A run under test. `when…` does something to it, and all that follows at that instant; `then…` looks. Both chain. */
export class TestedRun extends Expectations {
  constructor(runner: WorkflowRunner, world: ScriptedWorld) {
    super(runner, world);
  }

  /** Lets time pass, with every timer, time-out, retry and late answer that is due in between: `1y` takes milliseconds. */
  whenTimePasses(duration: string | number): this {
    this.world.passUntil(this.runner.nowMs + msOf(duration));
    return this;
  }

  /** Lets time pass until then. */
  whenItIs(time: string | Date): this {
    const timeMs = time instanceof Date ? time.getTime() : Date.parse(time);
    if (!(timeMs >= this.runner.nowMs)) throw new TypeError(`${String(time)} is no time that is yet to come`);
    this.world.passUntil(timeMs);
    return this;
  }

  /** Lets time pass until it has ended, or nothing happens by itself any more. @param max At most so long. */
  whenLeftAlone(max: string | number = '10y'): this {
    const endMs = this.runner.nowMs + msOf(max);
    this.world.settle();
    for (let next = this.world.nextMs(); next !== undefined && next <= endMs; next = this.world.nextMs()) {
      this.world.passUntil(Math.max(next, this.runner.nowMs));
    }
    return this;
  }

  /** Tells it of something: taken by a step that waits for it, or kept until one does. */
  whenSignalled(name: string, data: unknown = null, { key, id, ttl }: SignalOptions = {}): this {
    return this.when(() =>
      this.runner.signal(name, jsonOf(data, 'The signal'), {
        ...(key !== undefined && { key }),
        ...(id !== undefined && { id }),
        ...(ttl !== undefined && { ttlMs: msOf(ttl) }),
      }),
    );
  }

  /** Answers a task. @throws DomainError where whoever answers may not, or the form breaks its schema. */
  whenDecided(stepId: string, decision: 'approved' | 'rejected' | 'submitted', options: DecideOptions = {}): this {
    const step = this.stepOf(stepId);
    const { by, groups = by === undefined ? (step.task?.groups ?? []) : [], form, comment } = options;
    const form_data = form === undefined ? null : jsonText(jsonOf(form, 'The form'));
    const user = by ?? step.task?.assignees[0] ?? 'somebody';
    return this.when(() =>
      this.runner.decide(step.stepId, decision, {
        user_id: user as never,
        groups: [...groups],
        form_data,
        comment: comment ?? null,
      }),
    );
  }

  whenClaimed(stepId: string, by: string, groups: readonly string[] = []): this {
    const { stepId: step_id, task } = this.stepOf(stepId);
    return this.give('workflow.claim_task', {
      ...{ step_id, task_id: task?.taskId ?? 'none', user_id: by, groups: [...groups], release: false },
    });
  }

  /** Answers a step that no script answers; a second or late answer where it has one. @param attempt Else the last. */
  whenAnswered(stepId: string, output: unknown = null, { attempt }: { readonly attempt?: number } = {}): this {
    const { id, token } = this.tryOf(stepId, attempt);
    return this.when(() => this.runner.complete(id, jsonOf(output, 'The answer'), token));
  }

  /** Fails a step that no script answers. */
  whenFailed(stepId: string, error: Parameters<WorkflowRunner['fail']>[1] = {}, attempt?: number): this {
    const { id, token } = this.tryOf(stepId, attempt);
    return this.when(() => this.runner.fail(id, error, token));
  }

  whenPaused(reason?: string): this {
    return this.give('workflow.pause', { reason: reason ?? null });
  }

  whenResumed(): this {
    return this.give('workflow.resume', {});
  }

  whenCancelled({ reason, hard = false, compensate = false }: CancelOptions = {}): this {
    return this.give('workflow.cancel', { reason: reason ?? null, hard, compensate });
  }

  /** Goes on from what failed: everything, or one step; or says what was found of it. */
  whenRetried(stepId?: string, { as = 'repeat', output, reason }: RetryOptions = {}): this {
    const output_data = output === undefined ? null : jsonText(jsonOf(output, 'The output'));
    const step_id = stepId === undefined ? null : (this.runner.find(stepId)?.stepId ?? stepId);
    return this.give('workflow.retry', { step_id, resolution: as, output_data, reason: reason ?? null });
  }

  /** What it does next is refused with this code. */
  thenRefuses(code: string, act: (run: this) => unknown): this {
    try {
      act(this);
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      if (error.code === code) return this;
      throw this.unmet(`Expected a refusal with ${code}`, [`it is refused with ${error.code}: ${error.message}`]);
    }
    throw this.unmet(`Expected a refusal with ${code}`, ['nothing was refused']);
  }

  /** The last `when…` changed nothing. */
  thenNothing(): this {
    if (this.eventsBefore === this.runner.history.length) return this;
    const types = this.history.slice(this.eventsBefore).map(({ type, stepId }) => `${type} ${stepId ?? ''}`.trim());
    throw this.unmet('Expected that nothing changes', [`it did: ${types.join(', ')}`]);
  }

  get plan(): ReturnType<typeof runPlan> {
    return runPlan(this.runner.run);
  }

  get report(): ReturnType<typeof runReport> {
    return runReport(this.runner.run);
  }

  get tasks(): readonly OpenTask[] {
    return this.runner.steps.flatMap((step) => openTask(this.runner, step) ?? []);
  }

  /** Steps by phase, as `chorda runs plan` shows them. */
  thenPlan(phases: readonly (readonly string[])[]): this {
    const own = this.plan.phases.map(({ steps }) => steps.map(({ id }) => id));
    return this.same('Expected another plan', own, phases);
  }

  /** @param expected Only these members are looked at. */
  thenReport(expected: Partial<ReturnType<typeof runReport>>): this {
    return this.has('Expected another report', { ...this.report }, expected);
  }

  /** A task is open for people. @param expected Only these members are looked at. */
  thenTask(stepId: string, expected: Partial<OpenTask> = {}): this {
    const step = this.runner.find(stepId);
    const task = step && openTask(this.runner, step);
    if (task === undefined) throw this.unmet(`Expected an open task of ${stepId}`, this.openInstead());
    return this.has(`Expected another task of ${stepId}`, { ...task }, expected);
  }

  private openInstead(): readonly string[] {
    const ids = this.tasks.map(({ step }) => step);
    return [ids.length === 0 ? 'no task is open' : `open are those of ${ids.join(', ')}`];
  }

  private stepOf(stepId: string): StepState {
    const step = this.runner.find(stepId);
    if (step !== undefined) return step;
    throw this.unmet(`There is no step ${stepId} yet`, [
      `there are ${this.runner.steps.map((each) => each.stepId).join(', ')}`,
    ]);
  }

  private tryOf(stepId: string, attempt: number | undefined): { readonly id: string; readonly token: string } {
    const own = this.runner.find(stepId)?.stepId ?? stepId;
    const found = this.runner.asked.findLast(
      (each) => each.step_id === own && (attempt === undefined || each.attempt === attempt),
    );
    if (found !== undefined) return { id: own, token: found.attempt_token };
    throw this.unmet(`Nobody was asked for ${stepId}${attempt === undefined ? '' : `, try ${attempt}`}`, []);
  }

  private give(type: Parameters<WorkflowRunner['give']>[0]['type'], data: object): this {
    // Each caller above names the members of its command.
    const command = { type, data: { workflow_id: this.runner.runId, ...data } } as Parameters<
      WorkflowRunner['give']
    >[0];
    return this.when(() => this.runner.give(command));
  }

  private when(act: () => unknown): this {
    this.eventsBefore = this.runner.history.length;
    act();
    this.world.settle();
    return this;
  }
}

export interface CancelOptions {
  readonly reason?: string;
  readonly hard?: boolean;
  readonly compensate?: boolean;
}

export interface RetryOptions {
  /** repeat: it is done again; completed or failed: as was found by whoever looked. */
  readonly as?: 'repeat' | 'completed' | 'failed';
  readonly output?: unknown;
  readonly reason?: string;
}

function jsonText(value: JsonValue): never {
  // JSON text is a brand that the contracts keep for themselves.
  return JSON.stringify(value) as never;
}
