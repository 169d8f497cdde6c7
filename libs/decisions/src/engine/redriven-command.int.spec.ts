import { listDeadLetters, redrive } from '@chorda/messaging';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { TillGround } from '../test-support/till-ground.js';
import { repairs } from '../test-support/till.js';

let ground: TillGround;

beforeAll(async () => {
  ground = await TillGround.open(inject('stack'));
  ground.startEngine();
});
afterAll(async () => {
  repairs.isMended = false;
  await ground.close();
});

const outcomeOf = async (id: string) => {
  await expect.poll(async () => (await ground.outcomes()).get(id), { timeout: 20_000 }).toBeDefined();
  return (await ground.outcomes()).get(id);
};

it('tries a command again that was set aside, once the cause is mended: as a command of its own, decided once', async () => {
  const letters = { topic: 'agent.commands', group: 'spec.decisions' };
  await ground.send({ type: 'till.break', data: { how: 'decide' } }, { till: 'a', id: 'a-0' });
  expect(await outcomeOf('a-0')).toMatchObject({ status: 'failed', code: 'COMMAND_FAULT' });
  await expect.poll(async () => (await listDeadLetters(ground.driver, letters)).length, { timeout: 20_000 }).toBe(1);
  repairs.isMended = true;
  const [letter] = await redrive(ground.driver, letters);
  expect(letter?.sentTo?.topic).toBe('agent.commands');
  await expect.poll(async () => (await ground.balances()).get('default/a'), { timeout: 20_000 }).toBe(1);
  const again = (await ground.records('agent.commands')).at(-1);
  const id = String(again?.headers['ce_id']);
  expect(id).not.toBe('a-0');
  expect(String(again?.headers['ce_causationid'])).toBe('a-0');
  expect(await outcomeOf(id)).toMatchObject({ status: 'accepted' });
  // Whoever had given it is told what became of it then.
  expect(await outcomeOf('a-0')).toMatchObject({ status: 'failed' });
  // A letter that was sent through is listed no more.
  expect(await redrive(ground.driver, letters)).toEqual([]);
});
