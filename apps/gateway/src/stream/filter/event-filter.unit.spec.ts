import { InvalidInputError, type JsonValue } from '@chorda/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EventFilter, type FilterSubject } from './event-filter.js';

const data: JsonValue = {
  agent_id: 'AGENT-1',
  status: 'completed',
  execution_time_ms: 1834,
  alerts: ['cpu', 'disk full'],
  output_data: { answer: { text: 'yes' } },
  tokens: '9007199254740993',
  metadata: null,
  constructor: 'kept',
};

function subject(changes: Partial<FilterSubject> = {}): FilterSubject {
  return {
    type: 'agent.executed',
    source: 'urn:spec',
    subject: 'AGENT-1',
    id: 'E-1',
    timeMs: Date.parse('2026-11-21T10:00:00Z'),
    tenant: 'default',
    topic: 'agent.events',
    correlationId: 'C-1',
    causationId: undefined,
    data: () => data,
    ...changes,
  };
}

const verdict = (text: string, of = subject()) => EventFilter.compile(text).verdict(of);
function refusal(text: string): string {
  try {
    EventFilter.compile(text);
  } catch (error) {
    if (error instanceof InvalidInputError) return error.issues[0]?.detail ?? '';
    throw error;
  }
  return 'taken';
}

describe('a filter', () => {
  it.each([
    'type == "agent.executed"',
    'type == "agent.executed" && data.status == "completed" && data.execution_time_ms > 1000',
    'type in ["agent.failed", "agent.executed"]',
    'subject.startsWith("AGENT-") && source.endsWith("spec") && topic.contains("events")',
    'correlation_id == "C-1" && causation_id == null && tenant == "default" && id == "E-1"',
    'time > timestamp("2026-11-21T09:59:59Z") && time.getFullYear() == 2026',
    'time - timestamp("2026-11-21T09:00:00Z") == duration("3600s")',
    'data.alerts.exists(a, a.contains("disk"))',
    'size(data.alerts) == 2 && data.alerts[0] == "cpu"',
    'has(data.status) && !has(data.nothing)',
    'data.output_data.answer.text == "yes"',
    'int(data.tokens) > 9007199254740992',
    'data.metadata == null',
    'data.constructor == "kept"',
    'source.matches("^urn:[a-z]+$")',
    'data.alerts.map(a, size(a)).exists(n, n == 9)',
    'data.nothing == 1 || true',
    '!has(data.nothing) || data.nothing > 5',
    'type(data.execution_time_ms) == double',
    '"status" in data',
  ])('matches: %s', (text) => {
    expect(verdict(text)).toBe('match');
  });

  it.each([
    ['no_match', 'data.status == "failed"'],
    ['no_match', 'has(data.metadata.step_id)'],
    ['error', 'data.nothing == 1'],
    ['error', 'data.status > 5'],
    ['error', 'data.alerts.nothing == 1'],
    ['error', 'data.alerts[7] == ""'],
    ['error', 'data.status'],
    ['error', 'int(data.status) == 5'],
  ])('says %s and throws nothing: %s', (said, text) => {
    expect(verdict(text)).toBe(said);
  });

  it('looks at the payload only where it names it', () => {
    const noData = subject({
      data: () => {
        throw new Error('decoded');
      },
    });
    expect(verdict('type == "agent.executed" || source == "data.x"', noData)).toBe('match');
    expect(verdict('data.x == 1', noData)).toBe('error');
    expect(EventFilter.compile('subject == "a"').needsData).toBe(false);
  });

  it('is evaluated once for each event', () => {
    let asked = 0;
    const counted = subject({
      data: () => {
        asked += 1;
        return data;
      },
    });
    const filter = EventFilter.compile('data.status == "completed"');
    for (let time = 0; time < 3; time += 1) expect(filter.verdict(counted)).toBe('match');
    expect(asked).toBe(1);
    expect(filter.lastCost).toBe(0);
    expect(filter.verdict(subject({ data: () => ({ status: 'failed' }) }))).toBe('no_match');
  });
});

