// A reporter of Vitest. Its own JSON report lacks hooks that failed and errors that no test caught.
import { writeFileSync } from 'node:fs';
import type { SerializedError } from 'vitest';
import type { Reporter, TestCase, TestModule, TestSuite } from 'vitest/node';
import type { Failure, TestReport } from './test-report.js';

/** Writes a {@link TestReport} to the file that CHORDA_TEST_REPORT names. */
export default class ReportWriter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    const path = process.env['CHORDA_TEST_REPORT'];
    if (path === undefined) throw new Error('CHORDA_TEST_REPORT: the path of the report to write is missing');
    writeFileSync(path, JSON.stringify(reportOf(modules, unhandled)));
  }
}

function reportOf(modules: readonly TestModule[], unhandled: readonly SerializedError[]): TestReport {
  const count = (state: 'passed' | 'failed') =>
    modules.reduce((sum, module) => sum + [...module.children.allTests(state)].length, 0);
  const skipped = modules.map((module) => leftOut(module));
  return {
    passed: count('passed'),
    failed: count('failed'),
    skipped: skipped.reduce((sum, tests) => sum + tests.length, 0),
    failures: [...modules.flatMap((module) => failuresOf(module)), ...unhandled.map((error) => uncaught(error))],
    files: modules.map((module) => ({ file: module.relativeModuleId, ms: msOf(module) })),
  };
}

function failuresOf(module: TestModule): Failure[] {
  const failure = (name: string, error: string): Failure => ({
    runner: module.project.name,
    file: module.relativeModuleId,
    name,
    error,
  });
  const ofFile = module.errors().map((error) => failure('(the file or its hooks)', textOf(error)));
  const ofSuites = [...module.children.allSuites()].flatMap((suite: TestSuite) =>
    suite.errors().map((error) => failure(`${suite.fullName} (its hooks)`, textOf(error))),
  );
  const ofTests = [...module.children.allTests('failed')].map((test) =>
    failure(test.fullName, (test.result().errors ?? []).map((error) => textOf(error)).join('\n')),
  );
  const skipped = leftOut(module);
  // A hook that failed leaves its tests out: they are told by its error.
  const isTold = ofFile.length + ofSuites.length > 0 || skipped.length === 0;
  const ofSkipped = isTold ? [] : [failure(`${skipped.length} tests were left out`, skipped[0]?.fullName ?? '')];
  return [...ofFile, ...ofSuites, ...ofTests, ...ofSkipped];
}

function leftOut(module: TestModule): TestCase[] {
  return [...module.children.allTests()].filter((test) => !['passed', 'failed'].includes(test.result().state));
}

function uncaught(error: SerializedError): Failure {
  const told = (key: string) => (typeof error[key] === 'string' ? error[key] : '');
  return {
    runner: 'uncaught',
    file: told('VITEST_TEST_PATH'),
    name: told('VITEST_TEST_NAME'),
    error: textOf(error),
  };
}

/** What went wrong, how it differs, where: the first frame below our own sources, or the first there is. */
function textOf(error: SerializedError): string {
  const diff = typeof error['diff'] === 'string' ? error['diff'] : '';
  const frames = error.stacks ?? [];
  const frame = frames.find(({ file }) => !file.includes('/node_modules/')) ?? frames[0];
  const place = frame === undefined ? '' : `at ${frame.file}:${frame.line}:${frame.column}`;
  const cause = error.cause === undefined ? '' : `caused by ${error.cause.name}: ${error.cause.message}`;
  return [`${error.name ?? 'Error'}: ${error.message}`, place, cause, diff].filter((line) => line !== '').join('\n');
}

function msOf(module: TestModule): number {
  const { setupDuration, collectDuration, duration } = module.diagnostic();
  return setupDuration + collectDuration + duration;
}
