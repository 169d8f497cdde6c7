import { sleep } from '@chorda/kernel';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { areSame, prepareRebuildGround, type RebuildGround } from './rebuild-ground.spec.js';

/** Live goes first while a rebuild fills, and the rebuild ends all the same. */
describe('a rebuild beside a live projection', { timeout: 120_000 }, () => {
  let ground: RebuildGround;

  beforeAll(async () => {
    ground = await prepareRebuildGround(inject('stack'));
    const projector = ground.startProjector({ CHORDA_REBUILD_LIVE_DELAY_MS: '50' });
    await projector.until('it runs', () => projector.output().includes('"Started"'), 60_000);
    await ground.send(600);
    await ground.caughtUp();
  }, 120_000);

  afterAll(async () => {
    await ground?.endProjectors();
    await ground?.close();
  });

  it('gives way, says so, and ends', async () => {
    // It fills for seconds, so that what it says of itself can be seen.
    const slow = { projection: 'journal', swap: 'manual', eventsPerSecondMax: 200, requestedBy: 'spec' } as const;
    await ground.rebuilds.request(slow);
    const look = async () => {
      await ground.send(2);
      await sleep(100);
      const rebuild = await ground.rebuilds.latest('journal');
      return rebuild?.state === 'filling' ? (rebuild.time_share ?? 1) : 1;
    };
    await expect.poll(look, { timeout: 60_000, interval: 10 }).toBeLessThan(1);
    const ready = await ground.until('journal', 'ready');
    expect(ready.report).toMatchObject({ by_row: true, equal: true });
    expect(ready.time_share).toBeNull();
    await ground.caughtUp();
    await expect.poll(() => areSame(ground.pool, 'journal_v1', 'journal_v1_r1001'), { timeout: 20_000 }).toBe(true);
  });
});
