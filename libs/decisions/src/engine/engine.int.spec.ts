import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { TillGround } from '../test-support/till-ground.js';
import { workQueue } from '../test-support/till.js';

describe('the decision engine', () => {
  let ground: TillGround;

  beforeAll(async () => {
    ground = await TillGround.open(inject('stack'));
    ground.startEngine({ snapshotEvery: 3 });
  });

  afterAll(() => ground.close());

  const outcomeOf = async (id: string) => {
    await expect.poll(async () => (await ground.outcomes()).get(id), { timeout: 20_000 }).toBeDefined();
    return (await ground.outcomes()).get(id);
  };

  it('makes events of commands, in the order of their aggregate, and publishes them', async () => {
    for (let index = 0; index < 5; index++) {
      await ground.send({ type: 'till.add', data: { amount: 10 } }, { till: 'a', id: `a-${index}` });
    }
    expect(await outcomeOf('a-4')).toMatchObject({ status: 'accepted', answer: { by: 10 } });
    await expect.poll(async () => (await ground.balances()).get('default/a'), { timeout: 20_000 }).toBe(50);
    const versions = (await ground.log()).filter(({ stream }) => stream === 'default/a').map(({ version }) => version);
    expect(versions).toEqual([1n, 2n, 3n, 4n, 5n]);
  });

  it('refuses by a rule, and keeps the refusal', async () => {
    await ground.send({ type: 'till.add', data: { amount: -7 } }, { till: 'b', id: 'b-0' });
    expect(await outcomeOf('b-0')).toEqual({
      status: 'refused',
      code: 'TILL_EMPTY',
      message: 'The till holds 0',
      details: { balance: 0 },
    });
  });

  it('decides a command once, however often it comes', async () => {
    for (let index = 0; index < 3; index++) {
      await ground.send({ type: 'till.add', data: { amount: 1 } }, { till: 'c', id: 'c-same' });
    }
    await ground.send({ type: 'till.count', data: {} }, { till: 'c', id: 'c-count' });
    expect(await outcomeOf('c-count')).toMatchObject({ answer: { balance: 1 } });
  });

  it('writes two streams, a fact and work of one command', async () => {
    await ground.send({ type: 'till.sell', data: { slip: 's-1', amount: 4 } }, { till: 'd', id: 'd-0' });
    const outcome = await outcomeOf('d-0');
    expect(outcome).toMatchObject({
      status: 'accepted',
      events: [
        { type: 'till.added', stream: { kind: 'till', id: 'd' }, version: 1n },
        { type: 'slip.written', stream: { kind: 'slip', id: 's-1' }, version: 1n },
        { type: 'till.sold' },
      ],
    });
    await expect.poll(async () => (await ground.records(workQueue)).length, { timeout: 20_000 }).toBe(1);
    const mine = (await ground.log()).filter(({ commandId }) => commandId === 'd-0');
    expect(mine.map(({ stream, version }) => [stream, version])).toEqual([
      ['default/d', 1n],
      ['default/slip-s-1', 1n],
      ['default/d', undefined],
    ]);
  });

  it('decides what follows from a command in the same turn, all of it or nothing', async () => {
    await ground.send({ type: 'till.chain', data: { times: 4 } }, { till: 'e', id: 'e-0' });
    expect(await outcomeOf('e-0')).toMatchObject({ status: 'accepted' });
    await ground.send({ type: 'till.chain', data: { times: 1_000 } }, { till: 'e', id: 'e-1' });
    expect(await outcomeOf('e-1')).toMatchObject({ status: 'failed' });
    await ground.send({ type: 'till.count', data: {} }, { till: 'e', id: 'e-2' });
    expect(await outcomeOf('e-2')).toMatchObject({ answer: { balance: 4 } });
  });

  it('sets a command aside that it cannot decide by a fault of its own, tells of it, and goes on', async () => {
    await ground.send({ type: 'till.break', data: { how: 'decide' } }, { till: 'f', id: 'f-0' });
    await ground.send({ type: 'till.add', data: { amount: 2 } }, { till: 'f', id: 'f-1' });
    expect(await outcomeOf('f-1')).toMatchObject({ status: 'accepted' });
    expect(await outcomeOf('f-0')).toMatchObject({ status: 'failed', code: 'COMMAND_FAULT' });
    const letters = await ground.records('agent.commands.spec.decisions.dead-letter');
    expect(letters.map(({ headers }) => String(headers['ce_id']))).toContain('f-0');
    expect(ground.alerts).toContainEqual(expect.objectContaining({ code: 'COMMAND_SET_ASIDE' }));
  });

  it('fires a timer once, and never before its time', async () => {
    const atMs = Date.now() + 700;
    await ground.send({ type: 'till.remind', data: { reminder: 'r', atMs } }, { till: 'g', id: 'g-0' });
    await ground.send({ type: 'till.remind', data: { reminder: 'never', atMs } }, { till: 'g', id: 'g-1' });
    await ground.send({ type: 'till.forget', data: { reminder: 'never' } }, { till: 'g', id: 'g-2' });
    const gone = async () =>
      (await ground.log()).filter(({ type, stream }) => type === 'till.reminder_gone' && stream === 'default/g');
    await expect.poll(async () => (await gone()).length, { timeout: 20_000 }).toBe(2);
    const [forgotten, rung] = await gone();
    expect(forgotten?.body).toContain('never');
    expect(Number(String(rung?.record.headers['ce_time']))).toBeGreaterThanOrEqual(atMs);
    expect((await ground.pool.query('SELECT FROM decision_timers')).rowCount).toBe(0);
  });

  it('goes on from what it wrote when another takes over', async () => {
    await ground.endAll();
    ground.startEngine({ snapshotEvery: 3 }, 'second');
    await ground.send({ type: 'till.add', data: { amount: 1 } }, { till: 'a', id: 'a-5' });
    expect(await outcomeOf('a-5')).toMatchObject({ events: [{ version: 6n }] });
    const { rows } = await ground.pool.query(`SELECT version, snapshot_at FROM decision_streams WHERE stream_id = 'a'`);
    expect(rows).toMatchObject([{ version: '6' }]);
    // Where it stands depends on how the commands fell into turns; that it stands somewhere does not.
    expect(rows).not.toMatchObject([{ snapshot_at: '0' }]);
  });
});
