import { expressions } from '@chorda/workflows';
import { describe, expect, it } from 'vitest';
import { testedRules } from '../testing/tested-workflow-rules.js';
import { after, countOf, formWith, graph, script, sequence, step, tool, val } from '../testing/workflow-forms.js';
import type { Flow } from './form.js';
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
