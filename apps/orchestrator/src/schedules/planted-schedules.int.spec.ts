import { fileURLToPath } from 'node:url';
import { runPlanted } from '@chorda/testing';
import { expect, inject, it } from 'vitest';

const file = fileURLToPath(new URL('./killed-between-fire-and-start.int.spec.ts', import.meta.url));
const test = 'between fire and start, and between start and its offset, has one run for each fire';

/** The test of fires is worth what it would catch. */
it('a run of a fire with an id of chance makes the test of kills fail', { timeout: 240_000 }, async () => {
  const results = await runPlanted(inject('stack'), 'schedules-random-fire-id', file, [test]);
  const named = results.find(({ fullName }) => fullName.includes(test));
  expect(named, 'there is no test of that name').toMatchObject({ status: 'failed' });
  expect(named?.failureMessages?.join('\n')).toMatch(/AssertionError|expected .+ to /);
});
