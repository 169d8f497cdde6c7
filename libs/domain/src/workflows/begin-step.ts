import { jsonText, taskId, type StepId, type UserId } from '@chorda/contracts';
import type { JsonValue } from '@chorda/kernel';
import { correlationOf } from './correlation.js';
import { durationMs, timeMs } from './durations.js';
import { completeStep, failStep, startBranch } from './end-step.js';
import { ExpressionError } from './expressions.js';
import type { Duration, EmitStep, HumanStep, Scope, Step, Template, WorkflowError } from './form.js';
import type { StepState } from './flow-state.js';
import {
  attemptTimeMsDefault,
  durationMsMax,
  emittedTtlMsMax,
  emittedTtlMsOf,
  inputBytesMax,
  leaseMs,
  mapBytesMax,
  mapItemsMax,
  signalBytesMax,
} from './limits.js';
import { bodyBranch, keyOfStep, root, undoneBy, type BranchId } from './paths.js';
import { branchOfId } from './run-commands.js';
import { describedStep, type RunCourse } from './run-course.js';
import { takeKeptSignals } from './signals.js';
import { textOf } from './transitions.js';
import { errorFrom, expressionFault, workflowError } from './workflow-errors.js';

interface Plan {
  readonly input: JsonValue;
  readonly due: number | null;
  /** Of a try. */
  readonly deadline: number | null;
  readonly waitsFor: JsonValue;
  readonly queue: 'steps' | 'workers' | null;
}

/** Gives a step out, or does it where that is a matter of rules alone. */
export function beginStep(course: RunCourse, stepId: string, attempt: number): void {
  const form = course.form.stepOf(stepId);
  const before = course.step(stepId);
  let plan: Plan;
  try {
    plan = planOf(course, stepId, form, attempt > 1 ? before : undefined);
  } catch (error) {
    const fault = expressionFault(error);
    schedule(course, stepId, form, attempt, { input: null, due: null, deadline: null, waitsFor: null, queue: null });
    return failStep(course, stepNow(course, stepId), fault, false);
  }
  schedule(course, stepId, form, attempt, plan);
  const fault = inputFault(course, form, plan.input);
  if (fault) return failStep(course, stepNow(course, stepId), fault, false);
  doStep(course, stepNow(course, stepId), form, plan);
}

/** Gives out the work of a step once more, as it was: whoever has it already knows it by its token. */
export function askAgain(course: RunCourse, step: StepState): void {
  const plan = { input: step.input, due: null, deadline: step.deadlineMs, waitsFor: null, queue: 'steps' } as const;
  try {
    giveOut(course, step, course.form.stepOf(step.stepId), plan, branchOfId(step.stepId));
  } catch (error) {
    // What has no value now had one when the step began: then its run is asked for the next time.
    expressionFault(error);
  }
}

export function stepNow(course: RunCourse, stepId: string): StepState {
  const step = course.step(stepId);
  if (!step) throw new TypeError(`${stepId} was not scheduled`);
  return step;
}

function scopeBranch(stepId: string): BranchId {
  return undoneBy(stepId) === undefined ? branchOfId(stepId) : root;
}

