import { sleep } from '@chorda/kernel';
import { startStack, type TestStack } from '@chorda/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { CommitProxy } from '../test-support/commit-proxy.js';
import { expectSoundHistory } from '../test-support/sound-history.js';
import { TillGround } from '../test-support/till-ground.js';

/** Guarantees 1, 5 and 6: a turn is one statement, and whoever dies while Postgres is in the middle of it knows nothing. */
describe('a turn', { timeout: 120_000 }, () => {
  let stack: TestStack;
  let ground: TillGround;
  let given = 0;

  beforeAll(async () => {
    stack = await startStack({ servers: ['postgres'] });
  });

  beforeEach(async () => {
    given = 0;
    ground = await TillGround.open({ ...inject('stack'), databaseUrl: stack.databaseUrl });
  });

  afterEach(() => ground.close());
  afterAll(() => stack?.stop());

  const give = () => ground.send({ type: 'till.add', data: { amount: 1 } }, { till: 'one', id: `c-${given++}` });
  const untilDecided = () => expect.poll(async () => (await ground.outcomes()).size, { timeout: 40_000 }).toBe(given);

  async function expectEachOnce(): Promise<void> {
    await untilDecided();
    await expectSoundHistory(ground);
    expect((await ground.balances()).get('default/one')).toBe(given);
  }

  /** Runs `then` while the statement of a turn is open in Postgres: it waits for the row that somebody else has. */
  async function insideTransaction(then: () => Promise<void>): Promise<void> {
    const holder = await ground.pool.connect();
    try {
      const place = ['till', ground.partitionOf('one')];
      await holder.query('BEGIN');
      await holder.query('SELECT FROM decision_partitions WHERE kind = $1 AND partition = $2 FOR UPDATE', place);
      await give();
      await give();
      const open = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'chorda decisions'
        AND state = 'active' AND wait_event_type = 'Lock' AND xact_start IS NOT NULL AND query LIKE 'WITH turns AS%'`;
      await expect.poll(async () => (await ground.pool.query(open)).rowCount, { timeout: 30_000 }).toBeGreaterThan(0);
      await then();
      await holder.query('COMMIT').catch(() => undefined);
    } finally {
      holder.release(true);
    }
  }

  it('whose owner is killed while Postgres is in the middle of it is decided once, whoever decides it', async () => {
    const owner = ground.startProcess();
    await give();
    await untilDecided();
    await insideTransaction(async () => {
      owner.signal('SIGKILL');
      expect(await owner.ended).toMatchObject({ signal: 'SIGKILL' });
    });
    ground.startEngine({}, 'second', 'spec.second');
    await give();
    await expectEachOnce();
  });

  it.each(['before-commit', 'after-commit'] as const)(
    'whose connection is cut %s is decided once, and its caller told what was decided',
    async (point) => {
      const proxy = await CommitProxy.open(ground.database.url);
      try {
        ground.startEngine({}, 'spec', undefined, proxy.url);
        await give();
        await untilDecided();
        const cut = proxy.cutNext(point);
        await give();
        await cut;
        await give();
        await expectEachOnce();
      } finally {
        await ground.endAll();
        await proxy.close();
      }
    },
  );

  it('that Postgres was in the middle of when it was killed is decided once when it is back', async () => {
    ground.startEngine();
    await give();
    await untilDecided();
    const postgres = stack.server('postgres');
    await insideTransaction(async () => {
      await postgres.kill();
    });
    await startAfterKill(postgres);
    await give();
    await expectEachOnce();
  });
});

/** Its sessions outlive a killed Postgres for a moment, and while they do it does not start. */
async function startAfterKill(postgres: ReturnType<TestStack['server']>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await postgres.start();
    } catch (error) {
      if (attempt === 20) throw error;
      await sleep(300);
    }
  }
}
