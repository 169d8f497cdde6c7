import { expressions } from '@chorda/workflows';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DomainError } from '../domain-error.js';
import {
  after,
  anyOf,
  expr,
  formWith,
  graph,
  retryRule,
  script,
  sequence,
  step,
  tool,
  val,
} from '../testing/workflow-forms.js';
import { branchDefinition } from './branch-state.js';
import { runDefinition, type Run } from './run-state.js';
import { WorkflowRunner } from './workflow-runner.js';

const ports = { expressions, schemaIssues: () => [] };
const nested = sequence([tool('x', { retry: [retryRule(2)] })], { output: expr('steps.x.output') });
const each = {
  ...({ kind: 'map', items: val(3), window: 2, item_input: null, while: null, body: nested } as const),
  ...({ failures_max: 1, join_count: null, collect: 'all' } as const),
};
const form = formWith(
  graph([
    tool('a', { retry: [retryRule(3)], on_failure: 'pause' }),
    tool('pay', { idempotent: false, compensate: tool('refund'), on_failure: 'pause' }),
    step('each', each, { on_failure: 'continue' }),
    step('wait', { kind: 'timer', wait: { kind: 'for', duration: { kind: 'ms', ms: 5_000 } } }),
    after(tool('b', { on_failure: 'fail' }), ['a', 'pay'], anyOf),
    after(script('end', val('end')), ['b', 'each', 'wait']),
  ]),
);

type Act = {
  readonly kind: 'answer' | 'lose' | 'late' | 'pass' | 'pause' | 'resume' | 'retry' | 'cancel';
  readonly at: number;
  readonly ok: boolean;
};
const act = fc.record({
  kind: fc.constantFrom<Act['kind']>(
    'answer',
    'answer',
    'answer',
    'lose',
    'late',
    'pass',
    'pass',
    'pause',
    'resume',
    'retry',
    'cancel',
  ),
  at: fc.nat(20),
  ok: fc.boolean(),
});

/** What a rule refuses is no fault; anything else that is thrown fails the property. */
function attempt(change: () => unknown): void {
  try {
    change();
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
  }
}

function doAct(run: WorkflowRunner, { kind, at, ok }: Act, seen: { id: string; token: string }[]): void {
  const { requests } = run;
  const request = requests[at % Math.max(1, requests.length)];
  const data = { workflow_id: run.runId } as const;
  if (request) seen.push({ id: request.step_id, token: request.attempt_token });
  switch (kind) {
    case 'answer':
      if (request && ok) run.complete(request.step_id, at, request.attempt_token);
      else if (request) run.fail(request.step_id, {}, request.attempt_token);
      return;
    case 'lose':
      if (request) run.lose(request.step_id);
      return;
    case 'late': {
      const before = seen[at % Math.max(1, seen.length)];
      if (before) run.complete(before.id, 'late', before.token);
      return;
    }
    case 'pass':
      return run.pass(at * 500);
    case 'pause':
      return attempt(() => run.give({ type: 'workflow.pause', data: { ...data, reason: null } }));
    case 'resume':
      return attempt(() => run.give({ type: 'workflow.resume', data }));
    case 'retry': {
      const resolution = ok ? 'repeat' : 'failed';
      return attempt(() =>
        run.give({
          type: 'workflow.retry',
          data: { ...data, step_id: null, resolution, output_data: null, reason: null },
        }),
      );
    }
    case 'cancel':
      if (at !== 0) return;
      return attempt(() =>
        run.give({ type: 'workflow.cancel', data: { ...data, reason: null, hard: ok, compensate: ok } }),
      );
  }
}

const over = ['completed', 'failed', 'cancelled'];

describe('a run, whatever comes in whatever order', () => {
  it('ends or waits for somebody, folds to the same state, and gives nothing out twice that must not be', () => {
    fc.assert(
      fc.property(fc.array(act, { maxLength: 40 }), (acts) => {
        const run = new WorkflowRunner(form, ports);
        run.start();
        const seen: { id: string; token: string }[] = [];
        for (const one of acts) doAct(run, one, seen);
        const paidByItself = run.history.filter(
          ({ event }) => event.type === 'workflow.step_scheduled' && event.data.step_id === 'pay',
        );
        const asked = acts.filter(({ kind, ok }) => kind === 'retry' && ok).length;
        expect(paidByItself.length).toBeLessThanOrEqual(1 + asked);
        expect(ofEnds(run)).toBeLessThanOrEqual(1 + acts.filter(({ kind }) => kind === 'retry').length);
        expect(folded(run)).toEqual(run.run);
        const isWaiting =
          run.requests.length > 0 || run.timers().length > 0 || run.run.incidents.length > 0 || run.status === 'paused';
        expect(over.includes(run.status) || isWaiting).toBe(true);
      }),
      { numRuns: 600 },
    );
  }, 60_000);
});

function ofEnds(run: WorkflowRunner): number {
  return run.history.filter(({ event }) =>
    ['workflow.completed', 'workflow.failed', 'workflow.cancelled'].includes(event.type),
  ).length;
}

/** The state of the run from its events alone; nested flows must fold too. */
function folded(run: WorkflowRunner): Run {
  const nestedStreams = new Map<string, ReturnType<typeof branchDefinition.evolve>>();
  let state = runDefinition.initialState;
  for (const { stream, event } of run.history) {
    if (stream.kind === 'workflow') state = runDefinition.evolve(state, event);
    else
      nestedStreams.set(
        stream.id,
        branchDefinition.evolve(nestedStreams.get(stream.id) ?? branchDefinition.initialState, event),
      );
  }
  return state;
}
