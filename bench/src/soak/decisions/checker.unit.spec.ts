import { describe, expect, it } from 'vitest';
import { executionAnomalies, repeatedCalls, repeatsOnLog, type ExecutionHistory, type LoggedEvent } from './checker.js';

let made = 0;
const event = (type: string, version: number | undefined, data: object = {}, more: Partial<LoggedEvent> = {}) => {
  const id = `event-${++made}`;
  return {
    ...{ id, type: `agent.${type}`, stream: version === undefined ? undefined : 'execution-bot/e1', version },
    ...{ timeMs: 1_000 + made, data: { execution_id: 'e1', ...data }, hash: id },
    ...more,
  };
};
const of = (tool: string, more: object = {}) => ({ tool_name: tool, ...more });

const started = event('execution_started', 1);
const asked = event('turn_started', 2, { turn: 1, attempt_token: 'token-1' });
const recorded = event('turn_recorded', 3, { turn: 1 });
const called = event('tool_called', 4, of('charge'));
const returned = event('tool_returned', 5, of('charge', { status: 'completed' }));
const completed = event('execution_completed', 6);
const fact = event('executed', undefined, {
  output_data: '"done"',
  usage: { prompt_tokens: 7, completion_tokens: 2 },
});
const log: readonly LoggedEvent[] = [started, asked, recorded, called, returned, completed, fact];
const row = {
  execution_id: 'e1',
  status: 'completed',
  end_version: '6',
  output_data: '"done"',
  prompt_tokens: '7',
  completion_tokens: '2',
};
const call = { key: 'call-1', effect: 'e1/charge', tool: 'charge', at_ms: 1_000 };

function withLog(events: readonly LoggedEvent[], more: Partial<ExecutionHistory> = {}): ExecutionHistory {
  const versioned = events.filter(({ version }) => version !== undefined);
  return {
    acknowledged: ['e1'],
    planned: new Set(['e1']),
    effects: [call],
    killsMs: [1_500],
    log: events,
    engine: new Map(versioned.map(({ stream, version, id }) => [`${stream} ${version}`, id])),
    readModel: [row],
    modelCalls: [{ token: 'token-1', arrivedMs: 1_000 }],
    ...more,
  };
}

const whole = withLog(log);
const namesOf = (history: ExecutionHistory) => [...new Set(executionAnomalies(history).map(({ name }) => name))];
const opened = event('incident_opened', 5, of('charge', { incident_id: 'i1' }));
const paused = {
  ...row,
  status: 'paused',
  end_version: null,
  output_data: null,
  prompt_tokens: null,
  completion_tokens: null,
};

describe('the checker of executions', () => {
  it('finds nothing in a whole history, repeats on the log and over a kill included', () => {
    expect(executionAnomalies(whole)).toEqual([]);
    expect(repeatsOnLog([...log, completed])).toBe(1);
    expect(executionAnomalies(withLog([...log, completed]))).toEqual([]);
    const stamps = [0, 1_000].map((ms) => ({
      ...call,
      key: 'k',
      effect: 'e1/stamp',
      tool: 'stamp',
      at_ms: 1_000 + ms,
    }));
    const stamped = event('tool_returned', 7, of('stamp', { status: 'completed' }));
    const late = withLog([...log.slice(0, 5), { ...stamped, version: 6 }, { ...completed, version: 7 }, fact]);
    expect(
      executionAnomalies({ ...late, effects: [call, ...stamps], readModel: [{ ...row, end_version: '7' }] }),
    ).toEqual([]);
    expect(repeatedCalls(stamps)).toEqual([{ key: 'k', tool: 'stamp', timesMs: [1_000, 2_000] }]);
  });

  it('takes a call that was on its way when its sender was killed for one that the kill cut, and no later one', () => {
    const repeated = (times: readonly number[]) =>
      times.map((at_ms) => ({ ...call, key: 'e1/http_get', tool: 'http_get', effect: 'e1/http_get', at_ms }));
    const of = (times: readonly number[]) => namesOf({ ...whole, effects: [...whole.effects, ...repeated(times)] });
    expect(of([2_400, 20_000])).not.toContain('repeat-without-kill');
    expect(of([2_600, 20_000])).toContain('repeat-without-kill');
  });

  it('takes an execution that stands as an incident', () => {
    expect(executionAnomalies(withLog([...log.slice(0, 4), opened], { readModel: [paused] }))).toEqual([]);
  });

  // Each row is a broken promise: a checker that misses one proves nothing.
  it.each<[string, ExecutionHistory, string[]]>([
    ['an acknowledged start is not on the log', { ...whole, acknowledged: ['e1', 'e2'] }, ['lost-execution']],
    ['nobody started what is on the log', { ...whole, planned: new Set() }, ['phantom-execution']],
    ['two facts tell of one end', withLog([...log, event('failed', undefined)]), ['ended-twice']],
    [
      'an execution ended and has no fact',
      withLog(log.slice(0, 6), {
        readModel: [{ ...row, output_data: null, prompt_tokens: null, completion_tokens: null }],
      }),
      ['never-ended'],
    ],
    [
      'an execution hangs',
      withLog(log.slice(0, 5), { readModel: [{ ...paused, status: 'running' }] }),
      ['never-ended'],
    ],
    [
      'a call that must not be repeated was',
      { ...whole, effects: [call, { ...call, at_ms: 2_000 }] },
      ['repeated-effect'],
    ],
    [
      'a call was repeated and no kill fell between',
      {
        ...whole,
        effects: [call, ...[1, 2].map((at_ms) => ({ ...call, key: 'k', tool: 'http_get', effect: 'e9/x', at_ms }))],
      },
      ['repeat-without-kill'],
    ],
    [
      'one key stands for two effects',
      { ...whole, effects: [call, { ...call, effect: 'e9/charge' }] },
      ['key-of-two-effects', 'repeated-effect'],
    ],
    ['one effect has two keys', { ...whole, effects: [call, { ...call, key: 'call-2' }] }, ['effect-of-two-keys']],
    [
      'an unknown outcome is no incident',
      withLog([...log.slice(0, 4), event('tool_returned', 5, of('charge', { status: 'failed' })), completed, fact]),
      ['unlisted-unknown'],
    ],
    [
      'an effect is not in its stream',
      withLog([...log.slice(0, 3), { ...completed, version: 4 }, fact], { readModel: [{ ...row, end_version: '4' }] }),
      ['unlisted-unknown'],
    ],
    ['a result speaks of no effect', { ...whole, effects: [] }, ['result-without-effect']],
    ['versions changed places', withLog([started, recorded, asked, ...log.slice(3)]), ['misordered']],
    ['an event has two bodies', withLog([...log, { ...completed, hash: 'other' }]), ['two-bodies']],
    [
      'the tables have what the log has not',
      { ...whole, engine: new Map([...whole.engine, ['execution-bot/e1 7', 'event-x']]) },
      ['tables-differ'],
    ],
    [
      'the read model is of another mind',
      { ...whole, readModel: [{ ...row, status: 'failed' }] },
      ['read-model-differs'],
    ],
    [
      'a stored answer was asked for again',
      { ...whole, modelCalls: [{ token: 'token-1', arrivedMs: 9_000 }] },
      ['asked-again'],
    ],
  ])('sees that %s', (_, history, names) => {
    expect(namesOf(history)).toEqual(names);
  });
});
