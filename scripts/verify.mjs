// npm run verify: what CI runs. Every check runs, whatever the others say; the last line counts all of them, the tests
// of each runner and the checks beside them. Before it stand the slowest files and all that failed, with its errors.
import { join } from 'node:path';
import { compiler, environment, node24, root } from './bootstrap.mjs';
import { isStopping, killAll, runChecked, survivors } from './verify/processes.mjs';
import { runTests } from './verify/run-tests.mjs';
import { failureLines } from './verify/test-report.ts';

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
/** Characters kept of what a check says: its first errors. */
const heardMax = 16_384;

const failures = [];
const slowest = [];
let passed = 0;
let failed = 0;

for (const [name, args] of checks) {
  await check(name, (hear) => endsWell(node, args, hear));
}
// A lock file that lost a platform's package installs nowhere, and whoever has the packages already does not see it.
await check('a clone can be installed', (hear) =>
  endsWell('npm', ['ci', '--dry-run', '--no-audit', '--no-fund', '--loglevel=error'], hear),
);
for (const suite of suites) {
  if (isStopping()) break;
  heading(suite);
  const startedMs = Date.now();
  const counts = await runTests(suite, node, environment());
  passed += counts.passed;
  failed += counts.failed;
  failures.push(...counts.failures);
  slowest.push(`${suite}: ${seconds(startedMs)}; its slowest files`, ...counts.slowest);
}
await check('nothing is left running', nothingIsLeft);

if (isStopping()) failed += 1;
print('where the time went', slowest);
print('what failed', failureLines(failures));
console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

async function check(name, holds) {
  if (isStopping() && holds !== nothingIsLeft) return;
  heading(name);
  const startedMs = Date.now();
  let said = '';
  const ok = await holds((chunk) => {
    if (said.length < heardMax) said += chunk;
  });
  console.log(`${ok ? 'ok' : 'FAILED'}: ${name} (${seconds(startedMs)})`);
  if (ok) passed += 1;
  else {
    failed += 1;
    failures.push({ runner: 'check', file: '', name, error: said });
  }
}

async function endsWell(program, args, hear) {
  return (await runChecked(program, args, { env: environment(), hear })) === 0;
}

async function nothingIsLeft(hear) {
  // A reaper ends the servers of a killed spec within a moment.
  for (let attempt = 0; attempt < 20 && survivors().length > 0; attempt += 1) {
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  const left = survivors();
  for (const { pid, command } of left) {
    const line = `left running: ${pid} ${command}`;
    console.error(line);
    hear(`${line}\n`);
  }
  killAll(left);
  return left.length === 0;
}

function print(title, lines) {
  if (lines.length === 0) return;
  heading(title);
  console.log(lines.join('\n'));
}

function seconds(sinceMs) {
  return `${((Date.now() - sinceMs) / 1000).toFixed(1)} s`;
}

function heading(name) {
  console.log(`\n── ${name}`);
}

function sources() {
  return ['libs', 'apps', 'deploy/native', 'bench'];
}
