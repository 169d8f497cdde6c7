import { silentLogger } from '@chorda/kernel';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { expectSoundHistory } from '../test-support/sound-history.js';
import { hostedTill, TillGround } from '../test-support/till-ground.js';
import { claimPartition } from '../store/partition-row.js';
import { EnginesRunningError, restoreDecisions } from './restore-decisions.js';

const tables = ['decision_partitions', 'decision_events', 'decision_streams', 'decision_timers', 'decision_outcomes'];
const atMs = Date.now() + 3_600_000;
const noTopics = { commands: undefined, events: undefined };

/** What the log is for: losing the engine's tables, or some of what is in them, loses nothing that anybody was told. */
describe('the tables of the engine', () => {
  let ground: TillGround;

  beforeEach(async () => {
    ground = await TillGround.open(inject('stack'));
  });

  afterEach(() => ground.close());

  const restore = () =>
    restoreDecisions(hostedTill, {
      ...{ driver: ground.driver, databaseUrl: ground.database.url, owner: 'restore', logger: silentLogger },
    });

  const untilDecided = (id: string) =>
    expect.poll(async () => (await ground.outcomes()).has(id), { timeout: 20_000 }).toBe(true);

  const rowsOf = async (columns: string, table: string, order: string) =>
    (await ground.pool.query(`SELECT ${columns} FROM ${table} ORDER BY ${order}`)).rows;

  async function standing() {
    return {
      partitions: await rowsOf('kind, partition, next_command_offset', 'decision_partitions', 'partition'),
      streams: await rowsOf('tenant_id, stream_kind, stream_id, subject, version', 'decision_streams', '1, 2, 3'),
      events: await rowsOf(
        'partition, partition_seq, stream_kind, stream_id, version, type, time_ms, value, headers::jsonb',
        "decision_events WHERE topic = 'agent.events'",
        'partition, partition_seq',
      ),
      timers: await rowsOf('stream_id, timer_id, due_ms, subject, correlation_id', 'decision_timers', '1, 2'),
      accepted: await rowsOf('command_id, body::jsonb', `decision_outcomes WHERE status = 'accepted'`, '1'),
    };
  }

  async function give(from: number, count: number): Promise<void> {
    for (let index = from; index < from + count; index++) {
      const to = { till: `t-${index % 4}`, id: `c-${index}` };
      await ground.send({ type: 'till.add', data: { amount: 1 } }, to);
      await ground.send({ type: 'till.sell', data: { slip: `s-${index}`, amount: 2 } }, { ...to, id: `s-${index}` });
      await ground.send({ type: 'till.remind', data: { reminder: `r-${index}`, atMs } }, { ...to, id: `r-${index}` });
    }
    for (let index = from; index < from + count; index++) await untilDecided(`r-${index}`);
  }

  it('are made anew from the event topic alone, and the engine goes on with them', async () => {
    const engine = ground.startEngine({ snapshotEvery: 4 });
    await give(0, 8);
    await ground.send({ type: 'till.forget', data: { reminder: 'r-0' } }, { till: 't-0', id: 'f-0' });
    await untilDecided('f-0');
    await ground.stopEngine(engine);
    const before = await standing();
    for (const table of tables) await ground.pool.query(`DELETE FROM ${table}`);

    const restored = await restore();
    expect(restored.reduce((sum, { records }) => sum + records, 0)).toBe(before.events.length);
    const after = await standing();
    expect({ ...after, partitions: undefined }).toEqual({ ...before, partitions: undefined });
    // Partitions in which nothing was decided begin at their start again.
    const offsets = ({ partitions }: typeof before) => partitions.filter((row) => row.next_command_offset !== '0');
    expect(offsets(after)).toEqual(offsets(before));
    expect(await restore()).toMatchObject(restored.map(() => ({ records: 0 })));

    ground.startEngine({}, 'after');
    await ground.send({ type: 'till.sell', data: { slip: 's-0', amount: 2 } }, { till: 't-0', id: 's-0' });
    await give(8, 4);
    const { repeats } = await expectSoundHistory(ground);
    expect(repeats).toBe(0);
    expect((await ground.balances()).get('default/t-0')).toBe(9);
  });

  it('that are put back to a backup of mid-run, under a running engine, decide no version a second time', async () => {
    ground.startEngine({ snapshotEvery: 4 });
    await give(0, 4);
    await ground.pool.query(tables.map((table) => `CREATE TABLE kept_${table} AS SELECT * FROM ${table}`).join(';'));
    await give(4, 4);
    await ground.send({ type: 'till.add', data: { amount: -100 } }, { till: 't-0', id: 'refused' });
    await untilDecided('refused');
    const before = await ground.outcomes();
    const putBack = tables.map((table) => `DELETE FROM ${table}; INSERT INTO ${table} SELECT * FROM kept_${table}`);
    await ground.pool.query(putBack.join(';'));

    await give(8, 4);
    // Those whose partitions nobody has written to since are imported when the next command comes.
    for (let index = 0; index < 4; index++) {
      await ground.send({ type: 'till.add', data: { amount: 1 } }, { till: `t-${index}`, id: `last-${index}` });
      await untilDecided(`last-${index}`);
    }
    const { first } = await expectSoundHistory(ground);
    const after = await ground.outcomes();
    for (const [id, outcome] of before) {
      if (outcome.status === 'accepted') expect(after.get(id)).toEqual(outcome);
    }
    const added = first.filter(({ type, stream }) => type === 'till.added' && stream === 'default/t-0');
    expect(added).toHaveLength(new Set(added.map(({ commandId }) => commandId)).size);
    expect((await ground.balances()).get('default/t-0')).toBe(10);
  });

  it('say which engine took a partition back while it was restored, and are whole when it is run again', async () => {
    const engine = ground.startEngine();
    await ground.send({ type: 'till.add', data: { amount: 5 } }, { till: 't-0', id: 'c-0' });
    await untilDecided('c-0');
    await ground.stopEngine(engine);
    for (const table of tables) await ground.pool.query(`DELETE FROM ${table}`);
    // An engine takes the partition back between the claim of whoever restores and its first write.
    const driver: typeof ground.driver = Object.create(ground.driver, {
      scan: {
        async *value(range: Parameters<typeof ground.driver.scan>[0]) {
          const place = { kind: 'till', partition: range.partition };
          await claimPartition(ground.pool, place, 'agent-runtime-7', noTopics, silentLogger);
          yield* ground.driver.scan(range);
        },
      },
    });
    const interrupted = restoreDecisions(hostedTill, {
      ...{ driver, databaseUrl: ground.database.url, owner: 'restore', logger: silentLogger },
    });
    await expect(interrupted).rejects.toThrow(EnginesRunningError);
    await expect(interrupted).rejects.toThrow(/agent-runtime-7 decides partition \d+ of till .* stop the engines/);
    await restore();
    expect((await standing()).events).toHaveLength(1);
  });

  it('are refused where the event topic is not there', async () => {
    const elsewhere = { ...hostedTill, eventTopic: 'workflow.events' };
    const restored = restoreDecisions(elsewhere, {
      ...{ driver: ground.driver, databaseUrl: ground.database.url, owner: 'restore', logger: silentLogger },
    });
    await expect(restored).rejects.toThrow(/workflow\.events/);
  });
});