function planOf(course: RunCourse, stepId: string, form: Step, before: StepState | undefined): Plan {
  const branch = scopeBranch(stepId);
  const input = before === undefined ? inputOf(course, stepId, form) : before.input;
  const own = form.timeouts.run_ms;
  const common = { input, due: null, deadline: own === null ? null : course.timeMs + own, waitsFor: null, queue: null };
  switch (form.kind) {
    case 'agent':
    case 'llm':
    case 'webhook':
      return { ...common, queue: 'steps', deadline: course.timeMs + (own ?? attemptTimeMsDefault) };
    case 'tool':
      return { ...common, queue: 'workers', deadline: course.timeMs + (own ?? attemptTimeMsDefault) };
    case 'sub_workflow':
      return { ...common, queue: 'steps' };
    case 'map':
      return { ...common, input: before === undefined ? itemsOf(course, form.items, branch) : input };
    case 'timer': {
      const { wait } = form;
      const due =
        wait.kind === 'for'
          ? course.timeMs + msOf(course, wait.duration, branch)
          : Math.min(timeMs(course.value(wait.at, branch)), course.timeMs + durationMsMax);
      return { ...common, due: Math.max(course.timeMs, due) };
    }
    case 'wait': {
      const event = textOf(course.value(form.event, branch));
      const key = form.key === null ? null : textOf(course.value(form.key, branch));
      const ttl = form.ttl === null ? common.deadline : course.timeMs + msOf(course, form.ttl, branch);
      return {
        ...common,
        deadline: ttl,
        waitsFor: { event, key, count: form.count, ...correlationOf(form.correlate) },
      };
    }
    case 'human': {
      const expires = form.expires === null ? common.deadline : course.timeMs + msOf(course, form.expires, branch);
      return { ...common, deadline: expires };
    }
    default:
      return common;
  }
}

function inputOf(course: RunCourse, stepId: string, form: Step): JsonValue {
  const branch = scopeBranch(stepId);
  const seen = seenBy(course, stepId);
  if (form.input !== null) return course.value(form.input, branch, seen);
  return undoneBy(stepId) === undefined ? course.flow(branch).input : { ...seen };
}

/** What undoes a step sees what went into it and what came out. */
function seenBy(course: RunCourse, stepId: string): Scope {
  const undone = undoneBy(stepId);
  if (undone === undefined) return {};
  const done = course.step(undone);
  return { input: done?.input ?? null, output: done?.output ?? null };
}

function itemsOf(course: RunCourse, items: Template, branch: BranchId): JsonValue {
  const given = course.value(items, branch);
  const value = course.values.opened(given);
  const list =
    typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= mapItemsMax
      ? Array.from({ length: value }, (_, index) => index)
      : value;
  if (!Array.isArray(list)) throw new ExpressionError('The items of a map must be a list, or a number of times');
  if (list.length > mapItemsMax) {
    throw new ExpressionError(`A map has at most ${mapItemsMax} items, and not ${list.length}`);
  }
  // They are read again whenever some of them begin.
  if (value !== given) return given;
  if (Buffer.byteLength(JSON.stringify(list)) <= mapBytesMax) return list;
  throw new ExpressionError(`The items of a map have at most ${mapBytesMax} bytes, unless a path alone names them`);
}

export function msOf(course: RunCourse, duration: Duration, branch: BranchId): number {
  if (duration.kind === 'ms') return duration.ms;
  return durationMs(course.value({ kind: 'expression', expression: duration.expression }, branch));
}

function inputFault(course: RunCourse, form: Step, input: JsonValue): WorkflowError | undefined {
  if (form.kind !== 'map' && Buffer.byteLength(JSON.stringify(input)) > inputBytesMax) {
    return workflowError('workflow', 'INPUT_TOO_LARGE', `The input has more than ${inputBytesMax} bytes`);
  }
  const issues = course.schemaIssues(form.input_schema, input);
  return issues.length === 0 ? undefined : workflowError('schema', 'INPUT_INVALID', issues.join('; ').slice(0, 2_000));
}

function schedule(course: RunCourse, stepId: string, form: Step, attempt: number, plan: Plan): void {
  const before = course.step(stepId);
  const { timeouts } = form;
  const firstMs = attempt > 1 ? (before?.firstMs ?? course.timeMs) : course.timeMs;
  const giveUp = timeouts.whole_ms === null ? null : firstMs + timeouts.whole_ms;
  const isOut = plan.queue === 'workers';
  course.add(
    {
      type: 'workflow.step_scheduled',
      data: {
        ...describedStep(course, stepId, form),
        attempt,
        input_data: jsonText(plan.input),
        queue: plan.queue,
        not_before: plan.due,
        deadline_at: plan.deadline,
        attempt_token: course.given.deriveId(`step/${stepId}/${attempt}`),
        scheduled_at: course.timeMs,
        start_by:
          isOut && timeouts.schedule_to_start_ms !== null ? course.timeMs + timeouts.schedule_to_start_ms : null,
        give_up_at: giveUp,
        idle_ms: timeouts.idle_ms,
        waits_for: plan.waitsFor === null ? null : jsonText(plan.waitsFor),
      },
    },
    branchOfId(stepId),
  );
}

