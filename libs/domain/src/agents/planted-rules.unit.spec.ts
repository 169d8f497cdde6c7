import { fileURLToPath } from 'node:url';
import { runPlanted, type TestResult } from '@chorda/testing';
import { beforeAll, describe, expect, it } from 'vitest';
import { plantableAgentRules, type PlantableAgentRule } from './planted-agents.js';

const files = ['executions', 'life-cycle'].map((name) =>
  fileURLToPath(new URL(`./${name}.unit.spec.ts`, import.meta.url)),
);

/** The tests of the rules are worth what they would catch. All bugs are planted at once, since each has its own test. */
const caughtBy: Readonly<Record<PlantableAgentRule, string>> = {
  'agents-old-token-taken': 'takes an answer once, and of the try that it waits for',
  'agents-slot-kept': 'are taken and released; the agent is READY after the last execution',
  'agents-call-repeated': 'is opened where nobody knows what a tool did that must not be called twice',
  'agents-turn-asked-again': 'goes on from what was said: no stored answer is asked for again',
};
const untouched = 'begins by asking the model, with everything that it needs';

describe('a planted bug of the rules', { timeout: 120_000 }, () => {
  let results: readonly TestResult[];

  beforeAll(async () => {
    const tests = [...Object.values(caughtBy), untouched];
    results = await runPlanted(undefined, plantableAgentRules.join(), files, tests, 'unit');
  }, 120_000);

  it.each(plantableAgentRules)('%s makes its named test fail', (bug) => {
    const named = results.find(({ fullName }) => fullName.includes(caughtBy[bug]));
    expect(named, 'there is no test of that name').toMatchObject({ status: 'failed' });
    expect(named?.failureMessages?.join('\n')).toMatch(/AssertionError|expected .+ to /);
  });

  it('leaves the others as they are', () => {
    expect(results.find(({ fullName }) => fullName.includes(untouched))).toMatchObject({ status: 'passed' });
  });
});
