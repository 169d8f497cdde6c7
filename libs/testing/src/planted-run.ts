import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { StackAddresses } from './stack.js';

export interface TestResult {
  readonly title: string;
  readonly fullName: string;
  readonly status: string;
  readonly failureMessages?: readonly string[];
}

interface Report {
  readonly testResults: readonly { readonly assertionResults: readonly TestResult[] }[];
}

const repository = fileURLToPath(new URL('../../../', import.meta.url));
const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');

/**
 * Runs tests of a file as they stand, in a process of their own in which `bug` is planted.
 *
 * @param stack Undefined for tests that need none.
 * @param bug Several are separated by commas.
 * @param tests Parts of their names.
 */
export async function runPlanted(
  stack: StackAddresses | undefined,
  bug: string,
  file: string | readonly string[],
  tests: readonly string[],
  project: 'int' | 'unit' = 'int',
): Promise<readonly TestResult[]> {
  const folder = mkdtempSync(join(tmpdir(), 'chorda-planted-'));
  try {
    const stackFile = join(folder, 'stack.json');
    const report = join(folder, 'report.json');
    if (stack) writeFileSync(stackFile, JSON.stringify(stack));
    const name = `(${tests.map((each) => each.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|')})`;
    const args = [
      'run',
      '--project',
      project,
      ...[file].flat(),
      '-t',
      name,
      '--reporter=json',
      `--outputFile=${report}`,
    ];
    const child = spawn(process.execPath, [vitest, ...args], {
      cwd: repository,
      stdio: 'ignore',
      env: { ...process.env, NODE_ENV: 'test', CHORDA_PLANT: bug, ...(stack && { CHORDA_TEST_STACK_FILE: stackFile }) },
    });
    await new Promise((resolve) => child.once('close', resolve));
    const { testResults }: Report = JSON.parse(readFileSync(report, 'utf8'));
    return testResults.flatMap(({ assertionResults }) => assertionResults);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
