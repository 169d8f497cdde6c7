import { expressions } from '@chorda/workflows';
import { describe, expect, it } from 'vitest';
import { cel, formWith, graph, machine, state, step, to, val } from '../testing/workflow-forms.js';
import type { EmitStep, Flow, Step, WaitStep } from './form.js';
import { WorkflowRunner } from './workflow-runner.js';

const ports = { expressions, schemaIssues: () => [] };
function started(flow: Flow): WorkflowRunner {
  const run = new WorkflowRunner(formWith(flow), ports);
  run.start();
  return run;
}

const wait = (id: string, more: Partial<WaitStep> = {}): Step =>
  step(id, { kind: 'wait', event: val('payment'), key: val('7'), accept: null, count: 1, ttl: null, ...more });
const emit = (more: Partial<EmitStep> & Partial<Step> = {}): Step =>
  step('say', { kind: 'emit', event: val('payment'), key: null, ...more } as EmitStep);
const forWaits = (key: string, id = `for-${key}`) => ({ key, id, onlyIfAwaited: true });
const told = (run: WorkflowRunner, data = {}, key = '7', id?: string) => run.signal('payment', data, forWaits(key, id));
const emitted = (run: WorkflowRunner) =>
  run.history.flatMap(({ event }) => (event.type === 'workflow.event_emitted' ? [event.data] : []));

describe('a signal that is for waits alone', () => {
  it('wakes what waits for it, once', () => {
    const run = started(graph([wait('paid')]));
    expect(told(run, { of: 7 }, '7', 's-1').answer).toMatchObject({ taken: true });
    expect(run.status).toBe('completed');
  });

  it('is as if it had not been sent where nothing waits for it, however often', () => {
    const run = started(graph([wait('paid')]));
    expect(told(run, {}, '8')).toEqual({ events: [], answer: { status: 'running', taken: false, awaited: false } });
    for (let index = 0; index < 1_100; index++) told(run, {}, '8', `s-${index}`);
    expect(run.run.signals).toEqual([]);
    expect(told(run, {}, '7').answer).toMatchObject({ taken: true });
  });

  it('stays with its sender where a filter leaves it', () => {
    const run = started(graph([wait('paid', { accept: cel('event.data.of > 5') })]));
    expect(told(run, { of: 1 }, '7', 's-1')).toEqual({
      events: [],
      answer: { status: 'running', taken: false, awaited: true },
    });
    expect(told(run, { of: 9 }, '7', 's-2').answer).toMatchObject({ taken: true });
  });

  it('fails a wait whose filter cannot be asked of it', () => {
    const run = started(graph([{ ...wait('paid', { accept: cel('event.data.of > 5') }), on_failure: 'fail' }]));
    told(run, 'no number');
    expect(run.status).toBe('failed');
  });

  it('leads a machine on, by the key of its state', () => {
    const way = to('PAID', { on: { kind: 'event', name: 'payment', key: cel('"7"') } });
    const paid = state('PAID', { final: { kind: 'completed', output: null } });
    const run = started(machine([state('OPEN', { transitions: [way] }), paid]));
    const entered = run.history.flatMap(({ event }) => (event.type === 'workflow.state_entered' ? [event.data] : []));
    expect(entered.map(({ waits_for }) => waits_for)).toEqual(['[{"event":"payment","key":"7"}]']);
    expect(told(run, {}, '8').answer).toMatchObject({ taken: false });
    expect(told(run, {}, '7').answer).toMatchObject({ taken: true });
    expect(run.status).toBe('completed');
  });
});

describe('an event that a run emits', () => {
  it('is kept for a week with a key, for an hour without, and for as long as it says', () => {
    const kept = (own: Partial<EmitStep>) => {
      const run = started(graph([emit(own)]));
      const [said] = emitted(run);
      return said?.expires_at === null || said === undefined ? null : said.expires_at - run.run.startedMs;
    };
    expect(kept({ key: val(7) })).toBe(7 * 86_400_000);
    expect(kept({})).toBe(3_600_000);
    expect(kept({ ttl: { kind: 'ms', ms: 5_000 } })).toBe(5_000);
    expect(kept({ ttl: { kind: 'ms', ms: 0 } })).toBeNull();
    expect(kept({ ttl: { kind: 'ms', ms: 365 * 86_400_000 } })).toBe(30 * 86_400_000);
  });

  it('is refused where no run could take it', () => {
    const run = started(graph([{ ...emit(), input: val('x'.repeat(70_000)), on_failure: 'fail' }]));
    expect(run.status).toBe('failed');
    expect(run.run.ending?.errorCode).toBe('EVENT_TOO_LARGE');
    expect(emitted(run)).toEqual([]);
  });
});
