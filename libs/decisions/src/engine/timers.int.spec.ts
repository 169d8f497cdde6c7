import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { expectSoundHistory } from '../test-support/sound-history.js';
import { TillGround } from '../test-support/till-ground.js';

const tills = 30;
const remindersOfTill = 100;

/** Guarantee 7, over the death of the owner in the middle of a crowd of timers. */
describe('three thousand timers', { timeout: 120_000 }, () => {
  let ground: TillGround;
  let folder: string;

  beforeAll(async () => {
    ground = await TillGround.open(inject('stack'));
    folder = mkdtempSync(join(tmpdir(), 'chorda-timers-'));
  });

  afterAll(async () => {
    await ground.close();
    rmSync(folder, { recursive: true });
  });

  it('fire once each and none early, though their owner is killed while they come due', async () => {
    const owner = ground.startProcess({
      CHORDA_CRASH_AT: 'decisions-after-timers:20',
      CHORDA_CRASH_LOG: join(folder, 'hit'),
    });
    await owner.until('it runs', () => owner.output().includes('running'));
    const firstMs = Date.now() + 4_000;
    const given = Array.from({ length: tills * remindersOfTill }, (_, index) => {
      const [till, reminder] = [`t-${index % tills}`, `r-${index}`];
      return ground.send({ type: 'till.remind', data: { reminder, atMs: firstMs + index } }, { till });
    });
    await Promise.all(given);
    expect((await owner.ended).signal, owner.output()).toBe('SIGKILL');
    expect(readFileSync(join(folder, 'hit'), 'utf8')).toBe('decisions-after-timers\n');
    ground.startEngine({}, 'second', 'spec.second');
    const left = async () => Number((await ground.pool.query('SELECT FROM decision_timers')).rowCount);
    const decided = async () => {
      const { rows } = await ground.pool.query<{ count: string }>('SELECT count(*) FROM decision_outcomes');
      return Number(rows[0]?.count);
    };
    await expect.poll(decided, { timeout: 40_000 }).toBe(tills * remindersOfTill);
    await expect.poll(left, { timeout: 40_000 }).toBe(0);
    const { first } = await expectSoundHistory(ground);
    const gone = first.filter(({ type }) => type === 'till.reminder_gone');
    const fired = gone.map(({ record, body }) => {
      const { reminder, atMs } = JSON.parse(body) as { reminder: string; atMs: number };
      return { reminder, lateMs: Number(String(record.headers['ce_time'])) - atMs };
    });
    expect(new Set(fired.map(({ reminder }) => reminder)).size).toBe(tills * remindersOfTill);
    expect(fired).toHaveLength(tills * remindersOfTill);
    expect(fired.filter(({ lateMs }) => lateMs < 0)).toEqual([]);
  });
});
