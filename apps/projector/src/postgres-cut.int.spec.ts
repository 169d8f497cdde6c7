import { sleep } from '@chorda/kernel';
import { startStack, type TestStack } from '@chorda/testing';
import { afterAll, afterEach, beforeAll, describe, inject, it } from 'vitest';
import { DatabaseProxy } from './test-support/database-proxy.js';
import { ProjectorGround } from './test-support/ground.js';

/** Guarantee 2: Postgres may go down under load, and its connections may be cut where nobody knows what was committed. */
describe('a projector under load whose Postgres', { timeout: 900_000 }, () => {
  let stack: TestStack;
  let ground: ProjectorGround;
  let proxy: DatabaseProxy;

  beforeAll(async () => {
    stack = await startStack({ servers: ['postgres'] });
    ground = await ProjectorGround.open({ ...inject('stack'), databaseUrl: stack.databaseUrl });
    proxy = await DatabaseProxy.open(ground.database.url);
  });

  afterEach(() => ground.endProjectors());

  afterAll(async () => {
    await ground?.close();
    await proxy?.close();
    await stack?.stop();
  });

  it('is killed and restarted, and whose connection is cut inside COMMIT: the read models equal a rebuild', async () => {
    const settings = { DATABASE_URL: proxy.url, CHORDA_PROJECTOR_BATCH_RECORDS: '500' };
    await ground.startApp('projector', settings);
    const load = ground.keepSending(1_000);
    for (const point of ['commit', 'committed', 'copy', 'commit', 'committed'] as const) {
      // Resolves when a transaction stands at this very place.
      (await proxy.holdNext(point)).cut();
    }
    const postgres = stack.server('postgres');
    const inCommit = await proxy.holdNext('commit');
    await postgres.kill();
    inCommit.cut();
    await startAfterKill(postgres);
    (await proxy.holdNext('commit')).cut();
    await postgres.restart();
    (await proxy.holdNext('committed')).cut();
    await load.stop();
    await ground.expectWhole();
  });
});

/** Its sessions outlive a killed Postgres for a moment, and while they do it does not start. */
async function startAfterKill(postgres: ReturnType<TestStack['server']>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await postgres.start();
    } catch (error) {
      if (attempt === 10) throw error;
      await sleep(300);
    }
  }
}
