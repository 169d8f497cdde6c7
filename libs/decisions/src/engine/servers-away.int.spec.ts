import { startStack, type TestStack } from '@chorda/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { RunningDecisions } from '../start-decisions.js';
import { expectSoundHistory } from '../test-support/sound-history.js';
import { TillGround } from '../test-support/till-ground.js';

/** Postgres or Kafka away: the engine waits, keeps its group, tells nobody anything, and goes on by itself. */
describe('the engine', { timeout: 120_000 }, () => {
  let stack: TestStack;
  let ground: TillGround;
  let engine: RunningDecisions;
  let given = 0;

  beforeAll(async () => {
    stack = await startStack({ servers: ['kafka', 'postgres'] });
    ground = await TillGround.open(stack);
    engine = ground.startEngine();
  });

  afterAll(async () => {
    await ground?.close();
    await stack?.stop();
  });

  const give = () => ground.send({ type: 'till.add', data: { amount: 1 } }, { till: 'one', id: `c-${given++}` });
  const untilDecided = () => expect.poll(async () => (await ground.outcomes()).size, { timeout: 40_000 }).toBe(given);

  it('waits for a Postgres that was killed, says so, and decides what came meanwhile once', async () => {
    await give();
    await untilDecided();
    await stack.server('postgres').kill();
    for (let index = 0; index < 5; index++) await give();
    await expect.poll(() => engine.notReady(), { timeout: 20_000 }).toMatch(/partition \d+: /);
    expect(engine.health().state).toBe('running');
    // Sessions of a killed Postgres outlive it for a moment, and while they do it does not start.
    await vi.waitFor(() => stack.server('postgres').start(), { timeout: 20_000, interval: 300 });
    await untilDecided();
    await expect.poll(() => engine.notReady(), { timeout: 20_000 }).toBeUndefined();
    await expectSoundHistory(ground);
  });

  it('publishes what it had committed once brokers that hung are back', async () => {
    await give();
    await untilDecided();
    stack.server('kafka').pause();
    const waiting = Array.from({ length: 3 }, () => give());
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    stack.server('kafka').resume();
    await Promise.all(waiting);
    await untilDecided();
    await expect.poll(async () => (await ground.balances()).get('default/one'), { timeout: 20_000 }).toBe(given);
    await expectSoundHistory(ground);
  });
});
