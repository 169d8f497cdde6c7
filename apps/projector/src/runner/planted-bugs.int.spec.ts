import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { plantableBugs, type PlantableBug } from '@chorda/platform';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';

/**
 * The tests of the guarantees are worth what they would catch. Each bug is planted (`CHORDA_PLANT`) and the named test
 * runs as it stands: it has to fail, and another one, which that bug does not touch, has to pass.
 */
const caughtBy: Readonly<Record<PlantableBug, { readonly file: string; readonly test: string }>> = {
  'checkpoint-before-rows': {
    file: 'crash.int.spec.ts',
    test: 'at after-rows-journal has applied whole batches, and the next one goes on from there',
  },
  'no-version-check': {
    file: 'stream-versions.int.spec.ts',
    test: 'that was applied changes nothing when it comes again under another id, and is counted and written down',
  },
  'no-identity-check': {
    file: 'applied-once.int.spec.ts',
    test: 'when a sender sends it again, in the same batch or a later one',
  },
  'no-epoch': {
    file: 'applied-once.int.spec.ts',
    test: 'when the first owner is fenced: it stays so until it claims anew, also where the offsets would fit',
  },
  'no-offset-check': {
    file: 'faults.int.spec.ts',
    test: 'where the database was put back to an older point: the runner stands down to claim anew from there',
  },
  'parked-passed-by': {
    file: '../parking/parking.int.spec.ts',
    test: 'sets the event of a handler that throws aside, with all later ones of its aggregate, and nothing else',
  },
  'gap-ignored': {
    file: '../parking/parking.int.spec.ts',
    test: 'parks what follows as a gap, alarms, and leaves the journal alone',
  },
  'retry-out-of-order': {
    file: '../parking/parking.int.spec.ts',
    test: 'by a retry with a mended projection gives the table of a run without a fault',
  },
  'retry-rows-apart': {
    file: '../parking/parking-crash.int.spec.ts',
    test: 'at retry-before-commit:2 goes on with the retry where it stood',
  },
  'rebuild-swap-behind': {
    file: '../rebuild/rebuild.int.spec.ts',
    test: 'is swapped only where both stand at the same offsets, however far the new tables are behind',
  },
  'rebuild-swap-uncompared': {
    file: '../rebuild/rebuild.int.spec.ts',
    test: 'that finds other rows stops before the swap, names them, and swaps when a person says so',
  },
  'rebuild-columns-unread': {
    file: '../rebuild/late-columns.int.spec.ts',
    test: 'is a difference where a value is missing in a row that came after the column',
  },
};
const untouched = {
  file: 'faults.int.spec.ts',
  test: 'of the database stops nothing: the batch is tried again for as long',
};

describe('a planted bug', { timeout: 300_000 }, () => {
  let folder: string;
  const outcomes = new Map<string, Promise<readonly TestResult[]>>();

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'chorda-planted-'));
    writeFileSync(join(folder, 'stack.json'), JSON.stringify(inject('stack')));
    // Two at a time, which is what two processors do without others having to wait.
    const turns: Promise<unknown>[] = [Promise.resolve(), Promise.resolve()];
    for (const [index, bug] of plantableBugs.entries()) {
      const outcome = (turns[index % 2] ?? Promise.resolve()).then(() => runPlanted(folder, bug, caughtBy[bug]));
      outcomes.set(bug, outcome);
      turns[index % 2] = outcome.catch(() => undefined);
    }
  });

  afterAll(() => rmSync(folder, { recursive: true }));

  it.each(plantableBugs)('%s makes its named test fail', async (bug) => {
    const results = await outcomes.get(bug);
    const named = results?.find(({ title }) => title === caughtBy[bug].test);
    expect(named, `${caughtBy[bug].file} has no test of that name`).toBeDefined();
    expect(named).toMatchObject({ status: 'failed' });
    // By what it checks, and not by running out of time or out of a server.
    expect(named?.failureMessages?.join('\n')).toMatch(/AssertionError|instead of rejecting/);
    expect(results?.find(({ title }) => title.startsWith(untouched.test))?.status ?? 'passed').toBe('passed');
  });

  it('does not start a process outside of tests', async () => {
    const platform = new URL('../../../../libs/platform/src/process/planted-bug.ts', import.meta.url).href;
    const child = spawn(process.execPath, ['--input-type=module', '-e', `await import('${platform}')`], {
      env: { PATH: process.env['PATH'], NODE_ENV: 'production', CHORDA_PLANT: 'no-epoch' },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    child.stderr.on('data', (text: Buffer) => (said += text.toString()));
    const code = await new Promise((resolve) => child.once('close', resolve));
    expect(said).toContain('CHORDA_PLANT plants a bug: it may be set in tests alone');
    expect(code).toBe(1);
  });
});

interface TestResult {
  readonly title: string;
  readonly status: string;
  readonly failureMessages?: readonly string[];
}

interface Report {
  readonly testResults: readonly { readonly assertionResults: readonly TestResult[] }[];
}

const here = fileURLToPath(new URL('./', import.meta.url));
const repository = fileURLToPath(new URL('../../../../', import.meta.url));
const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');

async function runPlanted(
  folder: string,
  bug: PlantableBug,
  { file, test }: { readonly file: string; readonly test: string },
): Promise<readonly TestResult[]> {
  const report = join(folder, `${bug}.json`);
  const name = `(${[test, untouched.test].map((each) => each.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|')})`;
  const args = ['run', '--project', 'int', join(here, file), '-t', name, '--reporter=json', `--outputFile=${report}`];
  const child = spawn(process.execPath, [vitest, ...args], {
    cwd: repository,
    stdio: 'ignore',
    env: { ...process.env, NODE_ENV: 'test', CHORDA_PLANT: bug, CHORDA_TEST_STACK_FILE: join(folder, 'stack.json') },
  });
  await new Promise((resolve) => child.once('close', resolve));
  const { testResults }: Report = JSON.parse(readFileSync(report, 'utf8'));
  return testResults.flatMap(({ assertionResults }) => assertionResults);
}
