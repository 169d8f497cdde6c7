// npm run verify: what CI runs. Every check runs, whatever the others say; the last line counts all of them, the tests
// of each runner and the checks beside them.
import { join } from 'node:path';
import { compiler, environment, node24, root } from './bootstrap.mjs';
import { isStopping, killAll, runChecked, survivors } from './verify/processes.mjs';
import { runTests } from './verify/run-tests.mjs';

const node = node24();
const tool = (path) => join(root, 'node_modules', path);
const script = (path) => join(root, 'scripts', path);

const checks = [
  ['generated code is fresh', [script('contracts-generate.mjs'), '--check']],
  ['build', [compiler(), '-b', root]],
  ['types', [compiler(), '-p', 'tsconfig.check.json']],
  ['lint', [tool('oxlint/bin/oxlint'), '--type-aware', '--tsconfig', 'tsconfig.check.json', '--deny-warnings']],
  ['format', [tool('prettier/bin/prettier.cjs'), '--check', '--log-level', 'warn', '.']],
  ['import rules', [tool('dependency-cruiser/bin/dependency-cruiser.mjs'), ...sources(), '--output-type', 'err']],
  ['the client builds for a browser', [script('verify/browser-build.mjs')]],
];
const suites = ['unit', 'int', 'e2e'];

const failures = [];
let passed = 0;
let failed = 0;

for (const [name, args] of checks) {
  await check(name, async () => (await runChecked(node, args, { env: environment() })) === 0);
}
// A lock file that lost a platform's package installs nowhere, and whoever has the packages already does not see it.
await check('a clone can be installed', async () => {
  const args = ['ci', '--dry-run', '--no-audit', '--no-fund', '--loglevel=error'];
  return (await runChecked('npm', args, { env: environment() })) === 0;
});
for (const suite of suites) {
  if (isStopping()) break;
  heading(suite);
  const counts = await runTests(suite, node, environment());
  passed += counts.passed;
  failed += counts.failed;
  if (counts.failed > 0) failures.push(`${suite}: ${counts.failed} of ${counts.passed + counts.failed}`);
}
await check('nothing is left running', nothingIsLeft);

if (isStopping()) failed += 1;
if (failures.length > 0) console.log(`\nFailed: ${failures.join('; ')}`);
console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

async function check(name, holds) {
  if (isStopping() && holds !== nothingIsLeft) return;
  heading(name);
  const startedMs = Date.now();
  const ok = await holds();
  console.log(`${ok ? 'ok' : 'FAILED'}: ${name} (${((Date.now() - startedMs) / 1000).toFixed(1)} s)`);
  if (ok) passed += 1;
  else {
    failed += 1;
    failures.push(name);
  }
}

async function nothingIsLeft() {
  // A reaper ends the servers of a killed spec within a moment.
  for (let attempt = 0; attempt < 20 && survivors().length > 0; attempt += 1) {
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  const left = survivors();
  for (const { pid, command } of left) console.error(`left running: ${pid} ${command}`);
  killAll(left);
  return left.length === 0;
}

function heading(name) {
  console.log(`\n── ${name}`);
}

function sources() {
  return ['libs', 'apps', 'deploy/native', 'bench'];
}
