import { describe, expect, it } from 'vitest';
import { WorkerPresence } from './worker-presence.js';

function presence(silences: (number | undefined | Error)[], absentMs = 30_000) {
  const clock = { nowMs: 1_000_000, now: () => clock.nowMs };
  let looks = 0;
  const reader = {
    workersSilentMs: () => {
      const silent = silences[Math.min(looks++, silences.length - 1)];
      return silent instanceof Error ? Promise.reject(silent) : Promise.resolve(silent);
    },
  };
  const watched = new WorkerPresence(reader, absentMs, clock);
  const after = (ms: number) => {
    clock.nowMs += ms;
    return watched.missing();
  };
  return { after, looks: () => looks };
}

describe('the presence of inference workers', () => {
  it('is taken for given while one was heard of, and looked at every two seconds at most', async () => {
    const { after, looks } = presence([500]);
    for (let time = 0; time < 10; time++) expect(await after(500)).toBeUndefined();
    expect(looks()).toBe(3);
  });

  it('is missed once the last one has been silent for so long', async () => {
    const { after } = presence([1_000, 20_000, 31_000, 500]);
    expect(await after(0)).toBeUndefined();
    expect(await after(20_000)).toBeUndefined();
    expect(await after(11_000)).toBe(31_000);
    expect(await after(2_000)).toBeUndefined();
  });

  it('is missed where none is known, from the first look on: one that starts anew is not', async () => {
    const { after } = presence([undefined]);
    expect(await after(0)).toBeUndefined();
    expect(await after(29_000)).toBeUndefined();
    expect(await after(2_000)).toBe(31_000);
    // Nobody wanted to know for an hour: what was then says nothing of now.
    expect(await after(3_600_000)).toBeUndefined();
  });

  it('is not judged without the database, or where nobody is to be missed', async () => {
    const away = presence([40_000, new Error('away')]);
    expect(await away.after(0)).toBe(40_000);
    expect(await away.after(2_000)).toBeUndefined();
    expect(await presence([undefined], 0).after(60_000)).toBeUndefined();
  });
});
