import type { RunningApp } from '@chorda/platform';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { ProjectorGround } from './test-support/ground.js';

const rounds = 8;

/** Guarantees 2 and 3: however often partitions change hands, each event is applied once and in order. */
describe('projectors that join and leave all the time', { timeout: 900_000 }, () => {
  let ground: ProjectorGround;

  beforeAll(async () => {
    ground = await ProjectorGround.open(inject('stack'));
  });

  afterAll(() => ground?.close());

  it('under load: nothing is twice or lost, and the read models equal a rebuild', async () => {
    const running: RunningApp[] = [await ground.startApp('first')];
    await ground.send(100);
    await ground.untilApplied();
    const before = await epochs();
    const load = ground.keepSending(100);
    for (let round = 0; round < rounds; round++) {
      running.push(await ground.startApp(`round-${round}`));
      if (running.length > 2) await ground.stopApp(running.shift() as RunningApp);
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    await load.stop();
    // The storm was one: partitions changed hands again and again while events came.
    expect(await epochs()).toBeGreaterThan(before + rounds * 6);
    expect(ground.acknowledged.size).toBeGreaterThan(1_000);
    await ground.expectWhole();
  });

  /** How often partitions of the busy topic have been claimed, all of them together. */
  async function epochs(): Promise<number> {
    const { rows } = await ground.pool.query<{ sum: string }>(
      `SELECT sum(owner_epoch) FROM checkpoints WHERE projection = 'journal' AND topic = 'agent.events'`,
    );
    return Number(rows[0]?.sum);
  }
});
