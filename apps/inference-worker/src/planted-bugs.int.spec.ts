import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { plantableInferenceBugs, type PlantableInferenceBug } from '@chorda/platform';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';

/**
 * The tests of the worker's guarantees are worth what they would catch. All bugs are planted at once (`CHORDA_PLANT`),
 * since each takes away one promise that one test alone looks at: that test has to fail, and by what it checks.
 */
const caughtBy: Readonly<Record<PlantableInferenceBug, { readonly file: string; readonly test: string }>> = {
  'inference-claim-skipped': {
    file: 'outcomes/outcome-desk.int.spec.ts',
    test: 'publishes an outcome that was claimed, and of an answer that came too late nothing',
  },
  'inference-usage-apart': {
    file: 'outcomes/outcome-desk.int.spec.ts',
    test: 'stores an outcome and what it cost at once: wherever it stops, none is without the other',
  },
  'inference-watermark-gaps': {
    file: 'scheduling/watermark.unit.spec.ts',
    test: 'counts what is between it and the newest',
  },
  'inference-priority-ignored': {
    file: 'scheduling/fair-queue.unit.spec.ts',
    test: 'that comes while others wait is next',
  },
  'inference-no-ageing': {
    file: 'scheduling/fair-queue.unit.spec.ts',
    test: 'lifts a class of which a request has waited for long',
  },
  'inference-reserve-unpaid': {
    file: 'scheduling/fair-queue.unit.spec.ts',
    test: 'leaves kept room alone when its class has had its share, until the others have had theirs',
  },
  'inference-prefix-ignored': {
    file: 'scheduling/scheduling.unit.spec.ts',
    test: 'keeps what begins alike together, and spreads what does not over all',
  },
};
const untouched = 'falls on the one whose window is filled least';

interface TestResult {
  readonly title: string;
  readonly status: string;
  readonly failureMessages?: readonly string[];
}

interface Report {
  readonly testResults: readonly { readonly name: string; readonly assertionResults: readonly TestResult[] }[];
}

const here = fileURLToPath(new URL('./', import.meta.url));
const repository = fileURLToPath(new URL('../../../', import.meta.url));
const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');

describe('a bug of the worker that is planted', { timeout: 300_000 }, () => {
  let folder: string;
  let report: Report;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'chorda-planted-'));
    writeFileSync(join(folder, 'stack.json'), JSON.stringify(inject('stack')));
    report = await runPlanted(folder);
  }, 300_000);

  afterAll(() => rmSync(folder, { recursive: true }));

  it.each(plantableInferenceBugs)('%s makes its named test fail', (bug) => {
    const { file, test } = caughtBy[bug];
    const results = report.testResults.find(({ name }) => name.endsWith(file))?.assertionResults ?? [];
    const named = results.find(({ title }) => title === test);
    expect(named, `${file} has no test of that name`).toBeDefined();
    expect(named).toMatchObject({ status: 'failed' });
    expect(named?.failureMessages?.join('\n')).toContain('AssertionError');
  });

  it('leaves what it does not touch as it is', () => {
    const all = report.testResults.flatMap(({ assertionResults }) => assertionResults);
    expect(all.find(({ title }) => title === untouched)).toMatchObject({ status: 'passed' });
  });
});

async function runPlanted(folder: string): Promise<Report> {
  const output = join(folder, 'report.json');
  const files = [
    ...new Set([...Object.values(caughtBy).map(({ file }) => file), 'scheduling/scheduling.unit.spec.ts']),
  ];
  const names = [...Object.values(caughtBy).map(({ test }) => test), untouched];
  const pattern = `(${names.map((each) => each.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|')})`;
  const projects = ['--project', 'int', '--project', 'unit'];
  const paths = files.map((file) => join(here, file));
  const args = ['run', ...projects, ...paths, '-t', pattern, '--reporter=json', `--outputFile=${output}`];
  const child = spawn(process.execPath, [vitest, ...args], {
    cwd: repository,
    stdio: 'ignore',
    env: {
      ...process.env,
      NODE_ENV: 'test',
      CHORDA_PLANT: plantableInferenceBugs.join(','),
      CHORDA_TEST_STACK_FILE: join(folder, 'stack.json'),
    },
  });
  await new Promise((resolve) => child.once('close', resolve));
  const report: Report = JSON.parse(readFileSync(output, 'utf8'));
  return report;
}
