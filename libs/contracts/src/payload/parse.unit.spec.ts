import { describe, expect, it } from 'vitest';
import { eventDataToJson, parseEventData, type EventType } from '../index.js';

const executed = {
  agent_id: 'AGENT-20261121-120000-0001-ABCD',
  execution_id: 'e-1',
  input_data: { question: 'Why?' },
  output_data: null,
  execution_time_ms: 12,
  status: 'completed',
};

function issuesOf(json: unknown, type: EventType = 'agent.executed'): readonly { pointer: string; detail: string }[] {
  const parsed = parseEventData(type, json);
  return parsed.ok ? [] : parsed.issues;
}

const usage = { prompt_tokens: 1, completion_tokens: 1, cost_usd: '0.1' };
const alert = { service: 's', severity: 'error', code: 'C', message: 'm' };

it('fills in defaults and keeps any JSON value', () => {
  const parsed = parseEventData('agent.executed', executed);
  expect(parsed).toMatchObject({
    ok: true,
    event: { data: { input_data: '{"question":"Why?"}', output_data: 'null', user_id: null, usage: null } },
  });
});

it.each([
  ['/agent_id', 'is missing', { ...executed, agent_id: undefined }],
  ['/agent_id', 'must be a text', { ...executed, agent_id: 7 }],
  ['/agent_id', 'must be 1 to 256 bytes of UTF-8', { ...executed, agent_id: '' }],
  ['/agent_id', 'must be 1 to 256 bytes of UTF-8', { ...executed, agent_id: 'ä'.repeat(129) }],
  ['/agent_id', 'must not hold U+0000', { ...executed, agent_id: 'a\0' }],
  ['/model', 'must be well-formed Unicode', { ...executed, model: '\ud800' }],
  ['/surprise', 'is not a field of this event', { ...executed, surprise: 1 }],
  ['/a~1b~0c', 'is not a field of this event', { ...executed, 'a/b~c': 1 }],
  [
    '/__proto__',
    'is not a field of this event',
    JSON.parse(JSON.stringify(executed).replace('{', '{"__proto__":{"x":1},')),
  ],
  ['/usage/surprise', 'is not a field of this event', { ...executed, usage: { ...usage, surprise: 1 } }],
  [
    '/usage/cost_usd',
    'must be a decimal number as text, such as "-12.5", without exponent',
    { ...executed, usage: { ...usage, cost_usd: 0.1 } },
  ],
  [
    '/usage/cost_usd',
    'must have at most 9 digits after the point',
    { ...executed, usage: { ...usage, cost_usd: '0.1234567891' } },
  ],
  ['/usage/prompt_tokens', 'must be a whole number', { ...executed, usage: { ...usage, prompt_tokens: '1' } }],
  ['/usage/prompt_tokens', 'must be at least 0', { ...executed, usage: { ...usage, prompt_tokens: -1 } }],
  ['/execution_time_ms', 'must be a whole number', { ...executed, execution_time_ms: 1.5 }],
  ['/execution_time_ms', 'must be -9007199254740991 to 9007199254740991', { ...executed, execution_time_ms: 2 ** 53 }],
  ['/status', 'must be one of completed, failed, cancelled', { ...executed, status: 'unknown' }],
  ['/metadata', 'must be an object', { ...executed, metadata: [] }],
  ['', 'must be an object', 'text'],
  ['', 'must be an object', null],
])('names %s: %s', (pointer, detail, json) => {
  expect(issuesOf(json)).toContainEqual({ pointer, detail });
});

it('lists every broken rule and not the first alone', () => {
  const issues = issuesOf({ status: 'danced', execution_time_ms: 'long', extra: 1, usage: { cost_usd: 1 } });
  expect(issues.map((issue) => issue.pointer).sort()).toEqual(
    [
      '/agent_id',
      '/execution_id',
      '/execution_time_ms',
      '/extra',
      '/input_data',
      '/output_data',
      '/status',
      '/usage/completion_tokens',
      '/usage/cost_usd',
      '/usage/prompt_tokens',
    ].sort(),
  );
});

