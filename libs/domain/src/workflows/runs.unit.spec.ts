import { expressions } from '@chorda/workflows';
import { describe, expect, it } from 'vitest';
import { DomainError } from '../domain-error.js';
import {
  after,
  cel,
  expr,
  first,
  formWith,
  graph,
  machine,
  noMatch,
  retryRule,
  script,
  sequence,
  state,
  step,
  to,
  tool,
  val,
} from '../testing/workflow-forms.js';
import { testedRules } from '../testing/tested-workflow-rules.js';
import type { Flow, MapStep, Step, WaitStep, WorkflowForm } from './form.js';
import { forkedState, runPlan, runReport } from './run-views.js';
import { WorkflowRunner } from './workflow-runner.js';

const ports = { expressions, schemaIssues: () => [] };
const runner = (flow: Flow, more: Partial<WorkflowForm> = {}, options = {}) =>
  new WorkflowRunner(formWith(flow, more), ports, { rules: testedRules(ports), ...options });
const codeOf = (act: () => unknown): string => {
  try {
    act();
    return 'taken';
  } catch (error) {
    if (error instanceof DomainError) return error.code;
    throw error;
  }
};
const wait = (id: string, more: Partial<WaitStep> = {}): Step =>
  step(id, { kind: 'wait', event: val('payment'), key: null, accept: null, count: 1, ttl: null, ...more });
const human = (id: string, more = {}): Step =>
  step(id, {
    ...({ kind: 'human', task: 'approval', description: null, form_schema: null, groups: null } as const),
    ...{ title: val('Fine?'), assignees: val(['ada']), due: null, expires: null, fail_on_rejection: false },
    ...more,
  });
const map = (id: string, body: Flow, more: Partial<MapStep> = {}): Step =>
  step(id, {
    ...({ kind: 'map', items: expr('input.items'), window: 2, item_input: null, while: null } as const),
    ...{ body, failures_max: 0, join_count: null, collect: 'all' as const },
    ...more,
  });
const command = (run: WorkflowRunner, verb: 'pause' | 'cancel', more = {}) =>
  verb === 'pause'
    ? run.give({ type: 'workflow.pause', data: { workflow_id: run.runId, reason: null } })
    : run.give({
        type: 'workflow.cancel',
        data: { workflow_id: run.runId, reason: 'no', hard: false, compensate: false, ...more },
      });
const resume = (run: WorkflowRunner) => run.give({ type: 'workflow.resume', data: { workflow_id: run.runId } });

