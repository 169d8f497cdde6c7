import { fileURLToPath } from 'node:url';
import { plantableAnswerBugs, type PlantableAnswerBug } from '@chorda/platform';
import { runPlanted, type TestResult } from '@chorda/testing';
import { beforeAll, describe, expect, inject, it } from 'vitest';

/** What is said of requests that were ended from outside is looked at by tests that see when it is not. */
const caughtBy: Readonly<Record<PlantableAnswerBug, string>> = {
  'answers-abort-unaccounted': 'ends the call at its server, and is the outcome',
  'answers-waiter-not-told':
    'of what nobody has read is its outcome, and no model is asked; an agent that waits for it is told',
  'answers-closed-stand': 'is made again: no outcome stands whose cost is only known as lost',
};
const untouched = 'that has passed is the outcome';

describe('a planted bug of answers', { timeout: 240_000 }, () => {
  let results: readonly TestResult[];

  beforeAll(async () => {
    const names = [...Object.values(caughtBy), untouched];
    const runs = ['./answers.int.spec.ts', './given-up-calls.int.spec.ts'].map((name) =>
      runPlanted(inject('stack'), plantableAnswerBugs.join(), fileURLToPath(new URL(name, import.meta.url)), names),
    );
    results = (await Promise.all(runs)).flat();
  }, 240_000);

  it.each(plantableAnswerBugs)('%s makes its named test fail', (bug) => {
    const named = results.find(({ title }) => title === caughtBy[bug]);
    expect(named, 'there is no test of that name').toMatchObject({ status: 'failed' });
    expect(named?.failureMessages?.join('\n')).toMatch(/AssertionError|It did not come to that/);
  });

  it('leaves what it does not touch as it is', () => {
    expect(results.find(({ title }) => title === untouched)).toMatchObject({ status: 'passed' });
  });
});
