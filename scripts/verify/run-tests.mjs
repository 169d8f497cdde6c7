// Runs one project of vitest and counts what its report says.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../bootstrap.mjs';
import { runChecked } from './processes.mjs';

/** A run of no test, and a run that ends badly with every test passed, each count as one failure. */
export async function runTests(project, node, env) {
  const folder = mkdtempSync(join(tmpdir(), 'chorda-report-'));
  const report = join(folder, 'report.json');
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  try {
    const code = await runChecked(node, [vitest, 'run', '--project', project, ...reporters], { env });
    return countsOf(project, code, report);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function countsOf(project, code, report) {
  const counts = readReport(report);
  if (counts === undefined) {
    console.error(`FAILED: ${project} ended with ${code} and wrote no report`);
    return { passed: 0, failed: 1 };
  }
  const { numPassedTests: passed, numFailedTests: failed, numTotalTests: total } = counts;
  const skipped = total - passed - failed;
  if (total === 0) console.error(`FAILED: ${project} ran no test`);
  if (skipped > 0) console.error(`FAILED: ${project} skipped ${skipped} tests`);
  const isBad = code !== 0 || total === 0 || skipped > 0;
  return { passed, failed: Math.max(failed, isBad ? 1 : 0) };
}

function readReport(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}
