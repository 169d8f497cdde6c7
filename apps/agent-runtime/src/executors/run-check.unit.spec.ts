import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { checkModel } from './run-check.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Nothing is offered at the first looks. */
async function checked(emptyLooks: number, { leftMs = 30_000, wanted = 'small' } = {}) {
  let looks = 0;
  const models = () => Promise.resolve(looks++ < emptyLooks ? [] : ['small']);
  const found = checkModel({ models }, wanted, { signal: new AbortController().signal, leftMs });
  await vi.advanceTimersByTimeAsync(60_000);
  return { ...(await found), looks };
}

describe('the check of a model', () => {
  it('waits for workers that have not said yet what they offer', async () => {
    expect(await checked(4)).toMatchObject({ passed: true, looks: 5 });
  });

  it('ends within its time where nobody offers any', async () => {
    const { passed, detail, looks } = await checked(Infinity);
    expect([passed, detail]).toEqual([false, 'the model server does not have small']);
    expect(looks).toBeGreaterThan(20);
    expect(looks).toBeLessThanOrEqual(31);
    expect((await checked(Infinity, { leftMs: 2_000 })).looks).toBeLessThanOrEqual(4);
  });

  it('says at once that a model is none of those which are offered', async () => {
    expect(await checked(0, { wanted: 'large' })).toMatchObject({ passed: false, looks: 1 });
  });
});
