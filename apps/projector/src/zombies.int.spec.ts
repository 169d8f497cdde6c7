import type { SourceProcess } from '@chorda/testing';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { DatabaseProxy, type Held, type ProxyPoint } from './test-support/database-proxy.js';
import { ProjectorGround } from './test-support/ground.js';

const points: readonly ProxyPoint[] = ['copy', 'statement', 'commit', 'committed'];

interface Zombie {
  readonly process: SourceProcess;
  readonly proxy: DatabaseProxy;
  readonly held: Held;
}

/**
 * Guarantees 2 and 6: a projector that is stopped (SIGSTOP) past its session, in the middle of whatever it does with
 * Postgres, and goes on when another has its partitions, changes nothing.
 */
describe('projectors that are stopped past their session', { timeout: 900_000 }, () => {
  let ground: ProjectorGround;
  const proxies: DatabaseProxy[] = [];

  beforeAll(async () => {
    ground = await ProjectorGround.open(inject('stack'));
  });

  // Also where it failed: projectors that stay stopped would hold up whatever is repeated after it.
  afterEach(() => ground.endProjectors());

  afterAll(async () => {
    await ground?.close();
    await Promise.all(proxies.map((proxy) => proxy.close()));
  });

  it('inside a bulk write, between statements, and before and after COMMIT, then go on: nothing is twice or lost', async () => {
    const started = await Promise.all(points.map(start));
    const zombies = await stopAll(started);
    // The server took back what they had open; whoever comes now finds their partitions free after one session.
    const other = await ground.startProcess({ CHORDA_INSTANCE: 'other' });
    await ground.send(200);
    await ground.untilApplied();
    expect(await ownersOfJournal()).toEqual(['other']);

    for (const { process, held } of zombies) {
      held.release();
      process.signal('SIGCONT');
    }
    await ground.send(400);
    await ground.untilApplied();
    other.signal('SIGTERM');
    expect(await other.ended, other.output()).toEqual({ code: 0, signal: null });
    // They joined again, and work.
    await ground.send(400);
    await ground.untilApplied();
    expect(await ownersOfJournal()).not.toContain('other');
    await ground.expectWhole();
  });

  async function start(point: ProxyPoint) {
    const proxy = await DatabaseProxy.open(ground.database.url);
    proxies.push(proxy);
    const process = await ground.startProcess({
      DATABASE_URL: proxy.url,
      CHORDA_INSTANCE: point,
      CHORDA_PROJECTOR_BATCH_RECORDS: '500',
    });
    return { point, proxy, process };
  }

  /** Under load, each at its own point. */
  async function stopAll(started: Awaited<ReturnType<typeof start>>[]): Promise<readonly Zombie[]> {
    await expect.poll(async () => (await ownersOfJournal()).length, { timeout: 180_000 }).toBe(started.length);
    const stopping = started.map(async ({ point, proxy, process }) => {
      const held = await proxy.holdNext(point);
      process.signal('SIGSTOP');
      return { process, proxy, held };
    });
    const load = ground.keepSending(1_000);
    const zombies = await Promise.all(stopping);
    await load.stop();
    return zombies;
  }

  async function ownersOfJournal(): Promise<readonly string[]> {
    const { rows } = await ground.pool.query<{ owner: string }>(
      `SELECT DISTINCT owner FROM checkpoints WHERE projection = 'journal' AND topic = 'agent.events' ORDER BY 1`,
    );
    return rows.map(({ owner }) => owner);
  }
});