describe('a long', () => {
  it.each(['0', '-1', '9223372036854775807', '-9223372036854775808'])('comes as text: %s', (offset) => {
    const parsed = parseEventData('system.error_alert', { ...alert, offset });
    expect(parsed).toMatchObject({ ok: true, event: { data: { offset: BigInt(offset) } } });
    expect(parsed.ok && eventDataToJson(parsed.event)).toMatchObject({ offset });
  });

  it.each([1, '1.0', '01', '-0', '+1', ' 1', '9223372036854775808', '1e3', true])('refuses %j', (offset) => {
    expect(issuesOf({ ...alert, offset }, 'system.error_alert')).toMatchObject([{ pointer: '/offset' }]);
  });
});

describe('a timestamp', () => {
  const timer = { workflow_id: 'w', workflow_name: 'n', timer_id: 't', purpose: 'sleep' };

  it.each([
    ['2026-11-21T12:00:00Z', '2026-11-21T12:00:00.000Z'],
    ['2026-11-21t13:00:00.1234567+01:00', '2026-11-21T12:00:00.123Z'],
    ['2024-02-29T23:59:59.999-00:30', '2024-03-01T00:29:59.999Z'],
    ['9999-12-31T23:59:59.999Z', '9999-12-31T23:59:59.999Z'],
  ])('%s is %s', (given, shown) => {
    const parsed = parseEventData('workflow.timer_set', { ...timer, due_at: given });
    expect(parsed.ok && eventDataToJson(parsed.event)).toMatchObject({ due_at: shown });
  });

  it.each([
    '2026-02-29T00:00:00Z',
    '2026-11-21',
    '2026-11-21 12:00:00Z',
    '2026-11-21T24:00:00Z',
    '2026-13-01T00:00:00Z',
    1_795_000_000_000,
    '0000-12-31T00:00:00Z',
  ])('refuses %j', (due_at) => {
    expect(issuesOf({ ...timer, due_at }, 'workflow.timer_set')).toMatchObject([{ pointer: '/due_at' }]);
  });
});

describe('a JSON value', () => {
  const nested = (depth: number): unknown => (depth === 0 ? 1 : { a: nested(depth - 1) });

  it('may be nested 32 deep in the payload and no deeper', () => {
    expect(issuesOf({ ...executed, input_data: nested(31) })).toEqual([]);
    expect(issuesOf({ ...executed, input_data: nested(32) })[0]?.detail).toBe('must be nested at most 32 deep');
  });

  it('that is nested 100,000 deep is refused at once', () => {
    let deep: unknown = 1;
    for (let depth = 0; depth < 100_000; depth += 1) deep = [deep];
    expect(issuesOf({ ...executed, input_data: deep })[0]?.detail).toBe('must be nested at most 32 deep');
  });

  it.each(['{"__proto__":{"admin":true}}', '{"a":[{"constructor":{"prototype":{"admin":true}}}]}'])(
    'that could change the objects of others is refused: %s',
    (text) => {
      const issues = issuesOf({ ...executed, input_data: JSON.parse(text) });
      expect(issues[0]?.detail).toBe('is a name that can change objects of others');
      expect(Object.prototype).not.toHaveProperty('admin');
    },
  );

  it('may use the word constructor otherwise', () => {
    expect(issuesOf({ ...executed, input_data: { constructor: 'a word' } })).toEqual([]);
  });

  it('past 1 MiB is refused with its field named', () => {
    expect(issuesOf({ ...executed, input_data: 'x'.repeat(1_048_576) })).toEqual([
      { pointer: '/input_data', detail: 'must be at most 1048576 bytes of UTF-8' },
    ]);
  });
});

it('stops listing at a hundred faults', () => {
  const next_steps = Array.from({ length: 1_000_000 }, () => 1);
  expect(issuesOf({ next_steps }, 'workflow.step_completed').length).toBeLessThanOrEqual(100);
});
