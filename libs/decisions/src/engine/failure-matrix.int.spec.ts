import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultTenant, silentLogger } from '@chorda/kernel';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { commitTurn } from '../store/commit-turn.js';
import { claimPartition, markPublished } from '../store/partition-row.js';
import { expectSoundHistory } from '../test-support/sound-history.js';
import { TillGround } from '../test-support/till-ground.js';
import { workQueue, type TillCommand } from '../test-support/till.js';

const topics = { commands: undefined, events: undefined };

/** Guarantees 1, 5, 6 and 7, each with a process that is killed or stopped for real. */
describe('an owner', { timeout: 120_000 }, () => {
  let ground: TillGround;
  let folder: string;

  beforeEach(async () => {
    ground = await TillGround.open(inject('stack'));
    folder = mkdtempSync(join(tmpdir(), 'chorda-decisions-'));
  });

  afterEach(async () => {
    await ground.close();
    rmSync(folder, { recursive: true });
  });

  async function runUntilKilled(crashAt: string): Promise<void> {
    const engine = ground.startProcess({
      CHORDA_CRASH_AT: crashAt,
      CHORDA_CRASH_LOG: join(folder, 'hit'),
      COMMANDS_MAX: '5',
    });
    const { signal } = await engine.ended;
    expect(signal, engine.output()).toBe('SIGKILL');
    expect(readFileSync(join(folder, 'hit'), 'utf8')).toBe(`${crashAt.split(':')[0]}\n`);
  }

  /** Another group: it need not wait until the brokers notice who is gone, and the epoch fences all the same. */
  const takeOver = () => ground.startEngine({}, 'second', 'spec.second');

  const untilDecided = (count: number) =>
    expect.poll(async () => (await ground.outcomes()).size, { timeout: 20_000 }).toBe(count);

  const untilPublished = () =>
    expect
      .poll(
        async () => {
          const { rowCount } = await ground.pool.query(
            'SELECT FROM decision_partitions WHERE published_seq < next_partition_seq - 1',
          );
          return rowCount;
        },
        { timeout: 20_000 },
      )
      .toBe(0);

  describe.each([
    'decisions-before-commit:3',
    'decisions-after-commit:3',
    'decisions-mid-publish:3',
    'decisions-after-publish:2',
  ])('that is killed at %s', (crashAt) => {
    it('has decided each command once, and whoever takes over goes on where it was', async () => {
      const commands: [string, TillCommand][] = Array.from({ length: 30 }, (_, index) => [
        `c-${index}`,
        index % 3 === 0
          ? { type: 'till.sell', data: { slip: `s-${index}`, amount: 2 } }
          : { type: 'till.add', data: { amount: index % 5 === 1 ? -1_000 : 3 } },
      ]);
      for (const [id, command] of commands) await ground.send(command, { till: 'one', id });
      // What senders repeat, because an answer was lost.
      for (const [id, command] of commands.slice(0, 8)) await ground.send(command, { till: 'one', id });
      await runUntilKilled(crashAt);
      takeOver();
      await untilDecided(30);
      await untilPublished();
      const outcomes = await ground.outcomes();
      const accepted = commands.filter(([id]) => outcomes.get(id)?.status === 'accepted');
      const { first } = await expectSoundHistory(ground);
      const sum = accepted.reduce((balance, [, { data }]) => balance + ('amount' in data ? data.amount : 0), 0);
      expect((await ground.balances()).get('default/one')).toBe(sum);
      expect(new Set(first.map(({ commandId }) => commandId))).toEqual(new Set(accepted.map(([id]) => id)));
      const work = (await ground.records(workQueue)).map(({ headers }) => String(headers['ce_id']));
      expect(new Set(work).size).toBe(commands.filter(([, { type }]) => type === 'till.sell').length);
    });
  });

  it.each(['decisions-before-commit:2', 'decisions-after-commit:2'])(
    'that is killed at %s, while a timer fires, has it fired once in effect',
    async (crashAt) => {
      const atMs = Date.now() + 500;
      await ground.send({ type: 'till.remind', data: { reminder: 'r', atMs } }, { till: 'one', id: 'c' });
      await runUntilKilled(crashAt);
      takeOver();
      const rung = async () => (await ground.log()).filter(({ type }) => type === 'till.reminder_gone');
      await expect.poll(async () => new Set((await rung()).map(({ id }) => id)).size, { timeout: 15_000 }).toBe(1);
      await untilPublished();
      await expectSoundHistory(ground);
      expect((await ground.pool.query('SELECT FROM decision_timers')).rowCount).toBe(0);
    },
  );

  it('that was stopped and wakes up after another took over writes nothing and says why', async () => {
    const zombie = ground.startProcess();
    await zombie.until('it runs', () => zombie.output().includes('running'));
    await ground.send({ type: 'till.add', data: { amount: 1 } }, { till: 'one', id: 'c-0' });
    await untilDecided(1);
    zombie.signal('SIGSTOP');
    takeOver();
    await ground.send({ type: 'till.add', data: { amount: 1 } }, { till: 'one', id: 'c-1' });
    await untilDecided(2);
    zombie.signal('SIGCONT');
    await ground.send({ type: 'till.add', data: { amount: 1 } }, { till: 'one', id: 'c-2' });
    await zombie.until('it is fenced', () => zombie.output().includes('stands down'));
    await zombie.end();
    await untilDecided(3);
    await untilPublished();
    await expectSoundHistory(ground);
    expect((await ground.balances()).get('default/one')).toBe(3);
  });

  it('that was fenced commits nothing, though nothing has moved since its claim', async () => {
    const place = { kind: 'till', partition: 3 };
    const claim = await claimPartition(ground.pool, place, 'first', topics, silentLogger);
    await claimPartition(ground.pool, place, 'second', topics, silentLogger);
    const nothing = { records: [], outcomes: [], streams: [], timers: [] };
    const moved = { nextSeq: claim.nextSeq, nextCommandOffset: 7n, publishedSeq: 0n, publishedOffset: 0n };
    expect(await commitTurn(ground.pool, claim, { ...nothing, ...moved })).toBe(false);
    const { rows } = await ground.pool.query('SELECT next_command_offset FROM decision_partitions');
    expect(rows).toEqual([{ next_command_offset: '0' }]);
  });

  it('whose row was put back to an older point does not write down there what it has published since', async () => {
    const place = { kind: 'till', partition: 3 };
    const claim = await claimPartition(ground.pool, place, 'first', topics, silentLogger);
    const ahead = { ...claim, nextSeq: 9n, nextCommandOffset: 9n, publishedSeq: 8n, publishedOffset: 8n };
    expect(await markPublished(ground.pool, ahead)).toBe(false);
    expect(await markPublished(ground.pool, claim)).toBe(true);
  });

  it('that waits for its commit has published nothing of it, and publishes nothing of it when it is fenced then', async () => {
    ground.startEngine();
    await ground.send({ type: 'till.add', data: { amount: 1 } }, { till: 'one', id: 'c-0' });
    await untilDecided(1);
    await untilPublished();
    const other = await ground.pool.connect();
    try {
      const mine = [ground.partitionOf('one')];
      await other.query('BEGIN');
      await other.query(`SELECT FROM decision_partitions WHERE kind = 'till' AND partition = $1 FOR UPDATE`, mine);
      await ground.send({ type: 'till.add', data: { amount: 1 } }, { till: 'one', id: 'c-1' });
      const waiting = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
      await expect.poll(async () => (await ground.pool.query(waiting)).rowCount, { interval: 20 }).toBe(1);
      expect(await ground.log()).toHaveLength(1);
      await other.query(
        `UPDATE decision_partitions SET epoch = epoch + 1 WHERE kind = 'till' AND partition = $1`,
        mine,
      );
      await other.query('COMMIT');
    } finally {
      other.release(true);
    }
    await untilDecided(2);
    await untilPublished();
    const { first } = await expectSoundHistory(ground);
    expect(first.map(({ epoch }) => epoch)).toEqual([1n, 3n]);
  });

  it('and another, who both take themselves for the owner, decide each command once between them', async () => {
    ground.startEngine({ commandsMax: 3 }, 'first', 'spec.first');
    takeOver();
    for (let index = 0; index < 30; index++) {
      await ground.send({ type: 'till.add', data: { amount: 1 } }, { till: 'one', id: `c-${index}` });
    }
    await untilDecided(30);
    await untilPublished();
    await expectSoundHistory(ground);
    expect((await ground.balances()).get(`${defaultTenant}/one`)).toBe(30);
  });
});
