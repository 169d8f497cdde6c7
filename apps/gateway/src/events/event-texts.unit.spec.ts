import type { JournalListRow } from '@chorda/read-models';
import { describe, expect, it, vi } from 'vitest';
import { EventTexts } from './event-texts.js';

const recorded = new Date('2026-11-21T12:00:00Z');

function rowAt(offset: number, changes: Partial<JournalListRow> = {}): JournalListRow {
  return {
    tenant_id: 'default',
    topic: 'agent.events',
    partition: 0,
    offset: String(offset),
    recorded_time: recorded,
    event_time: recorded,
    event_id: `event-${offset}`,
    type: 'agent.executed',
    source: '/s',
    subject: 'a',
    correlation_id: 'c',
    causation_id: null,
    traceparent: null,
    stream_version: null,
    stream: null,
    schema_fingerprint: Buffer.alloc(0),
    payload: Buffer.alloc(0),
    ...changes,
  };
}

describe('the text of an event', () => {
  it('is made once', () => {
    const texts = new EventTexts();
    const make = vi.fn(() => 'text');

    expect([texts.of(rowAt(1), make), texts.of(rowAt(1), make), texts.of(rowAt(1), make)]).toEqual(
      Array(3).fill('text'),
    );

    expect(make).toHaveBeenCalledOnce();
  });

  it.each([
    ['another id', { event_id: 'other' }],
    ['another time', { recorded_time: new Date(0) }],
    ['another partition', { partition: 1 }],
    ['another topic', { topic: 'system.events' }],
  ])('is not that of an event with %s at the place', (_, changes) => {
    const texts = new EventTexts();
    texts.of(rowAt(1), () => 'old');

    expect(texts.of(rowAt(1, changes), () => 'new')).toBe('new');
    expect(texts.of(rowAt(1, changes), () => 'newer')).toBe('new');
  });

  it('is forgotten where sixteen megabytes of others were shown since, and one that is asked for is not', () => {
    const texts = new EventTexts();
    const megabyte = 'x'.repeat(1024 * 1024);
    texts.of(rowAt(1), () => 'asked for');
    texts.of(rowAt(2), () => 'not asked for');
    for (let offset = 10; offset < 30; offset += 1) {
      texts.of(rowAt(offset), () => megabyte);
      texts.of(rowAt(1), () => 'anew');
    }

    expect(texts.of(rowAt(1), () => 'anew')).toBe('asked for');
    expect(texts.of(rowAt(2), () => 'anew')).toBe('anew');
  });
});
