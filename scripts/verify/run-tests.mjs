// Runs one project of vitest and counts what its report says.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../bootstrap.mjs';
import { runChecked } from './processes.mjs';
import { countsOf, slowestLines } from './test-report.ts';

/**
 * What Node compiled of the packages, for the next of some hundred processes: each file of tests is one, and compiling
 * is a fifth to a quarter of the CPU that it takes until its first test.
 */
const compiled = join(root, 'node_modules', '.cache', 'chorda-tests');
const reporter = join(root, 'scripts', 'verify', 'report-writer.ts');

/** @returns how many tests passed and failed, what is to be said of each that failed, and the slowest files. */
export async function runTests(project, node, env) {
  const folder = mkdtempSync(join(tmpdir(), 'chorda-report-'));
  const path = join(folder, 'report.json');
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const args = [vitest, 'run', '--project', project, '--reporter=default', `--reporter=${reporter}`];
  try {
    const code = await runChecked(node, args, {
      env: { NODE_COMPILE_CACHE: compiled, ...env, CHORDA_TEST_REPORT: path },
    });
    const report = readReport(path);
    return { ...countsOf(project, code, report), slowest: slowestLines(report ?? { files: [] }) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function readReport(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}