describe('a state machine', () => {
  const review = machine([
    state('START', { transitions: [to('PROCESSING')] }),
    state('PROCESSING', {
      step: tool('work'),
      transitions: [
        to('REVIEW', { assign: [{ path: ['result'], value: expr('output') }] }),
        to('ERROR', { on: { kind: 'error', errors: noMatch }, assign: [{ path: ['why'], value: expr('error.code') }] }),
      ],
    }),
    state('REVIEW', {
      transitions: [
        to('APPROVED', { on: { kind: 'event', name: 'decision', key: null }, when: cel('event.data.ok') }),
        to('PROCESSING', { on: { kind: 'event', name: 'decision', key: null } }),
        to('ERROR', { on: { kind: 'after', ms: { kind: 'ms', ms: 60_000 } } }),
      ],
    }),
    state('ERROR', { transitions: [to('PROCESSING', { on: { kind: 'event', name: 'retry', key: null } })] }),
    state('APPROVED', { final: { kind: 'completed', output: expr('context.result') } }),
  ]);

  it('goes on by steps, events with guards, errors and time', () => {
    const run = runner(review);
    run.start();
    expect(run.run.flow.machine?.state).toBe('PROCESSING');
    run.fail('PROCESSING#2');
    expect([run.run.flow.machine?.state, run.run.flow.context]).toEqual(['ERROR', { why: 'BROKEN' }]);
    run.signal('retry');
    run.complete('PROCESSING#4', 'draft');
    run.signal('decision', { ok: false });
    run.complete('PROCESSING#6', 'better');
    run.pass(59_999);
    expect(run.run.flow.machine?.state).toBe('REVIEW');
    run.pass(1);
    expect(run.run.flow.machine?.state).toBe('ERROR');
    run.signal('retry');
    run.complete('PROCESSING#9', 'best');
    run.signal('decision', { ok: true });
    expect([run.status, run.output]).toEqual(['completed', 'best']);
  });

  it('has a bound where its definition has a loop without one', () => {
    const run = runner(
      machine([state('a', { transitions: [to('b')] }), state('b', { transitions: [to('a')] })], { visits_max: 50 }),
    );
    run.start();
    expect([run.status, run.run.ending?.errorCode]).toEqual(['failed', 'LOOP_BOUND']);
  });

  it('leaves the rest of a long way to later turns', () => {
    const count = script('n', expr('has(context.n) ? context.n + 1 : 1'), {
      assign: [{ path: ['n'], value: expr('output') }],
    });
    const done = to('end', { when: cel('context.n >= 400') });
    const run = runner(
      machine(
        [
          state('n', { step: count, transitions: [done, to('n')] }),
          state('end', { final: { kind: 'completed', output: expr('context.n') } }),
        ],
        { visits_max: 1_000 },
      ),
    );
    const told = run.start();
    expect(told.events.length).toBeLessThan(420);
    expect(run.status).toBe('running');
    run.pass(1);
    expect([run.status, run.output]).toEqual(['completed', 400]);
  });

  it('fails where nothing leads on', () => {
    const run = runner(machine([state('a')]));
    run.start();
    expect(run.run.ending?.errorCode).toBe('NO_TRANSITION');
  });
});

describe('an event that is waited for', () => {
  it('may come before the wait, is correlated by its key, and counts once', () => {
    const run = runner(sequence([tool('order'), wait('paid', { key: expr('string(input.id)') })]));
    run.start({ id: 7 });
    run.signal('payment', { of: 8 }, { key: '8' });
    run.signal('payment', { of: 7 }, { key: '7', id: 's-7' });
    expect(run.signal('payment', { of: 7 }, { key: '7', id: 's-7' }).events).toEqual([]);
    run.complete('order');
    expect(run.status).toBe('completed');
    expect(run.output).toMatchObject({ paid: { key: '7', data: { of: 7 } } });
  });

  it('is kept for its time to live, and waited for no longer than it may be', () => {
    const ttl = { kind: 'ms', ms: 1_000 } as const;
    const run = runner(sequence([tool('order'), wait('paid', { ttl })]));
    run.start();
    run.signal('payment', 1, { ttlMs: 500 });
    run.pass(500);
    expect(run.run.signals).toEqual([]);
    run.complete('order');
    run.pass(1_000);
    expect([run.status, run.run.ending?.errorCode]).toEqual(['failed', 'EVENT_TIMEOUT']);
  });

  it('may be several, by a condition, in a nested flow', () => {
    const inner = sequence([wait('two', { count: 2, accept: cel('event.data > 1') })], {
      output: expr('steps.two.output.map(e, e.data)'),
    });
    const run = runner(sequence([step('nest', { kind: 'flow', flow: inner })]));
    run.start();
    for (const data of [1, 2, 3]) run.signal('payment', data);
    expect([run.status, run.output]).toEqual(['completed', { nest: [2, 3] }]);
  });

  it('is refused before the start and after the end', () => {
    const run = runner(sequence([script('a', val(1))]));
    expect(codeOf(() => run.signal('payment'))).toBe('RUN_NOT_FOUND');
    run.start();
    expect(codeOf(() => run.signal('payment'))).toBe('ILLEGAL_TRANSITION');
  });
});

