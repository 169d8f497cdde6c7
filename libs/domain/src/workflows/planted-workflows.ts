import { jsonText, jsonValue, type WorkflowEvent } from '@chorda/contracts';
import type { JsonValue } from '@chorda/kernel';
import type { Aggregate, Given, StatesOf, StreamDefinition, Timer } from '../aggregate.js';
import { isActive, isObject, type StepState } from './flow-state.js';
import { runStream } from './paths.js';
import type { AnyWorkflowCommand, WorkflowDecision } from './run-commands.js';
import type { WorkflowStates } from './run-course.js';
import type { Run } from './run-state.js';

/** Bugs of the rules of workflows, for tests that have to catch them. Each takes one promise away. */
export const plantableWorkflowRules = [
  /** A result that came before stands for that of another step. */
  'workflows-result-counted-twice',
  /** A result is taken whatever try it is of. */
  'workflows-old-token-taken',
  /** A try of a step is given out twice. */
  'workflows-step-given-twice',
  /** What a failed run did stays as it is. */
  'workflows-compensation-skipped',
  /** What failed is tried again without a bound. */
  'workflows-retry-unbounded',
  /** What may not be done twice is, where nobody knows what became of it. */
  'workflows-call-repeated',
  /** What needs all begins with the first. */
  'workflows-join-early',
  /** Whoever lost a race goes on. */
  'workflows-loser-kept',
  /** The timers of what has ended are waited for. */
  'workflows-timer-kept',
  /** What a timer brings is brought twice. */
  'workflows-timer-counted-twice',
  /** A run is cancelled, and whom it waits for is not told. */
  'workflows-parked-forgotten',
  /** The same signal counts each time that it comes. */
  'workflows-signal-counted-twice',
  /** All items of a map begin at once. */
  'workflows-window-ignored',
  /** That a worker began a step is told twice. */
  'workflows-start-told-twice',
  /** What a worker did at once was begun by nobody. */
  'workflows-start-untold',
] as const;

export type PlantableWorkflowRule = (typeof plantableWorkflowRules)[number];

type Workflows = Aggregate<WorkflowStates, AnyWorkflowCommand, WorkflowEvent>;

/** The rules with these bugs in them. */
export function plantWorkflowRules(rules: Workflows, bugs: readonly PlantableWorkflowRule[]): Workflows {
  if (bugs.length === 0) return rules;
  const has = (bug: PlantableWorkflowRule) => bugs.includes(bug);
  const { workflow } = rules.streams;
  return {
    ...rules,
    streams: has('workflows-timer-kept') ? { ...rules.streams, workflow: withOldTimers(workflow) } : rules.streams,
    decide(given, states) {
      const command = plantedCommand(given, states, has);
      const decision = rules.decide(regiven(given, command), states);
      if (has('workflows-timer-counted-twice') && isSleep(command)) {
        return { ...decision, events: decision.events.flatMap(twice) };
      }
      if (has('workflows-start-told-twice') && command.type === 'workflow.record_step_started') {
        return { ...decision, events: decision.events.flatMap(twice) };
      }
      if (has('workflows-parked-forgotten') && command.type === 'workflow.cancel') {
        return { ...decision, events: decision.events.filter(({ event }) => !isOfParked(event)) };
      }
      if (has('workflows-step-given-twice')) return { ...decision, work: (decision.work ?? []).flatMap(twice) };
      if (!has('workflows-result-counted-twice') || decision.events.length > 0) return decision;
      return forAnother(rules, given, states) ?? decision;
    },
  };
}

function isSleep({ type, data }: AnyWorkflowCommand): boolean {
  return type === 'workflow.timer_due' && data.timer.startsWith('sleep/');
}

function isOfParked({ type, data }: WorkflowEvent): boolean {
  if (type === 'workflow.human_task_decided') return true;
  return type === 'workflow.step_failed' && (data.step_type === 'human' || data.step_type === 'wait');
}

