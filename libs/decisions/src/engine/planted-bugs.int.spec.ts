import { fileURLToPath } from 'node:url';
import { plantableDecisionBugs, type PlantableDecisionBug } from '@chorda/platform';
import { runPlanted, type TestResult } from '@chorda/testing';
import { beforeAll, describe, expect, inject, it } from 'vitest';

const file = fileURLToPath(new URL('./failure-matrix.int.spec.ts', import.meta.url));

/**
 * The failure matrix is worth what it would catch. Each bug is planted (`CHORDA_PLANT`) and the named test runs as it
 * stands: it has to fail, and another one, which that bug does not touch, has to pass.
 */
const caughtBy: Readonly<Record<PlantableDecisionBug, string>> = {
  'decisions-no-epoch': 'that was fenced commits nothing, though nothing has moved since its claim',
  'decisions-publish-before-commit': 'that waits for its commit has published nothing of it',
  'decisions-outcome-apart': 'that is killed at decisions-after-commit:3',
  'decisions-timer-apart': 'that is killed at decisions-before-commit:2, while a timer fires',
};
const untouchedBy = (bug: PlantableDecisionBug) =>
  bug === 'decisions-no-epoch'
    ? 'that is killed at decisions-after-commit:2, while a timer fires'
    : 'that was fenced commits nothing, though nothing has moved since its claim';

describe('a planted bug', { timeout: 300_000 }, () => {
  const outcomes = new Map<PlantableDecisionBug, Promise<readonly TestResult[]>>();

  beforeAll(() => {
    // Two at a time, which is what two processors do without others having to wait.
    const turns: Promise<unknown>[] = [Promise.resolve(), Promise.resolve()];
    for (const [index, bug] of plantableDecisionBugs.entries()) {
      const run = () => runPlanted(inject('stack'), bug, file, [caughtBy[bug], untouchedBy(bug)]);
      const outcome = (turns[index % 2] ?? Promise.resolve()).then(run);
      outcomes.set(bug, outcome);
      turns[index % 2] = outcome.catch(() => undefined);
    }
  });

  it.each(plantableDecisionBugs)('%s makes its named test fail', async (bug) => {
    const results = (await outcomes.get(bug)) ?? [];
    const named = results.find(({ fullName }) => fullName.includes(caughtBy[bug]));
    expect(named, 'there is no test of that name').toMatchObject({ status: 'failed' });
    // By what it checks, and not by running out of a server.
    expect(named?.failureMessages?.join('\n')).toMatch(/AssertionError|expected .+ to be /);
    const other = results.find(({ fullName }) => fullName.includes(untouchedBy(bug)));
    expect(other).toMatchObject({ status: 'passed' });
  });
});
