import { fileURLToPath } from 'node:url';
import { plantableDecisionBugs, type PlantableDecisionBug } from '@chorda/platform';
import { runPlanted, type TestResult } from '@chorda/testing';
import { beforeAll, describe, expect, inject, it } from 'vitest';

const pathOf = (file: string) => fileURLToPath(new URL(file, import.meta.url));

interface Run {
  readonly file: string;
  /** The test that has to fail. */
  readonly caughtBy: string;
  /** One that the bug does not touch, which has to pass. */
  readonly untouched: string;
}

const matrix = pathOf('./failure-matrix.int.spec.ts');
const fenced = 'that was fenced commits nothing, though nothing has moved since its claim';

/**
 * The tests of the engine are worth what they would catch. Each bug is planted (`CHORDA_PLANT`) and the named test runs as
 * it stands: it has to fail, and another one, which that bug does not touch, has to pass.
 */
const runs: Readonly<Record<PlantableDecisionBug, Run>> = {
  'decisions-no-epoch': {
    file: matrix,
    caughtBy: fenced,
    untouched: 'that is killed at decisions-after-commit:2, while a timer fires',
  },
  'decisions-publish-before-commit': {
    file: matrix,
    caughtBy: 'that waits for its commit has published nothing of it',
    untouched: fenced,
  },
  'decisions-outcome-apart': {
    file: matrix,
    caughtBy: 'that is killed at decisions-after-commit:3',
    untouched: fenced,
  },
  'decisions-timer-apart': {
    file: matrix,
    caughtBy: 'that is killed at decisions-before-commit:2, while a timer fires',
    untouched: fenced,
  },
  'decisions-log-passed-by': {
    file: pathOf('../restore/restore-decisions.int.spec.ts'),
    caughtBy: 'are made anew from the event topic alone',
    untouched: 'are refused where the event topic is not there',
  },
  'decisions-no-stream-name': {
    file: pathOf('../restore/restore-decisions.int.spec.ts'),
    caughtBy: 'are made anew from the event topic alone',
    untouched: 'say which engine took a partition back',
  },
  'decisions-command-cut': {
    file: pathOf('../restore/lost-database.int.spec.ts'),
    caughtBy: 'in the middle of publishing a command of 600 events has all of them in the log, or none',
    untouched: 'at decisions-mid-publish:2 comes back from the topics',
  },
  'decisions-no-admission': {
    file: pathOf('../callers/callers.int.spec.ts'),
    caughtBy: 'are told when to come again while nobody decides',
    untouched: 'are answered with the outcome and a position behind their events',
  },
  'decisions-stale-snapshot': {
    file: pathOf('../store/snapshots.int.spec.ts'),
    caughtBy: 'that other code kept is left alone',
    untouched: 'saves folding the events again',
  },
};

describe('a planted bug', { timeout: 300_000 }, () => {
  const outcomes = new Map<PlantableDecisionBug, Promise<readonly TestResult[]>>();

  beforeAll(() => {
    // Two at a time, which is what two processors do without others having to wait.
    const turns: Promise<unknown>[] = [Promise.resolve(), Promise.resolve()];
    for (const [index, bug] of plantableDecisionBugs.entries()) {
      const { file, caughtBy, untouched } = runs[bug];
      const run = () => runPlanted(inject('stack'), bug, file, [caughtBy, untouched]);
      const outcome = (turns[index % 2] ?? Promise.resolve()).then(run);
      outcomes.set(bug, outcome);
      turns[index % 2] = outcome.catch(() => undefined);
    }
  });

  it.each(plantableDecisionBugs)('%s makes its named test fail', async (bug) => {
    const { caughtBy, untouched } = runs[bug];
    const results = (await outcomes.get(bug)) ?? [];
    const named = results.find(({ fullName }) => fullName.includes(caughtBy));
    expect(named, 'there is no test of that name').toMatchObject({ status: 'failed' });
    // By what it checks, and not by running out of a server.
    expect(named?.failureMessages?.join('\n')).toMatch(/AssertionError|expected .+ to be |LogGapError/);
    const other = results.find(({ fullName }) => fullName.includes(untouched));
    expect(other).toMatchObject({ status: 'passed' });
  });
});
