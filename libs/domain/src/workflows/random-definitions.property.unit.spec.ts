import { expressions } from '@chorda/workflows';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DomainError } from '../domain-error.js';
import {
  after,
  all,
  anyOf,
  expr,
  first,
  formWith,
  graph,
  retryRule,
  script,
  sequence,
  step,
  tool,
  val,
} from '../testing/workflow-forms.js';
import { branchDefinition, type Branch } from './branch-state.js';
import { isActive } from './flow-state.js';
import type { GraphStep, Step, WorkflowForm } from './form.js';
import { runDefinition, type Run } from './run-state.js';
import { WorkflowRunner } from './workflow-runner.js';

const ports = { expressions, schemaIssues: () => [] };

/** What a step of the graph is drawn as. */
interface Drawn {
  readonly kind: 'tool' | 'call' | 'script' | 'timer' | 'map' | 'race' | 'wait';
  /** Those before it that it needs, as places modulo how many there are. */
  readonly needs: readonly number[];
  readonly join: 'all' | 'any' | 'first';
  readonly onFailure: 'fail' | 'continue' | 'pause';
  readonly retries: number;
  readonly undone: boolean;
}

const drawn: fc.Arbitrary<Drawn> = fc.record({
  kind: fc.constantFrom<Drawn['kind']>('tool', 'call', 'script', 'timer', 'map', 'race', 'wait'),
  needs: fc.array(fc.nat(9), { maxLength: 3 }),
  join: fc.constantFrom<Drawn['join']>('all', 'all', 'any', 'first'),
  onFailure: fc.constantFrom<Drawn['onFailure']>('fail', 'continue', 'pause'),
  retries: fc.nat(2),
  undone: fc.boolean(),
});

const pauseOf = (ms: number) => ({ kind: 'timer', wait: { kind: 'for', duration: { kind: 'ms', ms } } }) as const;

function stepOf({ kind, onFailure, retries, undone }: Drawn, id: string): Step {
  const more = { on_failure: onFailure, retry: retries > 0 ? [retryRule(retries + 1)] : [] };
  const undo = undone ? { compensate: tool(`undo-${id}`) } : {};
  switch (kind) {
    case 'tool':
      return tool(id, { ...more, ...undo });
    case 'call':
      return tool(id, { ...more, ...undo, idempotent: false });
    case 'script':
      return script(id, val(id), more);
    case 'timer':
      return step(id, pauseOf(1_000), more);
    case 'wait': {
      const waits = { event: val('go'), key: val('7'), accept: null, count: 1, ttl: null } as const;
      return step(id, { kind: 'wait', ...waits }, more);
    }
    case 'map': {
      const body = sequence([tool('x', { retry: more.retry })], { output: expr('steps.x.output') });
      const each = { items: val([1, 2, 3]), window: 2, item_input: null, while: null, body } as const;
      const bounds = { failures_max: 1, join_count: null, collect: 'all' } as const;
      return step(id, { kind: 'map', ...each, ...bounds }, more);
    }
    case 'race': {
      const flow = graph([step('quick', pauseOf(500)), tool('slow')], { join: first });
      return step(id, { kind: 'flow', flow }, more);
    }
  }
}

function formOf(steps: readonly Drawn[]): WorkflowForm {
  const placed = steps.map((one, at): GraphStep => {
    const needs = at === 0 ? [] : [...new Set(one.needs.map((need) => `s${need % at}`))];
    const join = { all, any: anyOf, first }[one.join];
    return after(stepOf(one, `s${at}`), needs, needs.length === 0 ? all : join);
  });
  return formWith(graph(placed));
}

interface Act {
  readonly kind: 'complete' | 'fail' | 'lose' | 'late' | 'pass' | 'signal' | 'cancel';
  readonly at: number;
}

const act: fc.Arbitrary<Act> = fc.record({
  kind: fc.constantFrom<Act['kind']>(
    'complete',
    'complete',
    'complete',
    'fail',
    'lose',
    'late',
    'pass',
    'signal',
    'cancel',
  ),
  at: fc.nat(20),
});

/** What a rule refuses is no fault; anything else that is thrown fails the property. */
function attempt(change: () => unknown): void {
  try {
    change();
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
  }
}

function doAct(run: WorkflowRunner, { kind, at }: Act, seen: { id: string; token: string }[]): void {
  const { requests } = run;
  const request = requests[at % Math.max(1, requests.length)];
  if (request) seen.push({ id: request.step_id, token: request.attempt_token });
  if (kind === 'pass') run.pass(at * 200);
  else if (kind === 'signal') attempt(() => run.signal('go', { at }, { key: '7', id: `s-${at}` }));
  else if (kind === 'late') {
    const before = seen[at % Math.max(1, seen.length)];
    if (before) run.complete(before.id, 'late', before.token);
  } else if (kind === 'cancel') {
    const data = { workflow_id: run.runId, reason: null, hard: false, compensate: true };
    if (at === 0) attempt(() => run.give({ type: 'workflow.cancel', data }));
  } else if (!request) return;
  else if (kind === 'complete') run.complete(request.step_id, at, request.attempt_token);
  else if (kind === 'fail') run.fail(request.step_id, {}, request.attempt_token);
  else run.lose(request.step_id);
}

/**
 * The states that the events lead to. At `kept` the state is taken out of memory and put back, as where an engine is
 * killed and another goes on from a snapshot.
 */
function replayed(run: WorkflowRunner, kept: number) {
  const nested = new Map<string, Branch>();
  let state: Run = runDefinition.initialState;
  for (const [at, { stream, event }] of run.history.entries()) {
    if (stream.kind === 'workflow') state = runDefinition.evolve(state, event);
    else nested.set(stream.id, branchDefinition.evolve(nested.get(stream.id) ?? branchDefinition.initialState, event));
    if (at !== kept) continue;
    state = structuredClone(state);
    for (const [id, one] of nested) nested.set(id, structuredClone(one));
  }
  return { state, timers: runDefinition.timers?.(state) ?? [] };
}

const over = ['completed', 'failed', 'cancelled'];

describe('a run of any definition, whatever comes in whatever order', () => {
  it('replays to the same state and the same timers, from any snapshot, and ends or waits for somebody', () => {
    fc.assert(
      fc.property(
        fc.array(drawn, { minLength: 1, maxLength: 8 }),
        fc.array(act, { maxLength: 40 }),
        fc.nat(200),
        (steps, acts, kept) => {
          const run = new WorkflowRunner(formOf(steps), ports);
          run.start();
          const seen: { id: string; token: string }[] = [];
          for (const one of acts) doAct(run, one, seen);
          const { state, timers } = replayed(run, kept % Math.max(1, run.history.length));
          expect(state).toEqual(run.run);
          expect(timers).toEqual(runDefinition.timers?.(run.run) ?? []);
          const isWaiting =
            run.requests.length > 0 ||
            run.timers().length > 0 ||
            run.run.incidents.length > 0 ||
            waitsForEvent(run.run);
          expect(over.includes(run.status) || isWaiting).toBe(true);
          const ends = run.history.filter(({ stream, event }) => stream.kind === 'workflow' && isEnd(event.type));
          expect(ends.length).toBeLessThanOrEqual(1);
        },
      ),
      { numRuns: 500, seed: 7 },
    );
  }, 120_000);
});

function waitsForEvent(run: Run): boolean {
  return run.status !== 'absent' && Object.values(run.flow.steps).some((one) => one.type === 'wait' && isActive(one));
}

function isEnd(type: string): boolean {
  return type === 'workflow.completed' || type === 'workflow.failed' || type === 'workflow.cancelled';
}