function doStep(course: RunCourse, step: StepState, form: Step, plan: Plan): void {
  const branch = branchOfId(step.stepId);
  try {
    switch (form.kind) {
      case 'script':
        return completeStep(course, step, course.value(form.value, branch, seenBy(course, step.stepId)));
      case 'raise': {
        const raised = workflowError('raised', 'RAISED', 'Raised by the definition');
        return failStep(course, step, errorFrom(course.value(form.error, branch), raised));
      }
      case 'emit':
        return emit(course, step, form, branch);
      case 'timer':
        return sleepSet(course, step);
      case 'wait':
        return takeKeptSignals(course, branch);
      case 'human':
        return openTask(course, step, form, branch);
      case 'flow':
        return startBranch(course, bodyBranch(step.stepId, null, step.attempt), step, {
          ...{ input: step.input, item: null, index: null },
        });
      case 'map':
        course.todo.push({ kind: 'map_goes_on', branch, key: keyOfStep(step.stepId) });
        return;
      default:
        return giveOut(course, step, form, plan, branch);
    }
  } catch (error) {
    failStep(course, step, expressionFault(error), false);
  }
}

function emit(course: RunCourse, step: StepState, form: Step & EmitStep, branch: BranchId): void {
  const key = form.key === null ? null : course.value(form.key, branch);
  const event_key = key === null ? null : textOf(key);
  const ttlMs = form.ttl === undefined ? emittedTtlMsOf(event_key) : msOf(course, form.ttl, branch);
  const event_name = textOf(course.value(form.event, branch));
  const event_data = jsonText(step.input);
  // It reaches others as a signal, and has the bound of one.
  if (Buffer.byteLength(event_data) > signalBytesMax) {
    const reason = `An event has at most ${signalBytesMax} bytes of JSON`;
    return failStep(course, step, workflowError('workflow', 'EVENT_TOO_LARGE', reason), false);
  }
  course.addOf(step.stepId, {
    type: 'workflow.event_emitted',
    data: {
      ...course.ids,
      step_id: step.stepId as StepId,
      ...{ event_name, event_key, event_data },
      expires_at: ttlMs <= 0 ? null : course.timeMs + Math.min(ttlMs, emittedTtlMsMax),
    },
  });
  completeStep(course, step, step.input);
}

function sleepSet(course: RunCourse, step: StepState): void {
  course.addOf(step.stepId, {
    type: 'workflow.timer_set',
    data: {
      ...course.ids,
      timer_id: timerOf(step),
      step_id: step.stepId as StepId,
      purpose: 'sleep',
      due_at: step.dueMs ?? course.timeMs,
    },
  });
}

type TimerId = Extract<Parameters<RunCourse['add']>[0], { readonly type: 'workflow.timer_set' }>['data']['timer_id'];

export function timerOf(step: StepState): TimerId {
  return `sleep/${step.attempt}/${step.stepId}` as TimerId;
}

