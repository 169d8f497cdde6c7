import { fileURLToPath } from 'node:url';
import { plantableDoorBugs, type PlantableDoorBug } from '@chorda/platform';
import { runPlanted, type TestResult } from '@chorda/testing';
import { beforeAll, describe, expect, inject, it } from 'vitest';

/** The promises of the doors to models have tests that see when one is taken away. */
const caughtBy: Readonly<Record<PlantableDoorBug, string>> = {
  'doors-end-before-outcome': 'takes no stream for whole before the outcome stands',
  'doors-leaver-not-cancelled': 'is cancelled when its client leaves, waiting or in the middle of its answer',
};
const untouched = 'streams, with usage for who asked for it';

describe('a planted bug of the doors to models', { timeout: 240_000 }, () => {
  let results: readonly TestResult[];

  beforeAll(async () => {
    const file = fileURLToPath(new URL('./openai-door.int.spec.ts', import.meta.url));
    results = await runPlanted(inject('stack'), plantableDoorBugs.join(), file, [
      ...Object.values(caughtBy),
      untouched,
    ]);
  }, 240_000);

  it.each(plantableDoorBugs)('%s makes its named test fail', (bug) => {
    const named = results.find(({ title }) => title === caughtBy[bug]);
    expect(named, 'there is no test of that name').toMatchObject({ status: 'failed' });
  });

  it('leaves what it does not touch as it is', () => {
    expect(results.find(({ title }) => title === untouched)).toMatchObject({ status: 'passed' });
  });
});
