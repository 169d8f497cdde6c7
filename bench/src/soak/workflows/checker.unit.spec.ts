import { describe, expect, it } from 'vitest';
import type { LoggedEvent } from '../decisions/checker.js';
import { runAnomalies, type RunHistory } from './checker.js';
import { plannedRun } from './plan.js';
import { replay } from './replay.js';

let made = 0;
const event = (type: string, data: object = {}, stream = 'workflow-r1'): LoggedEvent => {
  const id = `event-${++made}`;
  const ofRun = { workflow_id: 'r1', workflow_name: 'soak-order', ...data };
  return { id, type: `workflow.${type}`, stream, version: 0, timeMs: 1_000 + made, data: ofRun, hash: id };
};
const step = (type: string, stepId: string, more: object = {}, stream?: string) =>
  event(type, { step_id: stepId, attempt: 1, ...(type === 'step_failed' && failed), ...more }, stream);
const failed = { handling: 'failed', retry_at: null, status: 'failed' };
const done = (...ids: string[]) => ids.flatMap((id) => [step('step_scheduled', id), step('step_completed', id)]);
const mapped = (index: number) =>
  event('map_progressed', { step_id: 'items', ended_index: index, ended_status: 'completed' });

const before = [event('started'), ...done('charge', 'stamp', 'nap', 'go'), step('step_skipped', 'ask')];
const race = [
  step('step_scheduled', 'race'),
  step('step_scheduled', 'race/slow', {}, 'branch-r1/race'),
  step('step_failed', 'race/slow', { status: 'cancelled' }, 'branch-r1/race'),
  step('step_completed', 'race'),
];
const items = [step('step_scheduled', 'items'), ...[0, 1, 2].map(mapped), step('step_completed', 'items')];
const join = done('join');
const output = '{"decided":"none","total":18}';
const completed = event('completed', { output_data: output });
const whole = [...before, ...race, ...items, step('step_skipped', 'child'), ...join, completed];
const effects = ['charge', 'stamp'].map((tool) => ({ key: `r1/${tool}`, effect: `r1/${tool}`, tool, at_ms: 1_000 }));

/** With versions as an engine counts them, and a read model that follows. */
function historyOf(events: readonly LoggedEvent[], more: Partial<RunHistory> = {}): RunHistory {
  const versions = new Map<string, number>();
  const log = events.map((one) => {
    const version = (versions.get(one.stream ?? '') ?? 0) + 1;
    versions.set(one.stream ?? '', version);
    return { ...one, version };
  });
  return {
    planned: new Map([['r1', { ...plannedRun('r1', 0) }]]),
    acknowledged: ['r1'],
    signalled: [],
    decided: [],
    effects,
    killsMs: [1_500],
    log,
    engine: new Map(log.map(({ stream, version, id }) => [`${stream} ${version}`, id])),
    readModel: { runs: [], steps: [], tasks: [] },
    ...more,
  };
}

const namesOf = (history: RunHistory) => [
  ...new Set(
    runAnomalies(history)
      .map(({ name }) => name)
      .filter((name) => name !== 'read-model-differs'),
  ),
];
const without = (events: readonly LoggedEvent[], ...left: readonly LoggedEvent[]) =>
  events.filter((one) => !left.includes(one));

describe('the checker of runs', () => {
  it('finds nothing in a whole history but the rows that its read model lacks', () => {
    expect(namesOf(historyOf(whole))).toEqual([]);
    expect(runAnomalies(historyOf(whole)).map(({ detail }) => detail)).toContain(
      'run r1 status: "no row", not "completed"',
    );
  });

  it('takes a run that stands as an incident', () => {
    const lost = step('step_failed', 'charge', { handling: 'incident' });
    const paused = event('paused', { is_incident: true, step_id: 'charge' });
    const log = [event('started'), step('step_scheduled', 'charge'), lost, paused];
    expect(namesOf(historyOf(log, { effects: effects.slice(0, 1) }))).toEqual([]);
  });

  // Each row is a broken promise: a checker that misses one proves nothing.
  it.each<[string, RunHistory, string[]]>([
    ['an acknowledged start is not on the log', historyOf(whole, { acknowledged: ['r1', 'r2'] }), ['lost-run']],
    ['nobody started what is on the log', historyOf(whole, { planned: new Map() }), ['phantom-run']],
    ['a run hangs', historyOf(without(whole, completed)), ['never-ended']],
    ['a run ended twice', historyOf([...whole, event('failed')]), ['ended-twice']],
    ['a run goes on after its end', historyOf([...whole, event('signal_received')]), ['goes-on']],
    [
      'a step is given twice',
      historyOf([before[0] ?? completed, ...done('charge'), ...whole.slice(1)]),
      ['given-twice'],
    ],
    ['the join begins early', historyOf([...before, ...race, ...join, ...items, completed]), ['joined-early']],
    ['the loser of the race runs on', historyOf(without(whole, ...race.slice(1, 3))), ['loser-runs-on']],
    ['an item was left out', historyOf(without(whole, ...items.slice(1, 2))), ['item-missing']],
    ['an item was done twice', historyOf([...without(whole, completed), mapped(1), completed]), ['item-twice']],
    [
      'the output is another',
      historyOf([...without(whole, completed), event('completed', { output_data: '{}' })]),
      ['wrong-output'],
    ],
    [
      'a run that failed has undone nothing',
      historyOf([...without(whole, completed), event('failed', { error_code: 'PLANNED' })]),
      ['wrong-end', 'not-undone'],
    ],
    ['an acknowledged event was lost', historyOf(whole, { signalled: ['r1'] }), ['signal-count']],
    ['an acknowledged decision was lost', historyOf(whole, { decided: ['t1'] }), ['lost-decision']],
    [
      'a call that must not be repeated was',
      historyOf(whole, { effects: [...effects, ...effects.slice(0, 1)] }),
      ['repeated-effect', 'repeat-without-kill'],
    ],
    ['a result speaks of no effect', historyOf(whole, { effects: [] }), ['result-without-effect']],
    [
      'an effect is of a step that was never asked for',
      historyOf(whole, { effects: [...effects, { key: 'r1/x', effect: 'r1/x', tool: 'item', at_ms: 1 }] }),
      ['effect-without-step'],
    ],
  ])('sees that %s', (_, history, names) => {
    const found = namesOf(history);
    for (const name of names) expect(found).toContain(name);
  });

  it('holds the timers and snapshots of the engine against a replay', () => {
    const kept = { timers: [{ stream: 'workflow-r1', timer_id: 'sleep/1/nap', due_ms: '5' }], snapshots: [] };
    expect(replay([], kept).anomalies).toEqual([
      { name: 'timers-differ', detail: 'workflow-r1 sleep/1/nap: nothing waits for it' },
    ]);
  });
});
