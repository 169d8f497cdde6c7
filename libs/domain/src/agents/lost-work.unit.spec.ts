import { expect, it } from 'vitest';
import { AgentsWorld, call, lastAsked } from '../testing/agents-world.js';

/** Milliseconds until something is due that the agent or its execution waits for. */
const waitMs = (world: AgentsWorld) => Math.min(...world.timers().map(({ timer }) => timer.dueMs)) - world.nowMs;

// Work lies on no event topic: a database that is lost takes it along. The timers follow from the events, and ask again.
it('work that was lost with a database is asked for again, within the time of a turn or of a call', () => {
  const world = AgentsWorld.ready();
  world.execute();
  expect(waitMs(world)).toBeLessThanOrEqual(120_000);
  world.passTo(world.nowMs + 125_000);
  expect(lastAsked(world)).toMatchObject({ turn: 1, attempt: 2 });

  world.answer({ content: null, tool_calls: [call('lookup', '{"id":1}')] });
  const callMs = waitMs(world);
  expect(callMs).toBeLessThanOrEqual(30_000);
  world.passTo(world.nowMs + callMs);
  expect(world.work.at(-1)?.work).toMatchObject({ data: { tool_name: 'lookup', attempt: 2 } });
});

it('a call that must not be repeated waits for a person then, and not for ever unseen', () => {
  const world = AgentsWorld.ready();
  world.execute();
  world.answer({ content: null, tool_calls: [call('pay', '{"amount":1}')] });
  world.passTo(world.nowMs + waitMs(world));
  expect(world.callOf('pay')).toMatchObject({ status: 'in_doubt', attempt: 1 });
});
