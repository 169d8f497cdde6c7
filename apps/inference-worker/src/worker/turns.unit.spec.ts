import { describe, expect, it } from 'vitest';
import { Turns } from './turns.js';

describe('turns of the event loop', () => {
  it('are shared by so many at a time, and begin with whoever is urgent', async () => {
    const turns = new Turns(2);
    const seen: string[] = [];
    const all = ['a', 'b', 'c', 'd', 'urgent'].map(async (name) => {
      await turns.next(name === 'urgent');
      seen.push(name);
    });
    let count = 0;
    const turn = () => {
      count += 1;
      if (seen.length < all.length) setImmediate(turn);
    };
    setImmediate(turn);
    await Promise.all(all);
    expect(seen).toEqual(['urgent', 'a', 'b', 'c', 'd']);
    expect(count).toBeGreaterThanOrEqual(2);
  });
});
