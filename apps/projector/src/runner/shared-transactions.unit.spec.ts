import { sleep } from '@chorda/kernel';
import { describe, expect, it } from 'vitest';
import { SharedTransactions } from './shared-transactions.js';

/** Transactions that end when the spec says so. */
function openTransactions(bounds: Partial<ConstructorParameters<typeof SharedTransactions>[1]> = {}) {
  const groups: { readonly members: readonly number[]; end(error?: Error): void }[] = [];
  const alone: number[] = [];
  const shared = new SharedTransactions<number>(
    (members) =>
      new Promise((resolve, reject) => {
        groups.push({ members, end: (error) => (error ? reject(error) : resolve()) });
      }),
    { recordsMax: 10, membersMax: 5, waitMsMax: 10_000, openMax: 2, ...bounds },
  );
  const submit = (member: number, records = 1, fails?: Error) =>
    shared.submit(member, records, () => {
      alone.push(member);
      return fails ? Promise.reject(fails) : Promise.resolve();
    });
  return { groups, alone, submit };
}

const aTurn = () => sleep(1);

describe('small batches', () => {
  it('that come in one turn of the event loop share a transaction', async () => {
    const { groups, alone, submit } = openTransactions();
    const done = Promise.all([submit(1), submit(2), submit(3)]);
    await aTurn();
    expect(groups.map(({ members }) => members)).toEqual([[1, 2, 3]]);
    groups[0]?.end();
    await done;
    expect(alone).toEqual([]);
  });

  it('of one partition alone go their own way, and those that come meanwhile gather behind it', async () => {
    const { groups, alone, submit } = openTransactions();
    await submit(1);
    expect(alone).toEqual([1]);
    void submit(2);
    void submit(3);
    await aTurn();
    void submit(4);
    void submit(5);
    await aTurn();
    expect(groups.map(({ members }) => members)).toEqual([[2, 3]]);
    groups[0]?.end();
    await aTurn();
    expect(groups.map(({ members }) => members)).toEqual([
      [2, 3],
      [4, 5],
    ]);
  });

  it('that are as many as fit begin a transaction beside the one that is under way, up to a bound', async () => {
    const { groups, submit } = openTransactions();
    for (const member of [1, 2]) void submit(member);
    await aTurn();
    for (const member of [3, 4, 5, 6, 7, 8]) void submit(member, 5);
    await aTurn();
    expect(groups.map(({ members }) => members)).toEqual([
      [1, 2],
      [3, 4],
    ]);
    groups[0]?.end();
    await aTurn();
    expect(groups.slice(2).map(({ members }) => members)).toEqual([[5, 6]]);
  });

  it('wait so long for a transaction that hangs, and no longer', async () => {
    const { groups, submit } = openTransactions({ waitMsMax: 20 });
    for (const member of [1, 2]) void submit(member);
    await aTurn();
    for (const member of [3, 4]) void submit(member);
    await aTurn();
    expect(groups).toHaveLength(1);
    await expect.poll(() => groups.map(({ members }) => members)).toContainEqual([3, 4]);
  });

  it('of a transaction that fails are each done alone, and each is told of its own error', async () => {
    const { groups, alone, submit } = openTransactions();
    const good = submit(1);
    const bad = submit(2, 1, new Error('its own'));
    await aTurn();
    groups[0]?.end(new Error('of all'));
    await expect(good).resolves.toBeUndefined();
    await expect(bad).rejects.toThrow('its own');
    expect(alone).toEqual([1, 2]);
  });
});
