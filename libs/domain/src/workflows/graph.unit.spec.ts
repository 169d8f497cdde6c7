import { expressions } from '@chorda/workflows';
import { describe, expect, it } from 'vitest';
import { DomainError } from '../domain-error.js';
import {
  after,
  anyOf,
  cel,
  countOf,
  expr,
  first,
  formWith,
  graph,
  noMatch,
  retryRule,
  script,
  sequence,
  step,
  tool,
  val,
} from '../testing/workflow-forms.js';
import { testedRules } from '../testing/tested-workflow-rules.js';
import { WorkflowRunner } from './workflow-runner.js';
import type { Flow, WorkflowForm } from './form.js';

const ports = { expressions, schemaIssues: () => [] };
const runner = (flow: Flow, more: Partial<WorkflowForm> = {}) =>
  new WorkflowRunner(formWith(flow, more), ports, { rules: testedRules(ports) });
const refusal = (act: () => unknown): DomainError | undefined => {
  try {
    act();
    return undefined;
  } catch (error) {
    if (error instanceof DomainError) return error;
    throw error;
  }
};

describe('a graph', () => {
  it('does steps one after the other, each with what the one before it came to', () => {
    const run = runner(
      sequence([
        tool('draft'),
        script('count', expr('size(steps.draft.output.text)')),
        tool('send', { input: expr('steps.count.output') }),
      ]),
    );
    run.start({ topic: 'parcels' });
    expect(run.request('draft')).toMatchObject({ tool_name: 'draft', input_data: '{"topic":"parcels"}', attempt: 1 });
    run.complete('draft', { text: 'four' });
    expect(run.request('send').input_data).toBe('4');
    run.complete('send', 'sent');
    expect([run.status, run.output]).toEqual(['completed', { send: 'sent' }]);
    expect(run.types).toEqual([
      'started',
      ...['step_scheduled', 'step_completed', 'step_scheduled', 'step_completed'],
      ...['step_scheduled', 'step_completed', 'completed'],
    ]);
  });

  it('joins branches when all, any, or so many of them are there', () => {
    const diamond = (join: Parameters<typeof after>[2]) =>
      runner(graph([tool('a'), tool('b'), tool('c'), after(script('end', val('joined')), ['a', 'b', 'c'], join)]));
    const two = diamond(countOf(2));
    two.start();
    two.complete('b');
    expect(two.find('end')).toBeUndefined();
    two.complete('a');
    expect([two.status, two.output, two.step('c').status]).toEqual(['completed', { end: 'joined' }, 'cancelled']);
    // Whoever still works on what lost is told, and heard no more.
    expect(two.work.at(-1)?.work.type).toBe('workflow.stop_requested');
    expect(two.complete('c').events).toEqual([]);
    const any = diamond(anyOf);
    any.start();
    any.complete('c');
    expect(any.step('end').status).toBe('completed');
    expect([any.status, any.step('a').status]).toEqual(['completed', 'cancelled']);
  });

  it('leaves out what needs somebody who was cancelled because others came first, and ends', () => {
    const winner = after(tool('winner'), ['a', 'b'], first);
    const run = runner(graph([tool('a'), tool('b'), winner, after(tool('of_b'), ['b'])]));
    run.start();
    run.complete('a', 1);
    expect(run.step('b').status).toBe('cancelled');
    expect(run.step('of_b').status).toBe('skipped');
    run.complete('winner', 2);
    expect(run.status).toBe('completed');
  });

  it('is won by the first, whoever falls out before', () => {
    const run = runner(graph([tool('a'), tool('b'), tool('c')], { join: first }));
    run.start();
    run.fail('a');
    expect(run.status).toBe('running');
    run.complete('c', 'fast');
    expect([run.status, run.output, run.step('b').status]).toEqual(['completed', 'fast', 'cancelled']);
    const lost = runner(graph([tool('a'), tool('b')], { join: first }));
    lost.start();
    lost.fail('a');
    lost.fail('b');
    expect([lost.status, lost.run.ending?.errorCode]).toEqual(['failed', 'JOIN_MISSED']);
  });

  it('leaves out what its condition forbids, and what needs nothing else', () => {
    const run = runner(
      graph([
        tool('big', { when: cel('input.total > 100') }),
        tool('small', { when: cel('input.total <= 100') }),
        after(script('only_big', val(1)), ['big']),
        after(script('end', val('done')), ['big', 'small']),
      ]),
    );
    run.start({ total: 7 });
    run.complete('small');
    expect([run.step('big').status, run.step('only_big').status, run.status]).toEqual([
      'skipped',
      'skipped',
      'completed',
    ]);
  });

  it('fails with the step that nothing catches, and ends what else is under way', () => {
    const run = runner(graph([tool('a'), tool('b')]));
    run.start();
    run.fail('a', { code: 'NO_FUNDS', message: 'Empty' });
    expect(run.status).toBe('failed');
    expect(run.run.ending).toMatchObject({ errorCode: 'NO_FUNDS', failedStepId: 'a' });
    expect(run.step('b').status).toBe('cancelled');
  });
});

