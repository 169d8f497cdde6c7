import { describe, expect, it } from 'vitest';
import { Gathering } from './gathering.js';

/** Calls that end when the test says so. */
function gathering(bounds: Partial<ConstructorParameters<typeof Gathering>[1]> = {}) {
  const calls: { readonly asks: readonly number[]; end(error?: Error): void }[] = [];
  const made = new Gathering<number, string>(
    (asks) =>
      new Promise((resolve, reject) => {
        const answers = asks.map((ask) => ({ status: 'fulfilled' as const, value: `of ${ask}` }));
        calls.push({ asks, end: (error) => (error ? reject(error) : resolve(answers)) });
      }),
    { weightMax: 10, waitMsMax: 60_000, ...bounds },
  );
  return { calls, ask: (ask: number, weight = 1) => made.ask(ask, weight) };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('asks of several partitions', () => {
  it('of one turn of the event loop make one call, and each gets its own answer', async () => {
    const { calls, ask } = gathering();
    const answers = [ask(1), Promise.resolve().then(() => ask(2))];
    await turn();
    expect(calls.map(({ asks }) => asks)).toEqual([[1, 2]]);
    calls[0]?.end();
    expect(await Promise.all(answers)).toEqual(['of 1', 'of 2']);
  });

  it('that come while a call is under way go with the next one, when it ends', async () => {
    const { calls, ask } = gathering();
    const first = ask(1);
    await turn();
    const later = [ask(2), ask(3)];
    await turn();
    expect(calls).toHaveLength(1);
    calls[0]?.end();
    await first;
    await turn();
    await turn();
    expect(calls.map(({ asks }) => asks)).toEqual([[1], [2, 3]]);
    calls[1]?.end();
    expect(await Promise.all(later)).toEqual(['of 2', 'of 3']);
  });

  it('do not wait for a call that takes long, up to so many at a time', async () => {
    const { calls, ask } = gathering({ waitMsMax: 0, callsMax: 2 });
    void ask(1);
    await turn();
    void ask(2);
    void ask(3);
    await turn();
    expect(calls.map(({ asks }) => asks)).toEqual([[1], [2]]);
  });

  it('weigh no more in one call than is allowed, and one that weighs more goes alone', async () => {
    const { calls, ask } = gathering();
    void ask(1, 6);
    void ask(2, 6);
    void ask(3, 99);
    await turn();
    for (let index = 0; index < 3; index++) {
      calls[index]?.end();
      await turn();
      await turn();
    }
    expect(calls.map(({ asks }) => asks)).toEqual([[1], [2], [3]]);
  });

  it('all fail by what their call failed by, and those after it do not', async () => {
    const { calls, ask } = gathering();
    const lost = [ask(1), ask(2)];
    await turn();
    calls[0]?.end(new Error('away'));
    expect(await Promise.allSettled(lost)).toMatchObject([
      { reason: { message: 'away' } },
      { reason: { message: 'away' } },
    ]);
    const next = ask(3);
    await turn();
    calls[1]?.end();
    expect(await next).toBe('of 3');
  });
});
