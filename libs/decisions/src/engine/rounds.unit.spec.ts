import { describe, expect, it } from 'vitest';
import { Rounds, type Leave } from './rounds.js';

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Who has entered, in the order of their entering. */
function entering(rounds: Rounds) {
  const inside = new Map<string, Leave>();
  return {
    inside: () => [...inside.keys()],
    enter: (name: string) => void rounds.enter().then((leave) => inside.set(name, leave)),
    leave: (name: string, commands?: number) => inside.get(name)?.(commands),
  };
}

describe('partitions decide in rounds', () => {
  it('which begin at once with all that come together, and others wait for their end', async () => {
    const { inside, enter, leave } = entering(new Rounds());
    enter('before');
    await turn();
    await turn();
    leave('before', 100);
    enter('a');
    enter('b');
    await turn();
    await turn();
    expect(inside()).toEqual(['before', 'a', 'b']);
    enter('c');
    leave('a');
    leave('a');
    await turn();
    expect(inside()).toEqual(['before', 'a', 'b']);
    leave('b');
    await turn();
    await turn();
    expect(inside()).toEqual(['before', 'a', 'b', 'c']);
  });

  it('and wait for none where those before held a command or two: it goes beside', async () => {
    const { inside, enter, leave } = entering(new Rounds());
    enter('before');
    await turn();
    await turn();
    leave('before', 2);
    enter('a');
    await turn();
    await turn();
    enter('b');
    await turn();
    await turn();
    expect(inside()).toEqual(['before', 'a', 'b']);
  });

  it('and one that stays holds up nobody for long, however many of such there are', async () => {
    const { inside, enter } = entering(new Rounds());
    for (const name of ['a', 'b', 'c', 'd', 'e']) {
      enter(name);
      await expect.poll(inside, { timeout: 20_000, interval: 5 }).toContain(name);
    }
  });
});
