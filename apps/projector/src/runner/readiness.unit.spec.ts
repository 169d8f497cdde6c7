import type { PartitionHealth } from '@chorda/messaging';
import { expect, it } from 'vitest';
import { whyNotReady } from './readiness.js';

const well: PartitionHealth = {
  topic: 'agent.events',
  partition: 2,
  nextOffset: 40n,
  endOffset: 100_040n,
  lagRecords: 100_000n,
  lagSeconds: 60,
  noProgressMs: 30_000,
  stoppedBy: undefined,
};

it('is ready up to its bounds', () => {
  expect(whyNotReady(well)).toBeUndefined();
});

it.each<[string, Partial<PartitionHealth>, string]>([
  ['the reason of a stop', { stoppedBy: 'no such field' }, 'agent.events[2] at 40 waits: no such field'],
  ['no progress', { noProgressMs: 30_001 }, 'agent.events[2] at 40: no progress for 30001 ms'],
  ['the age of the oldest event', { lagSeconds: 61.5 }, 'agent.events[2] at 40: the oldest event waits for 61 s'],
  ['the lag in events', { lagRecords: 100_001n }, 'agent.events[2] at 40: 100001 events behind'],
])('is not ready for %s', (_, changed, reason) => {
  expect(whyNotReady({ ...well, ...changed })).toBe(reason);
});