describe('a step that fails', () => {
  it('is tried again after a pause that grows, with a token of its own each time', () => {
    const run = runner(sequence([tool('call', { retry: [retryRule(3)] })]));
    run.start();
    const token = run.request('call').attempt_token;
    run.fail('call');
    expect(run.step('call')).toMatchObject({ status: 'retrying', retryMs: run.nowMs + 1_000 });
    run.pass(1_000);
    expect(run.request('call')).toMatchObject({ attempt: 2, idempotency_key: 'run-1/call' });
    expect(run.complete('call', 'late', token).events).toEqual([]);
    run.fail('call');
    run.pass(1_999);
    expect(run.requests).toEqual([]);
    run.pass(1);
    run.complete('call', 'third');
    expect(run.output).toEqual({ call: 'third' });
  });

  it('is tried again only for errors that its rule names', () => {
    const rule = { ...retryRule(5), errors: { ...noMatch, classes: ['http*'], statuses: [503] } };
    const run = runner(sequence([tool('call', { retry: [rule] })]));
    run.start();
    run.fail('call', { class: 'http', status: 503 });
    run.pass(60_000);
    run.fail('call', { class: 'http', status: 404 });
    expect(run.status).toBe('failed');
  });

  it('pauses the run when its tries are used up, until somebody says what is to be done', () => {
    const run = runner(sequence([tool('call', { retry: [retryRule(2)], on_failure: 'pause' }), script('end', val(1))]));
    run.start();
    run.fail('call');
    run.pass(1_000);
    run.fail('call');
    expect([run.status, run.run.incidents]).toEqual(['paused', ['call']]);
    expect(refusal(() => run.give({ type: 'workflow.resume', data: { workflow_id: run.runId } }))?.code).toBe(
      'INCIDENT_OPEN',
    );
    const data = { workflow_id: run.runId, step_id: null, output_data: null, reason: null };
    run.give({ type: 'workflow.retry', data: { ...data, resolution: 'repeat' } });
    expect([run.status, run.request('call').attempt]).toEqual(['running', 3]);
    run.complete('call');
    expect(run.status).toBe('completed');
  });

  it('is caught by what its definition does instead', () => {
    const flow = sequence([script('say', expr("'sorry: ' + context.error.code"))], {
      output: expr('steps.say.output'),
    });
    const run = runner(sequence([tool('call', { catch: [{ errors: { ...noMatch, codes: ['BROKEN'] }, flow }] })]));
    run.start();
    run.fail('call');
    expect([run.status, run.output]).toEqual(['completed', { call: 'sorry: BROKEN' }]);
  });

  it('may be gone on without', () => {
    const run = runner(
      graph([tool('nice', { on_failure: 'continue' }), after(script('end', expr('steps.nice.error.code')), ['nice'])]),
    );
    run.start();
    run.fail('nice');
    expect([run.status, run.output]).toEqual(['completed', { end: 'BROKEN' }]);
  });

  it('has an error of the class expression where what it needs cannot be computed', () => {
    const run = runner(sequence([tool('call', { input: expr('input.absent.more') })]));
    run.start({});
    expect([run.status, run.run.ending?.errorCode]).toEqual(['failed', 'EXPRESSION_INVALID']);
  });
});

