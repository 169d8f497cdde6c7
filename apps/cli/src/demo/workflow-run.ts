import { createHash } from 'node:crypto';
import type { JsonValue } from '@chorda/kernel';
import type { Cause, Day } from './day.js';
import { execute } from './execution.js';
import type { Gate, Process } from './schedule.js';
import { messageText } from './text.js';

interface Step {
  readonly id: string;
  readonly name: string;
  readonly type: 'agent' | 'human' | 'http' | 'timer';
  /** Type of the agents that can do it. */
  readonly agentType?: string;
}

interface Definition {
  readonly name: string;
  readonly hash: string;
  readonly steps: readonly Step[];
}

function definition(name: string, steps: readonly Step[]): Definition {
  return { name, steps, hash: createHash('sha256').update(JSON.stringify({ name, steps })).digest('hex') };
}

const definitions: readonly Definition[] = [
  definition('customer-complaint', [
    { id: 'understand', name: 'Read the complaint', type: 'agent', agentType: 'assistant' },
    { id: 'check-order', name: 'Check the order', type: 'agent', agentType: 'analyst' },
    { id: 'approve-refund', name: 'Approve the refund', type: 'human' },
    { id: 'answer', name: 'Write the answer', type: 'agent', agentType: 'assistant' },
    { id: 'send', name: 'Send the answer', type: 'http' },
  ]),
  definition('invoice-check', [
    { id: 'extract', name: 'Extract the lines', type: 'agent', agentType: 'analyst' },
    { id: 'compare', name: 'Compare with the order', type: 'agent', agentType: 'analyst' },
    { id: 'book', name: 'Book the invoice', type: 'http' },
  ]),
  definition('reorder', [
    { id: 'forecast', name: 'Forecast the demand', type: 'agent', agentType: 'analyst' },
    { id: 'wait-for-prices', name: 'Wait for the price list', type: 'timer' },
    { id: 'approve-order', name: 'Approve the order', type: 'human' },
    { id: 'order', name: 'Place the order', type: 'http' },
  ]),
];

const stepAttemptsMax = 2;

type Running<Answer> = Generator<number | Gate, Answer, undefined>;
type StepEnd =
  | { readonly kind: 'done'; readonly output: JsonValue }
  | { readonly kind: 'failed'; readonly errorCode: string; readonly message: string }
  | { readonly kind: 'rejected' };

/** A run of a definition from its start to one of its ends: completed, failed, or cancelled because people said no. */
export function* workflowRun(day: Day): Process {
  yield* new Run(day).whole();
}

class Run {
  private readonly id: string;
  private readonly definition: Definition;
  private readonly userId: string;
  private readonly startedMs: number;
  private cause: Cause;
  private stepsCompleted = 0;

  constructor(private readonly day: Day) {
    this.id = day.newId('run');
    this.definition = day.random.pick(definitions);
    this.userId = `user-${day.random.between(1, 400)}`;
    this.startedMs = day.nowMs;
    this.cause = { correlationId: this.id };
  }

  *whole(): Running<void> {
    let input: JsonValue = {
      text: messageText(this.day.random, 900),
      order: `SO-${this.day.random.between(10_000, 99_999)}`,
    };
    const { steps, hash } = this.definition;
    this.emit('workflow.started', { definition_hash: hash, input_data: input, user_id: this.userId });
    for (const [index, step] of steps.entries()) {
      if (this.day.random.chance(0.02)) yield* this.pause();
      const end: StepEnd = yield* this.step(step, input, steps[index + 1]);
      if (end.kind === 'rejected') return this.cancelled();
      if (end.kind === 'failed') return this.failed(step, end.errorCode, end.message);
      input = end.output;
    }
    this.emit('workflow.completed', { ...this.ended(), output_data: input });
  }

  /** Somebody looks into something before it goes on. */
  private *pause(): Running<void> {
    this.emit('workflow.paused', { reason: 'The supplier is being checked.', paused_by: 'user-operations' });
    yield this.day.random.logNormal(600_000, 0.8);
    this.emit('workflow.resumed', { resumed_by: 'user-operations' });
  }

  private *step(step: Step, input: JsonValue, next: Step | undefined): Running<StepEnd> {
    const named = { step_id: step.id, step_name: step.name, step_type: step.type };
    for (let attempt = 1; ; attempt++) {
      const queue = step.type === 'agent' ? 'default' : null;
      this.emit('workflow.step_scheduled', { ...named, attempt, input_data: input, queue });
      yield this.day.random.logNormal(15, 0.5);
      const startedMs = this.day.nowMs;
      this.emit('workflow.step_started', { ...named, attempt, worker: `executor-${this.day.random.between(0, 5)}` });
      const end: StepEnd = yield* this.work(step, input, attempt);
      const ended = { ...named, attempt, execution_time_ms: this.day.nowMs - startedMs, input_data: input };
      if (end.kind === 'done') {
        this.stepsCompleted += 1;
        const followers = next === undefined ? [] : [next.id];
        const done = { ...ended, status: 'completed', output_data: end.output, next_steps: followers };
        this.emit('workflow.step_completed', done);
        return end;
      }
      if (end.kind === 'rejected') {
        const refused = { status: 'cancelled', error: { message: 'Not approved.' }, error_code: 'REJECTED' };
        this.emit('workflow.step_failed', { ...ended, ...refused, retry_at: null });
        return end;
      }
      const again = attempt < stepAttemptsMax;
      const retryAt = this.day.nowMs + 5_000;
      const failed = { status: 'failed', error: { message: end.message }, error_code: end.errorCode };
      this.emit('workflow.step_failed', { ...ended, ...failed, retry_at: again ? timestamp(retryAt) : null });
      if (!again) return end;
      yield* this.timer(step, 'retry', retryAt);
    }
  }