const twice = <Item>(item: Item): readonly Item[] => [item, item];

function regiven(given: Given<AnyWorkflowCommand>, command: AnyWorkflowCommand): Given<AnyWorkflowCommand> {
  const { commandId, tenantId, subject, timeMs, actor } = given;
  return { command, commandId, tenantId, subject, timeMs, actor, deriveId: (name) => given.deriveId(name) };
}

function plantedCommand(
  { command, commandId }: Given<AnyWorkflowCommand>,
  states: StatesOf<WorkflowStates>,
  has: (bug: PlantableWorkflowRule) => boolean,
): AnyWorkflowCommand {
  if (command.type === 'workflow.start') {
    const definition = jsonText(plantedForm(jsonValue(command.data.definition), has));
    return { ...command, data: { ...command.data, definition } };
  }
  if (command.type === 'workflow.signal' && has('workflows-signal-counted-twice')) {
    // The id of a command is as good a text as that of a signal.
    return { ...command, data: { ...command.data, signal_id: commandId as typeof command.data.signal_id } };
  }
  if (command.type === 'workflow.record_step_result' && has('workflows-start-untold')) {
    return { ...command, data: { ...command.data, worker: null, started_at: null } };
  }
  if (command.type === 'workflow.record_step_result' && has('workflows-old-token-taken')) {
    const run = states.of(runStream(command.data.workflow_id));
    const step = stepsOf(run).find(({ stepId }) => stepId === command.data.step_id);
    return step === undefined ? command : { ...command, data: { ...command.data, attempt_token: step.token } };
  }
  return command;
}

const stepsOf = (run: Run): readonly StepState[] => (run.status === 'absent' ? [] : Object.values(run.flow.steps));

function forAnother(
  rules: Workflows,
  given: Given<AnyWorkflowCommand>,
  states: StatesOf<WorkflowStates>,
): WorkflowDecision | undefined {
  const { command } = given;
  if (command.type !== 'workflow.record_step_result') return undefined;
  const other = stepsOf(states.of(runStream(command.data.workflow_id))).find(
    (step) => isActive(step) && step.type === 'tool',
  );
  if (other === undefined) return undefined;
  const data = { ...command.data, step_id: other.stepId as typeof command.data.step_id, attempt_token: other.token };
  return rules.decide(regiven(given, { ...command, data }), states);
}

/** Bugs that are as if the definition said something else than it does. */
function plantedForm(value: JsonValue, has: (bug: PlantableWorkflowRule) => boolean): JsonValue {
  if (Array.isArray(value)) return value.map((one: JsonValue) => plantedForm(one, has));
  if (!isObject(value)) return value;
  const planted = Object.entries(value).map(([name, member]): [string, JsonValue] => {
    if (name === 'compensate' && has('workflows-compensation-skipped')) return [name, null];
    if (name === 'attempts_max' && has('workflows-retry-unbounded')) return [name, 1_000_000];
    if (name === 'idempotent' && has('workflows-call-repeated')) return [name, true];
    if (name === 'cancel_rest' && has('workflows-loser-kept')) return [name, false];
    if (name === 'window' && has('workflows-window-ignored')) return [name, 1_000];
    if (name === 'mode' && member === 'all' && has('workflows-join-early')) return [name, 'any'];
    return [name, plantedForm(member, has)];
  });
  return Object.fromEntries(planted);
}

function withOldTimers(runs: StreamDefinition<Run, WorkflowEvent>): StreamDefinition<Run, WorkflowEvent> {
  return {
    ...runs,
    timers: (run) => [...(runs.timers?.(run) ?? []), ...stepsOf(run).flatMap(oldTimer)],
  };
}

function oldTimer(step: StepState): readonly Timer[] {
  if (isActive(step)) return [];
  return [{ id: `sleep/${step.attempt}/${step.stepId}`, dueMs: (step.endedMs ?? 0) + 1_000 }];
}