describe('an expression that is refused when it is given', () => {
  it.each([
    ['must not be empty', ' '],
    ['must be CEL: 1:', 'type =='],
    ['at most 2048 characters, not 65536', 'x'.repeat(65_536)],
    ['brackets within each other', `${'('.repeat(100)}true${')'.repeat(100)}`],
    ['brackets within each other', `${'['.repeat(1000)}`],
    ['names typ, which is not known', 'typ == "a"'],
    ['names process', 'process.exit() == 1'],
    ['names constructor', 'constructor == 1'],
    ['calls eval', 'eval("1") == 1'],
    ['string with int, which are never equal', 'type == 3'],
    ['never takes', 'type > 3'],
    ['never takes', 'type.contains(3)'],
    ['never takes', 'time + "a" == time'],
    ['which has no fields', 'type.x == 1'],
    ['not true or false', 'type && true'],
    ['must say true or false; this is of type string', 'type'],
    ['must say true or false; this is of type int', 'size(data)'],
    ['no RE2', 'type.matches("(?=a)b")'],
    ['no RE2', 'type.matches("(")'],
    ['at most 256 characters', `type.matches("${'a'.repeat(257)}")`],
    ['loops within each other', 'data.a.all(a, data.b.all(b, data.c.all(c, a == b && b == c)))'],
    [
      'at most 256 parts',
      Array.from({ length: 120 }, () => 'true')
        .join(' && ')
        .concat(' && (1 == 1)'.repeat(40)),
    ],
    ['not known', 'google.protobuf.Any{} == 1'],
  ])('%s: %s', (rule, text) => {
    expect(refusal(text)).toContain(rule);
  });

  it('leaves no other error, whatever the text', () => {
    const token = fc.constantFrom(
      ...[
        'type',
        'data',
        '.x',
        '(',
        ')',
        '[',
        ']',
        '{',
        '}',
        '"a"',
        '1',
        '==',
        '&&',
        '!',
        '?',
        ':',
        ',',
        '-',
        'in',
        ' ',
      ],
      ...['.all(x,', '.map(', 'has(', 'size(', 'r"', "'", '\\', '\u0000', '💥', '@turn', '1e400', '0x', 'null', '@in'],
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ maxLength: 60 }),
          fc.array(token, { maxLength: 25 }).map((each) => each.join('')),
        ),
        (text) => {
          if (refusal(text) === 'taken') verdict(text);
        },
      ),
      { numRuns: 3000 },
    );
  });
});

describe('an evaluation that would cost too much', () => {
  const many = Array.from({ length: 20_000 }, (_, index) => `element ${index}`);
  it.each([
    ['a loop over a long list', 'data.many.all(x, x != "y")', { many }],
    ['a loop within a loop', 'data.some.all(x, data.some.all(y, x != "z" || y != "z"))', { some: many.slice(0, 300) }],
    [
      'whose errors are passed over',
      'data.some.exists(x, data.some.exists(y, data.none)) || true',
      { some: many.slice(0, 300) },
    ],
    [
      'long texts again and again',
      'data.few.all(x, !data.long.contains(x))',
      { few: many.slice(0, 90), long: 'e'.repeat(200_000) },
    ],
    [
      'a pattern over many texts',
      'data.few.all(x, !data.long.matches(x))',
      { few: many.slice(0, 90), long: 'e'.repeat(8_000) },
    ],
  ])('is ended: %s', (_name, text, payload) => {
    expect(verdict(text, subject({ data: () => payload }))).toBe('exhausted');
  });

  it.each([
    ['data.long.contains(data.sought)', { long: 'a'.repeat(200_000), sought: `b${'a'.repeat(100_000)}` }],
    ['data.long.matches("(a+)+$")', { long: `${'a'.repeat(100_000)}!` }],
  ])('does not begin with texts that no search is made for: %s', (text, payload) => {
    expect(verdict(text, subject({ data: () => payload }))).toBe('error');
  });

  it('is linear in a pattern that others take for ever for', () => {
    expect(verdict('source.matches("^(a+)+$")', subject({ source: `${'a'.repeat(5_000)}!` }))).toBe('no_match');
  });

  it('costs the same each time, whatever else the machine does', () => {
    const filter = EventFilter.compile('data.some.exists(x, x == "element 99")');
    const costs = [1, 2, 3].map(() => {
      filter.verdict(subject({ data: () => ({ some: many.slice(0, 100) }) }));
      return filter.lastCost;
    });
    expect(costs).toEqual([costs[0], costs[0], costs[0]]);
    expect(costs[0]).toBeGreaterThan(100);
  });

  it('holds for each evaluation anew', () => {
    const filter = EventFilter.compile('data.many.all(x, x != "y")');
    expect(filter.verdict(subject({ data: () => ({ many }) }))).toBe('exhausted');
    expect(filter.verdict(subject({ data: () => ({ many: many.slice(0, 10) }) }))).toBe('match');
  });
});