describe('a map', () => {
  const body = sequence([tool('do')], { output: expr('steps.do.output') });

  it('does as many items at once as its window has room for, and keeps their outputs in order', () => {
    const run = runner(sequence([map('each', body)]));
    run.start({ items: ['a', 'b', 'c'] });
    expect(run.requests.map(({ step_id, input_data }) => [step_id, input_data])).toEqual([
      ['each[0]/do', '"a"'],
      ['each[1]/do', '"b"'],
    ]);
    run.complete('each[1]/do', 'B');
    run.complete('each[2]/do', 'C');
    run.complete('each[0]/do', 'A');
    expect(run.output).toEqual({ each: ['A', 'B', 'C'] });
  });

  it('bears as many failures as it may, and ends early where enough ended well', () => {
    const run = runner(sequence([map('each', body, { failures_max: 1, collect: 'none' })]));
    run.start({ items: [1, 2, 3] });
    run.fail('each[0]/do');
    run.complete('each[1]/do');
    run.complete('each[2]/do');
    expect(run.output).toEqual({ each: { total: 3, completed: 2, failed: 1 } });
    const race = runner(sequence([map('each', body, { join_count: 1, window: 3, collect: 'none' })]));
    race.start({ items: [1, 2, 3] });
    race.complete('each[1]/do');
    expect([race.status, race.step('each[0]/do').status]).toEqual(['completed', 'cancelled']);
    const broken = runner(sequence([map('each', body)]));
    broken.start({ items: [1, 2] });
    broken.fail('each[0]/do');
    expect([broken.status, broken.run.ending?.errorCode, broken.step('each[1]/do').status]).toEqual([
      'failed',
      'ITEMS_FAILED',
      'cancelled',
    ]);
  });

  it('of thousands of items is as many small streams, and not one that grows', () => {
    const small = sequence([script('n', expr('index'))]);
    const run = runner(sequence([map('each', small, { items: val(2_000), window: 100, collect: 'none' })]));
    run.start();
    run.pass(1);
    expect([run.status, run.output]).toEqual(['completed', { each: { total: 2_000, completed: 2_000, failed: 0 } }]);
    expect(Object.keys(run.run.flow.steps)).toEqual(['each']);
  });
});

describe('a person', () => {
  it('who may decides, once, and nobody else does', () => {
    const run = runner(sequence([human('ok')]));
    run.start();
    expect(codeOf(() => run.decide('ok', 'approved', { user_id: 'eve' as never }))).toBe('TASK_FORBIDDEN');
    expect(codeOf(() => run.decide('ok', 'submitted'))).toBe('INVALID_COMMAND');
    run.decide('ok', 'approved', { comment: 'yes' });
    expect(run.output).toMatchObject({ ok: { decision: 'approved', decided_by: 'ada', comment: 'yes' } });
    expect(codeOf(() => run.decide('ok', 'approved'))).toBe('TASK_NOT_OPEN');
  });

  it('who says no, or nothing, fails the step where that is asked for', () => {
    const no = runner(sequence([human('ok', { fail_on_rejection: true })]));
    no.start();
    no.decide('ok', 'rejected');
    expect([no.status, no.run.ending?.errorCode]).toEqual(['failed', 'TASK_REJECTED']);
    const late = runner(sequence([human('ok', { expires: { kind: 'ms', ms: 1_000 } })]));
    late.start();
    late.pass(1_000);
    expect(late.run.ending?.errorCode).toBe('TASK_EXPIRED');
    expect(late.types.filter((type) => type === 'human_task_decided')).toHaveLength(1);
  });
});

