import { fileURLToPath } from 'node:url';
import { plantableWorkBugs } from '@chorda/platform';
import { runPlanted } from '@chorda/testing';
import { expect, inject, it } from 'vitest';

const file = fileURLToPath(new URL('./one-claim.int.spec.ts', import.meta.url));
const test = 'begin each work once between them, what waits and what the log brings to both';

/** The test of claims is worth what it would catch. */
it.each(plantableWorkBugs)('%s makes the test of two orchestrators fail', { timeout: 240_000 }, async (bug) => {
  const results = await runPlanted(inject('stack'), bug, file, [test]);
  const named = results.find(({ fullName }) => fullName.includes(test));
  expect(named, 'there is no test of that name').toMatchObject({ status: 'failed' });
  expect(named?.failureMessages?.join('\n')).toMatch(/AssertionError|expected .+ to /);
});
