import { describe, expect, it } from 'vitest';
import type { OutboxRecord } from '../store/outbox.js';
import { windowsOf } from './publisher.js';

let seq = 0n;

function recordsOf(commandId: string, count: number, valueBytes = 100): readonly OutboxRecord[] {
  return Array.from({ length: count }, () => ({
    ...{ seq: (seq += 1n), topic: 'agent.events', key: Buffer.from('default/a') },
    ...{ value: Buffer.alloc(valueBytes), headers: { ce_commandid: commandId } },
  }));
}

/** The commands in each window, and how many records. */
function windows(records: readonly OutboxRecord[]) {
  let cuts = 0;
  const found = [...windowsOf(records, () => cuts++)];
  expect(found.flat()).toEqual(records);
  const told = found.map((window) => [
    [...new Set(window.map(({ headers }) => headers['ce_commandid']))].join(' '),
    window.length,
  ]);
  return { told, cuts };
}

describe('what is published in one go', () => {
  it('holds whole commands, up to 400 records', () => {
    const records = [...recordsOf('a', 300), ...recordsOf('b', 90), ...recordsOf('c', 20)];
    expect(windows(records)).toEqual({
      told: [
        ['a b', 390],
        ['c', 20],
      ],
      cuts: 0,
    });
  });

  it.each([
    ['by their number', 5_000, 100],
    ['by their bytes', 17, 100_000],
  ])('holds a larger command alone, and all of it: %s', (_, count, bytes) => {
    const records = [...recordsOf('a', 3), ...recordsOf('large', count, bytes), ...recordsOf('b', 3)];
    expect(windows(records)).toEqual({
      told: [
        ['a', 3],
        ['large', count],
        ['b', 3],
      ],
      cuts: 0,
    });
  });

  it('is a part of a command, told of, where that is more than a batch of the log may be', () => {
    const { told, cuts } = windows([...recordsOf('a', 3), ...recordsOf('huge', 25, 100_000)]);
    expect(told.length).toBeGreaterThan(2);
    expect(cuts).toBe(1);
  });
});
