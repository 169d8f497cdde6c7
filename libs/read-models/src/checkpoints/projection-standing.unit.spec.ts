import { describe, expect, it } from 'vitest';
import type { Checkpoint } from './checkpoint.repository.js';
import { placesToAsk, projectionStandings, type LogBeyond } from './projection-standing.js';

const nowMs = Date.parse('2026-11-21T12:00:00Z');
const ago = (ms: number) => new Date(nowMs - ms);

const checkpoint: Checkpoint = {
  projection: 'journal',
  version: 1,
  topic: 'agent.events',
  partition: 3,
  nextOffset: 40n,
  owner: 'host:1',
  ownerEpoch: 2n,
  // A claim of a moment ago is no progress.
  updatedAt: ago(1),
  advancedAt: ago(90_000),
  stoppedReason: undefined,
};

function beyond(endOffset: bigint, waitedMs?: number): LogBeyond {
  const oldest = waitedMs === undefined ? undefined : { offset: 40n, recordedMs: nowMs - waitedMs };
  return { topic: 'agent.events', partition: 3, from: 40n, endOffset, oldest };
}

function standing(changes: Partial<Checkpoint>, log: LogBeyond | undefined) {
  const [projection] = projectionStandings([{ ...checkpoint, ...changes }], log && [log], nowMs);
  const [partition] = projection?.partitions ?? [];
  return { state: projection?.state, ...partition };
}

describe('a projection', () => {
  it('at the end of the log runs, however long ago the last event was', () => {
    expect(standing({}, beyond(40n))).toEqual({
      state: 'running',
      topic: 'agent.events',
      partition: 3,
      next_offset: '40',
      end_offset: '40',
      lag_events: '0',
      lag_seconds: 0,
      oldest_unapplied: null,
      no_progress_ms: 0,
      stopped_reason: null,
      owner: 'host:1',
    });
  });

  it('runs where an event has just come after a long silence', () => {
    expect(standing({}, beyond(42n, 250))).toMatchObject({
      state: 'running',
      lag_events: '2',
      lag_seconds: 0.25,
      oldest_unapplied: { offset: '40', recorded_at: '2026-11-21T11:59:59.750Z' },
      no_progress_ms: 250,
    });
  });

  it.each([
    ['an event that waits for too long', {}, beyond(41n, 61_000)],
    ['too many events', { advancedAt: ago(0) }, beyond(100_041n, 0)],
    ['no progress, although it is claimed again and again', { advancedAt: ago(30_001) }, beyond(41n, 40_000)],
  ])('lags for %s', (_, changes, log) => {
    expect(standing(changes, log).state).toBe('lagging');
  });

  it('that moves lags not for events that were old when they came', () => {
    expect(standing({ advancedAt: ago(10) }, beyond(41n, 59_000))).toMatchObject({
      state: 'running',
      no_progress_ms: 10,
    });
  });

  it('is stopped where one of its partitions is', () => {
    const listed = projectionStandings(
      [checkpoint, { ...checkpoint, partition: 4, stoppedReason: 'no such field' }],
      [beyond(40n)],
      nowMs,
    );
    expect(listed).toHaveLength(1);
    expect(listed[0]).toMatchObject({ name: 'journal', state: 'stopped' });
    expect(listed[0]?.partitions.map(({ stopped_reason }) => stopped_reason)).toEqual([null, 'no such field']);
  });

  it('says that its lag is not known where the log could not be asked', () => {
    expect(standing({}, undefined)).toMatchObject({ end_offset: null, lag_events: null, lag_seconds: null });
  });
});

it('asks the log once for projections that stand at the same place', () => {
  const other = { ...checkpoint, projection: 'services' };
  expect(placesToAsk([checkpoint, other, { ...other, nextOffset: 41n }])).toEqual([
    { topic: 'agent.events', partition: 3, offset: 40n },
    { topic: 'agent.events', partition: 3, offset: 41n },
  ]);
});