  private *work(step: Step, input: JsonValue, attempt: number): Running<StepEnd> {
    switch (step.type) {
      case 'agent':
        return yield* this.agentStep(step, input);
      case 'human':
        return yield* this.humanStep(step, input);
      case 'timer':
        yield* this.timer(step, 'sleep', this.day.nowMs + this.day.random.between(60_000, 900_000));
        this.emit('workflow.signal_received', {
          signal_id: this.day.newId('signal'),
          signal_name: 'prices_published',
          signal_data: { list: 'autumn' },
          sent_by: 'user-purchasing',
        });
        return { kind: 'done', output: input };
      case 'http': {
        yield this.day.random.logNormal(180, 0.6);
        // What was down a moment ago is often down still.
        if (this.day.random.chance(attempt === 1 ? 0.03 : 0.5)) {
          return {
            kind: 'failed',
            errorCode: 'HTTP_503',
            message: 'The other system answered 503 Service Unavailable.',
          };
        }
        return { kind: 'done', output: { status: 200, reference: this.day.newId('ref') } };
      }
    }
  }

  private *agentStep(step: Step, input: JsonValue): Running<StepEnd> {
    const agent = this.day.staff.pick(step.agentType ?? 'assistant');
    const result = yield* execute(this.day, agent, {
      cause: this.cause,
      userId: this.userId,
      sessionId: `session-${this.id}`,
      input,
      metadata: { workflow_id: this.id, step_id: step.id },
    });
    if (result.ok) return { kind: 'done', output: result.output };
    return { kind: 'failed', errorCode: result.errorCode, message: result.message };
  }

  private *humanStep(step: Step, input: JsonValue): Running<StepEnd> {
    const { day } = this;
    const openedMs = day.nowMs;
    const taskId = day.newId('task');
    const task = { step_id: step.id, task_id: taskId };
    const escalateAt = openedMs + 3_600_000;
    this.emit('workflow.human_task_opened', {
      ...task,
      task_type: 'approval',
      title: `${step.name}?`,
      description: messageText(day.random, 300),
      input_data: input,
      assignees: [`manager-${day.random.between(1, 6)}`],
      groups: ['managers'],
      due_at: timestamp(openedMs + 1_800_000),
      escalate_at: timestamp(escalateAt),
    });
    const waitMs = day.random.logNormal(1_200_000, 1);
    if (waitMs > 3_600_000) {
      yield* this.timer(step, 'escalation', escalateAt);
      const directors = { to_assignees: [`director-${day.random.between(1, 2)}`], to_groups: ['directors'] };
      this.emit('workflow.human_task_escalated', { ...task, level: 1, ...directors, reason: 'overdue' });
      yield 600_000;
    } else yield waitMs;
    const approved = day.random.chance(0.9);
    this.emit('workflow.human_task_decided', {
      ...task,
      decision: approved ? 'approved' : 'rejected',
      comment: messageText(day.random, 120),
      decided_by: `manager-${day.random.between(1, 6)}`,
      quorum_reached: true,
      waiting_time_ms: day.nowMs - openedMs,
    });
    return approved ? { kind: 'done', output: input } : { kind: 'rejected' };
  }

  private *timer(step: Step, purpose: string, dueMs: number): Running<void> {
    const timer = { timer_id: this.day.newId('timer'), step_id: step.id, purpose, due_at: timestamp(dueMs) };
    this.emit('workflow.timer_set', timer);
    yield Math.max(0, dueMs - this.day.nowMs) + this.day.random.between(1, 20);
    this.emit('workflow.timer_fired', { ...timer, fired_at: timestamp(this.day.nowMs) });
  }

  private failed(step: Step, errorCode: string, message: string): void {
    const ended = { ...this.ended(), failed_step_id: step.id };
    this.emit('workflow.failed', { ...ended, error: { message }, error_code: errorCode });
  }

  private cancelled(): void {
    this.emit('workflow.cancelled', { ...this.ended(), reason: 'Not approved.', cancelled_by: 'user-operations' });
  }

  private ended() {
    return { execution_time_ms: this.day.nowMs - this.startedMs, steps_completed: this.stepsCompleted };
  }

  /** Each event of a run is caused by the one before it. */
  private emit(type: Parameters<Day['emit']>[0], data: Parameters<Day['emit']>[3]): void {
    const named = { workflow_id: this.id, workflow_name: this.definition.name, ...data };
    this.cause = { correlationId: this.id, causationId: this.day.emit(type, this.id, this.cause, named) };
  }
}

function timestamp(timeMs: number): string {
  return new Date(timeMs).toISOString();
}
