import { describe, expect, it } from 'vitest';
import type { OutboxRecord } from '../store/outbox.js';
import { windowsOf } from './publisher.js';

let seq = 0n;

function recordsOf(
  commandId: string,
  count: number,
  valueBytes = 100,
  topic = 'agent.events',
): readonly OutboxRecord[] {
  return Array.from({ length: count }, () => ({
    ...{ seq: (seq += 1n), topic, key: Buffer.from('default/a') },
    ...{ value: Buffer.alloc(valueBytes), headers: { ce_commandid: commandId } },
  }));
}

/** The commands in each window, and how many records. */
function windows(records: readonly OutboxRecord[]) {
  const found = [...windowsOf(records, 'agent.events')];
  expect(new Set(found.flat())).toEqual(new Set(records));
  return found.map((window) => [
    [...new Set(window.map(({ headers }) => headers['ce_commandid']))].join(' '),
    window.length,
  ]);
}

describe('what is published in one go', () => {
  it('holds whole commands, up to 400 records', () => {
    const records = [...recordsOf('a', 300), ...recordsOf('b', 90), ...recordsOf('c', 20)];
    expect(windows(records)).toEqual([
      ['a b', 390],
      ['c', 20],
    ]);
  });

  it.each([
    ['by their number', 5_000, 100],
    ['by their bytes', 130, 100_000],
  ])('holds a larger command alone, and all of it: %s', (_, count, bytes) => {
    const records = [...recordsOf('a', 3), ...recordsOf('large', count, bytes), ...recordsOf('b', 3)];
    expect(windows(records)).toEqual([
      ['a', 3],
      ['large', count],
      ['b', 3],
    ]);
  });

  it('holds the events of a large command together, whatever work comes between them', () => {
    const work = () => recordsOf('large', 3, 150_000, 'agent.work.slips');
    const records = [...recordsOf('large', 300), ...work(), ...recordsOf('large', 300), ...work()];
    expect(windows(records)).toEqual([['large', 600], ...Array.from({ length: 6 }, () => ['large', 1])]);
  });
});
