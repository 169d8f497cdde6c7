import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@chorda/kernel';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { expectSoundHistory } from '../test-support/sound-history.js';
import { hostedTill, TillGround } from '../test-support/till-ground.js';
import { workQueue } from '../test-support/till.js';
import { restoreDecisions } from './restore-decisions.js';

/**
 * Guarantee 1: callers are answered after publication. So whatever the database held and the log did not was told to
 * nobody, and the commands are still there to be decided.
 */
describe('a database that is lost with an owner that was killed', { timeout: 120_000 }, () => {
  let ground: TillGround;
  let folder: string;

  beforeEach(async () => {
    ground = await TillGround.open(inject('stack'));
    folder = mkdtempSync(join(tmpdir(), 'chorda-lost-'));
  });

  afterEach(async () => {
    await ground.close();
    rmSync(folder, { recursive: true });
  });

  const tables = ['partitions', 'streams', 'events', 'timers', 'outcomes'].map((name) => `decision_${name}`);
  const untilDecided = (count: number) =>
    expect.poll(async () => (await ground.outcomes()).size, { timeout: 40_000 }).toBe(count);

  it.each([
    // Between commit and publication: what was decided is gone with the database.
    'decisions-after-commit:2',
    // The brokers have it, and the owner had not heard so, or not written it down.
    'decisions-mid-publish:2',
    'decisions-after-publish:2',
  ])('at %s comes back from the topics: each command has one outcome, each version one body', async (crashAt) => {
    const count = 12;
    for (let index = 0; index < count; index++) {
      const to = { till: 'one', id: `c-${index}` };
      if (index % 2 === 0) await ground.send({ type: 'till.add', data: { amount: 3 } }, to);
      else await ground.send({ type: 'till.sell', data: { slip: `s-${index}`, amount: 2 } }, to);
    }
    const log = join(folder, 'hit');
    const owner = ground.startProcess({ CHORDA_CRASH_AT: crashAt, CHORDA_CRASH_LOG: log, COMMANDS_MAX: '4' });
    expect((await owner.ended).signal, owner.output()).toBe('SIGKILL');
    expect(readFileSync(log, 'utf8')).toBe(`${crashAt.split(':')[0]}\n`);
    const published = (await ground.log()).length;
    for (const table of tables) await ground.pool.query(`DELETE FROM ${table}`);

    const restored = await restoreDecisions(hostedTill, {
      ...{ driver: ground.driver, databaseUrl: ground.database.url, owner: 'restore', logger: silentLogger },
    });
    expect(restored.reduce((sum, { records }) => sum + records, 0)).toBe(published);
    ground.startEngine({}, 'second', 'spec.second');
    await untilDecided(count);

    const { first, repeats } = await expectSoundHistory(ground);
    expect(repeats).toBe(0);
    expect(new Set(first.map(({ commandId }) => commandId)).size).toBe(count);
    expect((await ground.balances()).get('default/one')).toBe((count / 2) * 5);
    // What the last turn gave out is there too: its events and its work go to the brokers together.
    const work = (await ground.records(workQueue)).map(({ headers }) => String(headers['ce_id']));
    expect(new Set(work).size).toBe(count / 2);
  });

  it('while the next owner publishes 1,200 events of a command for it has all of them in the log', async () => {
    await ground.send({ type: 'till.chain', data: { times: 1_200 } }, { till: 'one', id: 'large' });
    const log = join(folder, 'hit');
    for (const crashAt of ['decisions-after-commit:1', 'decisions-mid-publish:1']) {
      const bounds = { COMMANDS_MAX: '1', FOLLOW_UPS_MAX: '2000', RECORDS_OF_COMMAND_MAX: '2000' };
      // A group of its own: the brokers wait for a dead member of the same.
      const group = `spec.${crashAt.split(':')[0]}`;
      const owner = ground.startProcess({ CHORDA_CRASH_AT: crashAt, CHORDA_CRASH_LOG: log, GROUP: group, ...bounds });
      expect((await owner.ended).signal, owner.output()).toBe('SIGKILL');
    }
    expect(readFileSync(log, 'utf8')).toBe('decisions-after-commit\ndecisions-mid-publish\n');
    expect(await ground.log()).toHaveLength(1_200);
  });

  it('in the middle of publishing a command of 600 events has all of them in the log, or none', async () => {
    await ground.send({ type: 'till.add', data: { amount: 7 } }, { till: 'one', id: 'small' });
    await ground.send({ type: 'till.chain', data: { times: 600 } }, { till: 'one', id: 'large' });
    const log = join(folder, 'hit');
    const owner = ground.startProcess({
      ...{ CHORDA_CRASH_AT: 'decisions-mid-publish:2', CHORDA_CRASH_LOG: log },
      ...{ COMMANDS_MAX: '1', FOLLOW_UPS_MAX: '1000' },
    });
    expect((await owner.ended).signal, owner.output()).toBe('SIGKILL');
    expect(readFileSync(log, 'utf8')).toBe('decisions-mid-publish\n');
    expect((await ground.log()).filter(({ commandId }) => commandId === 'large')).toHaveLength(600);
    for (const table of tables) await ground.pool.query(`DELETE FROM ${table}`);
    ground.startEngine({ followUpsMax: 1_000 }, 'second', 'spec.second');
    await untilDecided(2);
    await expectSoundHistory(ground);
    expect((await ground.balances()).get('default/one')).toBe(607);
  });
});