describe('time', () => {
  it('passes for a timer, however long', () => {
    const wait = { kind: 'for', duration: { kind: 'expression', expression: cel('"P365D"') } } as const;
    const run = runner(sequence([step('sleep', { kind: 'timer', wait }), script('end', val('awake'))]));
    run.start();
    run.pass(365 * 86_400_000 - 1);
    expect(run.status).toBe('running');
    run.pass(1);
    expect([run.status, run.output]).toEqual(['completed', { end: 'awake' }]);
  });

  it('ends tries, whole steps and runs', () => {
    const timeouts = { schedule_to_start_ms: 500, run_ms: 1_000, idle_ms: null, whole_ms: 5_000 };
    const slow = runner(sequence([tool('slow', { timeouts, retry: [retryRule(10, 100)] })]));
    slow.start();
    slow.pass(499);
    expect(slow.step('slow').status).toBe('scheduled');
    slow.pass(1);
    expect(slow.step('slow')).toMatchObject({ status: 'retrying', error: { code: 'NOT_STARTED' } });
    slow.pass(5_000);
    // A try that would begin after the whole time is none.
    expect([slow.status, slow.run.ending?.errorCode]).toEqual(['failed', 'NOT_STARTED']);
    const whole = runner(sequence([tool('slow')]), { timeout_ms: 2_000 });
    whole.start();
    whole.pass(2_000);
    expect([whole.status, whole.run.ending?.errorCode]).toEqual(['failed', 'RUN_TIMEOUT']);
  });

  it('never repeats by itself what may not be done twice', () => {
    const timeouts = { schedule_to_start_ms: null, run_ms: 1_000, idle_ms: null, whole_ms: null };
    const run = runner(sequence([tool('pay', { idempotent: false, timeouts, retry: [retryRule(5)] })]));
    run.start();
    const token = run.request('pay').attempt_token;
    run.pass(10_000);
    expect([run.status, run.run.incidents, run.requests.length]).toEqual(['paused', ['pay'], 1]);
    // The answer that comes after all settles it.
    run.complete('pay', 'paid', token);
    expect([run.status, run.output]).toEqual(['completed', { pay: 'paid' }]);
  });
});

describe('what was done', () => {
  const undoing = (id: string, more = {}) =>
    tool(id, { compensate: tool(`undo_${id}`, { input: expr('{"undo": output}'), ...more }) });

  it('is undone in reverse order when the run fails, and then it has failed', () => {
    const run = runner(sequence([undoing('book'), undoing('pay'), tool('ship')]));
    run.start();
    run.complete('book', 'room');
    run.pass(5);
    run.complete('pay', 'receipt');
    run.fail('ship');
    expect([run.status, run.requests.map(({ tool_name }) => tool_name)]).toEqual(['compensating', ['undo_pay']]);
    expect(run.request('pay~undo').input_data).toBe('{"undo":"receipt"}');
    run.complete('pay~undo');
    run.complete('book~undo');
    expect([run.status, run.run.ending?.errorCode]).toEqual(['failed', 'BROKEN']);
    expect(run.types.filter((type) => type === 'step_compensated')).toHaveLength(2);
  });

  it('waits for a person where undoing fails', () => {
    const run = runner(sequence([undoing('pay', { retry: [retryRule(2)] }), tool('ship')]));
    run.start();
    run.complete('pay');
    run.fail('ship');
    run.fail('pay~undo');
    run.pass(1_000);
    run.fail('pay~undo');
    expect([run.status, run.run.incidents]).toEqual(['compensating', ['pay~undo']]);
    const data = { workflow_id: run.runId, step_id: null, output_data: null, reason: null };
    run.give({ type: 'workflow.retry', data: { ...data, resolution: 'repeat' } });
    run.complete('pay~undo');
    expect(run.status).toBe('failed');
  });
});
