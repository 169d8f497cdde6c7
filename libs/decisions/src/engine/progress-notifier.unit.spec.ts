import { silentLogger } from '@chorda/kernel';
import { describe, expect, it } from 'vitest';
import { parseProgress, ProgressNotifier, type DecisionProgress } from './progress-notifier.js';

function progress(partition: number, nextCommandOffset: bigint): DecisionProgress {
  return { kind: 'till', partition, nextCommandOffset, publishedOffset: 0n };
}

describe('callers', () => {
  const sent: (readonly DecisionProgress[])[] = [];
  const pool = {
    query: ({ values = [] }: { readonly values?: readonly unknown[] }) => {
      sent.push(parseProgress(String(values[1])));
      return Promise.resolve();
    },
  };

  it('of partitions whose publication ends together are woken by one notification, of the newest of each', async () => {
    const notifier = new ProgressNotifier(pool, silentLogger);
    notifier.notify(progress(1, 5n));
    notifier.notify(progress(2, 7n));
    // The answer of the brokers is taken apart partition by partition, each a few promises behind the one before.
    for (let promises = 0; promises < 50; promises++) await Promise.resolve();
    notifier.notify(progress(3, 1n));
    notifier.notify(progress(1, 9n));
    await notifier.settled();
    expect(sent).toEqual([[progress(1, 9n), progress(2, 7n), progress(3, 1n)]]);
  });
});
