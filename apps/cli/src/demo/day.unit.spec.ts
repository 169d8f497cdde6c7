import { eventTypes, parseEventData, subjectOf } from '@chorda/contracts';
import { describe, expect, it } from 'vitest';
import { dayMs, demoDay } from './day.js';
import type { DemoEvent } from './demo-event.js';
import { brokenRules } from './lawful-order.js';

const startMs = Date.UTC(2026, 10, 20);
const plan = (seed: number, events = 3_000): readonly DemoEvent[] => [...demoDay({ seed, startMs, events })];

describe('the demo day', { timeout: 30_000 }, () => {
  const day = plan(1);

  it('is the same for the same seed, ids included', () => {
    expect(plan(1)).toEqual(day);
  });

  it('differs for another seed and another day', () => {
    const ids = new Set(day.map((event) => event.id));
    expect(plan(2).some((event) => ids.has(event.id))).toBe(false);
    const tomorrow = [...demoDay({ seed: 1, startMs: startMs + dayMs, events: 3_000 })];
    expect(tomorrow.some((event) => ids.has(event.id))).toBe(false);
  });

  it('has exactly as many events as were asked for, in the order of their times', () => {
    expect(day).toHaveLength(3_000);
    expect([...day].sort((left, right) => left.timeMs - right.timeMs)).toEqual(day);
  });

  it('takes about a day', () => {
    const lengthMs = day[day.length - 1]!.timeMs - startMs;
    expect(lengthMs).toBeGreaterThan(0.5 * dayMs);
    expect(lengthMs).toBeLessThan(1.5 * dayMs);
  });

  it('holds only payloads that the contracts take', () => {
    const refused = day.flatMap((event) => {
      const parsed = parseEventData(event.type, event.data);
      return parsed.ok ? [] : [{ type: event.type, issues: parsed.issues }];
    });
    expect(refused.slice(0, 3)).toEqual([]);
  });

  it('is keyed as the contracts say', () => {
    for (const event of day) {
      const parsed = parseEventData(event.type, event.data);
      if (parsed.ok) expect(subjectOf(parsed.event)).toBe(event.subject);
    }
  });

  it('numbers the events of each key, and the decisions of each aggregate, without gaps', () => {
    const sequences = new Map<string, number>();
    const versions = new Map<string, number>();
    for (const event of day) {
      expect(event.sequence).toBe(sequences.get(event.subject) ?? 0);
      sequences.set(event.subject, event.sequence + 1);
      const decision = eventTypes[event.type].kind === 'decision';
      // As the projector counts them: anything else would show there as a gap.
      const stream = `${eventTypes[event.type].topic}/${event.subject}`;
      expect(event.streamVersion).toBe(decision ? (versions.get(stream) ?? 0) + 1 : undefined);
      if (event.streamVersion !== undefined) versions.set(stream, event.streamVersion);
    }
  });

  it.each([1, 2, 3, 4, 5])('breaks no rule of the life cycles (seed %i)', (seed) => {
    expect(brokenRules(plan(seed))).toEqual([]);
  });

  it('shows failures, retries, people who refuse, and agents that leave', () => {
    const types = new Set(plan(3, 20_000).map((event) => event.type));
    for (const type of [
      'agent.validation_failed',
      'agent.failed',
      'agent.execution_cancelled',
      'agent.terminated',
      'agent.deleted',
      'workflow.step_failed',
      'workflow.human_task_escalated',
      'workflow.timer_fired',
      'workflow.failed',
      'workflow.cancelled',
      'workflow.paused',
      'workflow.signal_received',
      'external.webhook',
      'inference.usage_recorded',
    ] as const) {
      expect(types, type).toContain(type);
    }
  });

  it('has agents of other systems, which only report', () => {
    const foreign = day.filter((event) => !event.source.startsWith('urn:chorda:demo'));
    expect(foreign.length).toBeGreaterThan(10);
    expect(foreign.filter(({ type }) => eventTypes[type].kind !== 'fact')).toEqual([]);
    const ours = new Set(day.filter(({ type }) => type === 'agent.created').map(({ subject }) => subject));
    expect(foreign.filter(({ subject }) => ours.has(subject))).toEqual([]);
  });

  it('has payloads of real size', () => {
    const sizes = day.map((event) => JSON.stringify(event.data).length).sort((left, right) => left - right);
    expect(sizes[Math.floor(sizes.length * 0.5)]).toBeGreaterThan(200);
    expect(sizes[Math.floor(sizes.length * 0.9)]).toBeGreaterThan(1_500);
    expect(sizes[sizes.length - 1]).toBeLessThan(256 * 1_024);
  });
});

describe('the check of the order', { timeout: 30_000 }, () => {
  const day = plan(1, 2_000);
  const first = (type: string) => day.findIndex((event) => event.type === type);

  // A check that lets a broken day pass proves nothing about a whole one.
  it.each([
    'agent.initialized',
    'agent.execution_started',
    'agent.ready',
    'workflow.step_scheduled',
    'workflow.timer_set',
  ])('sees that %s is missing', (type) => {
    const broken = day.filter((_, index) => index !== first(type));
    expect(brokenRules(broken)).not.toEqual([]);
  });

  it('sees two events of one agent change places', () => {
    const broken = [...day];
    const at = first('agent.created');
    const other = day.findIndex((event, index) => index > at && event.subject === day[at]!.subject);
    [broken[at], broken[other]] = [broken[other]!, broken[at]!];
    expect(brokenRules(broken)).not.toEqual([]);
  });
});