function openTask(course: RunCourse, step: StepState, form: Step & HumanStep, branch: BranchId): void {
  const users = (template: Template | null): string[] =>
    listOf(template === null ? [] : course.value(template, branch));
  course.add(
    {
      type: 'workflow.human_task_opened',
      data: {
        ...course.ids,
        step_id: step.stepId as StepId,
        task_id: taskId(step.token),
        task_type: form.task,
        title: textOf(course.value(form.title, branch)),
        description: form.description === null ? null : textOf(course.value(form.description, branch)),
        form_schema: form.form_schema === null ? null : jsonText(form.form_schema),
        input_data: jsonText(step.input),
        assignees: users(form.assignees) as UserId[],
        groups: users(form.groups),
        quorum: 1,
        due_at: form.due === null ? null : course.timeMs + msOf(course, form.due, branch),
        escalate_at: null,
        expires_at: step.deadlineMs,
      },
    },
    branch,
  );
}

function listOf(value: JsonValue): string[] {
  if (Array.isArray(value)) return value.map((one: JsonValue) => textOf(one));
  return value === null ? [] : [textOf(value)];
}

/** What others do is given out as work, with all that they need. */
function giveOut(course: RunCourse, step: StepState, form: Step, plan: Plan, branch: BranchId): void {
  const queue = plan.queue ?? 'steps';
  const tool = form.kind === 'tool' ? form : null;
  course.addWork(queue, {
    type: 'workflow.step_requested',
    data: {
      ...describedStep(course, step.stepId, form),
      attempt: step.attempt,
      attempt_token: step.token,
      lease_ms: leaseMs,
      deadline_at: plan.deadline ?? course.timeMs + durationMsMax,
      idempotency_key: `${course.run.workflowId}/${step.stepId}`,
      idempotent: isIdempotent(form),
      queue,
      worker_queue: tool?.queue ?? null,
      tool_name: tool?.tool ?? null,
      user_id: course.run.userId,
      input_data: jsonText(step.input),
      settings: jsonText(settingsOf(course, form, branch, seenBy(course, step.stepId))),
      checkpoint: step.checkpoint,
      checkpoint_value: step.checkpoint === 0 ? null : jsonText(step.checkpointValue),
    },
  });
}

/** Asking a model, an agent or a workflow twice costs twice and does nothing else: their tries have keys of their own. */
export function isIdempotent(form: Step): boolean {
  return form.kind === 'tool' || form.kind === 'webhook' ? form.idempotent : true;
}

function settingsOf(course: RunCourse, form: Step, branch: BranchId, seen: Scope): JsonValue {
  const value = (template: Template | null): JsonValue =>
    template === null ? null : course.value(template, branch, seen);
  switch (form.kind) {
    case 'agent': {
      const { agent_id, user_id, session_id, limits } = form;
      return { agent_id: value(agent_id), user_id: value(user_id), session_id: value(session_id), limits };
    }
    case 'llm': {
      const { model, instructions, tokens_max, temperature, answer_schema } = form;
      return { model, instructions: value(instructions), tokens_max, temperature, answer_schema };
    }
    case 'webhook': {
      const { method, url, headers, query, expect_status, output_as, signing_secret = null, openapi } = form;
      const shown = { method, url: value(url), headers: value(headers), query: value(query), output_as };
      const said = { ...shown, signing_secret, expect_status: expect_status.map(([from, to]) => [from, to]) };
      if (openapi === undefined) return said;
      const { document, headers: asked, operation, parameters } = openapi;
      const operationSaid = { document: value(document), headers: value(asked), operation };
      return { ...said, openapi: { ...operationSaid, parameters: value(parameters) } };
    }
    case 'sub_workflow':
      return {
        workflow: form.workflow,
        version: form.version ?? pinnedTo(course, form.workflow),
        detached: form.detached,
      };
    default:
      // So that whoever hands out the step knows whether its start, and signs of life, have to reach the engine at once.
      return { idle_ms: form.timeouts.idle_ms, start_ms: form.timeouts.schedule_to_start_ms };
  }
}

function pinnedTo({ form: { form } }: RunCourse, workflow: string): string | null {
  const { sub_versions: pinned = {} } = form;
  return Object.hasOwn(pinned, workflow) ? (pinned[workflow] ?? null) : null;
}
