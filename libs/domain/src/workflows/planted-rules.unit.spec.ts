import { fileURLToPath } from 'node:url';
import { runPlanted, type TestResult } from '@chorda/testing';
import { beforeAll, describe, expect, it } from 'vitest';
import { plantableWorkflowRules, type PlantableWorkflowRule } from './planted-workflows.js';

const files = ['graph', 'runs', 'run-promises', 'quick-starts'].map((name) =>
  fileURLToPath(new URL(`./${name}.unit.spec.ts`, import.meta.url)),
);

/** The tests of the rules are worth what they would catch: each bug has a named test that fails with it. */
const caughtBy: Readonly<Record<PlantableWorkflowRule, string>> = {
  'workflows-result-counted-twice': 'counts an answer once, however often it comes',
  'workflows-old-token-taken': 'is tried again after a pause that grows, with a token of its own each time',
  'workflows-step-given-twice': 'gives each try of a step to one worker',
  'workflows-compensation-skipped': 'is undone in reverse order when the run fails, and then it has failed',
  'workflows-retry-unbounded': 'pauses the run when its tries are used up, until somebody says what is to be done',
  'workflows-call-repeated': 'never repeats by itself what may not be done twice',
  'workflows-join-early': 'begins what needs all of several when the last of them has ended, and not before',
  'workflows-loser-kept': 'is won by the first, whoever falls out before',
  'workflows-timer-kept': 'waits for nothing once it has ended, and for no step that has',
  'workflows-timer-counted-twice': 'is woken once by what it sleeps until',
  'workflows-parked-forgotten': 'tells whom it waits for that it is cancelled, people and events alike',
  'workflows-signal-counted-twice': 'may come before the wait, is correlated by its key, and counts once',
  'workflows-window-ignored': 'does as many items at once as its window has room for, and keeps their outputs in order',
  'workflows-start-told-twice': 'is told once: not again where it was told apart',
  'workflows-start-untold': 'is told by its outcome, before it, with who did it and since when',
};
/**
 * Planted together, one bug would make the test of another fail, or pass: those of a group have nothing to do with each
 * other, and none changes what the others are seen by.
 */
const groups: readonly (readonly PlantableWorkflowRule[])[] = [
  [
    'workflows-result-counted-twice',
    'workflows-compensation-skipped',
    'workflows-retry-unbounded',
    'workflows-call-repeated',
    'workflows-signal-counted-twice',
    'workflows-window-ignored',
  ],
  ['workflows-old-token-taken', 'workflows-join-early', 'workflows-timer-counted-twice', 'workflows-parked-forgotten'],
  [
    'workflows-step-given-twice',
    'workflows-loser-kept',
    'workflows-timer-kept',
    'workflows-start-told-twice',
    'workflows-start-untold',
  ],
];
const untouched = 'has a bound where its definition has a loop without one';

describe('a planted bug of the rules of workflows', { timeout: 300_000 }, () => {
  const results = new Map<PlantableWorkflowRule, readonly TestResult[]>();

  beforeAll(async () => {
    for (const bugs of groups) {
      const tests = [...bugs.map((bug) => caughtBy[bug]), untouched];
      const found = await runPlanted(undefined, bugs.join(), files, tests, 'unit');
      for (const bug of bugs) results.set(bug, found);
    }
  }, 300_000);

  it.each(plantableWorkflowRules)('%s makes its named test fail', (bug) => {
    const named = results.get(bug)?.find(({ fullName }) => fullName.includes(caughtBy[bug]));
    expect(named, 'there is no test of that name').toMatchObject({ status: 'failed' });
    expect(named?.failureMessages?.join('\n')).toMatch(/AssertionError|expected .+ to /);
  });

  it.each(groups.map(([first]) => first))('leaves others as they are: the group of %s', (bug) => {
    const found = bug === undefined ? [] : (results.get(bug) ?? []);
    expect(found.find(({ fullName }) => fullName.includes(untouched))).toMatchObject({ status: 'passed' });
  });
});