describe('a run', () => {
  it('begins nothing while it is paused, and goes on from there', () => {
    const run = runner(sequence([tool('a', { retry: [retryRule(3)] }), tool('b')]), { timeout_ms: 10_000 });
    run.start();
    command(run, 'pause');
    run.fail('a');
    run.pass(60_000);
    expect([run.status, run.requests.length]).toEqual(['paused', 0]);
    resume(run);
    run.complete('a');
    run.complete('b');
    expect(run.status).toBe('completed');
  });

  it('is cancelled once whoever works on it has stopped, or after a while', () => {
    const flow = graph([tool('a'), wait('paid'), after(tool('b'), ['a'])]);
    const soft = runner(flow);
    soft.start();
    command(soft, 'cancel');
    expect([soft.status, soft.step('paid').status, soft.step('a').status]).toEqual([
      'cancelling',
      'cancelled',
      'scheduled',
    ]);
    soft.complete('a');
    expect([soft.status, soft.find('b')]).toEqual(['cancelled', undefined]);
    const hard = runner(flow);
    hard.start();
    command(hard, 'cancel');
    hard.pass(10_000);
    expect([hard.status, hard.step('a').status]).toEqual(['cancelled', 'cancelled']);
    expect(command(hard, 'cancel').events).toEqual([]);
  });

  it('undoes what it did when that is asked for', () => {
    const run = runner(sequence([tool('pay', { compensate: tool('refund') }), wait('paid')]));
    run.start();
    run.complete('pay');
    command(run, 'cancel', { compensate: true });
    expect(run.status).toBe('compensating');
    run.complete('pay~undo');
    expect(run.status).toBe('cancelled');
  });

  it('goes on from what failed, and what was done stays done', () => {
    const run = runner(sequence([tool('a'), tool('b')]));
    run.start();
    run.complete('a', 1);
    run.fail('b');
    expect(run.status).toBe('failed');
    const data = {
      workflow_id: run.runId,
      step_id: null,
      output_data: null,
      reason: null,
      resolution: 'repeat',
    } as const;
    run.give({ type: 'workflow.retry', data });
    run.complete('b', 2);
    expect([run.status, run.output]).toEqual(['completed', { b: 2 }]);
    expect(run.history.filter(({ event }) => event.type === 'workflow.step_scheduled')).toHaveLength(3);
  });

  it('is forked from where it stood, with what is edited', () => {
    const flow = sequence([tool('a'), tool('b', { input: expr('input.x + steps.a.output') }), tool('c')]);
    const run = runner(flow);
    run.start({ x: 1 });
    run.complete('a', 10);
    run.complete('b', 11);
    const fork = new WorkflowRunner(run.form, ports, { runId: 'run-2' });
    const forked_state = JSON.stringify(forkedState(run.run, { input: { x: 5 }, rerun: ['b'] })) as never;
    fork.start({ x: 1 }, { forked_from_workflow_id: run.runId, forked_at_version: 5n, forked_state });
    expect(fork.requests.map(({ step_id, input_data }) => [step_id, input_data])).toEqual([['b', '15']]);
    fork.complete('b');
    fork.complete('c', 'end');
    expect([fork.status, fork.output, run.status]).toEqual(['completed', { c: 'end' }, 'running']);
  });

  it('shows its plan in phases and what it came to', () => {
    const run = runner(graph([tool('a'), tool('b'), after(tool('c', { on_failure: 'continue' }), ['a', 'b'])]));
    run.start();
    run.complete('a', 1);
    expect(runPlan(run.run).phases.map(({ steps }) => steps.map(({ id, status }) => `${id} ${status}`))).toEqual([
      ['a completed', 'b scheduled'],
      ['c pending'],
    ]);
    run.complete('b', 2);
    run.fail('c');
    expect(runReport(run.run)).toMatchObject({
      status: 'completed',
      results: { a: 1, b: 2 },
      success: { completed: 2, failed: 1 },
      errors: [{ step_id: 'c', attempts: 1, error: { code: 'BROKEN' } }],
    });
  });

  it('is started once for each key', () => {
    const run = runner(sequence([tool('a')]));
    run.start(null, { start_key: 'k' });
    expect(run.start(null, { start_key: 'k' })).toMatchObject({ events: [], answer: { started_before: true } });
    expect(codeOf(() => run.start(null, { start_key: 'other' }))).toBe('RUN_EXISTS');
  });

  it('tells the run that it is a step of how it ended', () => {
    const run = runner(sequence([script('a', val(1))]));
    run.start(null, {
      parent_workflow_id: 'run-0' as never,
      parent_step_id: 'child' as never,
      parent_attempt_token: 't',
    });
    expect(run.work.at(-1)?.work).toMatchObject({
      type: 'workflow.parent_told',
      data: { parent_workflow_id: 'run-0', parent_step_id: 'child', status: 'completed', output_data: '{"a":1}' },
    });
  });

  it('asks for other workflows in the versions that there were when it was started, where its steps name none', () => {
    const sub = (workflow: string, version: string | null = null) =>
      step(workflow, { kind: 'sub_workflow', workflow, version, detached: false });
    const flow = graph([sub('pinned'), sub('named', '3'), sub('later')]);
    const run = runner(flow, { sub_versions: { pinned: '7', named: '9' } });
    run.start();
    const asked = run.requests.map(({ step_id, settings }) => [step_id, Object(JSON.parse(settings ?? '')).version]);
    expect(asked).toEqual([
      ['pinned', '7'],
      ['named', '3'],
      ['later', null],
    ]);
  });

  it('says in its report why it failed, and no error of what was cancelled because another came first', () => {
    const failing = runner(sequence([tool('a', { on_failure: 'fail' })]));
    failing.start();
    failing.fail('a', { code: 'NOPE', message: 'out of stock', retriable: false });
    expect(runReport(failing.run).ending).toEqual({ reason: 'out of stock', error_code: 'NOPE', failed_step_id: 'a' });
    const raced = runner(graph([script('a', val(1)), wait('never')], { join: first }));
    raced.start();
    expect(runReport(raced.run)).toMatchObject({ status: 'completed', errors: [], success: { cancelled: 1 } });
  });

  it('asks a run that is a step of it again, ever more rarely, and hears its end again when it had ended', () => {
    const parent = runner(
      sequence([step('child', { kind: 'sub_workflow', workflow: 'w', version: null, detached: false })]),
    );
    parent.start();
    const [first] = parent.requests;
    for (const minutes of [10, 20, 60]) parent.pass(minutes * 60_000);
    const asked = parent.work.filter(({ work }) => work.type === 'workflow.step_requested');
    expect(asked).toHaveLength(4);
    expect(new Set(asked.map(({ work }) => Object(work.data).attempt_token))).toEqual(new Set([first?.attempt_token]));
    parent.complete('child', { by: 'child' }, first?.attempt_token);
    expect(parent.timers()).toEqual([]);

    const child = runner(sequence([script('a', val(1))]));
    const of = { parent_workflow_id: 'run-0' as never, parent_step_id: 'child' as never, parent_attempt_token: 't' };
    child.start(null, { ...of, start_key: 't' });
    const [told] = child.work;
    const again = child.start(null, { ...of, start_key: 't' });
    expect(again.events).toEqual([]);
    expect(again.work).toMatchObject([{ work: { type: 'workflow.parent_told', data: { output_data: '{"a":1}' } } }]);
    expect(Object(again.work?.[0]?.work.data).attempt_token).not.toBe(Object(told?.work.data).attempt_token);
  });

  it('tries nested flows anew as a whole, and races them', () => {
    const nested = step('nest', { kind: 'flow', flow: sequence([tool('x')]) }, { retry: [retryRule(2)] });
    const run = runner(graph([nested, wait('never')], { join: first }));
    run.start();
    run.fail('nest/x');
    run.pass(1_000);
    expect(run.requests.map(({ step_id }) => step_id)).toEqual(['nest!2/x']);
    run.complete('nest!2/x', 'won');
    expect([run.status, run.output, run.step('never').status]).toEqual(['completed', { x: 'won' }, 'cancelled']);
  });
});
