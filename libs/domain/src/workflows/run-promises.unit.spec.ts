import { expressions } from '@chorda/workflows';
import { describe, expect, it } from 'vitest';
import { testedRules } from '../testing/tested-workflow-rules.js';
import { after, countOf, formWith, graph, script, sequence, step, tool, val } from '../testing/workflow-forms.js';
import type { Flow, HumanStep, WaitStep } from './form.js';
import { WorkflowRunner } from './workflow-runner.js';

const ports = { expressions, schemaIssues: () => [] };
const runner = (flow: Flow) => new WorkflowRunner(formWith(flow), ports, { rules: testedRules(ports) });
const asked = (run: WorkflowRunner) => run.requests.map(({ step_id }) => step_id);

describe('a run', () => {
  it('begins what needs all of several when the last of them has ended, and not before', () => {
    const run = runner(graph([tool('a'), tool('b'), after(tool('end'), ['a', 'b'])]));
    run.start();
    run.complete('a');
    expect(asked(run)).toEqual(['b']);
    run.complete('b');
    expect(asked(run)).toEqual(['end']);
  });

  it('counts an answer once, however often it comes', () => {
    const run = runner(graph([tool('a'), tool('b'), tool('c'), after(tool('end'), ['a', 'b', 'c'], countOf(2))]));
    run.start();
    const { attempt_token: token } = run.request('a');
    run.complete('a', 'first', token);
    expect(run.complete('a', 'again', token).events).toEqual([]);
    expect([run.step('a').output, asked(run)]).toEqual(['first', ['b', 'c']]);
  });

  it('fails where the last of its steps fails at once, and undoes what was done', () => {
    const raising = step('end', { kind: 'raise', error: val({ code: 'PLANNED' }) }, { on_failure: 'fail' });
    const flow = graph([
      tool('a', { compensate: tool('undo') }),
      after(script('join', val(1)), ['a']),
      after(raising, ['join']),
    ]);
    const run = runner(flow);
    run.start();
    run.complete('a');
    expect([run.status, asked(run)]).toEqual(['compensating', ['a~undo']]);
    run.complete('a~undo');
    expect([run.status, run.run.ending?.errorCode]).toEqual(['failed', 'PLANNED']);
  });

  it('undoes the latest first, also of steps that ended at the same time', () => {
    const undoing = (id: string) => tool(id, { compensate: tool(`undo_${id}`) });
    const run = runner(graph([undoing('a'), undoing('b'), undoing('c'), after(tool('end'), ['a', 'b', 'c'])]));
    run.start();
    for (const id of ['b', 'c', 'a']) run.complete(id);
    run.fail('end');
    for (const id of ['a', 'c', 'b']) {
      expect(asked(run)).toEqual([`${id}~undo`]);
      run.complete(`${id}~undo`);
    }
    expect(run.status).toBe('failed');
  });

  it('gives each try of a step to one worker', () => {
    const run = runner(sequence([tool('a'), tool('b')]));
    run.start();
    run.complete('a');
    const tokens = run.work.map(({ work }) => Object(work.data).attempt_token);
    expect(tokens).toHaveLength(2);
    expect(new Set(tokens).size).toBe(2);
  });

  it('is woken once by what it sleeps until', () => {
    const nap = step('nap', { kind: 'timer', wait: { kind: 'for', duration: { kind: 'ms', ms: 100 } } });
    const run = runner(sequence([nap, tool('a')]));
    run.start();
    const [due] = run.timers();
    run.pass(100);
    if (due) run.fire(due);
    const count = (type: string) => run.types.filter((one) => one === type).length;
    expect([count('timer_fired'), count('step_completed'), asked(run)]).toEqual([1, 1, ['a']]);
  });

  it('tells whom it waits for that it is cancelled, people and events alike', () => {
    const ask: HumanStep = {
      ...{ kind: 'human', task: 'approval', title: val('Go on?'), description: null, form_schema: null },
      ...{ assignees: null, groups: null, due: null, expires: null, fail_on_rejection: false },
    };
    const wait: WaitStep = { kind: 'wait', event: val('paid'), key: null, accept: null, count: 1, ttl: null };
    const run = runner(graph([step('ask', ask), step('paid', wait)]));
    run.start();
    const data = { workflow_id: run.runId, reason: null, hard: false, compensate: false };
    run.give({ type: 'workflow.cancel', data });
    const told = run.history.filter(({ event }) => event.type === 'workflow.human_task_decided');
    expect(told.map(({ event }) => Object(event.data).decision)).toEqual(['expired']);
    expect(['ask', 'paid'].map((id) => run.step(id).status)).toEqual(['cancelled', 'cancelled']);
    expect([run.status, run.timers()]).toEqual(['cancelled', []]);
  });

  it('waits for nothing once it has ended, and for no step that has', () => {
    const wait = { kind: 'for', duration: { kind: 'ms', ms: 100 } } as const;
    const timeouts = { schedule_to_start_ms: null, run_ms: 5_000, idle_ms: null, whole_ms: 9_000 };
    const run = runner(
      sequence([step('nap', { kind: 'timer', wait }), tool('call', { timeouts }), script('end', val('done'))]),
    );
    run.start();
    run.pass(100);
    expect(run.timers().map(({ timer }) => timer.id)).toEqual(['run/1/call', 'whole/1/call']);
    run.complete('call');
    expect([run.status, run.timers()]).toEqual(['completed', []]);
  });
});
