import { fileURLToPath } from 'node:url';
import { plantableExecutorBugs, type PlantableExecutorBug } from '@chorda/platform';
import { runPlanted, type TestResult } from '@chorda/testing';
import { beforeAll, describe, expect, inject, it } from 'vitest';

const fileOf = (name: string) => fileURLToPath(new URL(`./${name}.int.spec.ts`, import.meta.url));

/** The tests of executors are worth what they would catch: each bug has a named test that fails with it. */
const caughtBy: Readonly<Record<PlantableExecutorBug, { readonly file: string; readonly test: string }>> = {
  'executors-repeat-all': {
    file: 'killed-executor',
    test: 'at executor-before-answer with effect_once: 1 calls, lost, 1 commands of one id',
  },
  'executors-answer-forgotten': {
    file: 'killed-executor',
    test: 'at executor-after-answer with effect_again: 1 calls, completed, 1 commands of one id',
  },
  'executors-late-answer-sent': { file: 'executor', test: 'refuse the late outcome of a lease that they have lost' },
  'executors-revoked-work-done': {
    file: 'executor',
    test: 'stop what nobody waits for any more, begin none of it, and answer nothing',
  },
};
const untouched = [
  'at executor-before-answer with effect_again: 2 calls, completed, 1 commands of one id',
  'answer for the tenant of the work alone',
];

describe('a planted bug of executors', { timeout: 240_000 }, () => {
  let results: readonly TestResult[];

  // A process for each file, with all of its bugs at once.
  beforeAll(async () => {
    const files = [...new Set(Object.values(caughtBy).map(({ file }) => file))];
    const runs = files.map((file) => {
      const bugs = plantableExecutorBugs.filter((bug) => caughtBy[bug].file === file);
      const tests = [...bugs.map((bug) => caughtBy[bug].test), ...untouched];
      return runPlanted(inject('stack'), bugs.join(), fileOf(file), tests);
    });
    results = (await Promise.all(runs)).flat();
  }, 240_000);

  it.each(plantableExecutorBugs)('%s makes its named test fail', (bug) => {
    const named = results.find(({ fullName }) => fullName.includes(caughtBy[bug].test));
    expect(named, 'there is no test of that name').toMatchObject({ status: 'failed' });
    expect(named?.failureMessages?.join('\n')).toMatch(/AssertionError|expected .+ to /);
  });

  it.each(untouched)('leaves others as they are: %s', (test) => {
    expect(results.find(({ fullName }) => fullName.includes(test))).toMatchObject({ status: 'passed' });
  });
});
